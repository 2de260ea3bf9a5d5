"""The route that monitoring scrapes."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI
from fastapi.responses import Response

# Gives the text and its content type.
Measure = Callable[[], tuple[bytes, str]]


def serve_metrics(app: FastAPI, measure: Measure) -> None:
    """Answer /metrics with what `measure` gives. The page's own guard holds for it as for every route."""

    def metrics() -> Response:
        text, kind = measure()
        return Response(text, media_type=kind)

    app.get("/metrics", response_class=Response)(metrics)
