"""The search page in a real Chromium, over the whole newsroom on a real Elasticsearch."""

from __future__ import annotations

import os
import shutil
import threading

import pytest
import uvicorn
from elasticsearch import Elasticsearch

from igwire.index import migrate
from igwire.index.writer import BulkWriter
from igwire.kb import load
from igwire.orchestrate import resolve_window
from igwire.pipeline.run import run_all
from igwire.runtime.processes import free_port
from igwire.search.reader import Reader
from igwire.web.app import create_app
from igwire.wiring import SystemClock

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.filterwarnings("ignore::ResourceWarning")]
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
def address(newsroom_bench, elasticsearch_url, index_prefix):
    client = Elasticsearch(elasticsearch_url)
    migrate.apply(client, index_prefix)
    newsroom_bench.index = BulkWriter(client, index_prefix, SystemClock())
    window = resolve_window(run_type="manual", params={"since": "2015-01-01"}, interval=None, run_after=None, now=SystemClock().now())
    assert run_all(newsroom_bench.parts(), "browser", window).ok
    client.indices.refresh(index=f"{index_prefix}-*")
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(create_app(lambda: Reader(client, index_prefix, load), SystemClock()), host="127.0.0.1", port=port, log_level="error")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        threading.Event().wait(0.05)
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join()
    client.close()


@pytest.fixture
def browser():
    from playwright.sync_api import sync_playwright

    path = os.environ.get("IGWIRE_CHROMIUM") or shutil.which("chromium")
    assert path, "no Chromium: run `make test`, which finds or installs one"
    with sync_playwright() as play:
        made = play.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield made
        made.close()


def test_searching_reading_and_filtering(browser, address, tmp_path):
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto(address)
    page.get_by_role("searchbox").fill("Kaspersky Wuzhen")
    page.get_by_role("button", name="Search").click()
    first = page.locator("article.hit").first
    assert "Kaspersky" in first.inner_text()
    assert first.locator("mark").count() > 0
    folder = os.environ.get("IGWIRE_SCREENSHOTS")
    if folder:
        page.screenshot(path=f"{folder}/results.png", full_page=True)
    first.get_by_role("link").click()
    assert page.locator("mark.entity", has_text="Lu Wei").count() > 0
    assert "alias" in (page.locator("mark.entity").first.get_attribute("title") or "")
    if folder:
        page.screenshot(path=f"{folder}/article.png", full_page=True)
    page.locator(".chips a", has_text="Lu Wei").first.click()
    assert "entity=Lu" in page.url
    assert page.locator("article.hit").count() >= 1
    page.goto(address + "?q=ICANN")
    count = page.locator(".count").inner_text()
    page.locator(".facets a", has_text="le-relais-numerique").click()
    assert page.locator(".count").inner_text() != count
    assert page.locator(".facets a.on").inner_text().startswith("le-relais-numerique")
    page.goto(address + "?q=title:(")
    assert "nothing to look for" in page.get_by_role("alert").inner_text()
    assert page.evaluate("() => document.querySelectorAll('script').length") == 0
    assert {url.split("/")[2] for url in asked} == {address.split("/")[2]}
    assert [fault for fault in faults if "400" not in fault] == []


def test_a_phone_needs_no_sideways_scrolling(browser, address):
    page = browser.new_page(viewport={"width": 360, "height": 740})
    page.goto(address + "?q=ICANN")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
    if folder := os.environ.get("IGWIRE_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/phone.png")
