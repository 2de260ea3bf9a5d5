"""The plan of a backfill before it runs: what each source would cost, without a request; and the commands that run it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa

from igwire.feeds.archives import Way, spans, ways
from igwire.ledger import archives, sources
from igwire.ledger.hosts import PAST_SHARE
from igwire.ledger.tables import items
from igwire.model import Source, Window
from igwire.pipeline import health
from igwire.pipeline.parts import Parts
from igwire.urls import host_of

# Where nothing is known of a source: an article a day, which most sources of the catalogue do not reach.
_A_DAY = 1.0
# Posts that a listing page of each kind holds, as their software ships; a sitemap holds thousands.
_PER_PAGE = {"wordpress": 100, "blogger": 150, "feed_paging": 10, "ghost": 15, "feed_archive": 10, "listing": 10, "full_feed": 10_000, "sitemap": 5_000,
             "web_archive": 5_000}  # fmt: skip
# Compressed page with its metadata, where the ledger has none yet: the mean of the first months.
_PAGE_BYTES = 30_000
# A request takes about a second beside the gap.
_REQUEST_S = 1.0
# Daily runs cost Airflow about 10 s each: a longer span goes by months.
_BY_DAYS = 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One source's share. `listed`: the number of articles is from its archive; else it is taken from what the source usually publishes."""

    source_id: str
    host: str
    method: str | None
    articles: int
    listed: bool
    # Requests for listing pages and for pages of articles.
    listings: int
    pages: int
    # At the polite rate, this source alone.
    seconds: float
    bytes: int

    @property
    def requests(self) -> int:
        """All requests."""
        return self.listings + self.pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A whole backfill. `seconds`: until the slowest host is done, its budget of requests a day kept."""

    estimates: tuple[Estimate, ...]
    requests: int
    seconds: float
    bytes: int


def estimate(parts: Parts, wanted: Sequence[Source], window: Window) -> Plan:
    """What a backfill of the sources over the window would cost."""
    with parts.ledger.reading() as conn:
        now = parts.clock.now()
        _, usual = health.volumes(sources.arrivals(conn, now - timedelta(days=30)), now)
        size = conn.execute(sa.select(sa.func.avg(items.c.raw_length))).scalar() or _PAGE_BYTES
        made = tuple(_of_source(parts, conn, source, window, usual.get(source.id, _A_DAY), float(size)) for source in wanted)
    loads: dict[str, list[Estimate]] = {}
    for one in made:
        loads.setdefault(one.host, []).append(one)
    return Plan(
        estimates=made, requests=sum(one.requests for one in made), bytes=sum(one.bytes for one in made),
        seconds=max((_host_seconds(parts, load) for load in loads.values()), default=0.0),
    )  # fmt: skip


def _host_seconds(parts: Parts, load: Sequence[Estimate]) -> float:
    full_days = sum(one.requests for one in load) // max(int(parts.knobs.host_requests * PAST_SHARE), 1)
    return max(sum(one.seconds for one in load), full_days * 86_400.0)


def _of_source(parts: Parts, conn: sa.Connection, source: Source, window: Window, a_day: float, size: float) -> Estimate:
    way = next(iter(ways(source, parts.web_archives)), None)
    now = parts.clock.now()
    known = [row for row in archives.listings_of(conn, [source.id], window=window) if row.state == "complete" and row.known(now)]
    listed = any(row.covers(window.start, min(window.end, now)) for row in known)
    articles = archives.counts(conn, source.id, window) if listed else math.ceil(a_day * (window.end - window.start) / timedelta(days=1))
    pages = max(articles - _stored(conn, source.id, window), 0) if way else 0
    listings = 0 if listed or way is None else _listings(way, window, a_day, parts)
    requests = listings + pages
    gap = parts.knobs.gap_s if source.gap_s is None else source.gap_s
    return Estimate(
        source_id=source.id, host=host_of(source.site), method=way.name if way else None, articles=articles if way else 0, listed=listed,
        listings=listings, pages=pages, seconds=requests * (gap + _REQUEST_S), bytes=int(pages * size),
    )  # fmt: skip


def _listings(way: Way, window: Window, a_day: float, parts: Parts) -> int:
    """Pages of the archive, and robots.txt."""
    wanted = spans(way, window, parts.clock.now())
    per_page = _PER_PAGE[way.name]
    return 1 + sum(max(1, math.ceil(a_day * (span.end - span.start) / timedelta(days=1) / per_page)) for span in wanted)


def _stored(conn: sa.Connection, source_id: str, window: Window) -> int:
    inside = (items.c.source_id == source_id) & (items.c.published_at >= window.start) & (items.c.published_at < window.end)
    return int(conn.execute(sa.select(sa.func.count()).select_from(items).where(inside, items.c.state != "new")).scalar_one())


def command(first: date, last: date, wanted: Sequence[str] = ()) -> str:
    """The Airflow command that backfills the days [first, last]: by days with ingest_news, by months with ingest_archive where it is long.

    Runs that exist are made again, because they say nothing about other sources and later listings; what is stored is not fetched again.
    """
    by_days = (last - first).days < _BY_DAYS
    dag = "ingest_news" if by_days else "ingest_archive"
    start = first if by_days else first.replace(day=1)
    conf = f" --dag-run-conf '{json.dumps({'sources': list(wanted)})}'" if wanted else ""
    return f"airflow backfill create --dag-id {dag} --from-date {start} --to-date {last} --reprocess-behavior completed{conf}"
