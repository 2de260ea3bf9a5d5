"""### tend_archive: once a week, is everything still there?

Finishes erasures, seals what dead writers left, compares raw store, ledger and index (what is missing or older is sent again), removes feed
answers that are past their time, backs up, searches for the newest article, and looks at the room on the disk.

A red task names the lines that need a person; docs/operations.md says what to do for each. The other steps were taken all the same.
Run it again at any time: it changes nothing that is in order.
"""

from __future__ import annotations

from datetime import datetime

from airflow.sdk import CronDataIntervalTimetable, dag, task

from igwire import orchestrate


@dag(
    schedule=CronDataIntervalTimetable("30 4 * * 0", timezone="UTC"),
    start_date=datetime(2010, 1, 1),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["igwire"],
)
def tend_archive() -> None:
    """Wire the task."""

    @task
    def tend() -> dict[str, int]:
        return orchestrate.tend_archive()

    tend()


tend_archive()
