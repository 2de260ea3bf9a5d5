"""### ingest_news: feeds in, searchable articles out

Runs daily over the day that just closed, and over any past day as a backfill (Trigger → Backfill).

* **plan** polls the feeds that are due and cuts what is unfinished into batches by host
* **batch** collects, extracts, enriches and indexes; one host lies in one batch, batches do not wait for each other
* **report** adds up what became of every item and fails when the totals do not balance or documents wait for Elasticsearch

A red task means: the batch could not be finished, nothing is lost. Clear it, or trigger the DAG again: finished items are not
fetched twice. `igwire trace URL` tells what became of one article, `igwire status` when the last run went well.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.sdk import CronDataIntervalTimetable, Param, dag, get_current_context, task, task_group

from igwire import orchestrate

PARAMS = {
    "since": Param(None, type=["null", "string"], format="date", title="From", description="First day (UTC). Empty: the run's own interval."),
    "until": Param(None, type=["null", "string"], format="date", title="To", description="Last day (UTC), included."),
    "sources": Param([], type="array", items={"type": "string"}, title="Sources", description="Ids or collections. Empty: all active ones."),
    "limit": Param(None, type=["null", "integer"], minimum=1, title="Limit", description="At most so many items."),
    "skip_errors": Param(False, type="boolean", title="Stay green", description="Report faults without failing the run."),
}


@dag(
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2010, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": timedelta(seconds=30)},
    params=PARAMS,
    doc_md=__doc__,
    tags=["igwire"],
)
def ingest_news() -> None:
    """Wire the stages."""

    @task
    def plan() -> list[dict[str, int]]:
        context = get_current_context()
        return orchestrate.plan_run(context["dag_run"], context["params"])

    @task
    def collect(batch: dict[str, int]) -> dict[str, int]:
        return orchestrate.work_on("collect", get_current_context()["run_id"], batch)

    @task
    def extract(batch: dict[str, int]) -> dict[str, int]:
        return orchestrate.work_on("extract", get_current_context()["run_id"], batch)

    @task
    def enrich(batch: dict[str, int]) -> dict[str, int]:
        return orchestrate.work_on("enrich", get_current_context()["run_id"], batch)

    @task
    def index(batch: dict[str, int]) -> dict[str, int]:
        return orchestrate.work_on("index", get_current_context()["run_id"], batch)

    @task_group
    def batch(batch: dict[str, int]) -> None:
        index(enrich(extract(collect(batch))))

    @task(trigger_rule="all_done", retries=0)
    def report() -> dict[str, int]:
        context = get_current_context()
        return orchestrate.report_run(context["ti"], skip_errors=bool(context["params"]["skip_errors"]))

    batch.expand(batch=plan()) >> report()


ingest_news()
