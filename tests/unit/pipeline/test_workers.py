"""Pages and texts that worker processes read, against the same work in one process."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path

import pytest
from invented import LIVE, page, serve

from igwire.enrich.tagger import Tagger, packaged_tagger
from igwire.errors import Unavailable
from igwire.isolate import Killed, Pool
from igwire.kb import load
from igwire.ledger import items
from igwire.model import Capture, FeedEntry, RawRef
from igwire.pipeline import process
from igwire.pipeline.rebuild import Selection, rebuild
from igwire.pipeline.run import run_all, run_stage
from igwire.pipeline.workers import Page, PageTask, read_page, without_text
from igwire.store.warc import WarcStore
from igwire.urls import document_id

PAGES = {name: (200, page(name, f"ICANN met in Geneva, said {name} of the Internet Society. " * 30)) for name in ("One", "Two", "Three")}


@cache
def tagger_of_workers() -> Tagger:
    return Tagger(load())


def tagger_that_kills_workers() -> Tagger:
    if multiprocessing.parent_process() is not None:
        os.kill(os.getpid(), signal.SIGKILL)
    return tagger_of_workers()


class AwayStore(WarcStore):
    """A raw store whose remote is away."""

    def read(self, ref: RawRef) -> tuple[Capture, dict[str, object]]:
        raise Unavailable("the remote is away")


@pytest.mark.parametrize("own", [tagger_of_workers, tagger_that_kills_workers], ids=["by workers", "worker died"])
def test_documents_are_the_same_whoever_tags_them(bench, monkeypatch, own):
    serve(bench, **PAGES)
    run_all(bench.parts(), "here", LIVE)
    before = dict(bench.index.documents)
    monkeypatch.setattr(process, "_WORTH_WORKERS", 1)
    parts = replace(bench.parts(parser_workers=2), tagger=own)
    done = rebuild(parts, "there", first="extract", selection=Selection())
    assert (done.ok, done.planned) == (True, 3)
    assert bench.index.documents == before
    assert all(document["entities"]["all"] for document in before.values())


class CountedPool(Pool):
    """A pool that counts those that were opened with workers."""

    opened = 0

    def __enter__(self) -> Pool:
        CountedPool.opened += self._workers > 0
        return super().__enter__()


@pytest.mark.parametrize("worth", [1, 100], ids=["workers tag", "tagged here"])
def test_a_rebuild_uses_the_same_workers_for_pages_and_texts(bench, monkeypatch, worth):
    serve(bench, **PAGES)
    run_all(bench.parts(), "here", LIVE)
    monkeypatch.setattr(process, "_WORTH_WORKERS", worth)
    monkeypatch.setattr(process, "Pool", CountedPool)
    monkeypatch.setattr(CountedPool, "opened", 0)
    rebuild(replace(bench.parts(parser_workers=2), tagger=tagger_of_workers), "there", first="extract", selection=Selection())
    assert CountedPool.opened == 1


def built(_task: int) -> tuple[bool, bool, int]:
    """Whether the worker began with the parsers and with the tagger's parts, and where it was forked."""
    parts = {name for name, part in vars(Tagger).items() if isinstance(part, cached_property)}
    tagger = packaged_tagger()
    return "trafilatura" in sys.modules, parts <= vars(tagger).keys() and {None, "de"} <= tagger._rules.keys(), os.getppid()


BUILT = """
from igwire.isolate import Pool
from igwire.pipeline.workers import FOR_PAGES, FOR_TEXTS
from tests.unit.pipeline.test_workers import built
for _ in range(2):
    with Pool(1, loaded=(*FOR_PAGES, *FOR_TEXTS)) as pool:
        print(pool.run(built, 0, timeout_s=20).value)
"""


def test_workers_begin_with_parsers_and_tagger_that_were_built_once():
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", BUILT],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": f"{root}:{root}/tests"},
    )
    first, second = done.stdout.splitlines()
    assert first.startswith("(True, True, ")
    assert first == second


def stored(store: WarcStore) -> PageTask:
    url = "http://news.example/one"
    body = page("One")
    with store.writer() as writer:
        capture = Capture(
            requested_url=url, final_url=url, fetched_at=store._clock.now(), status=200, headers=(("X-Robots-Tag", "noarchive"),), body=body, wire=body
        )
        raw = writer.append(capture, {"wishes": ["noai"]})
    return PageTask(item_id="one", store=store, raw=raw, entry=FeedEntry(source_id="s", guid=None, url=url), timezone=None)


def test_a_page_comes_back_without_its_body(bench):
    read = read_page(stored(bench.store))
    assert isinstance(read, Page)
    assert (read.capture.body, read.capture.wire, read.capture.final_url) == (b"", b"", "http://news.example/one")
    assert (read.said.noarchive, read.wishes, read.extraction.article.title) == (True, ("noai",), "One")


def test_what_a_page_says_about_use_counts_though_it_broke_its_worker(bench):
    task = stored(bench.store)
    read = process._page(task, Killed("parser_timeout"))
    assert read == without_text(task, "parser_timeout")
    assert (read.said.noarchive, read.extraction.status, read.extraction.reason) == (True, "failed", "parser_timeout")


def test_a_store_that_is_away_is_no_fault_of_the_page(bench):
    serve(bench, **PAGES)
    parts = replace(bench.parts(), store=AwayStore(bench.folder / "raw", bench.clock))
    with pytest.raises(Unavailable):
        run_all(parts, "r1", LIVE)
    with bench.ledger.reading() as conn:
        assert {item.state for item in items.get(conn, [document_id(f"http://news.example/{name}") for name in PAGES])} == {"captured"}
    run_stage(bench.parts(), "extract", "r1", 0)
    with bench.ledger.reading() as conn:
        assert {item.state for item in items.get(conn, [document_id(f"http://news.example/{name}") for name in PAGES])} == {"extracted"}


def test_the_next_chunk_has_begun_when_one_is_settled(monkeypatch):
    monkeypatch.setattr(process, "CHUNK", 2)
    steps: list[tuple[str, str]] = []

    def begin(chunk: list[str]) -> str:
        steps.append(("begun", "".join(chunk)))
        return "".join(chunk)

    for begun in process._one_ahead(begin, "abcde"):
        steps.append(("settled", begun))
    assert steps == [("begun", "ab"), ("begun", "cd"), ("settled", "ab"), ("begun", "e"), ("settled", "cd"), ("settled", "e")]
