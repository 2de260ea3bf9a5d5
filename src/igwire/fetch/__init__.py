"""Requests to the web, under guards and with manners."""
