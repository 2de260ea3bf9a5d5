"""A document that the real Elasticsearch refused is made again by its reason, and nothing else is."""

from __future__ import annotations

import pytest
import yaml
from cli import Shell
from elasticsearch import Elasticsearch
from invented import LIVE, page, serve

from igwire.index import migrate
from igwire.index.writer import BulkWriter
from igwire.ledger import runs
from igwire.pipeline.run import run_all
from igwire.urls import document_id

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore::ResourceWarning")]
FEW = (
    b"<html lang='en'><head><title>Few</title></head><body><article><h1>Few</h1>"
    + b"<p>The weather at the lake was calm all day.</p>" * 30
    + b"</article></body></html>"
)
DEEP = b"<html><body>" + b"<div>" * 260 + b"text" + b"</div>" * 260


@pytest.fixture
def shell(bench, monkeypatch, capfd, elasticsearch_url, index_prefix):
    (source,) = bench.sources
    row = {"id": source.id, "title": source.title, "site": source.site, "feed_url": source.feed_url, "timezone": source.timezone}
    (bench.folder / "catalogue.yaml").write_text(yaml.safe_dump({"group": "example", "sources": [row]}), encoding="utf-8")
    monkeypatch.chdir(bench.folder)
    return Shell(
        monkeypatch, capfd, IGWIRE_STATE=str(bench.folder), IGWIRE_CATALOGUE=str(bench.folder / "catalogue.yaml"), IGWIRE_ES_URL=elasticsearch_url,
        IGWIRE_INDEX_PREFIX=index_prefix,
    )  # fmt: skip


def test_rebuild_by_reason_replays_that_dead_letter_only(bench, shell, elasticsearch_url, index_prefix):
    serve(bench, one=(200, FEW), two=(200, page("Two")), deep=(200, DEEP))
    with Elasticsearch(elasticsearch_url) as client:
        live = _index_that_refuses_nested_objects(bench, client, index_prefix)
        done = run_all(bench.parts(), "r1", LIVE)
        assert done.reasons == {"quarantined/refused": 1, "quarantined/too_deep": 1}
        before = _stored(client, live)
        assert list(before) == [document_id("http://news.example/one")]
        client.indices.put_settings(index=live, settings={"index.mapping.nested_objects.limit": 10_000})

        again = shell.run("rebuild", "--select", "reason=refused", "--json")
        assert again.code == 0, again.err
        assert (again.records[0]["planned"], again.records[0]["outcomes"]["indexed"]) == (1, 1)
        after = _stored(client, live)
        assert set(after) - set(before) == {document_id("http://news.example/two")}
        assert before.items() <= after.items()
    with bench.ledger.reading() as conn:
        assert [letter.reason for letter in runs.open_dead_letters(conn)] == ["too_deep"]


def _index_that_refuses_nested_objects(bench, client: Elasticsearch, prefix: str) -> str:
    migrate.apply(client, prefix)
    live = migrate.live_index(client, prefix)
    client.indices.put_settings(index=live, settings={"index.mapping.nested_objects.limit": 1})
    bench.index = BulkWriter(client, prefix, bench.clock)
    return live


def _stored(client: Elasticsearch, index: str) -> dict[str, int]:
    """Version of every document."""
    client.indices.refresh(index=index)
    return {hit["_id"]: hit["_version"] for hit in client.search(index=index, version=True, size=10)["hits"]["hits"]}
