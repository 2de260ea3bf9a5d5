"""Kibana's objects: shipped ones pass the linter, and the linter sees what Kibana would refuse."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
import yaml

from igwire.search import kibana, kibana_check

ROOT = Path(__file__).parents[3]


def test_the_shipped_objects_have_no_problem():
    assert kibana_check.problems() == []
    assert set(kibana.files("dashboards")) == {"igwire-overview", "igwire-entities", "igwire-operations"}


def test_stable_apis_come_first_and_everything_is_replaced_not_doubled():
    whats = [step.what for step in kibana.steps("mine")]
    assert whats == sorted(whats, key=["data view", "default data view", "Discover session", "dashboard"].index)
    view = next(kibana.steps("mine"))
    assert view.body["override"] is True
    assert view.body["data_view"]["title"] == "mine-articles"
    assert view.body["data_view"]["fieldAttrs"]["title"]["customDescription"]
    assert view.body["data_view"]["fieldFormats"]["entities.qid"]["params"]["urlTemplate"] == "https://www.wikidata.org/wiki/{{value}}"
    assert all(step.method == "PUT" for step in kibana.steps("mine") if step.what in ("Discover session", "dashboard"))


def test_a_session_is_also_known_as_a_saved_search():
    session = next(step for step in kibana.steps("mine") if step.id == "igwire-newest")
    (line,) = session.fallback.upload
    assert line["type"] == "search"
    assert line["references"][0]["id"] == "igwire-articles"
    assert json.loads(line["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])["query"]["language"] == "kuery"
    assert line["attributes"]["timeRange"] == session.body["tabs"][0]["time_range"]


@pytest.fixture
def board():
    return copy.deepcopy(kibana.files("dashboards")["igwire-overview"])


def chart(board, title):
    return next(p for p in board["panels"] if p["config"].get("title") == title)


def found(board):
    return list(kibana_check._board_problems(board))


def test_an_unknown_field_is_named(board):
    chart(board, "Languages")["config"]["metrics"] = [{"operation": "unique_count", "field": "sauce.id"}]
    assert any("there is no field 'sauce.id'" in text for text in found(board))


def test_a_field_below_a_nested_one_cannot_be_aggregated(board):
    chart(board, "Languages")["config"]["metrics"] = [{"operation": "unique_count", "field": "entity_mentions.surface"}]
    assert any("entity_mentions.surface" in text for text in found(board))


def test_an_operation_needs_a_field_of_its_type(board):
    chart(board, "Languages")["config"]["metrics"] = [{"operation": "sum", "field": "language"}]
    assert any("sum needs" in text for text in found(board))


def test_panels_must_not_overlap_or_leave_the_grid(board):
    board["panels"][1]["grid"]["x"] = 40
    assert any("outside" in text for text in found(board))
    board["panels"][1]["grid"] |= {"x": 0, "y": 0}
    assert any("it covers panel-01" in text for text in found(board))


def test_dangling_references_are_named(board):
    board["panels"][-1]["config"]["ref_id"] = "nobody"
    chart(board, "Languages")["config"]["data_source"]["ref_id"] = "nothing"
    words = " ".join(found(board))
    assert "no session 'nobody'" in words
    assert "no data view 'nothing'" in words


def test_esql_and_legacy_charts_stay_off_the_working_path(board):
    chart(board, "Languages")["config"]["data_source"] = {"type": "esql", "query": "FROM x"}
    board["panels"][0]["type"] = "legacy_vis"
    words = " ".join(found(board))
    assert "ES|QL needs" in words
    assert "no panel of type 'legacy_vis'" in words


def test_a_board_needs_ids_a_range_and_a_control(board):
    board["panels"][2]["id"] = board["panels"][1]["id"]
    board["time_range"] = None
    words = " ".join(found(board))
    assert "not unique" in words
    assert "time range" in words


def test_aggregations_nest_from_the_axis_to_the_breakdown():
    name, index, body = next(s for s in kibana_check.searches("mine") if "over time by kind" in s[0])
    assert name.startswith("igwire-overview/")
    assert index == "mine-articles"
    outer = body["aggs"]["b"]
    assert outer["date_histogram"]["field"] == "@timestamp"
    assert outer["aggs"]["b"]["terms"]["field"] == "source.kind"


def test_kibana_yml_gives_each_setting_the_type_of_its_schema():
    settings = yaml.safe_load((ROOT / "config" / "kibana.yml").read_text(encoding="utf-8"))["uiSettings.overrides"]
    # Settings of type "json" are strings of JSON; an object would pass the schema and break the page that parses it.
    assert json.loads(settings["timepicker:timeDefaults"]) == {"from": "now-1y", "to": "now"}
    assert settings["defaultRoute"].startswith("/app/dashboards#/view/")
    assert settings["defaultRoute"].rpartition("/")[2] in kibana.files("dashboards")
    assert settings["dateFormat:tz"] == "UTC"
