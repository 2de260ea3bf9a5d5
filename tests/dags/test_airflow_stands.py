"""The four real components of Airflow over the newsroom: the scheduled run, a triggered one, a backfill, the plugin behind the login."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import requests
import yaml
from airflow_api import PATIENCE_S, Api

from igwire.newsroom import render
from igwire.runtime.airflow import Airflow
from igwire.runtime.processes import free_port
from igwire.settings import Settings

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.airflow, pytest.mark.integration, pytest.mark.filterwarnings("ignore")]


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
    api.unpause("ingest_news")
    assert api.call("GET", "/importErrors")["total_entries"] == 0

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


def documents(url: str, prefix: str) -> dict[str, str]:
    """Address → day of publication of every document."""
    requests.post(f"{url}/{prefix}-*/_refresh", timeout=30)
    hits = requests.get(f"{url}/{prefix}-articles/_search?size=500&_source=url,published_day", timeout=30).json()["hits"]["hits"]
    return {hit["_source"]["url"]: hit["_source"]["published_day"] for hit in hits}


def test_a_backfill_goes_to_the_archives_and_a_repeat_asks_for_nothing(airflow, elasticsearch_url, index_prefix, newsroom):
    # As real feeds are: December 2015 has long rolled out of them.
    newsroom.feed_depth = 1
    api = Api(airflow)
    api.unpause("ingest_archive")
    create = ("backfill", "create", "--dag-id", "ingest_archive", "--from-date", "2015-12-01", "--to-date", "2015-12-31")
    conf = ("--dag-run-conf", json.dumps({"sources": ["newsroom"]}))
    airflow.run(*create, *conf, timeout_s=120)
    (run,) = api.finished("backfill", 1, "ingest_archive")
    assert run["state"] == "success"
    held = documents(elasticsearch_url, index_prefix)
    wuzhen = {newsroom.url(s.site, "") + render.path_of(newsroom.sites[s.site], s): s.iso_day for s in newsroom.stories
              if s.site == "wuzhen-courier" and s.published.startswith("2015-12")}  # fmt: skip
    assert wuzhen
    assert wuzhen.items() <= held.items()

    before, ended = len(newsroom.log), run["end_date"]
    deadline = time.monotonic() + PATIENCE_S
    while any(not b["completed_at"] for b in api.call("GET", "/backfills?dag_id=ingest_archive")["backfills"]):
        assert time.monotonic() < deadline, "the backfill never ended"
        time.sleep(2)
    airflow.run(*create, "--reprocess-behavior", "completed", *conf, timeout_s=120)
    while (again := api.finished("backfill", 1, "ingest_archive")[0])["end_date"] == ended:
        assert time.monotonic() < deadline, "the run was not made again"
        time.sleep(2)
    assert again["state"] == "success"
    past = [r for r in newsroom.log[before:] if "/feed" not in r["path"] and not r["conditional"]]
    assert [r["path"] for r in past if "2015" in r["path"] or "wp-json" in r["path"]] == []
    assert documents(elasticsearch_url, index_prefix).items() >= held.items()
