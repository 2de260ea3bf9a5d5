"""Searching on a real Elasticsearch: what a query finds, what it shuts out, and what is shown beside the hits."""

from __future__ import annotations

import contextlib
import json
import uuid
from datetime import date
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from igwire import schema
from igwire.errors import QueryError
from igwire.index import entities, migrate
from igwire.index.writer import BulkWriter
from igwire.kb import load
from igwire.model import WriteAction
from igwire.newsroom.articles import stories
from igwire.pipeline import evaluate
from igwire.search.reader import Reader
from igwire.search.relevance import ndcg
from igwire.search.request import SearchRequest
from igwire.wiring import SystemClock

pytestmark = pytest.mark.integration
JUDGED = Path(__file__).parents[1] / "quality" / "data" / "relevance.jsonl"
# Measured 0.90, the aim is 0.85; every change of builder, template or knowledge base must keep it.
FLOOR = 0.87
# Of queries by what they were written from; those from topics and subjects were written without the articles at hand.
FLOORS = {"topic": 0.83, "subject": 0.88, "article": 0.9}
ICANN = "Internet Corporation for Assigned Names and Numbers"
# Invented, each with a place in a test below.
SMALL = [
    {"id": "long", "title": "Registries meet", "body": "The corporation for assigned names met.", "language": "en", "kind": "news", "day": "2015-12-16"},
    {"id": "short", "title": "ICANN elects", "body": "ICANN elected its board.", "language": "en", "kind": "registry", "day": "2016-01-02"},
    {"id": "french", "title": "Les élections au conseil", "body": "Le conseil a tenu ses élections.", "language": "fr", "kind": "news", "day": "2026-01-02"},
    {"id": "alias", "title": "Los Angeles", "body": "The organisation moved.", "language": "en", "kind": "news", "day": "2026-02-02"},
    {"id": "copy", "title": "ICANN elects", "body": "ICANN elected its board.", "language": "en", "kind": "news", "day": "2016-01-03"},
]


@pytest.fixture(scope="module")
def client(elasticsearch_url):
    made = Elasticsearch(elasticsearch_url)
    yield made
    made.close()


@pytest.fixture(scope="module")
def kb():
    return load()


@pytest.fixture(scope="module")
def small(client, kb, elasticsearch_url):
    """A reader of five invented articles."""
    prefix = f"test-{uuid.uuid4().hex[:12]}"
    migrate.drop(client, prefix)
    migrate.apply(client, prefix)
    names = list(kb.by_id["org:icann"].names())
    for row in SMALL:
        text = {"title": row["title"], "summary": None, "body": row["body"]}
        linked = {"entities": {"id": ["org:icann"], "all": ["ICANN"]}, "aliases": names} if row["id"] in ("alias", "short", "copy") else {}
        cluster = (
            {"id": "short", "role": "copy", "of": "short"} if row["id"] == "copy" else {"id": row["id"], "role": "first" if row["id"] == "short" else "single"}
        )
        body = {
            **{k: v for k, v in text.items() if v}, "stemmed": {row["language"]: {k: v for k, v in text.items() if v}}, "doc_id": row["id"], "url": "http://a.example/",
            "language": row["language"], "source": {"id": f"s-{row['id']}", "kind": row["kind"], "title": "S"}, "published_day": row["day"], "@timestamp": row["day"],
            "published_at": row["day"], "countries": ["US"] if row["id"] == "alias" else ["FR"], "cluster": cluster, "topics": ["names"] if "ICANN" in row["title"] else [],
            **linked,
        }  # fmt: skip
        assert next(iter(BulkWriter(client, prefix, SystemClock()).write([WriteAction(doc_id=row["id"], version=1, body=body)]))).outcome == "acked"
    client.indices.refresh(index=f"{prefix}-*")
    entities.refresh(client, prefix, kb)
    yield Reader(client, prefix, lambda: kb, titles=lambda: {"topic": {"names": "Names and Numbers"}, "source": {"s-long": "The Registrar"}})
    migrate.drop(client, prefix)


def ids(reader: Reader, text: str = "", **more) -> list[str]:
    """Found ids; the copy stands for its original, since which of the two is shown is the ranking's affair."""
    return [hit.document["cluster"]["id"] for hit in reader.search(SearchRequest(text=text, **more)).hits]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("registry", {"long"}), ("élection", {"french"}), ("elections", {"french", "short"}), ("conseil elections", {"french"}), ('"elected its board"', {"short"}),
        ('"board elected"', set()), ("elected OR moved", {"short", "alias"}), ("ICANN NOT board", {"alias"}), ("ICANN -board", {"alias"}), ("regist*", {"long"}),
        ("title:icann", {"short"}), ("title:moved", set()), ("kind:registry", {"short"}), ("topic:names", {"short"}), ("country:US", {"alias"}),
        ("language:fr", {"french"}), ("(elected OR moved) AND organisation", {"alias"}), ("entity:ICANN", {"short", "alias"}), ("registries meet tomorrow", set()),
        ("the registries that meet for names", {"long"}), ('country:"United States"', {"alias"}), ("language:français", set()), ("language:french", {"french"}),
        ('topic:"names and numbers"', {"short"}), ('source:"the registrar"', {"long"}), ("entity:ИКАНН", {"short", "alias"}), ("moved NOT country:usa", set()),
    ],
)  # fmt: skip
def test_what_a_query_finds(small, text, found):
    assert set(ids(small, text)) == found


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"languages": ("fr",)}, {"french"}), ({"languages": ("-en",)}, {"french"}), ({"kinds": ("registry",)}, {"short"}), ({"sources": ("-s-long", "-s-short")}, {"french", "alias", "short"}),
        ({"countries": ("US",)}, {"alias"}), ({"entities": ("org:icann",)}, {"short", "alias"}), ({"entities": ("-ICANN",)}, {"long", "french"}),
        ({"languages": ("French",)}, {"french"}), ({"countries": ("-États-Unis",)}, {"long", "short", "french"}), ({"entities": ("icann",)}, {"short", "alias"}),
        ({"topics": ("Names and Numbers",)}, {"short"}), ({"topics": ("names",)}, {"short"}), ({"since": date(2016, 1, 2), "until": date(2016, 1, 2)}, {"short"}), ({"since": date(2026, 1, 1)}, {"french", "alias"}),
    ],
)  # fmt: skip
def test_filters_in_and_out(small, filters, found):
    assert set(ids(small, **filters)) == found


def test_beside_a_chosen_value_stands_what_the_others_would_bring(small):
    facets = small.search(SearchRequest(languages=("fr",))).facets
    assert facets["languages"] == {"en": 4, "fr": 1}
    assert facets["kinds"] == {"news": 1}
    # What is shut out stays out; and of what must all be there only the articles found are counted.
    assert small.search(SearchRequest(languages=("fr", "-en"))).facets["languages"] == {"fr": 1}
    assert set(small.search(SearchRequest(topics=("names",))).facets["topics"]) == {"names"}


def test_a_name_in_any_language_finds_the_entity_and_says_so(small):
    hits = {hit.doc_id: hit for hit in small.search(SearchRequest(text=ICANN, any_word=False)).hits}
    assert hits["alias"].matched_as == "ICANN"
    assert hits["long"].matched_as == ""
    chinese = small.search(SearchRequest(text="互联网名称与数字地址分配机构")).hits
    assert {hit.document["cluster"]["id"] for hit in chinese} == {"short", "alias"}
    assert {hit.matched_as for hit in chinese} == {"ICANN"}


def test_copies_are_one_hit_and_counted(small):
    found = small.search(SearchRequest(text="elected"))
    assert [(hit.doc_id, hit.copies) for hit in found.hits if hit.doc_id in ("short", "copy")] in ([("short", 1)], [("copy", 1)])
    assert (found.total, found.stories) == (2, 1)
    assert ids(small, "elected", collapse=False) == ["short", "short"]
    assert [hit.doc_id for hit in small.copies_of(small.get("short"))] == ["copy"]


def test_sorting_and_recency(small):
    assert ids(small, sort="oldest") == ["long", "short", "french", "alias"]
    assert ids(small, sort="newest")[0] == "alias"
    plain, fresh = (small.search(SearchRequest(text="conseil", recency=recency)).hits[0].score for recency in (False, True))
    assert 0.8 * plain < fresh < plain


def test_snippets_are_escaped_and_marked_in_every_field(small):
    (hit,) = small.search(SearchRequest(text="registry names")).hits
    assert hit.snippets["title"] == ["<mark>Registries</mark> meet"]
    assert "<mark>names</mark>" in hit.snippets["body"][0]
    (phrase,) = small.search(SearchRequest(text='"organisation moved"')).hits
    assert "<mark>organisation moved</mark>" in phrase.snippets["body"][0]


def test_an_export_holds_everything_in_one_order(small):
    for sort, first in (("oldest", "long"), ("newest", "alias")):
        rows = [row["doc_id"] for row in small.export(SearchRequest(sort=sort))]
        assert sorted(rows) == sorted(row["id"] for row in SMALL)
        assert rows[0] == first
    assert [row["doc_id"] for row in small.export(SearchRequest(text="organisation"))] == ["alias"]


def test_an_export_goes_beyond_the_window_of_a_page(client, small, monkeypatch):
    monkeypatch.setattr("igwire.search.reader._EXPORT_CHUNK", 2)
    assert len({row["doc_id"] for row in small.export(SearchRequest(sort="newest"))}) == len(SMALL)


def test_volume_is_given_beside_all_coverage(small):
    spans = {span.start: span for span in small.volume(SearchRequest(text="elected"), interval="year")}
    assert (spans["2016-01-01"].found, spans["2016-01-01"].covered, spans["2016-01-01"].share) == (2, 2, 1.0)
    assert (spans["2026-01-01"].found, spans["2026-01-01"].covered) == (0, 2)
    # What was asked for is shown, also where nothing was published.
    years = [span.start[:4] for span in small.volume(SearchRequest(since=date(2013, 1, 1), until=date(2017, 12, 31)), interval="year")]
    assert years == ["2013", "2014", "2015", "2016", "2017"]
    with pytest.raises(QueryError, match="no interval"):
        small.volume(SearchRequest(), interval="fortnight")


def test_a_misspelt_entity_is_offered(small):
    assert ("Kaspersky Lab", "org:kaspersky-lab") in small.suggest("Kaspersky") or any("Kaspersky" in name for name, _ in small.suggest("Kaspersky"))
    assert any("Kaspersky" in name for name, _ in small.search(SearchRequest(text="Kasparsky")).suggestions)
    assert small.suggest("Qqqqqqqq") == []
    # Among other words only those that stand in no article are taken for misspelt names.
    assert [name for name, _ in small.suggest("registries of Kasparsky")] == ["Kaspersky Lab"]
    assert small.suggest("registries elected names") == []


@pytest.mark.parametrize(
    "text",
    ["*:*", "/.*a{1000}/", "a" * 511, "<script>alert(1)</script>", "\\", "((((a))))", "-a", "a* OR", "_exists_:x", "中" * 500, "title:(", "a " * 5000, "a OR " * 60, "\x00", "‮"],
)  # fmt: skip
def test_hostile_searches_answer_or_explain(small, text):
    with contextlib.suppress(QueryError):
        assert small.search(SearchRequest(text=text)).total >= 0


@pytest.fixture(scope="module")
def newsroom_index(client, tagger):
    """The newsroom's articles, tagged."""
    prefix = f"test-{uuid.uuid4().hex[:12]}"
    migrate.drop(client, prefix)
    migrate.apply(client, prefix)
    rows = [{"id": story.slug, "title": story.title, "text": story.text} for story in stories()]
    evaluate.fill(BulkWriter(client, prefix, SystemClock()), rows, tagger)
    client.indices.refresh(index=f"{prefix}-*")
    yield prefix
    migrate.drop(client, prefix)


def test_similar_and_unusual(client, newsroom_index, kb):
    reader = Reader(client, newsroom_index)
    assert any("huawei" in hit.doc_id for hit in reader.similar("huawei-entity-list", 3))
    assert reader.similar("nobody") == []
    found = reader.unusual(SearchRequest(text="Huawei"))
    assert "Huawei" in [entity.name for entity in found][:5]
    assert all(entity.found <= entity.overall for entity in found)
    # What was asked for is nothing unusual.
    for asked in (SearchRequest(text="Huawei"), SearchRequest(entities=("company:huawei",))):
        names = [entity.name for entity in Reader(client, newsroom_index, lambda: kb).unusual(asked)]
        assert names
        assert "Huawei" not in names


def test_fifty_more_names_of_a_country_move_no_ranking(client, newsroom_index, kb, tagger):
    rows = [json.loads(line) for line in JUDGED.read_text(encoding="utf-8").splitlines()]
    before = mean_ndcg(Reader(client, newsroom_index, lambda: kb, tagger.topics_named), rows)
    china = client.search(index=f"{newsroom_index}-articles", query={"term": {"entities.id": "place:china"}}, size=100)["hits"]["hits"]
    assert china
    more = [
        f"{word} {kind}"
        for word in ("Middle", "Central", "Flowery", "Celestial", "Great")
        for kind in ("Kingdom", "Realm", "State", "Republic", "Land", "Empire", "Union", "Country", "Nation", "Power")
    ]
    writer = BulkWriter(client, newsroom_index, SystemClock())
    actions = [
        WriteAction(doc_id=hit["_id"], version=2, body={**hit["_source"], "stemmed": twins(hit["_source"]), "aliases": [*hit["_source"]["aliases"], *more]})
        for hit in china
    ]
    assert {result.outcome for result in writer.write(actions)} == {"acked"}
    client.indices.refresh(index=f"{newsroom_index}-articles")
    after = mean_ndcg(Reader(client, newsroom_index, lambda: kb, tagger.topics_named), rows)
    assert abs(after - before) <= 0.005


def twins(source: dict) -> dict:
    twin = schema.twin_of(source["language"])
    return {twin: {name: source[name] for name in ("title", "summary", "body") if name in source}} if twin else {}


def mean_ndcg(reader: Reader, rows: list[dict]) -> float:
    found = {answer["id"]: answer["hits"] for answer in evaluate.ask(reader, rows)}
    return sum(ndcg(found[row["id"]], row["judgements"]) for row in rows) / len(rows)


def test_the_ranking_of_the_newsroom_keeps_its_floor(client, newsroom_index, kb, tagger):
    rows = [json.loads(line) for line in JUDGED.read_text(encoding="utf-8").splitlines()]
    reader = Reader(client, newsroom_index, lambda: kb, tagger.topics_named)
    reached = {origin: mean_ndcg(reader, [row for row in rows if row["written_from"] == origin]) for origin in FLOORS}
    print(f"newsroom: nDCG@10 by what the queries were written from: {reached}")
    assert all(reached[origin] >= floor for origin, floor in FLOORS.items())
    assert mean_ndcg(reader, rows) >= FLOOR
