"""Whose tasks Airflow starts first when slots are scarce: daily and manual runs before backfills. Pools cannot tell runs of one DAG apart."""

from __future__ import annotations

from typing import Any

from airflow.task.priority_strategy import PriorityWeightStrategy

# Whatever a task's own weight is, a daily one comes before any of a backfill, and a month before nobody.
_AHEAD = 1000


class DailyFirst(PriorityWeightStrategy):
    """The task's own weight, raised for every run but those of backfills. The run's type is read from its id: the run itself is not at hand here."""

    def get_weight(self, ti: Any) -> int:
        """Weight of a task instance; more is earlier."""
        late = str(ti.run_id or "").startswith("backfill__") or ti.dag_id == "ingest_archive"
        return int(ti.task.priority_weight) + (0 if late else _AHEAD)
