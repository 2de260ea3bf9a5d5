"""A running Airflow as its admin talks to it: the REST API, for tests and tools."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import requests

from igwire.runtime.airflow import Airflow

# A run of six mapped tasks takes about 20 s on two cores; four of them must fit even on a busy machine.
PATIENCE_S = 240


def wait_for(done: Callable[[], object], told: str, patience_s: float = PATIENCE_S) -> object:
    """What `done` gives once that is something; fails with `told` when nobody has the patience any more."""
    deadline = time.monotonic() + patience_s
    while not (found := done()):
        assert time.monotonic() < deadline, told
        time.sleep(1)
    return found


# On SQLite, Airflow refuses an action whose log entry met a task's heartbeat, before it has done any of it: one asks again, as an operator would.
_TRIES = 3


class Api:
    """Airflow's REST API as the admin."""

    def __init__(self, airflow: Airflow) -> None:
        passwords = json.loads(airflow.password_file.read_text(encoding="utf-8"))
        answer = requests.post(f"{airflow.url}/auth/token", json={"username": "admin", "password": passwords["admin"]}, timeout=30)
        answer.raise_for_status()
        self.url = airflow.url
        self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def call(self, method: str, path: str, **body: object) -> dict:
        for _ in range(_TRIES):
            answer = requests.request(method, f"{self.url}/api/v2{path}", headers=self.headers, json=body or None, timeout=120)
            if "Database error" not in answer.text:
                break
        assert answer.ok, answer.text
        return answer.json()

    def unpause(self, dag_id: str) -> None:
        """Let the DAG run, as soon as the DAG processor has found it."""
        wait_for(lambda: any(dag["dag_id"] == dag_id for dag in self.call("GET", "/dags")["dags"]), "the DAG processor never found the DAG")
        self.call("PATCH", f"/dags/{dag_id}", is_paused=False)

    def runs(self, run_type: str, dag_id: str = "ingest_news") -> list[dict]:
        """All runs of a type, by pages of a hundred."""
        found: list[dict] = []
        while True:
            page = self.call("GET", f"/dags/{dag_id}/dagRuns?run_type={run_type}&limit=100&offset={len(found)}")
            found += page["dag_runs"]
            if not page["dag_runs"] or len(found) >= page["total_entries"]:
                return found

    def finished(self, run_type: str, count: int, dag_id: str = "ingest_news", patience_s: float = PATIENCE_S) -> list[dict]:
        """The runs of a type once `count` of them have ended."""

        def ended() -> list[dict]:
            found = [run for run in self.runs(run_type, dag_id) if run["state"] in ("success", "failed")]
            return found if len(found) >= count else []

        return wait_for(ended, f"{run_type} runs of {dag_id} did not end: {count} were awaited", patience_s)

    def backfills(self, dag_id: str) -> list[dict]:
        """All backfills of the DAG, the newest last."""
        return sorted(self.call("GET", f"/backfills?dag_id={dag_id}")["backfills"], key=lambda one: one["id"])

    def backfill_ended(self, dag_id: str, patience_s: float = PATIENCE_S) -> None:
        """Wait for the newest backfill, which ends somewhat after its last run."""
        wait_for(lambda: self.backfills(dag_id)[-1]["completed_at"], "the backfill never ended", patience_s)
