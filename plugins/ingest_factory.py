"""What the DAGs `ingest_news` and `ingest_archive` share: the same tasks over intervals of different length. Wiring only; no DAG is made here.

It lies in the plugins folder because every process of Airflow can import from there, whichever way it finds its DAGs.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from airflow.exceptions import AirflowFailException
from airflow.sdk import CronDataIntervalTimetable, Param, dag, get_current_context, task, task_group
from run_priority import DailyFirst

from igwire import orchestrate
from igwire.errors import Unfinished

Answer = TypeVar("Answer")
PARAMS = {
    "since": Param(None, type=["null", "string"], format="date", title="From", description="First day (UTC). Empty: the run's own interval."),
    "until": Param(None, type=["null", "string"], format="date", title="To", description="Last day (UTC), included."),
    "sources": Param([], type="array", items={"type": "string"}, title="Sources", description="Ids or collections. Empty: all active ones."),
    "limit": Param(None, type=["null", "integer"], minimum=1, title="Limit", description="At most so many items."),
    "dry_run": Param(False, type="boolean", title="Dry run", description="Only print what a backfill would cost."),
    "confirmed": Param(False, type="boolean", title="Confirmed", description="Run a backfill although it is above IGWIRE_BACKFILL_REQUESTS."),
    "skip_errors": Param(False, type="boolean", title="Stay green", description="Report faults without failing the run."),
}
# A month of a busy site takes hours at the polite rate, in tries of eight minutes; a real fault gets two more tries.
_TRIES = 60


def _in_tries(work: Callable[[Any, bool], Answer]) -> Answer:
    """Do the work; Unfinished is tried again until it is done, any other fault twice."""
    context = get_current_context()
    tried, most = context["ti"].try_number, context["ti"].max_tries
    try:
        return work(context, tried > most)
    except Unfinished:
        raise
    except Exception as error:
        if tried > 2:
            raise AirflowFailException(str(error)) from error
        raise


def ingest_dag(dag_id: str, schedule: str, doc: str) -> Any:
    """A DAG plan → batches of collect → extract → enrich → index → report, over the intervals of a cron schedule (UTC)."""

    @dag(
        dag_id=dag_id,
        schedule=CronDataIntervalTimetable(schedule, timezone="UTC"),
        start_date=datetime(2010, 1, 1),
        catchup=False,
        max_active_runs=1,
        default_args={"retries": 1, "retry_delay": timedelta(seconds=30), "weight_rule": DailyFirst()},
        params=PARAMS,
        doc_md=doc,
        tags=["igwire"],
    )
    def ingest() -> None:
        batch.expand(batch=plan()) >> report()

    return ingest()


@task(retries=_TRIES, retry_delay=timedelta(seconds=15))
def plan() -> list[dict[str, int]]:
    """Find what is to be fetched, and cut it into batches by host."""
    return _in_tries(lambda context, last: orchestrate.plan_run(context["dag_run"], context["params"], last_try=last))


def _stage(name: str) -> Any:
    @task(task_id=name, **({"retries": _TRIES, "retry_delay": timedelta(seconds=15)} if name == "collect" else {}))
    def stage(batch: dict[str, int]) -> dict[str, int]:
        return _in_tries(lambda context, last: orchestrate.work_on(name, context["run_id"], batch, last_try=last))

    return stage


@task_group
def batch(batch: dict[str, int]) -> None:
    """All stages of one batch; batches do not wait for each other."""
    for name in ("collect", "extract", "enrich", "index"):
        batch = _stage(name)(batch)


@task(trigger_rule="all_done", retries=0)
def report() -> dict[str, int]:
    """Add up what became of every item."""
    context = get_current_context()
    return orchestrate.report_run(context["ti"], skip_errors=bool(context["params"]["skip_errors"]))
