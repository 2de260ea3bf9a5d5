"""What pages and files share: the reader, the clock, the templates, and how a search is read from an address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, PlainTextResponse
from jinja2 import Environment, FileSystemLoader
from starlette.exceptions import HTTPException

from igwire.errors import QueryError, Unavailable
from igwire.ports import Clock
from igwire.search.called import Titles
from igwire.search.reader import Reader
from igwire.search.request import FACETS, SearchRequest, from_params
from igwire.search.rights import Viewer
from igwire.web import views

_EMPTY = {"q": "", "from": "", "to": "", "sort": "relevance", "size": "10", **{name: [] for name in FACETS.values()}}
Params = dict[str, Any]
_HEADINGS = {400: "Not understood", 401: "Who are you?", 404: "Not found", 503: "Not available"}


class Shelf:
    """Shared by all routes of one application."""

    def __init__(self, reader: Callable[[], Reader], clock: Clock, viewer: Viewer, templates: Path, titles: Callable[[], Titles]) -> None:
        self._make_reader = reader
        self._make_titles = titles
        self.clock = clock
        self.viewer: Viewer = viewer
        self._templates = Environment(loader=FileSystemLoader(templates), autoescape=True, trim_blocks=True, lstrip_blocks=True)
        names = ("snippet", "safe_link", "direction", "marked", "paragraphs", "language_name", "sentence")
        self._templates.globals.update({name: getattr(views, name) for name in names}, country_name=self.country_name, called=self.called)

    @cached_property
    def reader(self) -> Reader:
        """The index reader, made when it is first needed."""
        return self._make_reader()

    @cached_property
    def _countries(self) -> dict[str, str]:
        return self.reader.countries()

    def country_name(self, code: str) -> str:
        """The name of a country, or its code."""
        return self._countries.get(code, code)

    @cached_property
    def _titles(self) -> Titles:
        return self._make_titles()

    def called(self, facet: str, value: str) -> str:
        """What people call a value of a facet; the value itself where nobody has named it."""
        if facet == "country":
            return self.country_name(value)
        if facet == "language":
            return views.language_name(value)
        if facet == "kind":
            return value.replace("_", " ")
        if facet == "entity":
            return entity.name if ":" in value and (entity := self.reader.entity(value)) else value
        return self._titles.get(facet, {}).get(value, value)

    @property
    def today(self) -> date:
        """The present day, UTC."""
        return self.clock.now().date()

    def page(self, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A template, filled."""
        return HTMLResponse(self._templates.get_template(name).render(**values), status_code=status)

    def fault(self, error: Exception, base: str) -> HTMLResponse:
        """A page that says what went wrong, and nothing of how."""
        return self._refusal(400 if isinstance(error, QueryError) else 503, str(error), base)

    def missing(self, what: str, base: str) -> HTMLResponse:
        """404 in words."""
        return self._refusal(404, what, base)

    async def refused(self, request: Request, error: Exception) -> HTMLResponse:
        """What no route answers (an unknown path, a missing login), as a page."""
        assert isinstance(error, HTTPException)
        # As it was sent: an escaped slash leads no deeper.
        path = request.scope["raw_path"].decode("latin-1").removeprefix(request.scope.get("root_path", ""))
        said = "There is no such page." if error.status_code == 404 else f"{error.detail.rstrip('.')}."
        answer = self._refusal(error.status_code, said, "/".join([".."] * (path.count("/") - 1)) or ".")
        answer.headers.update(error.headers or {})
        return answer

    def _refusal(self, status: int, fault: str, base: str) -> HTMLResponse:
        return self.page("missing.html", status, fault=fault, base=base, heading=_HEADINGS.get(status, "Refused"))

    def health(self) -> PlainTextResponse:
        """200 when the index answers."""
        try:
            self.reader.last_good_run()
        except Unavailable as error:
            return PlainTextResponse(str(error), status_code=503)
        return PlainTextResponse("ok")


def root_of(request: Request) -> str:
    """The address of the search itself, with a slash at its end; inside Airflow (mounted) below a prefix, which `base_url` leaves out."""
    return str(request.url.replace(path=f"{request.scope.get('root_path', '')}/", query="", fragment=""))


def params_of(request: Request) -> Params:
    """The parameters of an address, as `from_params` takes them."""
    return {name: request.query_params.getlist(name) if name in FACETS.values() else value for name, value in request.query_params.items()}


def asked_of(request: Request) -> SearchRequest:
    """The search of an address. Raises QueryError."""
    return from_params(params_of(request))


def form_of(params: Params) -> Params:
    """What stands in the form: also what cannot be read."""
    return {**_EMPTY, **params}
