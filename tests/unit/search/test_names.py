"""Entities that a query names."""

from __future__ import annotations

import pytest

from igwire.kb import Entity
from igwire.search.names import Names

ENTITIES = [
    Entity(id="place:kazakhstan", type="place", name="Kazakhstan", aliases={"es": ["Kazajist\u00e1n"], "zh": ["\u54c8\u8428\u514b\u65af\u5766"]}),
    Entity(id="org:un", type="organisation", name="United Nations", aliases={}, acronyms=["UN"]),
    Entity(id="org:unga", type="organisation", name="United Nations General Assembly", aliases={}),
    Entity(id="org:meta", type="company", name="Meta Platforms", aliases={}, with_context=["meta"]),
    Entity(id="place:georgia", type="place", name="Georgia", aliases={}),
    Entity(id="place:georgia-us", type="place", name="Georgia (US)", aliases={"en": ["Georgia"]}),
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("kazajistan apag\u00f3n", [("place:kazakhstan",)]), ("\u54c8\u8428\u514b\u65af\u5766\u65ad\u7f51", [("place:kazakhstan",)]),
        ("the united nations general assembly votes", [("org:unga",)]), ("UN in Kazakhstan", [("org:un",), ("place:kazakhstan",)]),
        ("united front", []), ("meta analysis", []), ("georgia", [("place:georgia", "place:georgia-us")]), ("", []), ("\u54c8", []),
    ],
)  # fmt: skip
def test_whole_names_are_found_the_longest_first(text, found):
    assert Names(ENTITIES).in_query(text) == found
