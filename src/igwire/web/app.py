"""The search page: server-rendered, everything escaped, no script, under a strict Content-Security-Policy.

All addresses in the pages are relative, so that it also works below a prefix inside Airflow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from igwire.ports import Clock
from igwire.search.called import Titles
from igwire.search.reader import Reader
from igwire.search.rights import Viewer
from igwire.web.files import Files
from igwire.web.metrics import Measure, serve_metrics
from igwire.web.pages import Pages
from igwire.web.shelf import Shelf

HERE = Path(__file__).parent
# HEAD for whoever checks links or whether the page is up.
_READING = ["GET", "HEAD"]
_CSP = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
# What is shown depends on who asks, so nothing between keeps it.
_HEADERS = {
    "Content-Security-Policy": _CSP, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, noarchive",
}  # fmt: skip


def create_app(
    reader: Callable[[], Reader],
    clock: Clock,
    *,
    viewer: Viewer = "public",
    dependencies: Sequence[Any] = (),
    metrics: Measure | None = None,
    titles: Callable[[], Titles] = dict,
) -> FastAPI:
    """The page as an application.

    `reader` and `titles` (of sources and topics, which are shown by their ids without) are called once, when they are first needed;
    `viewer` decides how much of a text is shown (`search.rights`); `dependencies` guard every route (a login); `metrics` answers /metrics
    where it is given.
    """
    app = FastAPI(title="igwire", docs_url=None, redoc_url=None, openapi_url=None, dependencies=list(dependencies))
    shelf = Shelf(reader, clock, viewer, HERE / "templates", titles)
    pages, files = Pages(shelf), Files(shelf)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    for path, page in (
        ("/", pages.results), ("/article/{doc_id}", pages.article), ("/entity/{key}", pages.entity), ("/source/{source_id}", pages.source),
        ("/cite", pages.cite), ("/cited/{token}", pages.cited),
    ):  # fmt: skip
        app.api_route(path, methods=_READING, response_class=HTMLResponse)(page)
    app.get("/export/{kind}", response_class=Response)(files.export)
    app.api_route("/healthz", methods=_READING, response_class=PlainTextResponse)(shelf.health)
    app.exception_handler(HTTPException)(shelf.refused)
    if metrics is not None:
        serve_metrics(app, metrics)
    app.middleware("http")(_with_headers)
    return app


async def _with_headers(request: Request, call_next: Any) -> Response:
    response: Response = await call_next(request)
    response.headers.update(_HEADERS)
    if not request.url.path.endswith((".css", ".svg")):
        response.headers["Cache-Control"] = "private, no-store"
    return response
