"""The refresh from Wikidata, on answers of the shape that the endpoint gives."""

from __future__ import annotations

import json

import pytest

from igwire.errors import UsageError
from igwire.kb.refresh import BATCH, diff, known, proposals

_E = "http://www.wikidata.org/entity/"
_KB = """# Reviewed data.
- id: org:one
  type: organisation
  name: One
  qid: Q1
  qid_source: a list
  aliases:
    fr:
    - Un
- id: org:two
  type: organisation
  name: Two
"""


def answer(*rows: dict[str, str]) -> bytes:
    cells = [{k: {"type": "uri" if v.startswith("http") else "literal", "value": v} for k, v in row.items()} for row in rows]
    return json.dumps({"head": {"vars": sorted({k for row in rows for k in row})}, "results": {"bindings": cells}}).encode()


def row(lang: str, label: str, *, asked: str = "Q1", item: str = "Q1", **more: str) -> dict[str, str]:
    return {"asked": _E + asked, "item": _E + item, "lang": lang, "label": label, **more}


def test_the_diff_adds_names_where_a_language_has_none(tmp_path):
    (tmp_path / "a.yaml").write_text(_KB)
    asked: list[str] = []

    def ask(query: str) -> bytes:
        asked.append(query)
        return answer(row("en", "One"), row("fr", "Une autre"), row("ru", "Один", alias="Единица"), row("zh-hans", "一"), row("zh-hant", "壹"))

    text = diff(ask, tmp_path)
    assert "wd:Q1" in asked[0]
    assert [line for line in text.splitlines() if line[:1] in "+-"] == [
        "--- a/src/igwire/kb/a.yaml", "+++ b/src/igwire/kb/a.yaml", "+    ru:", "+    - Один", "+    zh:", "+    - 一", "+    zh-Hant:", "+    - 壹",
    ]  # fmt: skip
    assert (tmp_path / "a.yaml").read_text() == _KB


def test_a_merged_item_gives_its_new_id(tmp_path):
    (tmp_path / "a.yaml").write_text(_KB)
    text = diff(lambda _query: answer(row("fr", "Un", item="Q9")), tmp_path)
    assert "-  qid: Q1" in text
    assert "+  qid: Q9" in text
    assert "Q1 was merged into it" in text


def test_nothing_new_is_no_diff(tmp_path):
    (tmp_path / "a.yaml").write_text(_KB)
    assert diff(lambda _query: answer(row("fr", "Un")), tmp_path) == ""


def test_ids_are_asked_in_batches():
    asked: list[str] = []
    known(lambda query: asked.append(query) or answer(), [f"Q{n}" for n in range(1, BATCH + 2)])
    assert [query.count("wd:Q") for query in asked] == [BATCH, 1]


def test_blank_ids_are_proposed_never_written():
    found = list(
        proposals(
            lambda query: (
                answer({"item": _E + "Q7", "itemLabel": "Two", "itemDescription": "a body", "site": "https://two.example"}) if '"Two \\"x\\""' in query else b""
            ),
            [("org:two", 'Two "x"')],
        )
    )
    assert [(p.entity, p.qid, p.site) for p in found] == [("org:two", "Q7", "https://two.example")]


@pytest.mark.parametrize("body", [b"", b"<html>busy</html>", b"{}", b'{"results": []}'])
def test_an_answer_that_is_none_says_so(body):
    with pytest.raises(UsageError, match="no SPARQL result"):
        known(lambda _query: body, ["Q1"])
