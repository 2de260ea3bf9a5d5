"""Every search as a file, streamed: the order holds while it is read, and memory holds one bulk of documents."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from fastapi import Request
from fastapi.responses import Response, StreamingResponse

from igwire.errors import QueryError, Unavailable
from igwire.search.formats import FORMATS, About, written
from igwire.search.query import build_query
from igwire.search.request import SearchRequest
from igwire.search.rights import visible
from igwire.web.links import query_of
from igwire.web.shelf import Shelf, asked_of, root_of


class Files:
    """The route of exports."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def export(self, kind: str, request: Request) -> Response:
        """All articles that a search finds, copies included; the parameters are those of the page."""
        if kind not in FORMATS:
            return self._shelf.missing(f"There is no such file; there are {', '.join(FORMATS)}.", "..")
        try:
            asked = asked_of(request)
            documents = self._begun(asked)
        except (QueryError, Unavailable) as error:
            return self._shelf.fault(error, "..")
        found, now = FORMATS[kind], self._shelf.clock.now()
        about = About(
            title=f"igwire: {build_query(asked).interpreted}", address=str(request.url), page=root_of(request) + query_of(asked), at=now,
        )  # fmt: skip
        shown = (visible(document, self._shelf.viewer) for document in documents)
        name = f"igwire-{now:%Y-%m-%d}.{found.extension}"
        where = "inline" if kind in ("atom", "feed") else "attachment"
        return StreamingResponse(written(kind, shown, about), media_type=found.media_type, headers={"Content-Disposition": f'{where}; filename="{name}"'})

    def _begun(self, asked: SearchRequest) -> Iterator[dict[str, Any]]:
        """The documents, of which the first is read already, so that a fault shows before anything is sent."""
        documents = self._shelf.reader.export(asked)
        return chain([first] if (first := next(documents, None)) else [], documents)
