"""What Kibana is given: data views, Discover sessions and dashboards as JSON files beside this module, and the requests that bring them in.

data views ─▶ default view ─▶ Discover sessions ─▶ dashboards        each step by itself: one that is refused blocks no other

Shapes: https://www.elastic.co/docs/api/doc/kibana (data views, discover sessions, dashboards) as of 9.5.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from igwire import schema

HERE = Path(__file__).parent / "kibana"
DEFAULT_VIEW = "igwire-articles"
# Times, counts and ids that people read need no format; these do.
_LABELS = {"@timestamp": "time", "published_day": "day (publisher's)", "source.title": "source", "source.kind": "kind of source"}
# Oldest shape of a saved search that every 9.x reads and migrates; see `_saved_search`.
_SEARCH_VERSIONS = {"coreMigrationVersion": "8.8.0", "typeMigrationVersion": "8.0.0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request to Kibana. `body` is JSON; `fallback` is a step that does the same for a Kibana without this API, or with another shape of it."""

    what: str
    id: str
    method: str
    path: str
    body: dict[str, Any] | None = None
    # Lines of NDJSON for a multipart upload, instead of a body.
    upload: tuple[dict[str, Any], ...] = ()
    fallback: Step | None = None


@lru_cache(maxsize=8)
def files(folder: str) -> dict[str, dict[str, Any]]:
    """The JSON files of one folder (data-views, sessions, dashboards) by id, which is the file's name."""
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted((HERE / folder).glob("*.json"))}


def steps(prefix: str) -> Iterator[Step]:
    """All requests in the order to send them; `prefix` is the one of the indices."""
    for view_id, view in files("data-views").items():
        yield Step(what="data view", id=view_id, method="POST", path="/api/data_views/data_view", body=_data_view(view_id, view, prefix))
    yield Step(what="default data view", id=DEFAULT_VIEW, method="POST", path="/api/data_views/default", body={"data_view_id": DEFAULT_VIEW, "force": True})
    for session_id, session in files("sessions").items():
        old = Step(
            what="Discover session", id=session_id, method="POST", path="/api/saved_objects/_import?overwrite=true",
            upload=(_saved_search(session_id, session),),
        )  # fmt: skip
        yield Step(what="Discover session", id=session_id, method="PUT", path=f"/api/discover_sessions/{session_id}", body=_session(session), fallback=old)
    for board_id, board in files("dashboards").items():
        yield Step(what="dashboard", id=board_id, method="PUT", path=f"/api/dashboards/{board_id}", body=board)


def _data_view(view_id: str, view: dict[str, Any], prefix: str) -> dict[str, Any]:
    described = schema.descriptions()[view["kind"]]
    attributes = {name: {"customDescription": text, **({"customLabel": _LABELS[name]} if name in _LABELS else {})} for name, text in described.items()}
    formats = {
        name: {"id": "url", "params": {"type": "a", "urlTemplate": template, "labelTemplate": "{{value}}", "openLinkInCurrentTab": False}}
        for name, template in view["links"].items()
    }
    fields = {
        "id": view_id, "title": f"{prefix}-{view['kind']}", "name": view["name"], "timeFieldName": view["time_field"], "allowNoIndex": True,
        "sourceFilters": [{"value": pattern} for pattern in view["hidden"]], "fieldFormats": formats, "fieldAttrs": attributes,
    }  # fmt: skip
    return {"data_view": fields, "override": True}


def _session(session: dict[str, Any]) -> dict[str, Any]:
    field, direction = session["sort"]
    tab = {
        "id": "main", "label": session["title"], "data_source": {"type": "data_view_reference", "ref_id": session["data_view"]},
        "query": {"language": "kql", "expression": session["query"]}, "column_order": session["columns"],
        "sort": [{"name": field, "direction": direction}], "time_range": session["time_range"], "breakdown_field": session["breakdown"],
    }  # fmt: skip
    return {"title": session["title"], "description": session["description"], "tabs": [tab]}


def _saved_search(session_id: str, session: dict[str, Any]) -> dict[str, Any]:
    """The same as a saved object, for a Kibana whose Discover sessions have no API yet (it is a preview from 9.6 on)."""
    source = {
        "query": {"query": session["query"], "language": "kuery"}, "filter": [],
        "indexRefName": "kibanaSavedObjectMeta.searchSourceJSON.index",
    }  # fmt: skip
    attributes = {
        "title": session["title"], "description": session["description"], "columns": session["columns"], "sort": [session["sort"]], "grid": {},
        "hideChart": False, "isTextBasedQuery": False, "timeRestore": True, "timeRange": session["time_range"], "breakdownField": session["breakdown"],
        "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps(source)},
    }  # fmt: skip
    reference = {"name": "kibanaSavedObjectMeta.searchSourceJSON.index", "type": "index-pattern", "id": session["data_view"]}
    return {"type": "search", "id": session_id, "attributes": attributes, "references": [reference], **_SEARCH_VERSIONS}


def panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A dashboard's panels, those inside sections too."""
    for panel in board["panels"]:
        yield from panel.get("panels", [panel])


def layers(config: dict[str, Any]) -> list[dict[str, Any]]:
    """The parts of a chart that each have a data source: the layers of an `xy`, else the chart itself."""
    return list(config["layers"]) if config["type"] == "xy" else [config]


def operations(layer: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(buckets, metrics) of a chart or layer, outermost bucket first."""
    buckets: list[dict[str, Any]] = []
    for place in ("x", "region", "tag_by", "breakdown_by", "rows", "group_by"):
        if place in layer:
            buckets += layer[place] if isinstance(layer[place], list) else [layer[place]]
    y = layer.get("y")
    if isinstance(y, dict):
        buckets.append(y)
    metrics = [*(y if isinstance(y, list) else []), *layer.get("metrics", []), *([layer["metric"]] if "metric" in layer else [])]
    return buckets, metrics
