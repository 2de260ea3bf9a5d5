"""What people call the values of filters."""

from __future__ import annotations

import pytest

from igwire.kb import Entity
from igwire.search.called import Called

CHINA = Entity(id="place:china", type="place", name="China", country="CN", level="country", aliases={"fr": ["Chine"], "zh": ["中国"]})
ICANN = Entity(id="org:icann", type="organisation", name="ICANN", country="US", aliases={"ru": ["ИКАНН"]})
CALLED = Called([CHINA, ICANN], {"topic": {"dns": "Names & Numbers"}, "source": {"s1": "The Courier", "s2": "The courier"}})


@pytest.mark.parametrize(
    ("facet", "written", "values"),
    [
        ("country", "china", ("CN",)), ("country", "Chine", ("CN",)), ("country", "CN", ()), ("country", "ICANN", ()), ("entity", "中国", ("place:china",)),
        ("entity", "иканн", ("org:icann",)), ("language", "french", ("fr",)), ("language", "fr", ()), ("topic", "names & numbers", ("dns",)),
        ("source", " the  COURIER", ("s1", "s2")), ("kind", "civil society", ("civil_society",)), ("kind", "china", ()), ("entity", "", ()),
    ],
)  # fmt: skip
def test_names_and_titles_mean_values(facet, written, values):
    assert CALLED.values(facet, written) == values
