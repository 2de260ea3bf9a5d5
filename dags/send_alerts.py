"""### send_alerts: saved searches tell what is new

Every hour: runs the searches of the alerts file over what came since each target was last served, and sends what is new by Atom file,
mail or webhook. Operators hear of failed runs and broken sources in the same way. Nothing is told twice.

A red task means that at least one target was not served; the others were. It is served the next time, with everything since then.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.sdk import CronDataIntervalTimetable, dag, task

from igwire import orchestrate


@dag(
    schedule=CronDataIntervalTimetable("15 * * * *", timezone="UTC"),
    start_date=datetime(2010, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": timedelta(minutes=5)},
    doc_md=__doc__,
    tags=["igwire"],
)
def send_alerts() -> None:
    """Wire the task."""

    @task
    def send() -> dict[str, int]:
        return orchestrate.send_alerts()

    send()


send_alerts()
