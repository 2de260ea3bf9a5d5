"""What the DAG tasks call: plain functions around the pipeline, and the one place that resolves the window of a run.

Airflow facts behind it: in Airflow 3 a manual run may have neither logical date nor data interval, and the same logical date
names different intervals depending on who triggered the run; so only scheduled and backfill runs are asked for theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from igwire.errors import ConfigError, Unfinished, UsageError
from igwire.model import Window

if TYPE_CHECKING:
    from igwire.pipeline.parts import Parts

# Runs whose data interval is what the user asked for.
_WITH_INTERVAL = {"scheduled", "backfill"}
# A day that closed longer ago than this is looked for in archives, not in today's feeds.
_LIVE = timedelta(days=2)
# Reasons for which pages of a backfill wait that a further try mends.
_NO_TIME = ("time_budget", "daily_first", "held", "gap")


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
        raise UsageError(f"the window from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} is empty")
    if start > now:
        raise UsageError(f"the window begins on {start:%Y-%m-%d}, which is in the future")
    live = end > now - _LIVE and run_type != "backfill"
    return Window(start=start.astimezone(UTC), end=end.astimezone(UTC), mode="live" if live else "past")


def _given(params: Mapping[str, Any], now: datetime) -> tuple[datetime, datetime]:
    since, until = _day(params.get("since"), "since"), _day(params.get("until"), "until")
    if since and until and since > until:
        raise UsageError(f"since {since} lies after until {until}: there is no day between them")
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


def plan_run(dag_run: Any, params: Mapping[str, Any], *, last_try: bool = True) -> list[dict[str, int]]:
    """Plan a run; the batches as `{"batch", "items"}`, small enough for XCom; none where `dry_run` only asks what it would cost.

    Raises Unfinished while archives are still to be listed and it is not the `last_try`, UsageError for a backfill above the budget that nobody confirmed.
    """
    from igwire import wiring
    from igwire.pipeline.plan import plan

    window = window_of(dag_run, params)
    print(f"window {window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} UTC, {window.mode}")
    parts, wanted = wiring.parts(), list(params.get("sources") or [])
    if (window.mode == "past" or params.get("dry_run")) and not _goes_ahead(parts, dag_run.run_id, window, params):
        return []
    _prepare_index()
    batches = plan(parts, dag_run.run_id, window, wanted=wanted, limit=params.get("limit"))
    if not last_try and (left := _not_listed(parts, dag_run.run_id)):
        raise Unfinished(f"{left} archives are not listed yet; the next try of this task goes on")
    return [{"batch": batch.number, "items": batch.items} for batch in batches]


def _prepare_index() -> None:
    from igwire import wiring
    from igwire.index.migrate import apply

    try:
        apply(wiring.elasticsearch_client(), wiring.settings.get().index_prefix)
    except (wiring.Unavailable, ConfigError) as error:
        # Collecting goes on without the index: nothing that can be fetched today may be lost because of it. The index tasks tell it again.
        print(f"Elasticsearch cannot be used, documents will wait in the ledger: {error}")


def _goes_ahead(parts: Parts, run_id: str, window: Window, params: Mapping[str, Any]) -> bool:
    """Whether a backfill may start: False where it is only to be shown, UsageError where it is too large and nobody confirmed it."""
    from igwire import wiring
    from igwire.ledger import runs
    from igwire.pipeline.backfill import estimate
    from igwire.pipeline.probation import followed

    made = estimate(parts, followed(parts).choose(list(params.get("sources") or [])), window)
    budget = wiring.settings.get().backfill_requests
    print(f"estimate: {made.requests} requests, {made.bytes / 1e6:.0f} MB, {made.seconds / 3600:.1f} hours until the slowest host is done")
    if params.get("dry_run"):
        for one in made.estimates:
            print(
                f"{one.source_id}: {one.method or 'not available'}, {one.articles} articles, {one.listings} + {one.pages} requests, {one.seconds / 3600:.2f} hours"
            )
        with parts.ledger.transaction() as conn:
            runs.start(conn, run_id, mode=window.mode, window=window, now=parts.clock.now())
        return False
    if made.requests > budget and not params.get("confirmed"):
        raise UsageError(
            f"{made.requests} requests are above IGWIRE_BACKFILL_REQUESTS ({budget}): choose fewer days or sources, or set the parameter confirmed"
        )
    return True


def _not_listed(parts: Parts, run_id: str) -> int:
    """Archives whose listing the newest plan of the run had no time to finish."""
    from igwire.ledger import runs

    with parts.ledger.reading() as conn:
        run = runs.get(conn, run_id)
    return int(((run.totals if run else None) or {}).get("cut", 0))


def plan_rebuild(run_id: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Choose what is made again; the batches, with the step they begin at and the new index that they fill (None = the live one).

    None where `dry_run` only prints what would change.
    """
    from igwire import wiring
    from igwire.pipeline import rebuild

    parts, first, selection = wiring.parts(), str(params["stage"]), _selection(params)
    into_new = params.get("into") == "new"
    if into_new and selection != rebuild.Selection():
        raise UsageError("a new index is made whole: leave out from, to, sources and only_stale")
    if params.get("dry_run"):
        changes = rebuild.dry_run(parts, first=first, selection=selection)
        print(f"{changes.changed} of {changes.looked_at} documents would change; by field: {dict(changes.fields)}")
        for sample in changes.samples:
            print(sample)
        rebuild.prepare(parts, run_id, first="index", selection=rebuild.Selection(ids=("none",)))
        return []
    indices = wiring.index_versions()
    target = indices.new() if into_new else None
    batches = rebuild.prepare(parts, run_id, first=first, selection=selection, batches=parts.knobs.batches)
    return [{"batch": batch.number, "items": batch.items, "first": first, "target": target} for batch in batches]


def _selection(params: Mapping[str, Any]) -> Any:
    from igwire.pipeline.rebuild import Selection

    since, until = _day(params.get("from"), "from"), _day(params.get("to"), "to")
    return Selection(
        since=datetime.combine(since, time(), UTC) if since else None, until=datetime.combine(until + timedelta(days=1), time(), UTC) if until else None,
        sources=tuple(params.get("sources") or ()), only_stale=bool(params.get("only_stale")),
    )  # fmt: skip


def rebuild_batch(run_id: str, batch: Mapping[str, Any]) -> None:
    """Make the documents of one batch again."""
    from igwire import wiring
    from igwire.pipeline import rebuild

    rebuild.rebuild_batch(wiring.parts(), run_id, batch["batch"], first=batch["first"], target=batch["target"])


def finish_rebuild(ti: Any, batches: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Report the rebuild, and swap the new index in where one was made and every document is in it. Raises as `report_run` does, or Unavailable."""
    from igwire import wiring
    from igwire.pipeline import rebuild
    from igwire.pipeline.report import report

    failed = ti.get_ti_count(dag_id=ti.dag_id, run_ids=[ti.run_id], states=["failed", "upstream_failed"])
    parts = wiring.parts()
    done = report(parts, ti.run_id, failed_tasks=failed)
    print(done.as_dict())
    if not done.ok:
        raise RuntimeError("; ".join(done.faults))
    if batches and (target := batches[0]["target"]):
        rebuild.swap_in(parts, ti.run_id, wiring.index_versions(), target, done)
        wiring.refresh_names()
    return {name: count for name, count in done.outcomes.items() if count}


def poll_feeds(run_id: str, *, sources: Sequence[str] = ()) -> dict[str, int]:
    """Poll the feeds that are due and note their entries, no pages; counts by resulting state."""
    from igwire import wiring
    from igwire.pipeline.poll import poll_sources

    counts = poll_sources(wiring.parts(), run_id, wanted=sources)
    print(", ".join(f"{count} {word}" for word, count in counts.items()) or "no feed is due")
    return counts


def probe_sources(run_id: str) -> dict[str, int]:
    """Probe the sources on probation whose week is over, and ask sites whether they reserve mining; counts by verdict."""
    from igwire import wiring
    from igwire.pipeline.weekly import ask_sites

    counts = ask_sites(wiring.parts(), run_id)
    print(", ".join(f"{count} {word}" for word, count in counts.items()) or "no source is due")
    return counts


def work_on(stage: str, run_id: str, batch: Mapping[str, int], *, last_try: bool = True) -> dict[str, int]:
    """Do one stage of one batch; hands the batch on to the next stage.

    Raises Unfinished while a backfill has pages left for which there was no time, and it is not the `last_try`: they must not wait for another backfill.
    """
    from igwire import wiring
    from igwire.ledger import runs
    from igwire.pipeline.run import run_stage

    parts = wiring.parts()
    left = run_stage(parts, stage, run_id, batch["batch"])
    print(f"{stage}: {left} of {batch['items']} items go on")
    with parts.ledger.reading() as conn:
        run = runs.get(conn, run_id)
        waiting = runs.deferred(conn, run_id, batch["batch"], _NO_TIME) if run and run.mode == "past" else 0
    if stage == "collect" and waiting and not last_try:
        raise Unfinished(f"{waiting} pages are still to be fetched; the next try of this task goes on")
    return dict(batch)


def report_run(ti: Any, *, skip_errors: bool) -> dict[str, Any]:
    """Write the report of the task instance's run. Raises RuntimeError with its faults when the run was not good, unless `skip_errors`."""
    from igwire import wiring
    from igwire.pipeline.report import report

    # The report runs whatever became of the others: a green leaf must not hide a red middle.
    failed = ti.get_ti_count(dag_id=ti.dag_id, run_ids=[ti.run_id], states=["failed", "upstream_failed"])
    done = report(wiring.parts(), ti.run_id, failed_tasks=failed)
    print(done.as_dict())
    wiring.close_run(done)
    if not done.ok and not skip_errors:
        raise RuntimeError("; ".join(done.faults))
    return {name: count for name, count in done.outcomes.items() if count}


def tend_archive() -> dict[str, int]:
    """Take the weekly care of the archive; lines of its report by level. Raises RuntimeError with the red ones."""
    from igwire import wiring

    lines = wiring.tend()
    for line in lines:
        print(f"{line.level:<9}{line.step}: {line.detail}")
    if red := [f"{line.step}: {line.detail}" for line in lines if line.level == "red"]:
        raise RuntimeError("; ".join(red))
    return {level: sum(line.level == level for line in lines) for level in ("ok", "repaired")}


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
