"""A small local web of feeds and pages: the offline demo and the test target."""
