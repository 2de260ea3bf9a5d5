"""Feeds that a page names."""

from igwire.feeds.discover import discover

URL = "http://news.example/a/"


def test_declared_feeds_come_first_and_comments_are_left_out():
    page = b"""<!DOCTYPE html><html><head><link rel="alternate" type="application/rss+xml" href="/comments/feed/"><link rel="alternate" hreflang="fr" href="/fr">
      <link rel="ALTERNATE home" type="application/atom+xml; charset=utf-8" href="atom.xml"><link rel="stylesheet" href="/feed/x.css"></head>
      <body><a href="/news/rss.xml">RSS</a><a href="/feedback">Feedback</a><a href="javascript:feed/">no</a></body></html>"""
    assert discover(page, URL) == ("http://news.example/a/atom.xml", "http://news.example/news/rss.xml")


def test_what_is_no_page_names_nothing():
    assert discover(b"", URL) == discover(b"<rss><channel/></rss>", URL) == discover(b"\x00" * 100, URL) == ()
    assert discover(b"<html>" + b"<div>" * 10_000 + b"<a href='/feed'>x</a>", URL) in ((), ("http://news.example/feed",))
