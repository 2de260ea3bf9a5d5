"""Checking Kibana's objects without Kibana: a linter, and each panel's question as a plain search for Elasticsearch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from igwire import schema
from igwire.search import kibana

# The dashboard grid, and Kibana's limit of panels.
_COLUMNS = 48
_MOST_PANELS = 100
_PANELS = {"vis", "markdown", "discover_session"}
_CHARTS = {"metric", "xy", "data_table", "pie", "heatmap", "region_map", "tag_cloud"}
_NUMBERS = {"integer", "long", "short", "float", "double"}
# What a field must be for an operation; None = none is needed.
_TAKES: dict[str, set[str] | None] = {
    "count": None, "unique_count": {"keyword"} | _NUMBERS, "terms": {"keyword", "boolean"} | _NUMBERS, "date_histogram": {"date"},
    "histogram": _NUMBERS, "sum": _NUMBERS, "average": _NUMBERS, "median": _NUMBERS, "percentile": _NUMBERS, "min": _NUMBERS | {"date"},
    "max": _NUMBERS | {"date"},
}  # fmt: skip
_KQL_FIELD = re.compile(r"([@\w.]+)\s*(?::|[<>]=?)")


def problems() -> list[str]:
    """What Kibana would refuse or show empty, each as a sentence that names file and panel; empty when all is well."""
    found = [*_view_problems(), *_session_problems()]
    for board_id, board in kibana.files("dashboards").items():
        found += [f"dashboards/{board_id}.json: {text}" for text in _board_problems(board)]
    return found


def field_types(view_id: str) -> dict[str, str]:
    """Field path → type for what Kibana can use of a data view's index: nested fields and what lies below them is left out."""
    found: dict[str, str] = {}

    def walk(fields: dict[str, Any], before: str) -> None:
        for name, field in fields.items():
            path = before + name
            if field.get("type") == "nested":
                continue
            if "type" in field:
                found[path] = field["type"] if field.get("doc_values", True) else "unusable"
            for inner in ("properties", "fields"):
                walk(field.get(inner, {}), f"{path}.")

    walk(schema.properties(kibana.files("data-views")[view_id]["kind"]), "")
    return found


def _view_problems() -> Iterator[str]:
    for view_id, view in kibana.files("data-views").items():
        types = field_types(view_id)
        if types.get(view["time_field"]) != "date":
            yield f"data-views/{view_id}.json: the time field {view['time_field']!r} is no date"
        yield from (f"data-views/{view_id}.json: there is no field {name!r} to link" for name in view["links"] if name not in types)


def _session_problems() -> Iterator[str]:
    for session_id, session in kibana.files("sessions").items():
        if session["data_view"] not in kibana.files("data-views"):
            yield f"sessions/{session_id}.json: there is no data view {session['data_view']!r}"
            continue
        types = field_types(session["data_view"])
        used = [*session["columns"], session["sort"][0], session["breakdown"], *_KQL_FIELD.findall(re.sub(r'"[^"]*"', '""', session["query"]))]
        yield from (f"sessions/{session_id}.json: there is no field {name!r}" for name in used if name not in types)
        if types.get(session["breakdown"]) != "keyword":
            yield f"sessions/{session_id}.json: the chart cannot be split by {session['breakdown']!r}"


def _board_problems(board: dict[str, Any]) -> Iterator[str]:
    listed = list(kibana.panels(board))
    if not board.get("time_range") or not board.get("pinned_panels"):
        yield "it needs a time range of its own and at least one control"
    if len(listed) > _MOST_PANELS:
        yield f"{len(listed)} panels, Kibana takes {_MOST_PANELS}"
    if len({panel["id"] for panel in listed}) < len(listed):
        yield "the ids of its panels are not unique"
    yield from _grid_problems(listed)
    for control in board.get("pinned_panels", []):
        yield from _field_problems("control", control["config"]["data_view_id"], "terms", [control["config"]["field_name"]])
    for panel in listed:
        yield from (f"{panel['id']}: {text}" for text in _panel_problems(panel))


def _grid_problems(panels: list[dict[str, Any]]) -> Iterator[str]:
    taken: dict[tuple[int, int], str] = {}
    for panel in panels:
        grid = panel["grid"]
        if grid["w"] < 1 or grid["h"] < 1 or grid["x"] < 0 or grid["x"] + grid["w"] > _COLUMNS:
            yield f"{panel['id']}: it lies outside of the {_COLUMNS} columns"
        for cell in ((x, y) for x in range(grid["x"], grid["x"] + grid["w"]) for y in range(grid["y"], grid["y"] + grid["h"])):
            if taken.setdefault(cell, panel["id"]) != panel["id"]:
                yield f"{panel['id']}: it covers {taken[cell]}"
                break


def _panel_problems(panel: dict[str, Any]) -> Iterator[str]:
    config = panel["config"]
    if panel["type"] not in _PANELS:
        yield f"the API takes no panel of type {panel['type']!r}"
    elif panel["type"] == "discover_session":
        if config["ref_id"] not in kibana.files("sessions"):
            yield f"there is no session {config['ref_id']!r}"
    elif panel["type"] == "vis":
        yield from _chart_problems(config)


def _chart_problems(config: dict[str, Any]) -> Iterator[str]:
    if config["type"] not in _CHARTS:
        yield f"there is no chart of type {config['type']!r}"
        return
    if not config.get("title") or not config.get("description"):
        yield "it needs a title and a description"
    for layer in kibana.layers(config):
        source = layer["data_source"]
        if source["type"] == "esql":
            yield "ES|QL needs the full distribution; a data view does not"
            continue
        for operation in [step for steps in kibana.operations(layer) for step in steps]:
            yield from _field_problems(config["title"], source["ref_id"], operation["operation"], _fields(operation))


def _fields(operation: dict[str, Any]) -> list[str]:
    return list(operation.get("fields", [operation["field"]] if "field" in operation else []))


def _field_problems(where: str, view_id: str, operation: str, fields: list[str]) -> Iterator[str]:
    if view_id not in kibana.files("data-views"):
        yield f"{where}: there is no data view {view_id!r}"
        return
    if operation not in _TAKES:
        yield f"{where}: there is no operation {operation!r}"
        return
    wanted, types = _TAKES[operation], field_types(view_id)
    for name in fields:
        if name not in types:
            yield f"{where}: there is no field {name!r} that Kibana could use"
        elif wanted is not None and types[name] not in wanted:
            yield f"{where}: {operation} needs {'/'.join(sorted(wanted))}, and {name!r} is {types[name]}"


def searches(prefix: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(name, index, search body) for every chart of every dashboard: the aggregation that Kibana would send, without its time range."""
    for board_id, board in kibana.files("dashboards").items():
        for panel in kibana.panels(board):
            if panel["type"] != "vis":
                continue
            for layer in kibana.layers(panel["config"]):
                kind = kibana.files("data-views")[layer["data_source"]["ref_id"]]["kind"]
                body = {"size": 0, "track_total_hits": True, "aggs": _aggregation(*kibana.operations(layer))}
                yield f"{board_id}/{panel['id']} {panel['config']['title']}", f"{prefix}-{kind}", body


def _aggregation(buckets: list[dict[str, Any]], metrics: list[dict[str, Any]]) -> dict[str, Any]:
    inner = {f"m{number}": _METRICS[m["operation"]](m) for number, m in enumerate(metrics) if m["operation"] != "count"}
    for operation in reversed(buckets):
        outer = _BUCKETS[operation["operation"]](operation)
        inner = {"b": {**outer, **({"aggs": inner} if inner else {})}}
    return inner


_BUCKETS: dict[str, Any] = {
    "terms": lambda op: {"terms": {"field": op["fields"][0], "size": op["limit"]}},
    "date_histogram": lambda op: {"date_histogram": {"field": op["field"], "calendar_interval": "month", "min_doc_count": 1}},
    "histogram": lambda op: {"histogram": {"field": op["field"], "interval": 100, "min_doc_count": 1}},
}
_METRICS: dict[str, Any] = {
    "unique_count": lambda op: {"cardinality": {"field": op["field"]}},
    "sum": lambda op: {"sum": {"field": op["field"]}},
    "average": lambda op: {"avg": {"field": op["field"]}},
    "min": lambda op: {"min": {"field": op["field"]}},
    "max": lambda op: {"max": {"field": op["field"]}},
    "median": lambda op: {"percentiles": {"field": op["field"], "percents": [50]}},
    "percentile": lambda op: {"percentiles": {"field": op["field"], "percents": [op["percentile"]]}},
}
