"""Feeds with pages: /feed/?paged=N as WordPress has it, newest first; and feeds that hold their whole archive, which have one page."""

from __future__ import annotations

from collections.abc import Sequence

from igwire.feeds.archives import MAX_PAGES, Ask, Body, Verdict, Walk, date_of, sort_out
from igwire.feeds.parse import parse_feed
from igwire.model import FeedEntry, ParsedFeed, Source, Window


def walk(source: Source, window: Window) -> Walk:
    """Page back until the window's start lies behind. Page 1 is the bare address: caches know it."""
    seen: set[str] = set()
    address = source.feed_url or ""
    for number in range(1, MAX_PAGES + 1):
        got = yield Ask(address if number == 1 else f"{address}{'&' if '?' in address else '?'}paged={number}", read_feed, robots=number > 1)
        feed: ParsedFeed | None = got.value if got else None
        if got is None or feed is None or feed.status != "ok":
            said = got.problem or (feed.status if feed else "") if got else ""
            return Verdict(False, f"page {number}: {said or 'no answer'}", passing=number > 1)
        if all(entry.url in seen for entry in feed.entries):
            return Verdict(False, f"page {number} repeats what came before")
        yield sort_out(feed.entries, window, seen)
        if _reached(feed.entries, window):
            return Verdict(True, f"{number} pages")
        if source.archive == "full_feed":
            return Verdict(True, "the feed holds the whole archive")
    return Verdict(False, f"more than {MAX_PAGES} pages")


def _reached(entries: Sequence[FeedEntry], window: Window) -> bool:
    """The page's last dated entry is older than the window. Not its oldest: what is pinned to the top is old and says nothing."""
    dated = [moment for entry in entries if (moment := date_of(entry))]
    return bool(dated) and dated[-1] < window.start


def read_feed(body: Body) -> ParsedFeed:
    """Reader of one page."""
    return parse_feed(body.body, source_id=body.source.id, url=body.url, content_type=body.content_type)
