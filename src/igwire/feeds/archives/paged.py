"""Feeds with pages, newest first: by number (/feed/?paged=N as WordPress has it, /rss/N/ as Ghost has it), or by the links that the feed
itself gives (RFC 5005: paged and archived feeds); and feeds that hold their whole archive, which have one page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from igwire.errors import BadUrl
from igwire.feeds.archives import MAX_PAGES, Ask, Body, Verdict, Walk, date_of, sort_out
from igwire.feeds.parse import parse_feed
from igwire.model import FeedEntry, ParsedFeed, Source, Window
from igwire.urls import fetch_url

# RFC 5005: section 4 (archived) before section 3 (paged); the first that is there is followed.
_OLDER = ("prev-archive", "next")


@dataclass(frozen=True, slots=True)
class Linked:
    """One page of a feed, and the address of the page with older entries that it names."""

    feed: ParsedFeed
    older: str | None


def walk(source: Source, window: Window) -> Walk:
    """Page back until the window's start lies behind. Page 1 is the bare address: caches know it."""
    address = source.feed_url or ""

    def page(number: int) -> str:
        return address if number == 1 else f"{address}{'&' if '?' in address else '?'}paged={number}"

    return (yield from _numbered(source, window, page))


def walk_ghost(source: Source, window: Window) -> Walk:
    """As `walk`, over /rss/, /rss/2/, /rss/3/ …"""
    address = (source.feed_url or "").rstrip("/")
    return (yield from _numbered(source, window, lambda number: f"{address}/" if number == 1 else f"{address}/{number}/"))


def _numbered(source: Source, window: Window, page: Callable[[int], str]) -> Walk:
    seen: set[str] = set()
    newest: datetime | None = None
    disordered = False
    for number in range(1, MAX_PAGES + 1):
        got = yield Ask(page(number), read_feed, robots=number > 1)
        feed: ParsedFeed | None = got.value if got else None
        if got is None or feed is None or feed.status != "ok":
            said = got.problem or (feed.status if feed else "") if got else ""
            return Verdict(False, f"page {number}: {said or 'no answer'}", passing=number > 1)
        fresh = [entry for entry in feed.entries if entry.url not in seen]
        if not fresh:
            return Verdict(False, f"page {number} repeats what came before")
        yield sort_out(feed.entries, window, seen)
        if source.archive == "full_feed":
            return Verdict(True, "the feed holds the whole archive")
        dated = [moment for entry in fresh if (moment := date_of(entry))]
        disordered |= newest is not None and bool(dated) and max(dated) > newest
        newest = max(dated, default=newest)
        if _reached(feed.entries, window):
            return _ended(number, disordered)
    return Verdict(False, f"more than {MAX_PAGES} pages")


def _ended(pages: int, disordered: bool) -> Verdict:
    """A later page that is newer than an earlier one means that entries moved while they were read: some may have been passed over."""
    return Verdict(False, "the order of the pages changed while they were read", passing=True) if disordered else Verdict(True, f"{pages} pages")


def walk_links(source: Source, window: Window) -> Walk:
    """Follow prev-archive or next links until the window's start lies behind, or a page names no older one (RFC 5005)."""
    seen: set[str] = set()
    asked: set[str] = set()
    url: str | None = source.feed_url
    while url and len(asked) < MAX_PAGES:
        asked.add(url)
        got = yield Ask(url, read_linked, robots=len(asked) > 1)
        page: Linked | None = got.value if got else None
        if got is None or page is None or page.feed.status not in ("ok", "empty"):
            said = got.problem or (page.feed.status if page else "") if got else ""
            return Verdict(False, f"page {len(asked)}: {said or 'no answer'}", passing=len(asked) > 1)
        yield sort_out(page.feed.entries, window, seen)
        if _reached(page.feed.entries, window):
            return Verdict(True, f"{len(asked)} pages")
        if page.older is None and len(asked) == 1:
            return Verdict(False, "the feed names no older page")
        if page.older is None:
            return Verdict(True, f"all {len(asked)} pages")
        if page.older in asked:
            return Verdict(False, f"page {len(asked)} leads back to one that was read", passing=True)
        url = page.older
    return Verdict(False, f"more than {MAX_PAGES} pages")


def _reached(entries: Sequence[FeedEntry], window: Window) -> bool:
    """The page's last dated entry is older than the window. Not its oldest: what is pinned to the top is old and says nothing."""
    dated = [moment for entry in entries if (moment := date_of(entry))]
    return bool(dated) and dated[-1] < window.start


def read_feed(body: Body) -> ParsedFeed:
    """Reader of one page."""
    return parse_feed(body.body, source_id=body.source.id, url=body.url, content_type=body.content_type)


def read_linked(body: Body) -> Linked:
    """Reader of one page and its link to older ones."""
    from lxml import etree

    feed = read_feed(body)
    try:
        parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        root = etree.fromstring(body.body, parser=parser)
    except (etree.XMLSyntaxError, ValueError):
        return Linked(feed, None)
    named: dict[str, str] = {}
    # The links of the feed, not those of its entries.
    for link in [] if root is None else [*root, *(child for part in root for child in part if _local(part) == "channel")]:
        if _local(link) == "link" and link.get("rel") in _OLDER and link.get("href"):
            named.setdefault(link.get("rel"), link.get("href"))
    href = next((named[rel] for rel in _OLDER if rel in named), None)
    try:
        return Linked(feed, fetch_url(href, body.url) if href else None)
    except BadUrl:
        return Linked(feed, None)


def _local(element: object) -> str:
    tag = getattr(element, "tag", "")
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""
