"""A whole run without Airflow: plan, then every batch through all stages, then the report. The DAG does the same, task by task."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from igwire.ledger import runs
from igwire.model import Window
from igwire.pipeline import process
from igwire.pipeline.collect import collect
from igwire.pipeline.parts import Parts
from igwire.pipeline.plan import plan
from igwire.pipeline.process import Work
from igwire.pipeline.report import Report, report

STAGES = ("collect", "extract", "enrich", "index")


def run_stage(parts: Parts, stage: str, run_id: str, batch: int) -> int:
    """Do one stage for one batch; how many of its items have no final outcome yet."""
    if stage == "collect":
        collect(parts, run_id, batch)
    else:
        with parts.ledger.reading() as conn:
            ids = runs.batch_items(conn, run_id, batch)
        steps = {"extract": process.extract_items, "enrich": process.enrich_items, "index": process.index_items}
        work = Work(parts=parts, run_id=run_id)
        steps[stage](work, ids)
        if stage == "index":
            process.settle_neighbours(work, batch)
    with parts.ledger.reading() as conn:
        return len(runs.batch_items(conn, run_id, batch))


def run_all(
    parts: Parts, run_id: str, window: Window, *, wanted: Sequence[str] = (), limit: int | None = None, say: Callable[[str], None] = lambda _: None
) -> Report:
    """Plan, work and report in this process."""
    batches = plan(parts, run_id, window, wanted=wanted, limit=limit)
    say(f"{sum(b.items for b in batches)} items in {len(batches)} batches")
    for batch in batches:
        for stage in STAGES:
            run_stage(parts, stage, run_id, batch.number)
        say(f"batch {batch.number + 1} of {len(batches)} done")
    return report(parts, run_id)
