"""The four real components of Airflow over the newsroom: the scheduled run, a triggered one, a backfill, the plugin behind the login."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import requests
import yaml

from igwire.runtime.airflow import Airflow
from igwire.runtime.processes import free_port
from igwire.settings import Settings

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.airflow, pytest.mark.integration, pytest.mark.filterwarnings("ignore")]
# A run of six mapped tasks takes about 20 s on two cores; four of them must fit even on a busy machine.
_PATIENCE_S = 240


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

    def finished(self, run_type: str, count: int) -> list[dict]:
        """The runs of a type once `count` of them have ended."""
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            found = self.call("GET", f"/dags/ingest_news/dagRuns?run_type={run_type}&limit=50")["dag_runs"]
            ended = [run for run in found if run["state"] in ("success", "failed")]
            if len(ended) >= count:
                return ended
            assert time.monotonic() < deadline, [(run["dag_run_id"], run["state"]) for run in found]
            time.sleep(1)


@pytest.fixture
def airflow(tmp_path, newsroom, elasticsearch_url, index_prefix):
    catalogue = tmp_path / "newsroom.yaml"
    catalogue.write_text(yaml.safe_dump({"group": "newsroom", "sources": newsroom.catalogue()}, allow_unicode=True), encoding="utf-8")
    settings = Settings(state=tmp_path, home=ROOT, airflow_port=free_port())
    variables = {
        "IGWIRE_STATE": str(tmp_path), "IGWIRE_CATALOGUE": str(catalogue), "IGWIRE_ALLOW_LOOPBACK": "127.0.0.0/24", "IGWIRE_ES_URL": elasticsearch_url,
        "IGWIRE_INDEX_PREFIX": index_prefix, "IGWIRE_BATCHES": "2", "IGWIRE_PARSER_WORKERS": "1",
    }  # fmt: skip
    made = Airflow.from_settings(settings, variables)
    made.up(print)
    yield made
    made.down()


def test_scheduled_triggered_and_backfilled_runs_and_the_page(airflow, elasticsearch_url, index_prefix, newsroom):
    api = Api(airflow)
    deadline = time.monotonic() + _PATIENCE_S
    while not any(dag["dag_id"] == "ingest_news" for dag in api.call("GET", "/dags")["dags"]):
        assert time.monotonic() < deadline, "the DAG processor never found the DAG"
        time.sleep(1)
    assert api.call("GET", "/importErrors")["total_entries"] == 0

    api.call("PATCH", "/dags/ingest_news", is_paused=False)
    (scheduled,) = api.finished("scheduled", 1)
    assert scheduled["state"] == "success"
    start, end = scheduled["data_interval_start"], scheduled["data_interval_end"]
    today = time.strftime("%Y-%m-%d", time.gmtime())
    assert end[:10] == today
    assert (start[11:19], end[11:19]) == ("00:00:00", "00:00:00")

    api.call("POST", "/dags/ingest_news/dagRuns", logical_date=None, conf={"since": "2015-01-01"})
    (triggered,) = api.finished("manual", 1)
    assert triggered["state"] == "success"

    output = airflow.run("backfill", "create", "--dag-id", "ingest_news", "--from-date", "2015-12-15", "--to-date", "2015-12-17", timeout_s=120)
    backfilled = api.finished("backfill", 3)
    assert {run["state"] for run in backfilled} == {"success"}, output
    assert sorted(run["data_interval_start"][:10] for run in backfilled) == ["2015-12-15", "2015-12-16", "2015-12-17"]

    requests.post(f"{elasticsearch_url}/{index_prefix}-*/_refresh", timeout=30)
    count = requests.get(f"{elasticsearch_url}/{index_prefix}-articles/_count", timeout=30).json()["count"]
    assert count == len(newsroom.stories)
    pages = [(r["host"], r["path"]) for r in newsroom.log if r["status"] == 200 and not r["conditional"] and "robots" not in r["path"]]
    assert len(pages) == len(set(pages)), "a page was fetched twice"

    page = f"{airflow.url}/igwire/"
    assert requests.get(page, timeout=30).status_code == 401
    shown = requests.get(page, params={"q": "Kaspersky Wuzhen"}, headers=api.headers, timeout=30)
    assert shown.status_code == 200
    assert "Kaspersky Lab" in shown.text
