"""Runs, the outcome of every item in them, dead letters, and the trace of events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from igwire import logs
from igwire.ledger.database import replacing, upsert
from igwire.ledger.items import Item
from igwire.ledger.tables import dead_letters, events, items, run_items, runs
from igwire.model import Disposition, Outcome, Window

# Outcomes after which a run has nothing more to do for an item, and a repeated run leaves it alone.
FINAL = (Outcome.INDEXED, Outcome.UNCHANGED, Outcome.DUPLICATE, Outcome.REJECTED, Outcome.QUARANTINED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run's row; see `tables.runs`."""

    id: str
    mode: str
    window_start: datetime | None
    window_end: datetime | None
    started_at: datetime
    finished_at: datetime | None
    status: str
    totals: dict[str, Any] | None


def start(conn: sa.Connection, run_id: str, *, mode: str, window: Window | None, now: datetime) -> None:
    """Open a run, or take it up again after a retry (its first start stays)."""
    values = {
        "id": run_id, "mode": mode, "window_start": window.start if window else None, "window_end": window.end if window else None,
        "started_at": now, "status": "running",
    }  # fmt: skip
    again = {"status": "running", "finished_at": None}
    conn.execute(upsert(conn, runs).values(values).on_conflict_do_update(index_elements=["id"], set_=again))


def finish(conn: sa.Connection, run_id: str, *, status: str, totals: dict[str, Any], now: datetime) -> None:
    """Close a run with its totals."""
    conn.execute(runs.update().where(runs.c.id == run_id).values(status=status, totals=totals, finished_at=now))


def add_polls(conn: sa.Connection, run_id: str, counts: dict[str, int], sources: Sequence[str] = ()) -> None:
    """Keep the counts of the run's polls and the sources that it is about until its report; a repeated plan adds to the counts.

    `cut`: archives that the newest plan had no time for.
    """
    before = (conn.execute(sa.select(runs.c.totals).where(runs.c.id == run_id)).scalar() or {}).get("polls", {})
    polls = {word: before.get(word, 0) + counts.get(word, 0) for word in {**before, **counts}}
    conn.execute(runs.update().where(runs.c.id == run_id).values(totals={"polls": polls, "sources": list(sources), "cut": counts.get("archive_cut", 0)}))


def get(conn: sa.Connection, run_id: str) -> Run | None:
    """The run `run_id`, or None."""
    row = conn.execute(sa.select(runs).where(runs.c.id == run_id)).first()
    return Run(**row._mapping) if row else None


def last_good(conn: sa.Connection, modes: Sequence[str] = ("live",)) -> Run | None:
    """The newest run that ended well."""
    wanted = sa.select(runs).where(runs.c.status == "ok", runs.c.mode.in_(modes)).order_by(runs.c.finished_at.desc()).limit(1)
    row = conn.execute(wanted).first()
    return Run(**row._mapping) if row else None


def newest(conn: sa.Connection, limit: int = 10) -> list[Run]:
    """The latest runs, newest first."""
    return [Run(**row._mapping) for row in conn.execute(sa.select(runs).order_by(runs.c.started_at.desc()).limit(limit))]


def assign(conn: sa.Connection, run_id: str, batches: Sequence[Sequence[str]]) -> None:
    """Put items into the run's batches; what the run finished before stays as it is."""
    conn.execute(run_items.delete().where(run_items.c.run_id == run_id, _unfinished()))
    # A repeated run may meet an item again that it had finished and that changed since.
    reopened = {"outcome": None, "reason": None, "stage": None, "detail": None, "at": None}
    rows = [{"run_id": run_id, "item_id": item_id, "batch": number, **reopened} for number, ids in enumerate(batches) for item_id in ids]
    if rows:
        conn.execute(replacing(conn, run_items, ("run_id", "item_id"), ("batch", *reopened)), rows)


def _unfinished() -> sa.ColumnElement[bool]:
    return sa.or_(run_items.c.outcome.is_(None), run_items.c.outcome.not_in([o.value for o in FINAL]))


def batch_items(conn: sa.Connection, run_id: str, batch: int) -> list[str]:
    """Ids of the batch's items that have no final outcome yet."""
    wanted = sa.select(run_items.c.item_id).where(run_items.c.run_id == run_id, run_items.c.batch == batch, _unfinished())
    return list(conn.execute(wanted.order_by(run_items.c.item_id)).scalars())


def batch_sources(conn: sa.Connection, run_id: str, batch: int) -> list[str]:
    """The sources of all items of the batch."""
    wanted = sa.select(items.c.source_id).join(run_items, run_items.c.item_id == items.c.id)
    return sorted(conn.execute(wanted.where(run_items.c.run_id == run_id, run_items.c.batch == batch).distinct()).scalars())


# Written once: a statement that is put together anew costs more than the database takes for it.
_DISPOSED = run_items.update().where(run_items.c.run_id == sa.bindparam("b_run"), run_items.c.item_id == sa.bindparam("b_item"))
_NOTED = events.insert()
_OPEN_LETTERS = dead_letters.update().where(dead_letters.c.item_id == sa.bindparam("b_item"), dead_letters.c.resolved_at.is_(None))
_ANSWERED = _OPEN_LETTERS.values(resolved_at=sa.bindparam("b_at"))
_ANSWERED_IN = _ANSWERED.where(dead_letters.c.stage == sa.bindparam("b_stage"))


def dispose(conn: sa.Connection, run_id: str, dispositions: Iterable[Disposition], *, now: datetime) -> None:
    """Write how items ended in this run; the last word counts."""
    rows = [
        {"b_run": run_id, "b_item": d.item_id, "outcome": d.outcome.value, "reason": d.reason, "stage": d.stage, "detail": d.detail[:2000], "at": now}
        for d in dispositions
    ]
    if rows:
        conn.execute(_DISPOSED, rows)


def totals(conn: sa.Connection, run_id: str) -> dict[str | None, dict[str | None, int]]:
    """Items by outcome and reason; the outcome None counts what never got one."""
    columns = (run_items.c.outcome, run_items.c.reason)
    rows = conn.execute(sa.select(*columns, sa.func.count()).where(run_items.c.run_id == run_id).group_by(*columns))
    found: dict[str | None, dict[str | None, int]] = {}
    for outcome, reason, count in rows:
        found.setdefault(outcome, {})[reason] = count
    return found


def deferred(conn: sa.Connection, run_id: str, batch: int, reasons: Iterable[str]) -> int:
    """How many of the batch's items were put off for one of the reasons."""
    mine = (run_items.c.run_id == run_id) & (run_items.c.batch == batch) & (run_items.c.outcome == Outcome.DEFERRED.value)
    return int(conn.execute(sa.select(sa.func.count()).where(mine, run_items.c.reason.in_(list(reasons)))).scalar_one())


def bury(conn: sa.Connection, item: Item, *, stage: str, reason: str, detail: str, now: datetime) -> None:
    """A dead letter: the item cannot be worked on by this code, and says why."""
    raw = item.raw
    values = {
        "item_id": item.id, "source_id": item.source_id, "url": item.url, "stage": stage, "reason": reason, "detail": detail[:2000], "at": now,
        "segment": raw.segment if raw else None, "raw_offset": raw.offset if raw else None, "raw_length": raw.length if raw else None,
    }  # fmt: skip
    resolve(conn, [item.id], now=now)
    conn.execute(dead_letters.insert().values(**values))


def resolve(conn: sa.Connection, item_ids: Iterable[str], *, now: datetime, stage: str | None = None) -> None:
    """The items' open dead letters (those of one `stage` where given) are answered."""
    of_stage = {"b_stage": stage} if stage else {}
    if rows := [{"b_item": item_id, "b_at": now, **of_stage} for item_id in item_ids]:
        conn.execute(_ANSWERED_IN if stage else _ANSWERED, rows)


def open_dead_letters(conn: sa.Connection) -> list[Any]:
    """Rows of `dead_letters` that nobody answered yet, oldest first."""
    return list(conn.execute(sa.select(dead_letters).where(dead_letters.c.resolved_at.is_(None)).order_by(dead_letters.c.id)))


def note_all(conn: sa.Connection, what: str, details: Mapping[str, str], *, now: datetime, run_id: str) -> None:
    """One line of the trace for each item: item id → detail."""
    rows = [{"at": now, "what": what, "run_id": run_id, "source_id": None, "item_id": item_id, "detail": text[:1000]} for item_id, text in details.items()]
    if rows:
        conn.execute(_NOTED, rows)
    for item_id, text in details.items():
        logs.trace(what, text[:1000], run_id=run_id, item_id=item_id)


def note(
    conn: sa.Connection, what: str, *, now: datetime, run_id: str | None = None, source_id: str | None = None,
    item_id: str | None = None, detail: str = "",
) -> None:  # fmt: skip
    """One line of the trace."""
    conn.execute(_NOTED, {"at": now, "what": what, "run_id": run_id, "source_id": source_id, "item_id": item_id, "detail": detail[:1000]})
    logs.trace(what, detail[:1000], run_id=run_id, source_id=source_id, item_id=item_id)


def trace(conn: sa.Connection, item: Item, source_span: timedelta = timedelta(minutes=5)) -> list[Any]:
    """Everything that happened to the item, and the polls of its source that named it, oldest first."""
    about_item = events.c.item_id == item.id
    since = item.first_seen_at - source_span
    polls = sa.and_(events.c.source_id == item.source_id, events.c.item_id.is_(None), events.c.at >= since)
    return list(conn.execute(sa.select(events).where(sa.or_(about_item, polls)).order_by(events.c.at, events.c.id)))


def alerts(conn: sa.Connection, since: datetime) -> list[str]:
    """What was told of sources after that instant, oldest first, each sentence once."""
    wanted = sa.select(events.c.detail).where(events.c.what == "alert", events.c.at > since).order_by(events.c.id)
    return list(dict.fromkeys(conn.execute(wanted).scalars()))
