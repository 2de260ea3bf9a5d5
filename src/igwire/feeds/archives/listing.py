"""Listing pages: the site's own page of newest articles, read by a rule where it has neither feed nor sitemap.

The rule is a regular expression on the address of an article; groups named year, month and day date it. Without a rule, addresses that
carry a date and links beside a `<time>` are taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from igwire.errors import BadUrl
from igwire.feeds.archives import MAX_PAGES, Ask, Body, Verdict, Walk, date_of, sort_out
from igwire.feeds.parse import exact_date, plain_line
from igwire.model import FeedEntry, Source, Window
from igwire.urls import fetch_url, host_of

_DATED = re.compile(r"/(?P<year>(?:19|20)\d\d)[/-]?(?P<month>\d\d)[/-]?(?P<day>\d\d)?(?=[/_.-]|$)")
_OLDER = re.compile(r"\b(older|next|previous page|ältere|plus ancien|anteriores|próxim|далее|下一页)", re.IGNORECASE)
# Shorter link texts are buttons ("more", "share").
_TITLE_CHARS = 12
# A block of one article is rarely nested deeper below its card, and a `<time>` outside it belongs to another.
_UP = 4
_MAX_HTML = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Listing:
    """One page: its entries in order, and the address of the page with older ones."""

    entries: tuple[FeedEntry, ...]
    older: str | None


def walk(source: Source, window: Window) -> Walk:
    """Page back until the window's start lies behind."""
    seen: set[str] = set()
    url: str | None = source.listing_url or source.site
    asked: set[str] = set()
    for number in range(1, MAX_PAGES + 1):
        if url is None or url in asked:
            return Verdict(False, f"page {number - 1} leads no further back")
        asked.add(url)
        got = yield Ask(url, read_listing)
        if got is None or got.value is None or not got.value.entries:
            problem = got.problem if got else ""
            return Verdict(False, f"page {number}: {problem or 'no article was recognised'}", passing=number > 1)
        page: Listing = got.value
        if all(entry.url in seen for entry in page.entries):
            return Verdict(False, f"page {number} repeats what came before", passing=True)
        yield sort_out(page.entries, window, seen)
        dated = [moment for entry in page.entries if (moment := date_of(entry))]
        if dated and max(dated) < window.start:
            return Verdict(True, f"{number} pages")
        url = page.older
    return Verdict(False, f"more than {MAX_PAGES} pages")


def read_listing(body: Body) -> Listing | None:
    """Reader of one listing page; None when the body is no page."""
    from lxml import etree
    from lxml.html import HTMLParser, fromstring

    try:
        page = fromstring(body.body[:_MAX_HTML], parser=HTMLParser(recover=True, no_network=True, huge_tree=False))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None
    found: dict[str, FeedEntry] = {}
    older = None
    for link in page.iter("a"):
        address = _address(link, body.url)
        if address is None:
            continue
        text = plain_line(" ".join(link.itertext())) or ""
        if older is None and ("next" in (link.get("rel") or "").split() or (_OLDER.search(text) and len(text) < 40)):
            older = address
        elif (entry := _entry(link, address, text, body.source)) and (address not in found or len(text) > len(found[address].title or "")):
            found[address] = entry
    return Listing(tuple(found.values()), older)


def _address(link: Any, base: str) -> str | None:
    """Absolute address of a link on the same host, without its fragment."""
    try:
        address = fetch_url((link.get("href") or "").strip(), base).partition("#")[0]
    except BadUrl:
        return None
    return address if host_of(address) == host_of(base) and address != base else None


def _entry(link: Any, address: str, text: str, source: Source) -> FeedEntry | None:
    rule = re.compile(source.listing_rule) if source.listing_rule else None
    match = rule.search(address) if rule else _DATED.search(urlsplit(address).path)
    if rule and not match:
        return None
    day = _day(match.groupdict() if match else {}) or next(_times_near(link), None)
    if day is None or (len(text) < _TITLE_CHARS and not rule):
        return None
    return FeedEntry(source_id=source.id, guid=None, url=address, title=text or None, published=day)


def _day(parts: dict[str, Any]) -> str | None:
    try:
        return date(int(parts["year"]), int(parts["month"]), int(parts["day"])).isoformat()
    except (KeyError, TypeError, ValueError):
        return None


def _times_near(link: Any) -> Iterator[str]:
    """Dates of the `<time>` elements in the smallest block around the link that has one."""
    block = link
    for _ in range(_UP):
        times = [found for mark in block.iter("time") if (found := exact_date((mark.get("datetime") or "").strip()))]
        # A block with the times of several articles is the whole list.
        if times:
            yield from times[:1] if len(times) == 1 else ()
            return
        block = block.getparent()
        if block is None:
            return
