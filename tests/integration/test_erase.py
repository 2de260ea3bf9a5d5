"""Documents taken out of a real Elasticsearch: out of every version of the index, at whatever version they stand."""

from __future__ import annotations

import time

import pytest
from elasticsearch import Elasticsearch
from fakes import FakeClock

from igwire.index import migrate
from igwire.index.tending import Tended, watermark
from igwire.index.writer import BulkWriter
from igwire.kb import load
from igwire.model import WriteAction

pytestmark = pytest.mark.integration


def actions(version: int, *names: str) -> list[WriteAction]:
    return [WriteAction(doc_id=name, version=version, body={"doc_id": name, "title": name, "body": f"The text of {name}."}) for name in names]


def test_removed_documents_are_in_no_version_and_an_older_write_comes_too_late(elasticsearch_url, index_prefix):
    with Elasticsearch(elasticsearch_url) as client:
        migrate.apply(client, index_prefix)
        writer = BulkWriter(client, index_prefix, FakeClock())
        old = migrate.live_index(client, index_prefix)
        second = migrate.new_version(client, index_prefix)
        for index in (old, second):
            assert {r.outcome for r in writer.write(actions(3, "a", "b", "c"), index)} == {"acked"}
        writer.remove({"a": 4, "never": 1})
        for index in (old, second):
            assert sorted(name for name, _ in migrate.Versions(client, index_prefix).hashes(index)) == ["b", "c"]
        assert [r.outcome for r in writer.write(actions(3, "a"))] == ["superseded"]
        # A ledger that was lost counts anew and knows no version so high.
        writer.remove({"b": 1})
        assert [name for name, _ in migrate.Versions(client, index_prefix).hashes(old)] == ["c"]


def test_the_weekly_care_leaves_no_removed_document_in_the_servers_files(elasticsearch_url, index_prefix):
    with Elasticsearch(elasticsearch_url) as client:
        migrate.apply(client, index_prefix)
        writer = BulkWriter(client, index_prefix, FakeClock())
        assert {r.outcome for r in writer.write(actions(1, "a", "b", "c"))} == {"acked"}
        writer.remove({"a": 2})
        for _ in range(20):
            # The server lets go of its history every 30 seconds.
            Tended(client, index_prefix, load).expunge()
            client.indices.refresh(index=f"{index_prefix}-articles")
            docs = client.indices.stats(index=f"{index_prefix}-articles", metric="docs")["_all"]["primaries"]["docs"]
            if docs["deleted"] == 0:
                break
            time.sleep(4)
        assert (docs["count"], docs["deleted"]) == (2, 0)


def test_the_weekly_care_reads_the_live_index_and_the_disk(elasticsearch_url, index_prefix):
    with Elasticsearch(elasticsearch_url) as client:
        migrate.apply(client, index_prefix)
        assert {r.outcome for r in BulkWriter(client, index_prefix, FakeClock()).write(actions(1, "a", "b"))} == {"acked"}
        tended = Tended(client, index_prefix, load)
        assert sorted(name for name, _ in tended.held()) == ["a", "b"]
        assert (tended.finds("a"), tended.finds("nothing of the kind")) == (True, False)
        used, stopped = watermark(client)
        assert 0 < used < 1
        assert stopped is None or "disk" in stopped or "read-only" in stopped
