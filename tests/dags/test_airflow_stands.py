"""The four real components of Airflow over the newsroom: the scheduled run, a backfill into the archives, its repetition, the plugin behind the login.

Whole spans, killed schedulers, paused and cancelled backfills: `tests/soak/test_backfills_through_airflow.py`.
"""

from __future__ import annotations

import json
import time

import pytest
import requests
from airflow_api import Api
from airflow_pages import search_inside, signed_in
from axe_playwright_python.sync_playwright import Axe
from standing import documents, pages_asked, standing

from igwire.newsroom.render import path_of

pytestmark = [pytest.mark.airflow, pytest.mark.browser, pytest.mark.integration, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def airflow(tmp_path, newsroom, elasticsearch_url, index_prefix):
    with standing(tmp_path / "standing", newsroom, elasticsearch_url, index_prefix) as made:
        yield made


def wuzhen(newsroom) -> dict[str, str]:
    """Address → the publisher's day of the articles that a UTC day of 16 December 2015 covers."""
    stories = [s for s in newsroom.stories if s.site == "wuzhen-courier" and s.published.startswith("2015-12")]
    return {newsroom.url(s.site, path_of(newsroom.sites[s.site], s)): s.iso_day for s in stories}


def test_scheduled_triggered_and_backfilled_runs_and_the_page(airflow, elasticsearch_url, index_prefix, newsroom):
    # As real feeds are: December 2015 has long rolled out of them.
    newsroom.feed_depth = 1
    api = Api(airflow)
    # Without a schedule's delay: `catchup=False` runs the last closed interval as soon as the DAG is on.
    api.unpause("ingest_news")
    (scheduled,) = api.finished("scheduled", 1)
    assert scheduled["state"] == "success"
    start, end = scheduled["data_interval_start"], scheduled["data_interval_end"]
    today = time.strftime("%Y-%m-%d", time.gmtime())
    assert end[:10] == today
    assert (start[11:19], end[11:19]) == ("00:00:00", "00:00:00")
    expected = wuzhen(newsroom)
    assert expected
    held = {d["url"]: d["published_day"] for d in documents(elasticsearch_url, index_prefix)}
    assert not expected.keys() & held.keys()

    output = airflow.run("backfill", "create", "--dag-id", "ingest_news", "--from-date", "2015-12-15", "--to-date", "2015-12-16", timeout_s=120)
    backfilled = api.finished("backfill", 2)
    assert {run["state"] for run in backfilled} == {"success"}, output
    assert sorted(run["data_interval_start"][:10] for run in backfilled) == ["2015-12-15", "2015-12-16"]
    held = {d["url"]: d["published_day"] for d in documents(elasticsearch_url, index_prefix)}
    assert expected.items() <= held.items()

    # The same days again, by hand: nothing is listed or fetched, nothing changes.
    asked = len(newsroom.log)
    api.call("POST", "/dags/ingest_news/dagRuns", logical_date=None, conf={"since": "2015-12-15", "until": "2015-12-16"})
    (triggered,) = api.finished("manual", 1)
    assert triggered["state"] == "success"
    assert newsroom.log[asked:] == []
    assert {d["url"]: d["published_day"] for d in documents(elasticsearch_url, index_prefix)} == held
    pages = pages_asked(newsroom)
    assert len(pages) == len(set(pages)) == len(held)

    page = f"{airflow.url}/igwire/"
    assert requests.get(page, timeout=30).status_code == 401
    shown = requests.get(page, params={"q": "Kaspersky Wuzhen"}, headers=api.headers, timeout=30)
    assert shown.status_code == 200
    assert "Kaspersky Lab" in shown.text
    # A link to cite leads back here, below Airflow's prefix.
    assert f"{page}cited/" in requests.get(f"{page}cite", params={"q": "Wuzhen"}, headers=api.headers, timeout=30).text
    with signed_in(airflow.url, json.loads(airflow.password_file.read_text(encoding="utf-8"))["admin"]) as browsed:
        inside = search_inside(browsed, airflow.url, "Kaspersky Wuzhen")
        assert "Kaspersky Lab" in inside.locator("article.hit").first.inner_text()
        found = Axe().run(inside).response["violations"]
        assert [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")] == []
        inside.locator("article.hit h2 a").first.click()
        inside.locator("article.reading").wait_for()
