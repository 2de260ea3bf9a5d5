"""What the DAG tasks call: plain functions around the pipeline, and the one place that resolves the window of a run.

Airflow facts behind it: in Airflow 3 a manual run may have neither logical date nor data interval, and the same logical date
names different intervals depending on who triggered the run; so only scheduled and backfill runs are asked for theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from igwire.errors import UsageError
from igwire.model import Window

# Runs whose data interval is what the user asked for.
_WITH_INTERVAL = {"scheduled", "backfill"}
# A day that closed longer ago than this is looked for in archives, not in today's feeds.
_LIVE = timedelta(days=2)


def resolve_window(
    *, run_type: str, params: Mapping[str, Any], interval: tuple[datetime, datetime] | None, run_after: datetime | None, now: datetime
) -> Window:
    """The window of a run: params `since`/`until`, else the data interval of scheduled and backfill runs, else the last closed UTC day.

    `until` is the last day, included. Raises UsageError for a window that is empty or lies in the future.
    """
    if params.get("since") or params.get("until"):
        start, end = _given(params, now)
    elif run_type in _WITH_INTERVAL and interval is not None:
        start, end = interval
    else:
        end = datetime.combine((run_after or now).astimezone(UTC).date(), time(), UTC)
        start = end - timedelta(days=1)
    if start >= end:
        raise UsageError(f"the window from {start:%Y-%m-%d} to {end:%Y-%m-%d} is empty: since must not be after until")
    if start > now:
        raise UsageError(f"the window begins on {start:%Y-%m-%d}, which is in the future")
    live = end > now - _LIVE and run_type != "backfill"
    return Window(start=start.astimezone(UTC), end=end.astimezone(UTC), mode="live" if live else "past")


def _given(params: Mapping[str, Any], now: datetime) -> tuple[datetime, datetime]:
    since, until = _day(params.get("since"), "since"), _day(params.get("until"), "until")
    end = datetime.combine(until + timedelta(days=1), time(), UTC) if until else now
    return datetime.combine(since, time(), UTC) if since else end - timedelta(days=1), end


def _day(value: Any, name: str) -> date | None:
    if not value:
        return None
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError as error:
        raise UsageError(f"{name} {value!r} is no day such as 2026-01-31") from error


def window_of(dag_run: Any, params: Mapping[str, Any]) -> Window:
    """The window of an Airflow run."""
    interval = (dag_run.data_interval_start, dag_run.data_interval_end)
    return resolve_window(
        run_type=str(getattr(dag_run.run_type, "value", dag_run.run_type)), params=params, run_after=dag_run.run_after,
        interval=interval if all(interval) else None, now=datetime.now(UTC),
    )  # fmt: skip


def plan_run(dag_run: Any, params: Mapping[str, Any]) -> list[dict[str, int]]:
    """Plan a run; the batches as `{"batch", "items"}`, small enough for XCom."""
    from igwire import wiring
    from igwire.index.migrate import apply
    from igwire.pipeline.plan import plan

    try:
        apply(wiring.elasticsearch_client(), wiring.settings.get().index_prefix)
    except wiring.Unavailable as error:
        # Collecting goes on without the index: nothing that can be fetched today may be lost because of it.
        print(f"Elasticsearch is away, documents will wait in the ledger: {error}")
    window = window_of(dag_run, params)
    print(f"window {window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} UTC, {window.mode}")
    batches = plan(wiring.parts(), dag_run.run_id, window, wanted=list(params.get("sources") or []), limit=params.get("limit"))
    return [{"batch": batch.number, "items": batch.items} for batch in batches]


def poll_feeds(run_id: str, *, sources: Sequence[str] = ()) -> dict[str, int]:
    """Poll the feeds that are due and note their entries, no pages; counts by resulting state."""
    from igwire import wiring
    from igwire.pipeline.poll import poll_sources

    counts = poll_sources(wiring.parts(), run_id, wanted=sources)
    print(", ".join(f"{count} {word}" for word, count in counts.items()) or "no feed is due")
    return counts


def probe_sources(run_id: str) -> dict[str, int]:
    """Probe the sources on probation whose week is over; counts by verdict."""
    from igwire import wiring
    from igwire.pipeline.probation import probe_within_budget

    counts = probe_within_budget(wiring.parts(), run_id)
    print(", ".join(f"{count} {word}" for word, count in counts.items()) or "no source is due")
    return counts


def work_on(stage: str, run_id: str, batch: Mapping[str, int]) -> dict[str, int]:
    """Do one stage of one batch; hands the batch on to the next stage."""
    from igwire import wiring
    from igwire.pipeline.run import run_stage

    left = run_stage(wiring.parts(), stage, run_id, batch["batch"])
    print(f"{stage}: {left} of {batch['items']} items go on")
    return dict(batch)


def report_run(ti: Any, *, skip_errors: bool) -> dict[str, Any]:
    """Write the report of the task instance's run. Raises RuntimeError with its faults when the run was not good, unless `skip_errors`."""
    from igwire import wiring
    from igwire.pipeline.report import report

    # The report runs whatever became of the others: a green leaf must not hide a red middle.
    failed = ti.get_ti_count(dag_id=ti.dag_id, run_ids=[ti.run_id], states=["failed", "upstream_failed"])
    done = report(wiring.parts(), ti.run_id, failed_tasks=failed)
    print(done.as_dict())
    if not done.ok and not skip_errors:
        raise RuntimeError("; ".join(done.faults))
    return {name: count for name, count in done.outcomes.items() if count}


def send_alerts() -> dict[str, int]:
    """Run the alerts; lines sent by alert. Raises RuntimeError naming the targets that were not served."""
    from igwire import wiring

    done = wiring.run_alerts()
    if faults := [f"{told.alert} to {told.target}: {told.fault}" for told in done if told.fault]:
        raise RuntimeError("; ".join(faults))
    sent: dict[str, int] = {}
    for told in done:
        sent[told.alert] = sent.get(told.alert, 0) + told.sent
    return sent
