"""Web archives: what others captured of a site, listed by a CDX server (Wayback's, Common Crawl's, pywb's), span by span.

    https://web.archive.org/cdx/search/cdx?url=news.example/&matchType=prefix&from=20151201000000&to=20151231235959&output=json&limit=…

A server that hands out a resume key is followed by it; where one stops at the limit without a key, the span is halved, which every
CDX server understands. When a page was captured is no date of publication: only an address with a day in it tells one. Until the page
tells its own, it belongs to the interval of its first capture.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import parse_qs, urlencode, urlsplit

from igwire.errors import BadUrl
from igwire.feeds.archives import MAX_PAGES, Ask, Body, Found, Got, Verdict, Walk
from igwire.feeds.archives.sitemaps import day_in_path
from igwire.model import FeedEntry, Source, WebArchive, Window
from igwire.urls import fetch_url, identity_url, is_home_page

# About a megabyte of listing.
_LIMIT = 5000
_PAGES = ("text/html", "application/xhtml+xml")
# Addresses of lists, forms and feeds, which no page of an article has.
_LISTS = re.compile(
    r"/(?:page/\d+|feed|comments|search|tags?|category|categories|authors?|wp-json|wp-login\.php|xmlrpc\.php|wp-content|wp-includes|wp-admin)(?:/|$)"
    r"|^/(?:19|20)\d\d(?:/\d\d?){0,2}/?$"
)
_LIST_QUERIES = {"s", "feed", "paged", "page", "cat", "m", "replytocom", "rest_route", "share", "sitemap", "author", "tag"}
_STAMP = "%Y%m%d%H%M%S"


@dataclass(frozen=True, slots=True)
class Captures:
    """One answer of a CDX server: pages in its order, how many rows there were, and the key with which to go on."""

    entries: tuple[FeedEntry, ...]
    rows: int
    resume: str | None


def walk(archives: tuple[WebArchive, ...], source: Source, window: Window) -> Walk:
    """Every page of the site that was captured inside the window, each once. Complete when every archive was read to its end."""
    seen: set[str] = set()
    for archive in archives:
        verdict = yield from _one(archive, source, window, seen)
        if not verdict.complete:
            return verdict
    return Verdict(True, f"{len(seen)} pages were captured")


def _one(archive: WebArchive, source: Source, window: Window, seen: set[str]) -> Walk:
    spans: list[tuple[datetime, datetime, str | None]] = [(window.start, window.end, None)]
    for number in range(1, MAX_PAGES + 1):
        start, end, key = spans.pop()
        got = yield Ask(_url(archive, source, start, end, key), partial(read_captures, archive))
        page = _page(got)
        if page is None:
            return Verdict(False, f"page {number}: {(got.problem if got else '') or 'no list of captures'}", passing=number > 1)
        if page.resume and page.resume == key:
            return Verdict(False, f"page {number} leads back to itself", passing=True)
        fresh = [entry for entry in page.entries if identity_url(entry.url) not in seen]
        seen.update(identity_url(entry.url) for entry in fresh)
        # Not only those of the window: an address may tell another day, and belongs to that interval then.
        yield Found(tuple(fresh))
        spans += _rest(page, start, end)
        if not spans:
            return Verdict(True, f"{number} pages")
    return Verdict(False, f"more than {MAX_PAGES} pages", passing=True)


def _page(got: Got | None) -> Captures | None:
    """What was read; servers that say 404 for "nothing was captured" say so in JSON."""
    if got is not None and got.value is None and got.capture is not None and got.capture.status == 404 and b"No Captures" in got.capture.body[:500]:
        return Captures((), 0, None)
    return got.value if got else None


def _rest(page: Captures, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, str | None]]:
    """What is still to be asked for, the oldest last."""
    if page.resume:
        yield start, end, page.resume
    elif page.rows >= _LIMIT and end - start > timedelta(seconds=1):
        half = start + (end - start) / 2
        half = half.replace(microsecond=0)
        yield from ((half, end, None), (start, half, None))


def _url(archive: WebArchive, source: Source, start: datetime, end: datetime, key: str | None) -> str:
    site = urlsplit(source.site)
    asked = {
        "url": f"{site.netloc}{site.path or '/'}", "matchType": "prefix", "from": start.strftime(_STAMP),
        "to": (end - timedelta(seconds=1)).strftime(_STAMP), "output": "json", "limit": _LIMIT, "showResumeKey": "true",
    }  # fmt: skip
    return f"{archive.cdx}?{urlencode(asked | ({'resumeKey': key} if key else {}))}"


def read_captures(archive: WebArchive, body: Body) -> Captures | None:
    """Reader of one answer, as JSON lines (pywb, Common Crawl) or one list with a head line (Wayback); None when it is neither."""
    try:
        rows, resume = _rows(body.body.decode("utf-8", "replace").strip())
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    found: dict[str, FeedEntry] = {}
    for row in rows:
        entry = _entry(archive, row, body.source)
        if entry and (known := found.setdefault(identity_url(entry.url), entry)) is not entry and (entry.archived_at or "") < (known.archived_at or ""):
            found[identity_url(entry.url)] = entry
    return Captures(tuple(found.values()), len(rows), resume)


def _rows(text: str) -> tuple[list[dict[str, str]], str | None]:
    if not text:
        return [], None
    if not text.startswith("["):
        return [{str(k): str(v) for k, v in json.loads(line).items()} for line in text.splitlines()], None
    lists = json.loads(text)
    resume = str(lists[-1][0]) if len(lists) > 2 and lists[-2] == [] else None
    head, *rows = lists[:-2] if resume else lists or [[]]
    return [dict(zip(map(str, head), map(str, row), strict=True)) for row in rows], resume


def _entry(archive: WebArchive, row: dict[str, str], source: Source) -> FeedEntry | None:
    """The capture as an entry, None when it is no page that may be an article."""
    original, stamp = row.get("original") or row.get("url") or "", row.get("timestamp", "")
    if (row.get("statuscode") or row.get("status")) != "200" or (row.get("mimetype") or row.get("mime")) not in _PAGES:
        return None
    try:
        url, at = fetch_url(original), datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
        archived = fetch_url(_place(archive, row, original, stamp))
    except (BadUrl, ValueError, KeyError):
        return None
    if not _may_be_article(url, source):
        return None
    return FeedEntry(source_id=source.id, guid=None, url=url, published=day_in_path(url), archived=archived, archived_at=at.isoformat())


def _place(archive: WebArchive, row: dict[str, str], original: str, stamp: str) -> str:
    """Where the captured bytes are had as they came: a replay that changes nothing, or a range of a WARC file."""
    if archive.replay:
        return f"{archive.replay.rstrip('/')}/{stamp}id_/{original}"
    return f"{archive.files.rstrip('/')}/{row['filename']}#{int(row['offset'])}+{int(row['length'])}"


def _may_be_article(url: str, source: Source) -> bool:
    if source.listing_rule:
        return re.search(source.listing_rule, url) is not None
    parts = urlsplit(url)
    lists = _LISTS.search(parts.path) or set(parse_qs(parts.query, keep_blank_values=True)) & _LIST_QUERIES
    return not lists and not is_home_page(url)
