"""Reaching a source's past: walks that ask for addresses and receive answers, so that they need no network of their own.

    walk = archive_walk(source, window)
    walk yields Ask(url, read) and is sent Got(...); it yields Found(entries) and is sent None; it returns a Verdict

Whoever drives a walk (`pipeline.visits`) keeps robots.txt and the host's gap, stores the raw answer, and lets `read` work on the
body in the killable pool. Rules of every walk: stop when the window is covered; stop without claiming coverage on an error or a page
with nothing on it; undated entries are dropped and counted, never dated "now"; what overlapping pages repeat is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from igwire.feeds.parse import moment_of
from igwire.model import Capture, FeedEntry, Source, WebArchive, Window

# A walk that needs more pages than this for a window has lost its way.
MAX_PAGES = 200
# What others captured of a source, listed by CDX servers.
WEB_ARCHIVE = "web_archive"
# Archives speak of the publisher's own days and years, which may begin this long before or after those of UTC.
ZONES = timedelta(hours=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a reader gets to read: it must be a module's function of a Body, because it runs in another process."""

    source: Source
    url: str
    content_type: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Ask:
    """Fetch `url`, and read a 200 answer with `read`. `robots` False only for robots.txt itself and published feeds."""

    url: str
    read: Callable[[Body], Any]
    robots: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """The answer: `value` is what the reader made of it, None with a `problem` in words when there was nothing to read."""

    capture: Capture | None = None
    value: Any = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """Entries of the window, and how many others were left out for which reason."""

    entries: tuple[FeedEntry, ...]
    dropped: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a walk ended: `complete` only when the whole window was seen. `passing`: another day may bring more."""

    complete: bool
    reason: str
    passing: bool = False


Walk = Generator[Ask | Found, Got | None, Verdict]


@dataclass(frozen=True, slots=True)
class Way:
    """One way into a source's past. `unit`: what one listing covers (see `spans`), because it costs the site the same."""

    name: str
    walk: Callable[[Source, Window], Walk]
    # month, year or onward.
    unit: str


def archive_walk(source: Source, window: Window) -> Walk:
    """All ways into the source's past, the likeliest first, until one covers the window."""
    told = []
    verdict = Verdict(False, "no archive is known")
    for way in ways(source):
        verdict = yield from way.walk(source, window)
        told.append(f"{way.name}: {verdict.reason}")
        if verdict.complete:
            break
    return Verdict(verdict.complete, "; ".join(told) or verdict.reason, verdict.passing)


def ways(source: Source, web_archives: tuple[WebArchive, ...] = ()) -> list[Way]:
    """The ways into the source's past, the likeliest first; what others captured of it comes last."""
    from igwire.feeds.archives import blogger, cdx, listing, paged, sitemaps, wordpress

    known = {
        "wordpress": Way("wordpress", wordpress.walk, "month"), "blogger": Way("blogger", blogger.walk, "month"),
        "feed_paging": Way("feed_paging", paged.walk, "onward"), "full_feed": Way("full_feed", paged.walk, "onward"),
        "ghost": Way("ghost", paged.walk_ghost, "onward"), "feed_archive": Way("feed_archive", paged.walk_links, "onward"),
        "listing": Way("listing", listing.walk, "onward"), "sitemap": Way("sitemap", sitemaps.walk, "year"),
    }  # fmt: skip
    # Where the method of the catalogue fails: WordPress sites that close their REST archive still page their feeds, and nearly everybody has a sitemap.
    order = {"wordpress": ("wordpress", "feed_paging", "sitemap"), "none": ("sitemap", *(("listing",) if source.listing_url else ()))}
    names = order.get(source.archive, (source.archive, "sitemap"))
    own = [known[name] for name in dict.fromkeys(names) if name in known and (source.feed_url or name not in _BY_FEED)]
    return [*own, Way(WEB_ARCHIVE, partial(cdx.walk, web_archives), "month")] if web_archives else own


_BY_FEED = ("feed_paging", "full_feed", "ghost", "feed_archive", "blogger")


def spans(way: Way, window: Window, now: datetime) -> list[Window]:
    """The spans, each listed by one walk, that cover the window: calendar months or years, or from a year's start to now.

    What pages back from today costs the same for a day and for everything since then, so it takes everything.
    """
    start = window.start.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if way.unit != "month":
        start = start.replace(month=1)
    if way.unit == "onward":
        return [Window(start=start, end=now, mode=window.mode)]
    found = []
    while start < min(window.end, now):
        end = _following(start, way.unit)
        found.append(Window(start=start, end=min(end, now), mode=window.mode))
        start = end
    return found


def _following(start: datetime, unit: str) -> datetime:
    if unit == "year" or start.month == 12:
        return start.replace(year=start.year + 1, month=1)
    return start.replace(month=start.month + 1)


def sort_out(entries: Iterable[FeedEntry], window: Window, seen: set[str]) -> Found:
    """The entries dated inside the window that were not seen before; `seen` grows."""
    kept, dropped = [], {"undated": 0, "outside": 0, "repeated": 0}
    for entry in entries:
        reason = _refusal(entry, window, seen)
        if reason:
            dropped[reason] += 1
        else:
            kept.append(entry)
        seen.add(entry.url)
    return Found(tuple(kept), {reason: count for reason, count in dropped.items() if count})


def _refusal(entry: FeedEntry, window: Window, seen: set[str]) -> str | None:
    if entry.url in seen:
        return "repeated"
    moment = date_of(entry)
    if moment is None:
        return "undated"
    return None if window.start <= moment < window.end else "outside"


def date_of(entry: FeedEntry) -> datetime | None:
    """When the entry was published, or else changed, or else captured: a UTC instant."""
    return moment_of(entry.published) or moment_of(entry.updated) or moment_of(entry.archived_at)
