"""Backfills by Airflow itself: eleven years with a killed scheduler, a month by days that is paused and cancelled, documents made again.

What counts is the newsroom's own log and the index, not what igwire says of itself.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import pytest
import requests
from airflow_api import Api, wait_for
from elasticsearch import Elasticsearch
from standing import documents, kill_scheduler, pages_asked, standing

from igwire.index import migrate
from igwire.index.writer import BulkWriter
from igwire.model import Window
from igwire.newsroom.render import path_of
from igwire.pipeline.run import run_all
from igwire.wiring import SystemClock

pytestmark = [pytest.mark.airflow, pytest.mark.integration, pytest.mark.filterwarnings("ignore")]
# Differ between two runs over the same pages: when, by which run, and where in the raw store.
_OF_THE_RUN = {"first_seen_at", "fetched_at", "revised_at", "ingest", "raw", "url", "requested_url", "@timestamp"}
# 141 monthly runs of two to ten tasks on two busy cores.
_LONG_S = 1500
# Airflow finds a dead scheduler's tasks again after minutes; a test has no such patience.
_QUICK = {
    # Only what a test turns on: the daily run brings the newest articles with what their feeds say of them.
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30", "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "15",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "15", "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "10",
}  # fmt: skip
_YEARS = ("--from-date", "2015-01-01", "--to-date", "2026-09-30")
_MONTHS = 12 * 11 + 9


@pytest.fixture
def airflow(tmp_path, newsroom, elasticsearch_url, index_prefix, postgres):
    # As real feeds are: what is older than a week has rolled out of them.
    newsroom.feed_depth = 1
    # Airflow on SQLite may refuse to write 141 runs while its scheduler writes too; see docs/operations.md.
    more = _QUICK | {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres.new_database()}
    with standing(tmp_path / "standing", newsroom, elasticsearch_url, index_prefix, **more) as made:
        yield made


def create(airflow, dag_id: str, *words: str) -> None:
    """`airflow backfill create`, as an operator gives it."""
    airflow.run("backfill", "create", "--dag-id", dag_id, *words, timeout_s=300)


def months() -> list[Window]:
    starts = [datetime(year, month, 1, tzinfo=UTC) for year in range(2015, 2027) for month in range(1, 13)]
    return [Window(start=start, end=end, mode="past") for start, end in pairwise(starts)][:_MONTHS]


def undisturbed(newsroom_bench, es_url: str, prefix: str) -> dict[str, dict]:
    """The documents of the same months, worked off in this process without Airflow, into indices of their own."""
    client = Elasticsearch(es_url)
    migrate.apply(client, prefix)
    newsroom_bench.index = BulkWriter(client, prefix, SystemClock())
    for number, window in enumerate(months()):
        assert run_all(newsroom_bench.parts(), f"calm-{number}", window).ok
    client.close()
    return {document["_id"]: _lasting(document) for document in documents(es_url, prefix)}


def _lasting(document: dict) -> dict:
    return {name: value for name, value in document.items() if name not in _OF_THE_RUN and name != "_id"}


def differing(held: dict[str, dict], calm: dict[str, dict]) -> dict[str, dict[str, tuple]]:
    """By document, the fields that differ with both values: the whole documents would hide what a failure is about."""
    return {
        doc_id: {name: (one.get(name), other.get(name)) for name in one.keys() | other.keys() if one.get(name) != other.get(name)}
        for doc_id in held.keys() | calm.keys()
        if (one := held.get(doc_id, {})) != (other := calm.get(doc_id, {}))
    }


def test_eleven_years_with_a_killed_scheduler_give_the_index_of_an_undisturbed_run(airflow, newsroom, newsroom_bench, elasticsearch_url, index_prefix):
    calm = undisturbed(newsroom_bench, elasticsearch_url, f"{index_prefix}-calm")
    assert len(calm) == len(newsroom.stories)
    newsroom.log.clear()
    api = Api(airflow)
    api.unpause("ingest_archive")
    create(airflow, "ingest_archive", *_YEARS, "--max-active-runs", "4", "--reprocess-behavior", "failed")

    # In the midst of it, with runs in every stage.
    wait_for(lambda: len(pages_asked(newsroom)) > 10, "no page was asked for")
    killed = kill_scheduler(airflow)
    assert killed > 1
    airflow.up(print)
    runs = api.finished("backfill", _MONTHS, "ingest_archive", _LONG_S)
    assert Counter(run["state"] for run in runs) == {"success": _MONTHS}

    held = {document["_id"]: _lasting(document) for document in documents(elasticsearch_url, index_prefix)}
    assert differing(held, calm) == {}
    pages = Counter(pages_asked(newsroom))
    assert len(pages) == len(newsroom.stories)
    # A page that was on its way when its process was killed is asked for again; two hosts at a time and batch.
    assert sum(count - 1 for count in pages.values()) <= killed

    # The second time, by the command line's twin: no page, no archive, no change.
    asked = len(newsroom.log)
    twin = [sys.executable, "-m", "igwire", "ingest", "--window", "2015-01-01..2026-09-30"]
    subprocess.run(twin, env={**os.environ, **airflow.variables}, check=True)
    assert [r for r in newsroom.log[asked:] if (r["host"], r["path"]) in pages or "wp-json" in r["path"]] == []
    assert differing({document["_id"]: _lasting(document) for document in documents(elasticsearch_url, index_prefix)}, calm) == {}

    documents_are_made_again(api, elasticsearch_url, index_prefix, len(newsroom.log), newsroom)


def documents_are_made_again(api: Api, es_url: str, prefix: str, asked: int, newsroom) -> None:
    """rebuild_news: a dry run that changes nothing, then a whole new index that is swapped in at the end."""
    api.unpause("rebuild_news")
    before = documents(es_url, prefix)
    live = indices(es_url, prefix)
    api.call("POST", "/dags/rebuild_news/dagRuns", logical_date=None, conf={"stage": "enrich", "dry_run": True})
    (dry,) = api.finished("manual", 1, "rebuild_news")
    assert dry["state"] == "success"
    said = api.call("GET", f"/dags/rebuild_news/dagRuns/{dry['dag_run_id']}/taskInstances/choose/logs/1")
    assert f"0 of {len(before)} documents would change" in str(said["content"])
    assert indices(es_url, prefix) == live

    api.call("POST", "/dags/rebuild_news/dagRuns", logical_date=None, conf={"stage": "extract", "into": "new"})
    done = api.finished("manual", 2, "rebuild_news")
    assert {run["state"] for run in done} == {"success"}
    (new,) = indices(es_url, prefix)
    assert {new} != live
    assert differing({d["_id"]: _lasting(d) for d in documents(es_url, prefix)}, {d["_id"]: _lasting(d) for d in before}) == {}
    assert newsroom.log[asked:] == []


def indices(es_url: str, prefix: str) -> set[str]:
    """The indices behind the alias that searches ask."""
    return set(requests.get(f"{es_url}/_alias/{prefix}-articles", timeout=30).json())


def test_december_2015_by_days_is_paused_resumed_cancelled_and_made_again(airflow, newsroom, elasticsearch_url, index_prefix):
    api = Api(airflow)
    api.unpause("ingest_news")
    api.finished("scheduled", 1)
    words = ("--from-date", "2015-12-01", "--to-date", "2015-12-31", "--max-active-runs", "2", "--reprocess-behavior", "failed")
    create(airflow, "ingest_news", *words)
    api.finished("backfill", 3)

    # Paused, nothing new begins, and what runs comes to its end.
    one = api.backfills("ingest_news")[-1]["id"]
    api.call("PUT", f"/backfills/{one}/pause")
    wait_for(lambda: not running(api), "runs did not come to their end")
    ended = finished(api)
    assert len(ended) < 31
    wait_for(lambda: api.backfills("ingest_news")[-1]["is_paused"], "it was not paused")
    assert finished(api) == ended

    # Resumed, it goes on; cancelled, what had not begun never does.
    api.call("PUT", f"/backfills/{one}/unpause")
    wait_for(lambda: len(finished(api)) > len(ended), "it did not go on")
    api.call("PUT", f"/backfills/{one}/cancel")
    wait_for(lambda: not running(api) and api.backfills("ingest_news")[-1]["completed_at"], "it was not cancelled")
    assert len(finished(api)) < 31

    # Created again, only what is missing is run, and nothing that is stored is asked for again.
    create(airflow, "ingest_news", *words)
    api.finished("backfill", 31, patience_s=_LONG_S)
    wait_for(lambda: {run["state"] for run in api.runs("backfill")} == {"success"}, "not every run came to a good end", _LONG_S)
    days = {d["url"]: d["published_day"] for d in documents(elasticsearch_url, index_prefix)}
    december = {newsroom.url(s.site, path_of(newsroom.sites[s.site], s)): s.iso_day for s in newsroom.stories if s.iso_day.startswith("2015-12")}
    assert len(december) == 5
    assert december.items() <= days.items()
    asked = Counter(pages_asked(newsroom))
    assert set(asked.values()) == {1}
    listed = Counter(r["host"] + r["path"] for r in newsroom.log if "wp-json" in r["path"])
    assert set(listed.values()) == {1}


def running(api: Api) -> list[dict]:
    return [run for run in api.runs("backfill") if run["state"] == "running"]


def finished(api: Api) -> set[str]:
    return {run["dag_run_id"] for run in api.runs("backfill") if run["state"] == "success"}
