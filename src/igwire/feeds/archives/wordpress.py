"""WordPress's REST archive, oldest first, a hundred posts a page (developer.wordpress.org, REST API handbook, "Posts").

It lies at /wp-json/, and at /?rest_route=/ where the site has no pretty permalinks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from igwire.feeds.archives import MAX_PAGES, ZONES, Ask, Body, Verdict, Walk, sort_out
from igwire.feeds.parse import entry_link, plain_line, plain_text
from igwire.model import Capture, FeedEntry, Source, Window
from igwire.text import whole_number

_PER_PAGE = 100
# A door that is closed (401, 403) is closed at both places, and a fault says nothing of where it lies.
_NOTHING_THERE = re.compile(r"^page 1: (HTTP status (404|410)\b|no list of posts)")
_FIELDS = "id,date,date_gmt,modified_gmt,link,title,excerpt,content"


def walk(source: Source, window: Window) -> Walk:
    """Every post of the window. Complete when as many posts were read as the server counts, before and after the paging."""
    plain = "feed" in parse_qs(urlsplit(source.feed_url or "").query)
    first = yield from _paged(source, window, _plain if plain else _pretty)
    if not _NOTHING_THERE.search(first.reason):
        return first
    second = yield from _paged(source, window, _pretty if plain else _plain)
    return first if _NOTHING_THERE.search(second.reason) else second


def _paged(source: Source, window: Window, place: Callable[[str], str]) -> Walk:
    seen: set[str] = set()
    totals: set[int] = set()
    for number in range(1, MAX_PAGES + 1):
        got = yield Ask(place(source.site.rstrip("/")) + urlencode(_asked(window, number)), read_posts)
        if got is None or got.value is None:
            problem = got.problem if got else ""
            return Verdict(False, f"page {number}: {problem or 'no list of posts'}", passing=number > 1)
        if got.value and all(post.url in seen for post in got.value):
            return Verdict(False, f"page {number} repeats what came before", passing=number > 1)
        yield sort_out(got.value, window, seen)
        pages, total = _counted(got.capture, "x-wp-totalpages"), _counted(got.capture, "x-wp-total")
        totals |= {total} if total is not None else set()
        last = len(got.value) < _PER_PAGE if pages is None or (total is not None and len(seen) > total) else number >= pages
        if last:
            return _judged(number, len(seen), totals)
    return Verdict(False, f"more than {MAX_PAGES} pages")


def _judged(pages: int, posts: int, totals: set[int]) -> Verdict:
    """Complete unless the server counted other posts than it gave: it lies, or posts came, went or moved between two pages."""
    if not totals or totals == {posts}:
        return Verdict(True, f"{pages} pages")
    return Verdict(False, f"{posts} posts were read where the server counts {' or '.join(map(str, sorted(totals)))}", passing=True)


def _counted(capture: Capture | None, name: str) -> int | None:
    return whole_number((capture.header(name) if capture else None) or "")


def _pretty(site: str) -> str:
    return f"{site}/wp-json/wp/v2/posts?"


def _plain(site: str) -> str:
    return f"{site}/?rest_route=/wp/v2/posts&"


def _asked(window: Window, number: int) -> dict[str, object]:
    # `after` and `before` compare the site's local time.
    return {
        "after": f"{window.start - ZONES:%Y-%m-%dT%H:%M:%S}", "before": f"{window.end + ZONES:%Y-%m-%dT%H:%M:%S}", "per_page": _PER_PAGE,
        "page": number, "orderby": "date", "order": "asc", "_fields": _FIELDS,
    }  # fmt: skip


def read_posts(body: Body) -> list[FeedEntry] | None:
    """The posts of one page; None when the body is no list of posts."""
    try:
        posts = json.loads(body.body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return None
    return list(_entries(posts, body)) if isinstance(posts, list) else None


def _entries(posts: list[Any], body: Body) -> Iterator[FeedEntry]:
    for post in posts:
        link = entry_link(post.get("link") if isinstance(post, dict) else None, body.url)
        if not link:
            continue
        yield FeedEntry(
            source_id=body.source.id, guid=str(post["id"]) if post.get("id") else None, url=link, title=plain_line(_rendered(post, "title")),
            published=_moment(post.get("date"), post.get("date_gmt")), updated=_moment(None, post.get("modified_gmt")),
            summary=plain_text(_rendered(post, "excerpt")), content=plain_text(_rendered(post, "content")),
        )  # fmt: skip


def _rendered(post: dict[str, Any], name: str) -> str | None:
    value = post.get(name)
    return value.get("rendered") if isinstance(value, dict) else None


def _moment(local: Any, gmt: Any) -> str | None:
    """RFC 3339; the difference of the two times that WordPress prints is the site's offset."""
    try:
        utc = datetime.fromisoformat(str(gmt)[:19]).replace(tzinfo=UTC)
    except ValueError:
        return None
    try:
        offset = datetime.fromisoformat(str(local)[:19]).replace(tzinfo=UTC) - utc
        return utc.astimezone(timezone(offset)).isoformat() if abs(offset) < timedelta(hours=24) else utc.isoformat()
    except ValueError:
        return utc.isoformat()
