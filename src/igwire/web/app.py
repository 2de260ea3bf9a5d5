"""The search page: server-rendered, everything escaped, no script, under a strict Content-Security-Policy.

All addresses in the pages are relative, so that it also works below a prefix inside Airflow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape

from igwire.errors import QueryError, Unavailable
from igwire.search.reader import Reader
from igwire.search.request import FACETS, MAX_WINDOW, SearchRequest, from_params
from igwire.search.results import Results

HERE = Path(__file__).parent
_CSP = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
_HEADERS = {"Content-Security-Policy": _CSP, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_RTL = {"ar", "fa", "he", "ur"}


def create_app(reader: Callable[[], Reader], *, dependencies: Sequence[Any] = ()) -> FastAPI:
    """The page as an application. `reader` is called once, at the first request; `dependencies` guard every route (a login)."""
    app = FastAPI(title="igwire", docs_url=None, redoc_url=None, openapi_url=None, dependencies=list(dependencies))
    pages = _Pages(reader)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.get("/", response_class=HTMLResponse)(pages.results)
    app.get("/article/{doc_id}", response_class=HTMLResponse)(pages.article)
    app.get("/healthz", response_class=PlainTextResponse)(pages.health)
    app.middleware("http")(_with_headers)
    return app


async def _with_headers(request: Request, call_next: Any) -> Response:
    response: Response = await call_next(request)
    response.headers.update(_HEADERS)
    return response


class _Pages:
    """The routes, and what they share."""

    def __init__(self, reader: Callable[[], Reader]) -> None:
        self._make_reader = reader
        self._reader: Reader | None = None
        self._templates = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
        self._templates.globals.update(snippet=snippet, safe_link=safe_link, direction=direction, marked=marked)

    def reader(self) -> Reader:
        """The index reader, made when it is first needed."""
        if self._reader is None:
            self._reader = self._make_reader()
        return self._reader

    def results(self, request: Request) -> HTMLResponse:
        """The query box and what was found; the parameters are those of `SearchRequest.as_params`."""
        raw = {name: request.query_params.getlist(name) if name in FACETS.values() else value for name, value in request.query_params.items()}
        given = {**dict.fromkeys(("q", "from", "to"), ""), **{name: [] for name in FACETS.values()}, "sort": "relevance", **raw}
        try:
            asked = from_params(raw)
            found = self.reader().search(asked)
            run = self.reader().last_good_run()
        except QueryError as error:
            return self._page("results.html", 400, given=given, fault=error, base=".")
        except Unavailable as error:
            return self._page("results.html", 503, given=given, fault=error, base=".")
        links = _Links({name: value for name, value in given.items() if name != "page"})
        return self._page("results.html", 200, given=given, found=found, run=run, page=asked.page, pages=_pages(found, asked), links=links, base=".")

    def article(self, doc_id: str) -> HTMLResponse:
        """One article with its entities marked."""
        try:
            document, run = self.reader().get(doc_id), self.reader().last_good_run()
        except Unavailable as error:
            return self._page("missing.html", 503, fault=error, base="..")
        if document is None:
            return self._page("missing.html", 404, fault="There is no such article in the index.", base="..")
        return self._page("article.html", 200, a=document, run=run, base="..")

    def health(self) -> PlainTextResponse:
        """200 when the index answers."""
        try:
            self.reader().last_good_run()
        except Unavailable as error:
            return PlainTextResponse(str(error), status_code=503)
        return PlainTextResponse("ok")

    def _page(self, name: str, status: int, **values: Any) -> HTMLResponse:
        return HTMLResponse(self._templates.get_template(name).render(**values), status_code=status)


def _pages(found: Results, asked: SearchRequest) -> int:
    return max(1, min(-(-found.total // asked.size), MAX_WINDOW // asked.size))


class _Links:
    """Addresses of the same search with something changed."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._given = given

    def page(self, number: int) -> str:
        """Another page of the hits."""
        return "?" + urlencode({**self._kept(), "page": number}, doseq=True)

    def toggled(self, facet: str, value: str) -> str:
        """The search with this value of a facet added, or taken away when it is there."""
        chosen = [v for v in self._given[facet] if v != value] if value in self._given[facet] else [*self._given[facet], value]
        return "?" + urlencode({**self._kept(), facet: chosen}, doseq=True)

    def _kept(self) -> dict[str, Any]:
        return {name: value for name, value in self._given.items() if value}


def snippet(text: str) -> Markup:
    """A highlight as it may stand in a page: Elasticsearch has escaped it (encoder html), only its own marks are markup.

    Escaped again and the marks restored, so that a server with another setting cannot smuggle markup in.
    """
    plain = Markup(text).unescape() if "<mark>" not in text else None
    if plain is not None:
        return escape(plain)
    parts = text.split("<mark>")
    shown = escape(Markup(parts[0]).unescape())
    for part in parts[1:]:
        inside, _, after = part.partition("</mark>")
        shown += Markup("<mark>") + escape(Markup(inside).unescape()) + Markup("</mark>") + escape(Markup(after).unescape())
    return shown


def safe_link(url: str) -> str:
    """The address if a browser may follow it, else an empty one."""
    return url if url.startswith(("http://", "https://")) else ""


def direction(language: str | None) -> str:
    """rtl or ltr."""
    return "rtl" if language in _RTL else "ltr"


def marked(document: dict[str, Any], field: str = "text") -> Markup:
    """The body (or title) with its mentions marked by their offsets; everything else is escaped."""
    text = document.get("body" if field == "text" else "title") or ""
    out, at = Markup(""), 0
    for mention in sorted(document.get("entity_mentions", []), key=lambda m: m["start"]):
        start, end = mention["start"], mention["end"]
        if mention["field"] != field or start < at or end > len(text):
            continue
        tip = f"{mention.get('name') or mention['surface']} ({mention['type']}{', ' + mention['qid'] if mention.get('qid') else ''}): {mention['why']}"
        kind = "linked" if mention.get("entity") else "unlinked"
        out += escape(text[at:start]) + Markup('<mark class="entity {} {}" title="{}">{}</mark>').format(mention["type"], kind, tip, text[start:end])
        at = end
    return out + escape(text[at:])
