"""What a search means."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igwire.errors import QueryError
from igwire.search.query import SearchRequest, build, parse


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Kaspersky Wuzhen", "(Kaspersky AND Wuzhen)"), ("a OR b c", "(a OR (b AND c))"), ('"a phrase" -b', '("a phrase" AND NOT b)'),
        ("a NOT (b OR c)", "(a AND NOT (b OR c))"), ("govern*", "govern*"), ('title:"the net" source:eff', '(title:"the net" AND source:eff)'),
        ("IPv6-only", "IPv6-only"), ("а И б", "(а AND И AND б)"), ("what ?", "what"), ("互联网治理", "互联网治理"), ("and or not", "(and AND or AND not)"),
    ],
)  # fmt: skip
def test_how_queries_are_understood(text, shown):
    tree, _ = parse(text)
    assert tree is not None
    assert tree.shown() == shown


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ('say "open', 4, "quotation mark"), ("(a OR b", 0, "not closed"), ("a)", 1, "without an opening"), ("a AND", 5, "a word is missing"), ("OR a", 0, "missing"),
        ("title:(a)", 0, "nothing to look for"), ("colour:red", 0, "no field"), ("ab*", 0, "too short"), ("x" * 513, 512, "longer"), ("NOT", 3, "missing"),
    ],
)  # fmt: skip
def test_faults_are_told_with_their_position(text, position, message):
    with pytest.raises(QueryError, match=message) as caught:
        build(SearchRequest(text=text))
    assert caught.value.position == position
    assert caught.value.hint


@given(st.text(alphabet='ab ()"*:-\\/{}[]^~?&|!+ANDORT中', max_size=60))
def test_any_text_gives_a_query_or_a_fault_and_never_query_syntax(text):
    try:
        body, _ = build(SearchRequest(text=text))
    except QueryError:
        return
    assert "query_string" not in json.dumps(body)
    assert "regexp" not in json.dumps(body)


def test_three_words_are_all_required_and_more_mostly():
    body, _ = build(SearchRequest(text="one two three"))
    assert body["query"]["bool"]["must"][0]["bool"]["minimum_should_match"] == "3<75%"
    assert len(body["query"]["bool"]["must"][0]["bool"]["should"]) == 3


def test_filters_and_paging():
    request = SearchRequest(
        text="a", since=date(2015, 1, 1), until=date(2016, 1, 1), sources=("s",), languages=("en", "fr"), entities=("org:icann",), page=3, sort="newest"
    )
    body, _ = build(request)
    assert {"range": {"published_day": {"gte": "2015-01-01", "lte": "2016-01-01"}}} in body["query"]["bool"]["filter"]
    assert len(body["query"]["bool"]["filter"]) == 4
    assert (body["from"], body["sort"][0]) == (20, {"@timestamp": "desc"})
    with pytest.raises(QueryError, match="first 10000"):
        build(SearchRequest(page=2000))


def test_nothing_asked_is_everything_newest_first():
    body, shown = build(SearchRequest())
    assert shown == "everything"
    assert body["sort"][0] == {"@timestamp": "desc"}
