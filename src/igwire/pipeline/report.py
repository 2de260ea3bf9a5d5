"""The report of a run: totals that must balance, written to the ledger and to the index of runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from igwire.errors import Unavailable
from igwire.ledger import items, runs
from igwire.model import Outcome, Window, WriteAction
from igwire.pipeline import coverage, health
from igwire.pipeline.parts import Parts

# Days (of all sources together) that a report sends to the index of coverage; longer spans are left to `igwire gaps`.
_MOST_DAYS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A run's totals. `faults` are sentences; the run is good when there is none."""

    run_id: str
    planned: int
    # Count by outcome, every outcome present.
    outcomes: dict[str, int]
    # Count by "outcome/reason".
    reasons: dict[str, int]
    polls: dict[str, int]
    faults: tuple[str, ...]
    seconds: float
    # What happened to sources since the last report: sentences that need a look, but do not fail the run.
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """True when the run did all its work."""
        return not self.faults

    def as_dict(self) -> dict[str, Any]:
        """For the ledger, the index and `--json`."""
        return {
            "run_id": self.run_id, "planned": self.planned, "outcomes": self.outcomes, "reasons": self.reasons, "polls": self.polls,
            "faults": list(self.faults), "seconds": self.seconds, "notes": list(self.notes),
        }  # fmt: skip


def report(parts: Parts, run_id: str, *, failed_tasks: int = 0) -> Report:
    """Close the run. `failed_tasks`: how many of its tasks ended badly, as the orchestrator knows.

    The totals balance when every planned item has exactly one outcome.
    """
    now = parts.clock.now()
    with parts.ledger.transaction() as conn:
        counted = runs.totals(conn, run_id)
        run = runs.get(conn, run_id)
        if run is None:
            raise ValueError(f"there is no run {run_id!r} in the ledger; was it planned?")
        before = runs.last_good(conn)
        since = before.finished_at if before and before.finished_at else run.started_at - timedelta(days=1)
        done = _report(run, counted, failed_tasks, (now - run.started_at).total_seconds())
        if run.mode == "live":
            done = replace(done, notes=tuple(health.notes(parts, conn, since)))
        covered = _covered(parts, conn, run)
        if covered:
            done = replace(done, notes=tuple(coverage.notes(covered)))
        runs.finish(conn, run_id, status="ok" if done.ok else "failed", totals=done.as_dict(), now=now)
        items.release(conn, run_id)
        finished = runs.get(conn, run_id)
        # Rebuilds and imports ask no source.
        sources = health.healths(parts, conn) if run.mode == "live" else []
    assert finished is not None
    publish(parts, finished)
    if sources:
        health.publish(parts, sources, now)
    if len(covered) <= _MOST_DAYS:
        coverage.publish(parts, covered)
    return done


def _covered(parts: Parts, conn: sa.Connection, run: runs.Run) -> list[coverage.Day]:
    """What is there of the window of a backfill now: every source that it is about, day by day."""
    if run.mode != "past" or run.window_start is None or run.window_end is None:
        return []
    about = [parts.source(source_id) for source_id in (run.totals or {}).get("sources", [])]
    return list(coverage.days(parts, conn, about, Window(start=run.window_start, end=run.window_end)))


def _report(run: runs.Run, counted: dict[str | None, dict[str | None, int]], failed_tasks: int, seconds: float) -> Report:
    outcomes = {o.value: sum(counted.get(o.value, {}).values()) for o in Outcome}
    reasons = {f"{o}/{why}": n for o, by_reason in counted.items() if o for why, n in by_reason.items() if why}
    planned = sum(n for by_reason in counted.values() for n in by_reason.values())
    faults = []
    if lost := planned - sum(outcomes.values()):
        faults.append(f"{lost} of {planned} items have no outcome: a task died; run it again, it goes on where it stopped")
    if failed_tasks:
        faults.append(f"{failed_tasks} tasks failed; see their logs")
    if outcomes[Outcome.PENDING_INDEX]:
        faults.append(f"{outcomes[Outcome.PENDING_INDEX]} documents wait for Elasticsearch; the next run sends them without fetching again")
    polls = (run.totals or {}).get("polls", {})
    return Report(run_id=run.id, planned=planned, outcomes=outcomes, reasons=reasons, polls=polls, faults=tuple(faults), seconds=round(seconds, 1))


def run_document(run: runs.Run) -> dict[str, Any]:
    """The run as the index of runs holds it."""
    totals = run.totals or {}
    return {
        "@timestamp": run.started_at.isoformat(), "run_id": run.id, "mode": run.mode, "status": run.status,
        "window": {"start": _iso(run.window_start), "end": _iso(run.window_end)}, "started_at": run.started_at.isoformat(),
        "finished_at": _iso(run.finished_at), "seconds": totals.get("seconds"), "planned": totals.get("planned"),
        "outcomes": totals.get("outcomes", {}), "reasons": [f"{k}={v}" for k, v in totals.get("reasons", {}).items()],
        "polls": [f"{k}={v}" for k, v in totals.get("polls", {}).items()], "faults": totals.get("faults", []),
        "notes": totals.get("notes", []),
    }  # fmt: skip


def _iso(value: Any) -> str | None:
    return value.isoformat() if value else None


def publish(parts: Parts, run: runs.Run) -> None:
    """Send the run to the index of runs and let its articles be found; the ledger keeps the run when Elasticsearch is away, and the next report sends it again."""
    version = int((run.finished_at or run.started_at).timestamp() * 1000)
    action = WriteAction(doc_id=run.id, version=version, body=run_document(run))
    index = parts.index()
    try:
        list(index.write([action], "runs"))
        # Who ran it looks for its articles next.
        index.reveal()
    except Unavailable:
        return
