"""The DAG through Airflow itself: its shape, a good run, a run without Elasticsearch, a repeated run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from igwire.ledger import runs
from igwire.ledger.database import Ledger

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.airflow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="session")
def dags(airflow_database):
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(ROOT / "dags")
    assert bag.import_errors == {}
    return bag.dags


@pytest.fixture(scope="session")
def dag(dags):
    return dags["ingest_news"]


def test_the_shape(dag):
    assert set(dag.task_dict) == {"plan", "batch.collect", "batch.extract", "batch.enrich", "batch.index", "report"}
    assert dag.task_dict["batch.extract"].upstream_task_ids == {"batch.collect"}
    assert dag.task_dict["report"].trigger_rule == "all_done"
    assert not dag.catchup
    assert type(dag.timetable).__name__ == "CronDataIntervalTimetable"
    assert "red task" in dag.doc_md


def test_the_archive_is_the_same_dag_by_months(dag, dags):
    archive = dags["ingest_archive"]
    assert set(archive.task_dict) == set(dag.task_dict)
    assert (str(dag.timetable.expression), str(archive.timetable.expression)) == ("0 0 * * *", "0 0 1 * *")
    assert (archive.catchup, archive.max_active_runs) == (False, 1)
    assert "red task" in archive.doc_md


def test_tasks_of_daily_runs_come_before_those_of_backfills(dag):
    from types import SimpleNamespace

    from airflow.serialization.serialized_objects import DagSerialization

    rule = DagSerialization.from_dict(DagSerialization.to_dict(dag)).task_dict["batch.collect"].weight_rule
    weights = {
        run_id: rule.get_weight(SimpleNamespace(run_id=run_id, dag_id="ingest_news", task=dag.task_dict["plan"]))
        for run_id in ("scheduled__2026-11-24", "manual__2026-11-24", "backfill__2015-12-16")
    }
    assert weights["scheduled__2026-11-24"] == weights["manual__2026-11-24"] > weights["backfill__2015-12-16"]


def test_the_shape_of_poll_feeds(dags):
    dag = dags["poll_feeds"]
    assert list(dag.task_dict) == ["poll", "probe"]
    assert (dag.catchup, dag.max_active_runs, type(dag.timetable).__name__) == (False, 1, "CronDataIntervalTimetable")
    assert "red task" in dag.doc_md


def test_the_shape_of_tend_archive(dags):
    dag = dags["tend_archive"]
    assert list(dag.task_dict) == ["tend"]
    assert (dag.catchup, dag.max_active_runs, type(dag.timetable).__name__) == (False, 1, "CronDataIntervalTimetable")
    assert "red task" in dag.doc_md


def test_the_shape_of_rebuild_news(dags):
    dag = dags["rebuild_news"]
    assert dag.task_dict["report"].upstream_task_ids == {"choose", "rebuild"}
    assert dag.task_dict["report"].trigger_rule == "all_done"
    assert set(dag.params) == {"stage", "from", "to", "sources", "only_stale", "into", "dry_run"}
    assert "red task" in dag.doc_md


def test_no_import_errors_by_airflows_own_word():
    done = subprocess.run([sys.executable, "-m", "airflow", "dags", "list-import-errors", "--local"], capture_output=True, text=True, env=os.environ)
    assert done.returncode == 0, done.stdout + done.stderr


class Standing:
    """Settings of one test's igwire, for processes of their own."""

    def __init__(self, folder: Path, room, es_url: str, prefix: str) -> None:
        catalogue = folder / "newsroom.yaml"
        catalogue.write_text(yaml.safe_dump({"group": "newsroom", "sources": room.catalogue()}, allow_unicode=True), encoding="utf-8")
        self.folder, self.room = folder, room
        self.variables = {
            "IGWIRE_STATE": str(folder), "IGWIRE_CATALOGUE": str(catalogue), "IGWIRE_ALLOW_LOOPBACK": "127.0.0.0/24", "IGWIRE_ES_URL": es_url,
            "IGWIRE_INDEX_PREFIX": prefix, "IGWIRE_BATCHES": "2", "IGWIRE_ES_TRIES": "2",
        }  # fmt: skip

    def test_run(self, conf: dict, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "airflow", "dags", "test", "ingest_news", "--conf", json.dumps(conf)]
        return subprocess.run(command, env={**os.environ, **self.variables, **more}, capture_output=True, text=True, timeout=300)

    def newest(self) -> runs.Run:
        ledger = Ledger.open(f"sqlite:///{self.folder / 'ledger.db'}")
        with ledger.reading() as conn:
            run = runs.newest(conn, 1)[0]
        ledger.close()
        return run


@pytest.mark.integration
def test_a_run_without_elasticsearch_is_red_and_the_next_one_completes_it_without_fetching(
    tmp_path, newsroom, elasticsearch_url, index_prefix, airflow_database
):
    standing = Standing(tmp_path, newsroom, elasticsearch_url, index_prefix)
    done = standing.test_run({"since": "2015-01-01", "limit": 6}, IGWIRE_ES_URL="http://127.0.0.1:9")
    run = standing.newest()
    assert run.status == "failed", done.stdout[-3000:]
    assert run.totals["outcomes"]["pending_index"] == 6
    asked = len(newsroom.log)
    standing.test_run({"since": "2015-01-01", "limit": 6})
    run = standing.newest()
    assert run.status == "ok"
    assert run.totals["outcomes"]["indexed"] == run.totals["planned"] == 6
    assert [r["path"] for r in newsroom.log[asked:] if not r["conditional"]] == []


@pytest.mark.integration
def test_a_host_that_asks_for_two_minutes_between_requests_holds_up_no_other(tmp_path, newsroom, elasticsearch_url, index_prefix, airflow_database):
    newsroom.crawl_delay["wuzhen-courier"] = 120
    slow = newsroom.sites["wuzhen-courier"].address
    standing = Standing(tmp_path, newsroom, elasticsearch_url, index_prefix)
    done = standing.test_run({"since": "2015-01-01", "sources": ["wuzhen-courier", "red-abierta"]}, IGWIRE_COLLECT_BUDGET_S="15")
    run = standing.newest()
    assert run.status == "ok", done.stdout[-3000:]
    pages = [r["host"] == slow for r in newsroom.log if r["status"] == 200 and "robots" not in r["path"] and r["path"] not in ("/feed/", "/noticias/atom")]
    held, others = (sum(story.site == site for story in newsroom.stories) for site in ("wuzhen-courier", "red-abierta"))
    assert run.totals["outcomes"]["indexed"] == others + pages.count(True)
    assert pages.count(True) <= 1, "two pages within two minutes"
    assert run.totals["outcomes"]["deferred"] == held - pages.count(True), run.totals
