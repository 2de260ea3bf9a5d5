"""Schema, writing, searching and swapping on a real Elasticsearch."""

from __future__ import annotations

import contextlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from elasticsearch import Elasticsearch

from igwire import schema
from igwire.errors import ConfigError, QueryError, Unavailable
from igwire.index import migrate
from igwire.index.tending import Tended
from igwire.index.writer import BulkWriter
from igwire.kb import load
from igwire.ledger import runs
from igwire.model import Window, WriteAction
from igwire.orchestrate import resolve_window
from igwire.pipeline.rebuild import Selection, differing, into_new, prepare, rebuild_batch, swap_in
from igwire.pipeline.report import report
from igwire.pipeline.run import run_all
from igwire.search.kibana_check import searches
from igwire.search.reader import Reader
from igwire.search.request import SearchRequest
from igwire.wiring import SystemClock

pytestmark = pytest.mark.integration
CLOCK = SystemClock()
# A good run over the newsroom has neither faults nor reasons against an article.
_EMPTY_IN_THE_NEWSROOM = ("Faults", "Reasons")


@pytest.fixture
def client(elasticsearch_url):
    made = Elasticsearch(elasticsearch_url)
    yield made
    made.close()


@pytest.fixture
def index(client, index_prefix):
    migrate.apply(client, index_prefix)
    return BulkWriter(client, index_prefix, CLOCK, tries=2)


def everything() -> Window:
    now = CLOCK.now()
    return resolve_window(run_type="manual", params={"since": "2015-01-01"}, interval=None, run_after=None, now=now)


@pytest.fixture
def filled(client, index, index_prefix, newsroom_bench):
    """The whole newsroom, ingested into the real index."""
    newsroom_bench.index = index
    done = run_all(newsroom_bench.parts(), "fill", everything())
    client.indices.refresh(index=f"{index_prefix}-*")
    assert done.ok
    assert done.outcomes["indexed"] == len(newsroom_bench.room.stories)
    return newsroom_bench


def test_applying_twice_changes_nothing(client, index_prefix):
    assert migrate.diff(client, index_prefix)
    assert len(migrate.apply(client, index_prefix)) == len(schema.COMPONENTS)
    assert migrate.apply(client, index_prefix) == []
    assert migrate.diff(client, index_prefix) == []


def test_several_processes_may_apply_at_once(client, index_prefix):
    with ThreadPoolExecutor(4) as pool:
        made = [line for lines in pool.map(lambda _: migrate.apply(client, index_prefix), range(4)) for line in lines]
    assert len(made) == len(set(made)) == len(schema.COMPONENTS)
    for kind in schema.COMPONENTS:
        assert list(client.indices.get_alias(name=f"{index_prefix}-{kind}-write")) == [f"{index_prefix}-{kind}-v{schema.VERSION}-000001"]


def test_analysis_folds_scripts_and_stems_english(client, index, index_prefix):
    def tokens(analyzer: str, text: str) -> list[str]:
        answer = client.indices.analyze(index=f"{index_prefix}-articles", analyzer=analyzer, text=text)
        return [t["token"] for t in answer["tokens"]]

    assert tokens("ig_text", "Éducation") == ["education"]
    assert tokens("ig_text", "互联网") == ["互联", "联网"]
    assert tokens("ig_text", "إدارة") == tokens("ig_text", "اداره")
    assert tokens("english", "ICANN's registries") == ["icann", "registri"]


def test_versions_order_writes_and_unknown_fields_are_refused(client, index, index_prefix):
    def put(version: int, **body) -> str:
        return next(iter(index.write([WriteAction(doc_id="d", version=version, body={"doc_id": "d", **body})]))).outcome

    assert put(2, title="new") == "acked"
    assert put(2, title="new") == "acked"
    assert put(1, title="old") == "superseded"
    assert client.get(index=f"{index_prefix}-articles", id="d")["_source"]["title"] == "new"
    assert put(3, surprise=1) == "refused"


def test_a_batch_with_bad_documents_takes_the_good_ones(index):
    actions = [WriteAction(doc_id=f"d{n}", version=1, body={"doc_id": f"d{n}", "title": "t"}) for n in range(200)]
    actions[5] = WriteAction(doc_id="d5", version=1, body={"unknown": 1})
    actions[6] = WriteAction(doc_id="d6", version=1, body={"language_confidence": float("nan")})
    actions[7] = WriteAction(doc_id="d7", version=1, body={"published_at": "yesterday"})
    outcomes = {r.doc_id: r.outcome for r in index.write(actions)}
    assert {i for i, o in outcomes.items() if o == "refused"} == {"d5", "d6", "d7"}
    assert sum(o == "acked" for o in outcomes.values()) == 197


def test_a_missing_alias_stops_at_once(client, index_prefix):
    with pytest.raises(Unavailable, match="index apply"):
        list(BulkWriter(client, index_prefix, CLOCK, tries=2).write([WriteAction(doc_id="d", version=1, body={"title": "x"})]))


def test_the_seed_search_and_filters(filled, client, index_prefix):
    reader = Reader(client, index_prefix)
    first = reader.search(SearchRequest(text="Kaspersky Wuzhen")).hits[0]
    assert "Kaspersky" in first.document["title"]
    wanted = {"Xi Jinping", "Lu Wei", "Cyberspace Administration of China", "Kaspersky Lab", "Eugene Kaspersky", "World Internet Conference", "Wuzhen"}
    assert wanted <= set(first.document["entities"]["all"])
    assert any("<mark>" in text for text in first.snippets["body"])
    french = reader.search(SearchRequest(text="gouvernance", languages=("fr",)))
    assert french.total > 0
    assert {h.document["language"] for h in french.hits} == {"fr"}
    assert reader.search(SearchRequest(entities=("org:icann",))).total == reader.search(SearchRequest(entities=("ICANN",))).total > 3
    assert reader.search(SearchRequest(text="Internet Corporation for Assigned Names and Numbers ICANN")).total > 0
    december = reader.search(SearchRequest(since=CLOCK.now().date().replace(2015, 12, 1), until=CLOCK.now().date().replace(2015, 12, 31)))
    assert {h.document["published_day"][:7] for h in december.hits} == {"2015-12"}
    assert reader.last_good_run()["run_id"] == "fill"
    assert reader.get(first.doc_id)["body"]
    assert reader.get("nobody") is None


@pytest.mark.parametrize("text", ["*:*", "/.*a{1000}/", "a" * 500, "<script>alert(1)</script>", "\\", "((((a))))", "-a", "a* OR", "_exists_:x", "中" * 100])
def test_hostile_searches_answer(index, client, index_prefix, text):
    with contextlib.suppress(QueryError):
        assert Reader(client, index_prefix).search(SearchRequest(text=text)).total == 0


def test_a_hit_far_behind_in_a_long_text_gets_its_snippet(client, index, index_prefix):
    body = "filler words only here " * 130_000 + " the needle is here"
    list(index.write([WriteAction(doc_id="d", version=1, body={"doc_id": "d", "title": "long", "body": body, "source": {"id": "s"}})]))
    client.indices.refresh(index=f"{index_prefix}-articles")
    (hit,) = Reader(client, index_prefix).search(SearchRequest(text="needle")).hits
    assert "<mark>needle</mark>" in hit.snippets["body"][0]


def test_rebuilding_into_a_new_index_while_somebody_searches(filled, client, index_prefix):
    reader = Reader(client, index_prefix)
    parts = filled.parts()
    before = {h["_id"]: h["_source"] for h in client.search(index=f"{index_prefix}-articles", size=200)["hits"]["hits"]}
    counts, stop = [], threading.Event()

    def search() -> None:
        while not stop.is_set():
            counts.append(reader.search(SearchRequest()).total)

    searcher = threading.Thread(target=search)
    searcher.start()
    try:
        assert into_new(parts, "new", migrate.Versions(client, index_prefix), first="index").ok
    finally:
        stop.set()
        searcher.join()
    assert [v["live"] for v in migrate.versions(client, index_prefix)] == [False, True]
    assert set(counts) == {len(before)}
    after = {h["_id"]: h["_source"] for h in client.search(index=f"{index_prefix}-articles", size=200)["hits"]["hits"]}
    assert after == before
    # And the way back, on which an index that lacks a document is noticed.
    assert migrate.roll_back(client, index_prefix)[0].endswith("-000001")
    assert reader.search(SearchRequest()).total == len(before)
    with pytest.raises(ConfigError, match="oldest"):
        migrate.roll_back(client, index_prefix)
    lost = next(iter(before))
    client.delete(index=f"{index_prefix}-articles", id=lost, refresh=True)
    assert differing(parts, migrate.Versions(client, index_prefix).hashes(f"{index_prefix}-articles")) == [lost]


def test_shares_of_a_rebuild_find_the_copies_of_each_others_articles(filled, client, index_prefix):
    parts, versions = filled.parts(), migrate.Versions(client, index_prefix)
    before = {h["_id"]: h["_source"] for h in client.search(index=f"{index_prefix}-articles", size=200)["hits"]["hits"]}
    target = versions.new()
    for share in prepare(parts, "shares", first="enrich", selection=Selection(), batches=8):
        rebuild_batch(parts, "shares", share.number, first="enrich", target=target)
    swap_in(parts, "shares", versions, target, report(parts, "shares"))
    after = {h["_id"]: h["_source"] for h in client.search(index=f"{index_prefix}-articles", size=200)["hits"]["hits"]}
    assert after == before


def test_names_are_weighed_by_what_the_index_holds_and_gone_entities_go(index, client, index_prefix):
    kb, entities = load(), f"{index_prefix}-entities"
    tended = Tended(client, index_prefix, lambda: kb)
    assert tended.name() == len(kb.by_id) == client.count(index=entities)["count"]
    bodies = [{"doc_id": f"d{n}", "title": "t", "entities": {"id": ["org:icann"]}} for n in range(3)]
    list(index.write([WriteAction(doc_id=body["doc_id"], version=1, body=body) for body in bodies]))
    client.index(index=f"{entities}-write", id="org:gone", document={"id": "org:gone", "name": "Gone"}, refresh=True)
    client.indices.refresh(index=f"{index_prefix}-articles")
    assert tended.name() == client.count(index=entities)["count"]
    assert client.get(index=entities, id="org:icann")["_source"]["articles"] == 3
    client.indices.delete(index=next(iter(client.indices.get_alias(name=entities))))
    with pytest.raises(Unavailable, match="names of entities cannot be written"):
        tended.name()


def test_a_run_without_elasticsearch_and_the_next_one_with_it(newsroom_bench, index, client, index_prefix):
    gone = Elasticsearch("http://127.0.0.1:9")
    newsroom_bench.index = BulkWriter(gone, index_prefix, CLOCK, tries=1)
    failed = run_all(newsroom_bench.parts(), "r1", everything(), limit=5)
    gone.close()
    assert failed.outcomes["pending_index"] == 5
    asked = len(newsroom_bench.room.log)
    newsroom_bench.index = index
    done = run_all(newsroom_bench.parts(), "r2", everything(), limit=5)
    assert done.outcomes["indexed"] == 5
    pages = [r for r in newsroom_bench.room.log[asked:] if r["status"] == 200 and "robots" not in r["path"]]
    assert pages == []
    with newsroom_bench.ledger.reading() as conn:
        assert runs.last_good(conn).id == "r2"


def test_every_chart_of_the_dashboards_has_something_to_show(client, filled, index_prefix):
    for name, index_name, body in searches(index_prefix):
        answer = client.search(index=index_name, **body)
        assert answer["hits"]["total"]["value"] > 0, name
        if "b" in body["aggs"] and not any(word in name for word in _EMPTY_IN_THE_NEWSROOM):
            assert answer["aggregations"]["b"]["buckets"], name


def test_an_index_of_an_older_schema_gets_the_fields_that_it_lacks(client, index_prefix):
    old = json.loads(json.dumps(schema.properties("articles")))
    del old["speakers"], old["entities"]["properties"]["main"], old["topic_scores"]["properties"]["score"]
    migrate.apply(client, index_prefix)
    name = f"{index_prefix}-old"
    # What the templates give beside the fields comes with the copied settings.
    settings = client.indices.get_settings(index=migrate.live_index(client, index_prefix)).body
    analysis = next(iter(settings.values()))["settings"]["index"]["analysis"]
    client.indices.create(index=name, settings={"analysis": analysis}, mappings={"dynamic": "strict", "properties": old})
    migrate.swap(client, index_prefix, name)
    assert {found["remedy"] for found in migrate.diff(client, index_prefix)} == {"apply"}
    assert migrate.apply(client, index_prefix) == [f"field {field} in {name}" for field in ("entities", "topic_scores", "speakers")]
    assert migrate.diff(client, index_prefix) == []
