"""Documents that Elasticsearch cannot take, and workers that come too late, on a real node; cases 24 and 25."""

from __future__ import annotations

from dataclasses import replace

import pytest
from elasticsearch import Elasticsearch
from hostile import Stage, article, feed
from origin import Origin, ok, send

from igwire.index import migrate
from igwire.index.writer import BulkWriter
from igwire.model import WriteAction
from igwire.wiring import SystemClock

pytestmark = pytest.mark.integration


@pytest.fixture
def index(elasticsearch_url, index_prefix):
    client = Elasticsearch(elasticsearch_url)
    migrate.apply(client, index_prefix)
    yield BulkWriter(client, index_prefix, SystemClock(), tries=2)
    client.close()


def test_bad_documents_of_a_batch_do_not_harm_the_others(index):
    bad = {
        "keyword": {"section": "k" * 40_000}, "nan": {"language_confidence": float("nan")}, "unknown": {"surprise": 1}, "large": {"body": "word " * 4_000_000},
    }  # fmt: skip
    actions = [WriteAction(doc_id=name, version=1, body={"doc_id": name, **bad.get(name, {"title": name})}) for name in [*bad, *map(str, range(196))]]
    results = {r.doc_id: r for r in index.write(actions)}
    assert sum(r.outcome == "acked" for r in results.values()) >= 196
    refused = {name for name, r in results.items() if r.outcome == "refused"}
    # A keyword that is too long is left out of the terms, a large text is taken as it is.
    assert {"nan", "unknown"} <= refused <= set(bad)
    assert all(results[name].reason for name in refused)


def test_a_run_that_is_cleared_and_made_again_and_a_late_worker_change_nothing(bench, index, index_prefix):
    with Origin({}, "127.0.0.27") as hostile, Origin({}, "127.0.0.28") as calm:
        stage = Stage(bench, hostile, calm)
        stage.serve(feed=send(ok(feed(hostile.url("/page")))), page=send(ok(article("Page"))))
        memory = bench.index
        stage.run("r1")
        for action in [WriteAction(doc_id=i, version=5, body=body) for i, body in memory.documents.items()]:
            assert next(iter(index.write([action]))).outcome == "acked"
            late = replace(action, version=4, body={**action.body, "title": "older"})
            assert next(iter(index.write([late]))).outcome == "superseded"
        stage.rerun_changes_nothing()
