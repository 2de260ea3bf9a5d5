"""What igwire has of each source and day, and why not all: complete, partial, not_available, not_tried or failed.

archives' listings + polls + gaps between polls + pages that are missing still ─▶ one state a source and day ─▶ spans of gaps
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

import sqlalchemy as sa

from igwire.errors import Unavailable
from igwire.feeds.archives import WEB_ARCHIVE, ways
from igwire.ledger import archives, sources
from igwire.ledger.archives import Listing
from igwire.ledger.tables import item_sources, items
from igwire.model import Source, Window, WriteAction
from igwire.pipeline.parts import Parts

STATES = ("complete", "partial", "not_available", "not_tried", "failed")
_DAY = timedelta(days=1)
_MISSING = ("new", "captured", "extracted", "enriched", "quarantined")
# The states of listings in the words of coverage, the best first.
_LISTED = {"complete": "complete", "partial": "partial", "failed": "failed", "listing": "failed", "unavailable": "not_available"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One source on one UTC day. `articles`: items dated on it, `missing`: those of them that are not in the index for no good reason."""

    source_id: str
    title: str
    day: date
    # One of STATES.
    state: str
    reason: str
    articles: int = 0
    missing: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Days in a row [first, last] of one source with the same state and reason."""

    source_id: str
    first: date
    last: date
    state: str
    reason: str

    @property
    def days(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1


def days(parts: Parts, conn: sa.Connection, wanted: Sequence[Source], window: Window) -> Iterator[Day]:
    """The state of every source on every UTC day of the window that has begun, source by source."""
    end = min(window.end, parts.clock.now())
    states = sources.states(conn, [source.id for source in wanted])
    for source in wanted:
        facts = _Facts(
            source=source, listings=archives.listings_of(conn, [source.id], window=window), gaps=sources.gaps(conn, ids=[source.id]),
            counts=_counts(conn, source.id, window), reachable=bool(ways(source, parts.web_archives)), followed=_followed(conn, source.id, states[source.id].last_success_at),
        )  # fmt: skip
        start = window.start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        while start < end:
            yield facts.day(start)
            start += _DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What the ledger knows of one source in the window."""

    source: Source
    listings: Sequence[Listing]
    gaps: Sequence[sources.Coverage]
    # Whether anything leads into its past.
    reachable: bool
    # Items by state of each day.
    counts: dict[date, Counter[str]]
    # The span in which the feed was polled, when it was.
    followed: tuple[datetime, datetime] | None

    def day(self, start: datetime) -> Day:
        """The state of the day that begins at `start`."""
        on = self.counts.get(start.date(), Counter())
        missing = sum(on[state] for state in _MISSING)
        state, reason = self._found(start, start + _DAY)
        if state == "complete" and missing:
            state, reason = "partial", f"{missing} articles are not in the index yet"
        return Day(source_id=self.source.id, title=self.source.title, day=start.date(), state=state, reason=reason, articles=sum(on.values()), missing=missing)

    def _found(self, start: datetime, end: datetime) -> tuple[str, str]:
        listed = sorted(((_state(row), row) for row in self.listings if row.covers(start, end)), key=lambda pair: list(_LISTED.values()).index(pair[0]))
        if listed and listed[0][0] == "complete":
            return "complete", listed[0][1].detail or ""
        if self.followed and self.followed[0] <= start and end <= self.followed[1]:
            lost = any(gap.from_at < end and gap.to_at > start for gap in self.gaps)
            return ("partial", "the feed may have dropped entries between two polls") if lost else ("complete", "the feed was polled")
        if listed:
            return listed[0][0], "; ".join(row.detail or "it is being listed" for _, row in listed)
        if not self.reachable:
            return "not_available", "the catalogue knows no way into its past"
        return "not_tried", "no run has asked for it"


def _state(row: Listing) -> str:
    """What the listing means for a day: web archives hold what was captured, which need not be everything."""
    return "partial" if row.method == WEB_ARCHIVE and row.state == "complete" else _LISTED[row.state]


def _counts(conn: sa.Connection, source_id: str, window: Window) -> dict[date, Counter[str]]:
    inside = (items.c.source_id == source_id) & (items.c.published_at >= window.start) & (items.c.published_at < window.end)
    found: dict[date, Counter[str]] = {}
    for row in conn.execute(sa.select(items.c.published_at, items.c.state).where(inside)):
        found.setdefault(row.published_at.date(), Counter())[row.state] += 1
    return found


def _followed(conn: sa.Connection, source_id: str, last: datetime | None) -> tuple[datetime, datetime] | None:
    """From the day after the feed's first poll (which held a backlog of unknown depth) to the last good one."""
    wanted = sa.select(sa.func.min(item_sources.c.first_seen_at)).join(items, items.c.id == item_sources.c.item_id)
    first = conn.execute(wanted.where(item_sources.c.source_id == source_id, items.c.mode == "live")).scalar()
    return (first, last) if first and last else None


def gaps(found: Iterable[Day]) -> Iterator[Gap]:
    """The days that are not complete, those in a row with the same state and reason as one."""
    for (source_id, state, reason), run in groupby(found, key=lambda day: (day.source_id, day.state, day.reason)):
        listed = list(run)
        if state != "complete":
            yield Gap(source_id=source_id, first=listed[0].day, last=listed[-1].day, state=state, reason=reason)


def notes(found: Iterable[Day]) -> list[str]:
    """What the report of a backfill must say: every gap that it leaves, with the reason."""
    return [f"{gap.source_id}: {gap.first} to {gap.last} {gap.state.replace('_', ' ')}: {gap.reason}" for gap in gaps(found)]


def publish(parts: Parts, found: Iterable[Day]) -> None:
    """Send the days to the index of coverage; what cannot be sent now is sent by the next run over the same days, or by `igwire gaps`."""
    now = parts.clock.now()
    version = int(now.timestamp() * 1000)
    actions = [WriteAction(doc_id=f"{day.source_id}:{day.day}", version=version, body=document(day, now)) for day in found]
    if not actions:
        return
    try:
        for _ in parts.index().write(actions, "coverage"):
            pass
    except Unavailable:
        return


def document(day: Day, now: datetime) -> dict[str, object]:
    """The day as the index of coverage holds it."""
    return {
        "@timestamp": datetime.combine(day.day, time(), UTC).isoformat(), "source_id": day.source_id, "title": day.title, "state": day.state,
        "reason": day.reason, "articles": day.articles, "missing": day.missing, "checked_at": now.isoformat(),
    }  # fmt: skip
