"""### poll_feeds: what is new, before it rolls out of the feeds

Every 30 minutes: polls the feeds that are due (each between once an hour and about once a day, by its own rhythm) and notes their entries.
New pages are not fetched here; `ingest_news` takes up every entry that has not been fetched, whatever its date. Pages that were fetched
before are looked at again when their time has come or their headline has changed. Then sources on probation are probed, each once a
week: feed, feeds that the site names, sitemaps, listing page; what works is polled from then on.

A red task means that polling itself broke, not that a feed did: what feeds answer is kept in the ledger (`igwire sources health`).
Clearing it is safe: what was polled is not due again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.sdk import CronDataIntervalTimetable, Param, dag, get_current_context, task

from igwire import orchestrate

PARAMS = {"sources": Param([], type="array", items={"type": "string"}, title="Sources", description="Ids or collections. Empty: all active ones.")}


@dag(
    schedule=CronDataIntervalTimetable("*/30 * * * *", timezone="UTC"),
    start_date=datetime(2010, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": timedelta(seconds=30)},
    params=PARAMS,
    doc_md=__doc__,
    tags=["igwire"],
)
def poll_feeds() -> None:
    """Wire the two tasks."""

    @task
    def poll() -> dict[str, int]:
        context = get_current_context()
        return orchestrate.poll_feeds(context["run_id"], sources=context["params"]["sources"])

    @task
    def probe() -> dict[str, int]:
        return orchestrate.probe_sources(get_current_context()["run_id"])

    poll() >> probe()


poll_feeds()
