"""Blogger's feeds: asked by date, with a start index and a number of results (developers.google.com, Blogger data API 2.0, "Query parameters")."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit, urlunsplit

from igwire.feeds.archives import MAX_PAGES, Ask, Verdict, Walk, sort_out
from igwire.feeds.archives.paged import read_feed
from igwire.model import ParsedFeed, Source, Window

_PER_PAGE = 150


def walk(source: Source, window: Window) -> Walk:
    """Every post of the window. Complete with the first page that is not full, or that has nothing more."""
    seen: set[str] = set()
    for number in range(1, MAX_PAGES + 1):
        got = yield Ask(_url(source, window, len(seen) + 1), read_feed)
        feed: ParsedFeed | None = got.value if got else None
        if got is None or feed is None or feed.status not in ("ok", "empty"):
            said = got.problem or (feed.status if feed else "") if got else ""
            return Verdict(False, f"page {number}: {said or 'no answer'}", passing=number > 1)
        if feed.entries and all(entry.url in seen for entry in feed.entries):
            return Verdict(False, f"page {number} repeats what came before", passing=number > 1)
        yield sort_out(feed.entries, window, seen)
        # Blogger gives fewer than were asked for when pages grow too large, so a short page is no end: an empty one is.
        if not feed.entries:
            return Verdict(True, f"{number} pages")
    return Verdict(False, f"more than {MAX_PAGES} pages")


def _url(source: Source, window: Window, first: int) -> str:
    base = urlsplit(source.feed_url or "")
    asked = {
        "published-min": f"{window.start:%Y-%m-%dT%H:%M:%SZ}", "published-max": f"{window.end:%Y-%m-%dT%H:%M:%SZ}", "orderby": "published",
        "max-results": _PER_PAGE, "start-index": first,
    }  # fmt: skip
    return urlunsplit(base._replace(query="&".join(filter(None, (base.query, urlencode(asked))))))
