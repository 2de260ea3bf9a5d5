"""The knowledge base and its faults."""

from __future__ import annotations

import pytest

from igwire.errors import CatalogueError
from igwire.kb import load


def test_it_is_whole_and_every_qid_has_a_source():
    kb = load()
    assert sum(e.type != "place" for e in kb.by_id.values()) >= 379
    assert sum(e.qid is not None for e in kb.by_id.values()) == 351
    assert all(e.qid_source for e in kb.by_id.values() if e.qid)
    assert all(e.country for e in kb.by_id.values() if e.level == "country")
    assert kb.search("icann")[0].id == "org:icann"


def test_nobody_unidentifiable_is_in_it():
    names = {name for entity in load().by_id.values() for name in entity.names()}
    assert not names & {"He Qisong", "Ms Kam", "Kam"}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("- {id: 'org:a', type: organisation}", 1, "'name' is missing"), ("- {id: a, type: organisation, name: A}", 1, "looks like"),
        ("- {id: 'org:a', type: thing, name: A}", 1, "is not one of"), ("- {id: 'org:a', type: organisation, name: A, qid: Q1}", 1, "qid_source"),
        ("- {id: 'org:a', type: organisation, name: A}\n- {id: 'org:a', type: organisation, name: B}", 2, "twice"),
        ("- {id: 'org:a', type: organisation, name: A, colour: red}", 1, "unknown field"), ("- [", 1, "YAML"), ("a: b", 1, "list"),
        ("- {id: 'org:a', type: organisation, name: A, context: ['org:b']}", None, "no entity"),
        ("- {id: 'place:a', type: place, name: A, country: Chinaland}", 1, "two capital letters"),
    ],
)  # fmt: skip
def test_faults_are_named_by_file_and_line(tmp_path, text, line, message):
    (tmp_path / "mine.yaml").write_text(text + "\n")
    with pytest.raises(CatalogueError, match=message) as caught:
        load(tmp_path)
    assert caught.value.line in (line, line and line + 1)
