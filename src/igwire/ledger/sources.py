"""State of the sources: what the last poll left behind and when the next one is due; what they may have lost; what probes found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from igwire.ledger import packing
from igwire.ledger.database import chunked, upsert
from igwire.ledger.tables import coverage, item_sources, probes, sources
from igwire.model import FeedEntry

# The longest feeds have some hundred entries.
_LATELY = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """One source's row; see `tables.sources` for the meaning of the columns."""

    id: str
    etag: str | None = None
    last_modified: str | None = None
    validators_url: str | None = None
    validators_for: str | None = None
    body_hash: str | None = None
    conditional: bool = True
    last_full_at: datetime | None = None
    state: str = "never"
    state_reason: str | None = None
    failures: int = 0
    failing_since: datetime | None = None
    gone_seen: int = 0
    gone_at: datetime | None = None
    empties: int = 0
    entries: int = 0
    newest_at: datetime | None = None
    interval_s: float | None = None
    feed_url: str | None = None
    feed_url_was: str | None = None
    moving_to: str | None = None
    moving_seen: int = 0
    moving_since: datetime | None = None
    proposed_url: str | None = None
    hub: str | None = None
    last_poll_at: datetime | None = None
    last_success_at: datetime | None = None
    last_new_at: datetime | None = None
    next_poll_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An entry that the source named before. `fingerprint`: of its texts, when it was last seen."""

    item_id: str
    guid: str | None
    title: str | None
    fingerprint: str | None
    # Address, instant and hash of the texts as printed last; None where there are none, or it was before they were kept.
    url: str | None = None
    printed_at: datetime | None = None
    text_hash: str | None = None


def printed(entry: FeedEntry) -> dict[str, Any]:
    """How a source prints an entry: the columns of `item_sources` that `Known` gives back."""
    return {
        "url": entry.url, "guid": entry.guid, "title": entry.title, "fingerprint": packing.fingerprint(entry), "printed_at": packing.printed_at(entry),
        "text_hash": packing.text_hash(entry),
    }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """A span of time in which the source may have published what igwire has not seen; see `tables.coverage`."""

    id: int
    source_id: str
    from_at: datetime
    to_at: datetime
    reason: str
    state: str
    detail: str | None
    noted_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What the newest probe of a source on probation found; see `tables.probes`."""

    source_id: str
    at: datetime
    # enabled or wanted.
    verdict: str
    # feed, sitemap, listing; None when nothing was found.
    way: str | None
    url: str | None
    reason: str
    next_at: datetime


def states(conn: sa.Connection, ids: Iterable[str]) -> dict[str, SourceState]:
    """The states of the sources `ids`; a source that was never polled gets a fresh one."""
    wanted = list(ids)
    found = {row.id: SourceState(**row._mapping) for chunk in chunked(wanted) for row in conn.execute(sa.select(sources).where(sources.c.id.in_(chunk)))}
    return {source_id: found.get(source_id, SourceState(id=source_id)) for source_id in wanted}


def save(conn: sa.Connection, state: SourceState) -> None:
    """Write the state whole. Called last, in the transaction that stores the poll's entries."""
    values: dict[str, Any] = asdict(state)
    statement = upsert(conn, sources).values(values)
    conn.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))


def known(conn: sa.Connection, source_id: str, ids: Iterable[str], guids: Iterable[str]) -> Iterator[Known]:
    """What the source named before under one of the item `ids` or `guids`."""
    for column, values in ((item_sources.c.item_id, ids), (item_sources.c.guid, guids)):
        for chunk in chunked(values):
            yield from (Known(**row._mapping) for row in conn.execute(_named(source_id).where(column.in_(chunk))))


def lately(conn: sa.Connection, source_id: str) -> list[Known]:
    """What the source named last, the latest first; some answers' worth."""
    wanted = _named(source_id).order_by(item_sources.c.last_seen_at.desc(), item_sources.c.item_id).limit(_LATELY)
    return [Known(**row._mapping) for row in conn.execute(wanted)]


def _named(source_id: str) -> sa.Select[Any]:
    columns = (item_sources.c[name] for name in ("item_id", "url", "guid", "title", "fingerprint", "printed_at", "text_hash"))
    return sa.select(*columns).where(item_sources.c.source_id == source_id)


def note_gap(conn: sa.Connection, source_id: str, from_at: datetime, to_at: datetime, *, reason: str, now: datetime) -> None:
    """Entries may have been missed between two instants; the next plan looks for them in the source's archive."""
    values = {"source_id": source_id, "from_at": from_at, "to_at": to_at, "reason": reason, "state": "possible_gap", "noted_at": now}
    conn.execute(coverage.insert().values(values))


def gaps(conn: sa.Connection, *, state: str | None = "possible_gap", ids: Iterable[str] | None = None) -> list[Coverage]:
    """The coverage rows in a state (None = all), of some sources (None = all), oldest first."""
    wanted = sa.select(coverage).order_by(coverage.c.from_at, coverage.c.id)
    if state is not None:
        wanted = wanted.where(coverage.c.state == state)
    if ids is not None:
        wanted = wanted.where(coverage.c.source_id.in_(list(ids)))
    return [Coverage(**row._mapping) for row in conn.execute(wanted)]


def close_gap(conn: sa.Connection, gap_id: int, state: str, *, detail: str, now: datetime) -> None:
    """The gap was looked into: `state` is filled, unfillable or (to be tried again) possible_gap."""
    closed = None if state == "possible_gap" else now
    conn.execute(coverage.update().where(coverage.c.id == gap_id).values(state=state, detail=detail[:500], closed_at=closed))


def probes_of(conn: sa.Connection, ids: Iterable[str] | None = None) -> dict[str, Probe]:
    """The newest probe of each source (None = all that were probed)."""
    wanted = sa.select(probes) if ids is None else sa.select(probes).where(probes.c.source_id.in_(list(ids)))
    return {row.source_id: Probe(**row._mapping) for row in conn.execute(wanted)}


def save_probe(conn: sa.Connection, probe: Probe) -> None:
    """Keep a probe's finding in the place of the one before."""
    values = asdict(probe)
    conn.execute(upsert(conn, probes).values(values).on_conflict_do_update(index_elements=["source_id"], set_=values))


def arrivals(conn: sa.Connection, since: datetime) -> Iterator[tuple[str, datetime]]:
    """Source and instant of every first sight of an entry since then."""
    wanted = sa.select(item_sources.c.source_id, item_sources.c.first_seen_at).where(item_sources.c.first_seen_at >= since)
    yield from ((row.source_id, row.first_seen_at) for row in conn.execute(wanted))
