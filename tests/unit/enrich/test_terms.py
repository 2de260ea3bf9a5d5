from __future__ import annotations

import math

import pytest

from igwire.enrich.fold import fold
from igwire.enrich.match import Matcher
from igwire.enrich.terms import TermRules, Terms, repeated
from igwire.kb import KnowledgeBase
from igwire.kb.topics.loader import Rule

RULES = TermRules([
    Rule("dns", (("resolver",), ("abuse", "attack*")), 1.0),
    Rule("dns", (("resolver",),), 0.5),
    Rule("law", (("DSA",),), 1.0),
    Rule("names", (("registry",), ("seizure",)), 1.0),
    Rule("names", (("registrar",),), 0.5),
])  # fmt: skip


MATCHER = Matcher(KnowledgeBase({}, ""), terms=RULES.terms)


def _terms(text):
    folded = fold(text)
    return Terms(RULES, text, folded, MATCHER.scan(text, folded).matches)


def _places(text, topic, **bounds):
    return [(weight, text[start:end]) for weight, places in _terms(text).holding(topic, 20, **bounds) for start, end in places]


def test_parts_hold_only_near_each_other():
    assert _places("Attacks on a resolver.", "dns") == [(1.0, "Attacks on a resolver"), (0.5, "resolver")]
    assert _places(f"Attacks.{' and so on' * 9} A resolver.", "dns") == [(0.5, "resolver")]


@pytest.mark.parametrize("text", ["a resolver", "resolver resolver attacks", "DSA dsa DSA", "attacks", "A resolver, an attack, a resolver, abuse"])
def test_no_topic_weighs_more_than_it_is_said_to(text):
    terms = _terms(text)
    for topic in ("dns", "law"):
        anchors = {start: weight for weight, places in terms.holding(topic, math.inf) for start, _ in places}
        assert max(anchors.values(), default=0.0) <= terms.most.get(topic, 0.0)


def test_what_cannot_be_reached_is_looked_up_no_further():
    text = f"A registry.{' and so on' * 9} A seizure, a registrar."
    assert _places(text, "names") == [(0.5, "registrar")]
    assert _places(text, "names", most=1.5, least=0.5) == [(0.5, "registrar")]
    assert _places(text, "names", most=1.5, least=1.0) == []


def test_repetition_adds_less_and_less():
    assert [repeated(n) for n in (1, 2, 5, 9)] == [1.0, 1.5, 3.0, 3.0]
