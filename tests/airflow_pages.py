"""Pages of a running Airflow as its admin sees them in Chromium: the DAG, the form of a backfill, igwire's page inside.

Makes the pictures of docs/images: `python tests/airflow_pages.py http://127.0.0.1:8080 PASSWORD FOLDER`.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_PATIENCE_MS = 60_000


@contextmanager
def signed_in(url: str, password: str) -> Iterator[Any]:
    """A page of a browser that is signed in as admin."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("IGWIRE_CHROMIUM") or shutil.which("chromium")
    assert path, "no Chromium: scripts/chromium finds or installs one"
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"])
        page = browser.new_page(viewport={"width": 1200, "height": 760})
        page.set_default_timeout(_PATIENCE_MS)
        page.goto(f"{url}/")
        page.locator("input[name=username]").fill("admin")
        page.locator("input[name=password]").fill(password)
        page.locator("button[type=submit]").click()
        page.wait_for_url(lambda address: "login" not in address)
        yield page
        browser.close()


def search_inside(page: Any, url: str, words: str) -> Any:
    """Search on igwire's page inside Airflow; its frame, with what was found."""
    page.goto(f"{url}/plugin/igwire")
    inner = page.frame_locator("iframe")
    inner.get_by_role("searchbox").fill(words)
    inner.get_by_role("button", name="Search").click()
    inner.locator(".count", has_text="AND").wait_for()
    return next(frame for frame in page.frames if "/igwire/" in frame.url and frame != page.main_frame)


def look(url: str, password: str, folder: Path) -> dict[str, str]:
    """Visit the pages, leave a picture of each in `folder`; name → the text that was seen."""
    seen: dict[str, str] = {}
    with signed_in(url, password) as page:
        page.goto(f"{url}/dags/ingest_news")
        page.get_by_text("ingest_news").first.wait_for()
        page.get_by_text("report", exact=True).first.wait_for()
        seen["dag"] = _keep(page, folder / "airflow-dag.png")
        page.get_by_role("button", name="Trigger", exact=False).first.click()
        page.get_by_text("Backfill", exact=True).first.click()
        page.get_by_text("Backfill", exact=False).first.wait_for()
        seen["backfill"] = _keep(page, folder / "airflow-backfill.png")
        seen["page"] = search_inside(page, url, "Kaspersky Wuzhen").locator("body").inner_text()
        page.screenshot(path=folder / "airflow-page.png")
    return seen


def _keep(page: Any, file: Path) -> str:
    page.wait_for_timeout(1500)
    page.screenshot(path=file)
    return str(page.locator("body").inner_text())


if __name__ == "__main__":
    look(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
