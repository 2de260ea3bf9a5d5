"""Finding feeds on a page: `<link rel="alternate">` of feed types, then links that look like feeds; and where else they usually lie."""

from __future__ import annotations

import re

from igwire.errors import BadUrl
from igwire.urls import fetch_url

_TYPES = ("application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json")
# Comments are feeds too, but none of articles.
_NOT_NEWS = re.compile(r"comments?[/_-]?feed|/comments/|feed/comments|oembed", re.IGNORECASE)
_LOOKS_LIKE = re.compile(r"/(?:feed|rss|atom)(?:/|\.xml|\.json)?$|/(?:feed|rss|atom|index)\.(?:xml|rss|atom|rdf)$|[?&]feed=|\.rss$|\.atom$", re.IGNORECASE)
# WordPress, Hugo, Jekyll, Drupal, Ghost and hand-made sites, in the order of how common they are in the catalogue.
WELL_KNOWN = ("/feed/", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml", "/rss", "/feed.json")
_MOST = 20
_MAX_HTML = 1024 * 1024


def discover(body: bytes, url: str) -> tuple[str, ...]:
    """Addresses of feeds that an HTML page names, declared ones first; () for a body that is no HTML. Meant for the killable pool."""
    start = body[:2000].lower()
    if b"<html" not in start and b"<!doctype html" not in start and b"<head" not in start:
        return ()
    from lxml import etree
    from lxml.html import HTMLParser, fromstring

    try:
        page = fromstring(body[:_MAX_HTML], parser=HTMLParser(recover=True, no_network=True, huge_tree=False))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return ()
    declared = [link.get("href") for link in page.iter("link") if _is_feed(link)]
    linked = [a.get("href") for a in page.iter("a") if _LOOKS_LIKE.search((a.get("href") or "").strip())]
    return tuple(dict.fromkeys(_absolute([*declared, *linked], url)))[:_MOST]


def _is_feed(link: object) -> bool:
    attribute = link.get  # type: ignore[attr-defined]  # lxml has no types
    kinds = (attribute("type") or "").split(";")[0].strip().lower()
    return "alternate" in (attribute("rel") or "").lower().split() and kinds in _TYPES


def _absolute(links: list[str | None], base: str) -> list[str]:
    found = []
    for link in links:
        if not link or _NOT_NEWS.search(link):
            continue
        try:
            found.append(fetch_url(link.strip(), base or None))
        except BadUrl:
            continue
    return found
