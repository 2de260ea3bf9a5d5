"""What a search means."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igwire import schema
from igwire.errors import QueryError
from igwire.search.grammar import FIELDS, KEYWORD_FIELDS, TEXT_FIELDS, parse, with_operators
from igwire.search.query import About, build, build_query
from igwire.search.request import SearchRequest, from_params
from igwire.search.words import content_words, function_words, twins_for

SENTENCE = 'What articles exist which deal with "time sharing" (an operating system -dash -x) and note:this, please'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Kaspersky Wuzhen", "(Kaspersky AND Wuzhen)"), ("a OR b c", "(a OR (b AND c))"), ('"a phrase" -b', '("a phrase" AND NOT b)'),
        ("a NOT (b OR c)", "(a AND NOT (b OR c))"), ("(a b) c", "(a AND b AND c)"), ("govern*", "govern*"), ("IPv6-only", "IPv6-only"),
        ('title:"the net" source:eff', '(title:"the net" AND source:eff)'), ("а И б", "(а AND И AND б)"), ("what ?", "what"), ("互联网治理", "互联网治理"),
        ("and or not", "(and AND or AND not)"), ("http://x.example/a", "http://x.example/a"), ("a) b", "(a AND b)"), ("«Рунет», .ru!", "(Рунет AND ru)"),
    ],
)  # fmt: skip
def test_how_queries_are_read(text, shown):
    tree = parse(text).tree
    assert tree is not None
    assert tree.shown() == shown


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ('say "open', 4, "quotation mark"), ("(a OR b", 0, "not closed"), ("a OR b)", 6, "without an opening"), ("a AND", 5, "a word is missing"),
        ("OR a", 0, "missing"), ("title:(a)", 0, "nothing to look for"), ("colour:red", 0, "no field"), ("ab*", 0, "too short"), ("x" * 513, 512, "longer"),
        ("NOT", 3, "missing"), ("a *bc", 2, "begin with"), ("a OR " * 100 + "a", 320, "more than"),
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
    for name in ("query_string", "regexp", "wildcard", "script"):
        assert name not in json.dumps(body)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Kaspersky and Wuzhen", "Kaspersky AND Wuzhen"), ("icann not russia", "icann NOT russia"), ('"terms and conditions" or law', '"terms and conditions" OR law'),
        ("Kaspersky Wuzhen", ""), ('"terms and conditions"', ""), ("a AND b or c", ""), ("and then", ""), ("what is to be or not to be done about it now", ""),
    ],
)  # fmt: skip
def test_operators_that_were_perhaps_meant(text, meant):
    assert with_operators(text) == meant


def matching(text: str) -> dict:
    """The clause that decides which articles match the plain words."""
    query = build_query(SearchRequest(text=text, recency=False)).query
    return query["bool"]["filter"][0]["bool"]


@pytest.mark.parametrize(("count", "required"), [(2, 2), (3, 3), (4, "3<50% 6<2"), (12, "3<50% 6<2")])
def test_up_to_three_words_are_all_required(count, required):
    found = matching(" ".join(f"word{n}" for n in range(count)))
    assert len(found["should"]) == count
    assert found["minimum_should_match"] == required


def test_what_is_understood_says_how_many_words_are_required():
    def shown(text: str) -> str:
        return build(SearchRequest(text=text))[1]

    assert shown("one two three") == "one AND two AND three"
    assert shown("alpha beta gamma delta") == "at least 2 of: alpha, beta, gamma, delta"
    assert shown("what is the alpha of beta") == "alpha AND beta"
    assert shown('alpha "beta gamma" title:delta') == 'alpha "beta gamma" title:delta'


def test_a_sentence_is_read_as_words():
    built = build_query(SearchRequest(text=SENTENCE))
    assert built.words == ("articles", "exist", "deal", "time", "sharing", "operating", "system", "dash", "x", "this", "please") or "note" in built.words
    assert built.twins == ("en",)
    # Composed, the same signs keep their meaning.
    assert build_query(SearchRequest(text='"time sharing" -x')).words == ()


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("what is the role of ICANN", "role ICANN"), ("the who", "the who"), ("die hard", "die hard"), ("rights of users", "rights of users"),
        ("WHO pandemic treaty and the internet", "WHO pandemic treaty internet"), ("Какие права есть у пользователей в сети", "права пользователей сети"),
        ("qu'est ce que la gouvernance de l internet", "qu'est gouvernance internet"),
    ],
)  # fmt: skip
def test_function_words_are_left_out_of_sentences(words, left):
    assert content_words(words.split()) == left.split()


def test_the_script_of_a_query_tells_the_twins():
    assert twins_for("интернет") == ["ru"]
    assert twins_for("互联网") == ["cjk"]
    assert set(twins_for("internet 互联网")) > {"en", "fr", "cjk"}
    assert twins_for("governance", ["what", "is", "the", "governance"]) == ["en"]
    scripts = twins_for("a а ا अ 中")
    assert set(scripts) == set(schema.twins())
    assert set(function_words()) <= set(schema.twins())


def test_every_field_that_can_be_asked_for_is_in_the_schema():
    known = set(schema.paths(schema.properties("articles")))
    assert {path for paths in (*TEXT_FIELDS.values(), *KEYWORD_FIELDS.values()) for path in paths} <= known
    assert "title" in FIELDS


def test_filters_in_and_out():
    request = SearchRequest(
        text="a", since=date(2015, 1, 1), until=date(2016, 1, 1), sources=("s", "-t"), languages=("en", "fr"), entities=("org:icann", "Q1"), countries=("-CN",)
    )
    filters = build_query(request).query["function_score"]["query"]["bool"]["filter"]
    assert {"range": {"published_day": {"gte": "2015-01-01", "lte": "2016-01-01"}}} in filters
    assert {"bool": {"should": [{"terms": {"language": ["en", "fr"]}}], "minimum_should_match": 1}} in filters
    shut_out = [f for f in filters if "must_not" in f.get("bool", {})]
    assert json.dumps(shut_out).count('"CN"') == 1
    assert '"t"' in json.dumps(shut_out)
    # One for each entity: all must be there.
    assert sum("entities.qid" in json.dumps(f) for f in filters) == 2


def test_sorting_paging_and_recency():
    body, _ = build(SearchRequest(text="a", page=3, sort="newest"))
    assert (body["from"], body["sort"][0]) == (20, {"@timestamp": "desc"})
    assert "function_score" not in body["query"]
    assert "function_score" in build(SearchRequest(text="a"))[0]["query"]
    assert "function_score" not in build(SearchRequest(text="a", recency=False))[0]["query"]
    everything, shown = build(SearchRequest())
    assert shown == "everything"
    assert everything["sort"][0] == {"@timestamp": "desc"}


@pytest.mark.parametrize(
    "wrong",
    [{"page": 2000}, {"page": 0}, {"size": 101}, {"sort": "best"}, {"text": "a\udcff"}, {"sources": ("\ud800",)}, {"topics": ("t",) * 201},
     {"since": date(2016, 1, 2), "until": date(2016, 1, 1)}],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(wrong):
    with pytest.raises(QueryError):
        SearchRequest(**wrong)


def test_a_request_survives_the_address_bar():
    request = SearchRequest(
        text='a "b" -c', since=date(2015, 1, 1), sources=("s", "-t"), sort="oldest", recency=False, collapse=False, page=2, size=50,
        changed_after=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    assert from_params(request.as_params()) == request
    assert SearchRequest().as_params() == {}
    assert from_params({"source": "s", "q": ""}) == SearchRequest(sources=("s",))
    for wrong in ({"colour": "red"}, {"from": "yesterday"}, {"page": "x"}):
        with pytest.raises(QueryError):
            from_params(wrong)


def test_the_request_is_a_pure_function_of_the_search():
    assert json.dumps(build(SearchRequest(text=SENTENCE))) == json.dumps(build(SearchRequest(text=SENTENCE)))


def test_what_the_query_names_lifts_articles_and_shuts_none_out():
    request = SearchRequest(text="Iran shutdowns")
    about = About(entities=(("place:iran",),), topics=("shutdowns",))
    plain, lifted = build_query(request).query["function_score"]["query"]["bool"], build_query(request, about).query["function_score"]["query"]["bool"]
    assert lifted["filter"] == plain["filter"]
    added = [clause for clause in lifted["should"] if clause not in plain["should"]]
    assert [next(iter(query["term"])) for clause in added for query in clause["dis_max"]["queries"]] == ["entities.id", "entities.main", "topics"]


def test_where_any_word_is_enough_a_topic_is_too():
    about = About(topics=("shutdowns",))
    ways = build_query(SearchRequest(text="Internet shutdowns", any_word=True), about).query["function_score"]["query"]["bool"]["filter"][0]["bool"]["should"]
    assert sum("topics" in json.dumps(way) for way in ways) == 1


def test_page_5000_is_refused_before_anything_is_asked():
    with pytest.raises(QueryError, match="can be paged through"):
        SearchRequest(page=5000)


def test_every_search_tells_elasticsearch_to_stop_after_three_seconds():
    body, _ = build(SearchRequest(text="abc* OR def* OR ghi*"))
    assert body["timeout"] == "3s"
