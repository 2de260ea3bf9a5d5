"""Every line of docs/search-recipes.md finds something in the newsroom."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from urllib.parse import quote

import pytest
from cli import Shell
from fastapi.testclient import TestClient

from igwire import schema
from igwire.web.app import create_app
from igwire.wiring import SystemClock

pytestmark = pytest.mark.integration
DOC = (Path(__file__).parents[2] / "docs/search-recipes.md").read_text(encoding="utf-8")


def lines(kind: str) -> list[str]:
    """The recipes of one kind, each the first code of its line."""
    return re.findall(rf"^\* {kind}: `([^`]+)`", DOC, re.MULTILINE)


def test_fifteen_questions_each_have_three_answers():
    questions = re.split(r"^## \d+\. ", DOC, flags=re.MULTILINE)[1:]
    assert len(questions) == 15
    for question in questions:
        for kind in ("Kibana", "Page", "Command line"):
            assert f"\n* {kind}: `" in question, question[:60]


@pytest.fixture(scope="module")
def page(indexed_newsroom):
    with TestClient(create_app(indexed_newsroom.reader, SystemClock(), viewer="owner")) as client:
        yield client


@pytest.mark.parametrize("recipe", lines("Page"))
def test_the_page_finds_something(page, recipe):
    answer = page.get(quote(recipe, safe="/?=&:*-"))
    assert answer.status_code == 200
    if recipe.startswith("/export/"):
        assert answer.text.count("\n") > 5
    elif recipe.startswith("/cite"):
        assert "The link to cite" in answer.text
    else:
        assert re.search(r'<article class="hit"|<li><a href="\.\./article/', answer.text)
        assert "some of the words" not in answer.text


@pytest.mark.parametrize("recipe", lines("Command line"))
def test_the_command_line_finds_something(indexed_newsroom, elasticsearch_url, monkeypatch, capfd, recipe):
    shell = Shell(monkeypatch, capfd, IGWIRE_ES_URL=elasticsearch_url, IGWIRE_INDEX_PREFIX=indexed_newsroom.prefix)
    program, *arguments = shlex.split(recipe)
    assert program == "igwire"
    ended = shell.run(*arguments, *([] if "--export" in arguments else ["--json"]))
    assert ended.code == 0, ended.err
    assert ended.records


@pytest.mark.parametrize("recipe", lines("Kibana"))
def test_kql_names_fields_and_finds_something(indexed_newsroom, recipe):
    for field in re.findall(r"([\w.@]+) (?::|<=?|>=?)", recipe):
        assert field in schema.descriptions()["articles"], recipe
    # KQL's own parser lives in Kibana; of what the recipes use, Lucene's syntax differs in capitals and spaces. Kibana is lenient, too.
    lucene = re.sub(r"\b(and|or|not)\b(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", lambda m: m[0].upper(), recipe)
    lucene = re.sub(r' (<=?|>=?) "([^"]+)"', r":\1\2", lucene).replace(" : ", ":")
    found = indexed_newsroom.client.search(index=f"{indexed_newsroom.prefix}-articles", query={"query_string": {"query": lucene, "lenient": True}}, size=0)
    assert found["hits"]["total"]["value"] > 0, lucene
