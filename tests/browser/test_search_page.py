"""The page in a real Chromium, over the whole newsroom on a real Elasticsearch."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe

from igwire.index.writer import BulkWriter
from igwire.kb.topics import load
from igwire.model import WriteAction
from igwire.newsroom.articles import sites
from igwire.runtime.processes import free_port
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
HOSTILE = {
    "doc_id": "hostile", "title": "<script>document.title='owned'</script> Zebrafish", "url": "javascript:alert(1)", "language": "en", "published_day": "2015-12-16",
    "body": "Zebrafish <img src=x onerror=\"document.title='owned'\"> said.\n</p></article><script>document.title='owned'</script>", "rights": "full",
    "summary": "<svg onload=alert(1)>", "authors": ["<b onmouseover=alert(1)>A</b>"], "@timestamp": "2015-12-16T00:00:00Z", "revised_at": "2015-12-16T00:00:00Z",
    "source": {"id": "<i>s", "title": "\"><script>alert(1)</script>", "kind": "news"}, "cluster": {"id": "hostile", "role": "single"}, "topics": ["<script>t"],
    "entities": {"all": ["<script>alert(2)</script>"], "id": [], "count": 1}, "revision": 1,
    "quotes": [{"text": "<script>q</script>", "speaker": "<u>Who</u>", "start": 0, "end": 9}],
    "entity_mentions": [{"surface": "Zebrafish", "name": "<script>alert(2)</script>", "type": "person", "field": "text", "start": 0, "end": 9, "score": 1.0, "why": "\"><script>"}],
}  # fmt: skip
PAGES = (
    "",
    "?q=ICANN",
    "?q=Kasparsky",
    "?q=ICANN AND (",
    "?q=ICANN&language=ar&from=2015-01-01",
    "article",
    "article ar",
    "entity/org:icann",
    "source/al-shabaka-press",
    "source/nobody",
    "cite?q=ICANN",
    "cited",
)


@pytest.fixture(scope="module")
def address(indexed_newsroom) -> Iterator[str]:
    """The page over the newsroom and one hostile article."""
    writer = BulkWriter(indexed_newsroom.client, indexed_newsroom.prefix, SystemClock())
    assert next(iter(writer.write([WriteAction(doc_id="hostile", version=1, body=HOSTILE)]))).outcome == "acked"
    indexed_newsroom.client.indices.refresh(index=f"{indexed_newsroom.prefix}-articles")
    port = free_port()
    titles = {"source": {site.id: site.title for site in sites().values()}, "topic": {topic.id: topic.title for topic in load().by_id.values()}}
    app = create_app(indexed_newsroom.reader, SystemClock(), viewer="owner", titles=lambda: titles)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        threading.Event().wait(0.05)
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join()
    indexed_newsroom.client.delete(index=f"{indexed_newsroom.prefix}-articles", id="hostile", refresh=True)


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    path = os.environ.get("IGWIRE_CHROMIUM") or shutil.which("chromium")
    assert path, "no Chromium: run `make test`, which finds or installs one"
    with sync_playwright() as play:
        made = play.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield made
        made.close()


@pytest.fixture
def page(browser):
    made = browser.new_page(viewport={"width": 1200, "height": 900})
    yield made
    made.close()


def go(page, address, name) -> None:
    """Open one of PAGES."""
    if name.startswith("article"):
        page.goto(address + ("?language=ar" if name == "article ar" else "?q=Wuzhen"))
        page.locator("article.hit h2 a").first.click()
    elif name == "cited":
        page.goto(address + "cite?q=ICANN")
        page.get_by_role("link", name="The link to cite").click()
    else:
        page.goto(address + name)


def shoot(page, name: str) -> None:
    if folder := os.environ.get("IGWIRE_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_searching_reading_and_filtering(page, address):
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto(address)
    page.get_by_role("searchbox").fill("Wuzhen Kaspersky")
    page.get_by_role("button", name="Search").click()
    first = page.locator("article.hit").first
    assert "Kaspersky" in first.inner_text()
    assert first.locator("mark").count() > 0
    shoot(page, "results")
    first.get_by_role("link").first.click()
    assert page.locator("mark.entity", has_text="Lu Wei").count() > 0
    assert "alias" in (page.locator("mark.entity").first.get_attribute("title") or "")
    shoot(page, "article")
    page.get_by_role("row").get_by_role("link", name="Lu Wei").click()
    assert "/entity/" in page.url
    assert page.locator("h1").inner_text() == "Lu Wei"
    page.get_by_role("link", name="search in them").click()
    assert page.locator("article.hit").count() >= 1
    assert page.evaluate("() => document.querySelectorAll('script').length") == 0
    assert {url.split("/")[2] for url in asked} == {address.split("/")[2]}
    assert faults == []


def count(page) -> int:
    return int(page.locator(".count").inner_text().split()[0])


def test_filters_in_and_out_and_away_again(page, address):
    page.goto(address + "?q=ICANN")
    everything = count(page)
    page.locator(".facet a", has_text="Le Relais numérique").first.click()
    within = count(page)
    page.locator(".filters").get_by_role("link", name="Le Relais numérique").click()
    assert count(page) == everything
    page.get_by_role("link", name="Leave out Le Relais numérique").click()
    assert count(page) == everything - within
    assert "not Le Relais numérique" in page.locator(".filters").inner_text()
    # What is filtered stays when the words change.
    page.get_by_role("searchbox").fill("internet")
    page.get_by_role("button", name="Search").click()
    assert "source=-le-relais-numerique" in page.url


def test_a_syntax_error_shows_its_place(page, address):
    page.goto(address + "?q=ICANN AND (")
    alert = page.get_by_role("alert")
    assert "parenthesis" in alert.inner_text() or "missing" in alert.inner_text()
    assert "at character" in alert.inner_text()
    assert page.get_by_role("searchbox").get_attribute("aria-invalid") == "true"


def test_a_chart_has_a_table_that_leads_on(page, address):
    page.goto(address + "?q=ICANN")
    assert page.get_by_role("img").first.get_attribute("aria-label").startswith("Articles found per")
    page.get_by_text("The numbers as a table").click()
    row = page.locator(".volume tbody tr").first
    found = int(row.locator("td").first.inner_text())
    assert found <= count(page)
    row.get_by_role("link").click()
    assert count(page) == found


def test_a_chart_shows_what_was_found_however_long_ago(page, address):
    page.goto(address + "?q=Wuzhen Kaspersky")
    assert f"{count(page)} in all" in page.locator(".volume svg").first.get_attribute("aria-label")


def test_everything_works_without_javascript_and_by_keyboard(browser, address):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(address)
    # The box has the focus as soon as the page is there.
    page.locator("#q:focus").wait_for()
    page.keyboard.type("Wuzhen")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=Wuzhen**")
    assert page.locator("article.hit").count() > 1
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to content"
    page.keyboard.press("Enter")
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("() => document.activeElement.innerText || ''").strip())
    assert {"How to search", "Search"} <= reached
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_serious_fault(page, address, name):
    go(page, address, name)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page).response["violations"]
        faults = [
            f"{v['id']} ({v['impact']}): {n['html'][:200]} {n.get('failureSummary', '')[:300]}"
            for v in found
            for n in v["nodes"]
            if v["impact"] in ("serious", "critical")
        ]
        assert faults == [], scheme


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_needs_no_sideways_scrolling(browser, address, name):
    page = browser.new_page(viewport={"width": 360, "height": 740})
    go(page, address, name)
    wide = "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > 360 && !e.closest('.scroll')).map(e => e.outerHTML.slice(0, 200))"
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
    assert page.evaluate(f"() => {wide}") == []
    shoot(page, f"phone-{PAGES.index(name)}")
    page.close()


def test_on_a_phone_a_link_leads_past_the_hits_to_the_filters(browser, page, address):
    phone = browser.new_page(viewport={"width": 360, "height": 740})
    phone.goto(address + "?q=ICANN")
    phone.get_by_role("link", name="Filters and overviews").click()
    assert phone.locator("#filters").evaluate("e => e.getBoundingClientRect().top") < 740
    phone.close()
    # Beside the hits they need no link.
    page.goto(address + "?q=ICANN")
    assert page.get_by_role("link", name="Filters and overviews").count() == 0


def test_arabic_is_set_from_right_to_left(page, address):
    go(page, address, "article ar")
    assert page.locator("article.reading").evaluate("e => getComputedStyle(e).direction") == "rtl"
    assert page.locator("article.reading p.facts").count() == 1


def test_stored_markup_stays_text(page, address):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in ("?q=Zebrafish", "article/hostile", "source/%3Ci%3Es", "cite?q=Zebrafish"):
        page.goto(address + path)
        assert page.title() != "owned"
        assert page.evaluate("() => document.querySelectorAll('script, img, main svg[onload], [onerror], [onmouseover], a[href^=javascript]').length") == 0, (
            path
        )
        assert all("/x" not in url.removeprefix(address) for url in asked)
    page.goto(address + "article/hostile")
    assert "<script>document.title='owned'</script>" in page.locator("article.reading").inner_text()
