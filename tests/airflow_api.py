"""A running Airflow as its admin talks to it: the REST API, for tests and tools."""

from __future__ import annotations

import json
import time

import requests

from igwire.runtime.airflow import Airflow

# A run of six mapped tasks takes about 20 s on two cores; four of them must fit even on a busy machine.
PATIENCE_S = 240


class Api:
    """Airflow's REST API as the admin."""

    def __init__(self, airflow: Airflow) -> None:
        passwords = json.loads(airflow.password_file.read_text(encoding="utf-8"))
        answer = requests.post(f"{airflow.url}/auth/token", json={"username": "admin", "password": passwords["admin"]}, timeout=30)
        answer.raise_for_status()
        self.url = airflow.url
        self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def call(self, method: str, path: str, **body: object) -> dict:
        answer = requests.request(method, f"{self.url}/api/v2{path}", headers=self.headers, json=body or None, timeout=60)
        assert answer.ok, answer.text
        return answer.json()

    def unpause(self, dag_id: str) -> None:
        """Let the DAG run, as soon as the DAG processor has found it."""
        deadline = time.monotonic() + PATIENCE_S
        while not any(dag["dag_id"] == dag_id for dag in self.call("GET", "/dags")["dags"]):
            assert time.monotonic() < deadline, "the DAG processor never found the DAG"
            time.sleep(1)
        self.call("PATCH", f"/dags/{dag_id}", is_paused=False)

    def finished(self, run_type: str, count: int, dag_id: str = "ingest_news") -> list[dict]:
        """The runs of a type once `count` of them have ended."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            found = self.call("GET", f"/dags/{dag_id}/dagRuns?run_type={run_type}&limit=50")["dag_runs"]
            ended = [run for run in found if run["state"] in ("success", "failed")]
            if len(ended) >= count:
                return ended
            assert time.monotonic() < deadline, [(run["dag_run_id"], run["state"]) for run in found]
            time.sleep(1)
