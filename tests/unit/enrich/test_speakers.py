from __future__ import annotations

import re

import pytest

from igwire.enrich.fold import fold
from igwire.enrich.match import Matcher
from igwire.enrich.speakers import Clause, WordKinds, Words, any_of
from igwire.kb import KnowledgeBase


@pytest.mark.parametrize(
    ("words", "text", "matched"),
    [
        (["chief", "chief executive", "chair"], "chief executive", "chief executive"),
        (["chief", "chief executive", "chair"], "chief exec", "chief"),
        (["chief", "chief executive", "chair"], "chai", None),
        (["глав*", "главврач"], "главой", "главой"),
        (["chief executive"], "chief\nexecutive", "chief\nexecutive"),
        (["d'", "d"], "d'Or", "d'"),
    ],
)
def test_any_of_matches_the_longest_word(words, text, matched):
    found = re.match(any_of(words), text)
    assert (found and found[0]) == matched


def test_no_words_make_no_pattern():
    assert any_of([]) == ""


def test_leading_words_begin_a_match_only_before_another_word():
    office = Words(["director", "vice_president"], r"(?:(?:former|senior) ){0,2}(?:director|vice president)", leading=["former", "senior"])

    def found(text):
        return [match[0] for match in office.at(text, [word.start() for word in re.finditer(r"\w+", text)], len(text))]

    assert found("a former senior director, a former spy, the Vice President") == ["former senior director", "Vice President"]


def test_a_clause_is_asked_for_several_kinds():
    verb, work = Words(["said", "说"]), Words(["the_book"])
    clause = Clause("she said 她说 the book", WordKinds([verb, work]))
    assert [match[0] for match in clause.all(verb)] == ["said", "说"]
    assert clause.any(work)
    assert not Clause("she went", WordKinds([verb, work])).any(verb)


def test_the_matcher_finds_first_words_where_they_begin():
    matcher = Matcher(KnowledgeBase({}, ""), firsts=["president", "глав*", "émérite"])
    text = "Présidents, the President; vice-president, главой, emerite"
    assert [text[at:].split()[0] for at in matcher.scan(text, fold(text)).words] == ["President;", "president,", "главой,", "emerite"]
