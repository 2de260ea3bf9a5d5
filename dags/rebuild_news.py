"""### rebuild_news: make documents again, without the network

From the raw store (stage *extract*), the stored texts (*enrich*, *copies*) or the stored tags (*index*), in parallel batches: after a better
extractor, a new knowledge base, a new schema. Into the live index, or with `into: new` into a new version beside it, which is compared
with the ledger document by document and swapped in at the end; searches see the old one until then, and it is kept.

`dry_run` computes the same and prints in the log of *choose* how many documents would change, by field, with samples.
From and To are the days on which articles were first seen.

A red task means: those documents are as they were. Clear it: the batch goes on with what it had not finished.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, get_current_context, task

from igwire import orchestrate

PARAMS = {
    "stage": Param("enrich", enum=["extract", "enrich", "copies", "index"], title="Stage", description="The first step to do again."),
    "from": Param(None, type=["null", "string"], format="date", title="From", description="First day on which articles were seen first (UTC)."),
    "to": Param(None, type=["null", "string"], format="date", title="To", description="Last such day, included."),
    "sources": Param([], type="array", items={"type": "string"}, title="Sources", description="Ids. Empty: all."),
    "only_stale": Param(False, type="boolean", title="Only stale", description="Only what older code or another knowledge base made."),
    "into": Param("live", enum=["live", "new"], title="Into", description="The live index, or a new version that is swapped in at the end."),
    "dry_run": Param(False, type="boolean", title="Dry run", description="Only print what would change."),
}


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": timedelta(seconds=30)},
    params=PARAMS,
    doc_md=__doc__,
    tags=["igwire"],
)
def rebuild_news() -> None:
    """Wire the tasks."""

    @task
    def choose() -> list[dict[str, Any]]:
        context = get_current_context()
        return orchestrate.plan_rebuild(context["run_id"], context["params"])

    @task
    def rebuild(batch: dict[str, Any]) -> None:
        orchestrate.rebuild_batch(get_current_context()["run_id"], batch)

    @task(trigger_rule="all_done", retries=0)
    def report(batches: list[dict[str, Any]]) -> dict[str, int]:
        return orchestrate.finish_rebuild(get_current_context()["ti"], batches or [])

    chosen = choose()
    rebuild.expand(batch=chosen) >> report(chosen)


rebuild_news()
