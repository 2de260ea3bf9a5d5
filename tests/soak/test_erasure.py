"""The newsroom's archive of 2015 to 2026: an article and a source are erased; nothing of them is left anywhere, all else is as it was, nothing comes back."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from conftest import Bench, newsroom_sources
from elasticsearch import Elasticsearch
from fastapi.testclient import TestClient
from routes import addresses
from state_files import state_holds

from igwire.index import migrate
from igwire.index.document import document_hash
from igwire.index.writer import BulkWriter
from igwire.ledger import erasures
from igwire.ledger.tables import archive_pages, inventory, listings
from igwire.model import Window
from igwire.newsroom.articles import Story
from igwire.newsroom.render import path_of
from igwire.pipeline import erase as erasing
from igwire.pipeline.run import run_all
from igwire.search import citation
from igwire.search.formats import FORMATS
from igwire.search.reader import Reader
from igwire.search.request import SearchRequest
from igwire.urls import document_id
from igwire.web.app import create_app
from igwire.wiring import SystemClock

# How a document stands among its copies may change when one of them goes, and where its raw copy lies.
_AMONG_OTHERS = {"cluster", "copied_share", "copied_from", "copied_sentences", "feeds", "raw"}
_SENTENCE = 60


def sentences_of(stories: list[Story], chosen: list[Story]) -> list[str]:
    """Sentences of the chosen stories that nobody else prints: neither in a text nor as a teaser."""
    others = "\n".join(f"{s.text}\n{s.summary}\n{s.title}" for s in stories if s not in chosen)
    own = {part.strip() for story in chosen for line in story.text.splitlines() for part in re.split(r"(?<=[.!?。])\s+", line)}
    teasers = "\n".join(f"{s.summary}\n{s.title}" for s in chosen)
    return sorted(text for text in own if len(text.encode()) >= _SENTENCE and text not in others and text not in teasers)


@dataclass
class Archive:
    """The whole newsroom, collected by a backfill and a daily run into a real index."""

    bench: Bench
    client: Elasticsearch
    prefix: str
    runs: int = 0

    def run(self, mode: str) -> None:
        self.runs += 1
        now = datetime.now(UTC)
        done = run_all(self.bench.parts(), f"r{self.runs}-{mode}", Window(start=datetime(2015, 1, 1, tzinfo=UTC), end=now, mode=mode))
        assert done.ok, done.faults

    def documents(self) -> dict[str, dict]:
        self.client.indices.refresh(index=f"{self.prefix}-*")
        hits = self.client.search(index=f"{self.prefix}-articles", size=500)["hits"]["hits"]
        return {hit["_id"]: hit["_source"] for hit in hits}

    def raw(self) -> dict[str, set[int]]:
        """Address → hashes of the pages' stored bodies."""
        found: dict[str, set[int]] = {}
        for _, capture, facts in self.bench.store.walk():
            if facts["kind"] == "page":
                found.setdefault(capture.requested_url, set()).add(hash(capture.body))
        return found

    def erase(self, **what) -> erasing.Erasure:
        parts = self.bench.parts()
        return erasing.erase(parts, erasing.tombstones_for(parts, **what, reason="asked for", now=datetime.now(UTC)))

    def shown(self, sentences: list[str], ids: list[str], source: str) -> set[str]:
        """Addresses of the page that show one of the sentences. The queries hold a part of them only: a page repeats what was asked."""
        reader = Reader(self.client, self.prefix)
        held = citation.to_token(citation.cite(SearchRequest(), reader.search(SearchRequest(size=100)), datetime.now(UTC)))
        samples = {"doc_id": ids, "key": ["org:icann"], "source_id": [source], "token": [held], "kind": list(FORMATS)}
        queries = ["?size=100&collapse=no", *("?q=" + re.sub(r"\W+", "+", text[:40]) for text in sentences[:3])]
        app = create_app(lambda: reader, SystemClock(), viewer="owner", metrics=lambda: (b"", "text/plain"))
        with TestClient(app) as page:
            plain = {address: re.sub(r"<[^>]*>", "", page.get(address).text) for address in addresses(app, samples, queries)}
        return {address for address, text in plain.items() if any(words in text for words in sentences)}


@pytest.fixture
def archive(tmp_path, tagger, newsroom, elasticsearch_url, index_prefix) -> Iterator[Archive]:
    client = Elasticsearch(elasticsearch_url)
    migrate.apply(client, index_prefix)
    bench = Bench(tmp_path, tagger, newsroom_sources(newsroom), f"sqlite:///{tmp_path / 'ledger.db'}", clock=SystemClock(), room=newsroom)
    bench.index = BulkWriter(client, index_prefix, SystemClock())
    made = Archive(bench, client, index_prefix)
    made.run("past")
    made.run("live")
    yield made
    bench.ledger.close()
    client.close()


def chosen_from(newsroom) -> tuple[Story, str, list[Story]]:
    """An article of a site whose archive and feed carry whole texts, and another site."""
    site = next(site for site in newsroom.sites.values() if site.wordpress)
    story = next(s for s in newsroom.stories if s.site == site.id and len(sentences_of(newsroom.stories, [s])) >= 2)
    other = next(name for name in newsroom.sites if name != site.id)
    return story, other, [s for s in newsroom.stories if s.site == other]


@pytest.mark.integration
def test_an_article_and_a_source_leave_everything_and_nothing_brings_them_back(archive, newsroom):
    story, source, theirs = chosen_from(newsroom)
    url = newsroom.url(story.site, path_of(newsroom.sites[story.site], story))
    sentences = sentences_of(newsroom.stories, [story, *theirs])
    folder, before, raw = archive.bench.folder, archive.documents(), archive.raw()
    assert len(before) == len(newsroom.stories)
    gone = [document_id(url), *(doc_id for doc_id, body in before.items() if body["source"]["id"] == source)]
    ids = [*gone[:3], *(set(before) - set(gone))]
    # What is looked for is found while it is there: in the ledger, in the raw store, on pages and in every kind of file.
    held = state_holds(folder, *sentences)
    assert "ledger.db" in held
    assert any(".warc.gz" in name for name in held)
    assert {address.partition("?")[0] for address in archive.shown(sentences, ids, source)} >= {"/export/csv", "/export/ndjson", f"/article/{gone[0]}"}

    assert archive.erase(keys=[url]).done
    assert archive.erase(source=source).done
    assert_nothing_left(archive, sentences, ids, source)
    archive.run("live")
    after = archive.documents()
    assert after.keys() == before.keys() - set(gone)
    assert {k: own_hash(v) for k, v in after.items()} == {k: own_hash(v) for k, v in before.items() if k in after}
    assert sum(document_hash(after[k]) == document_hash(before[k]) for k in after) > 0.8 * len(after)
    kept = archive.raw()
    assert kept.keys() == {address for address in raw if address != url and not address.startswith(newsroom.origin(newsroom.sites[source].address))}
    assert all(kept[address] <= raw[address] for address in kept)

    with archive.bench.ledger.transaction() as conn:
        for table in (listings, archive_pages, inventory):
            conn.execute(table.delete())
    archive.run("past")
    assert archive.documents().keys() == after.keys()
    assert_nothing_left(archive, sentences, ids, source)
    with archive.bench.ledger.reading() as conn:
        assert all(row.done for row in erasures.all_rows(conn))


def own_hash(document: dict) -> str:
    return document_hash({name: value for name, value in document.items() if name not in _AMONG_OTHERS})


def assert_nothing_left(archive: Archive, sentences: list[str], ids: list[str], source: str) -> None:
    assert len(sentences) > 20
    assert state_holds(archive.bench.folder, *sentences) == []
    assert archive.shown(sentences, ids, source) == set()


def test_erased_while_a_backfill_fetches_it(newsroom_bench, newsroom):
    story, _, _ = chosen_from(newsroom)
    path = path_of(newsroom.sites[story.site], story)
    url, sentences = newsroom.url(story.site, path), sentences_of(newsroom.stories, [story])
    newsroom.fault(story.site, "delay", path=path, value=4)
    window = Window(start=datetime(2015, 1, 1, tzinfo=UTC), end=datetime.now(UTC), mode="past")
    backfill = threading.Thread(target=lambda: run_all(newsroom_bench.parts(), "backfill", window))
    backfill.start()
    parts, found = newsroom_bench.parts(), None
    for _ in range(600):
        with newsroom_bench.ledger.reading() as conn:
            found = erasures.under_way(conn, [document_id(url)], datetime(2015, 1, 1, tzinfo=UTC))
        if found:
            break
        time.sleep(0.1)
    assert found, "the backfill never held the article"
    done = erasing.erase(parts, erasing.tombstones_for(parts, keys=[url], reason="asked for", now=datetime.now(UTC)))
    # It may be on its way to the disk at this moment: the end of the run is waited for.
    assert not done.done
    backfill.join()
    assert erasing.finish(parts).done or not erasing.finish(parts).ids
    assert document_id(url) not in newsroom_bench.index.documents
    assert state_holds(newsroom_bench.folder, *sentences) == []
    with newsroom_bench.ledger.reading() as conn:
        assert [row.done for row in erasures.all_rows(conn)] == [True]
