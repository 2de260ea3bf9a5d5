"""Erasing an article or a source: nothing of it is left anywhere, everything else is as it was, and it stays away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from invented import LIVE, WORDS, page, serve
from postgres import ON_BOTH
from state_files import state_holds

from igwire.errors import Unavailable, UsageError
from igwire.index.document import document_hash
from igwire.ledger import erasures, items
from igwire.pipeline import erase as erasing
from igwire.pipeline.imports import Text, import_texts
from igwire.pipeline.rebuild import Selection, rebuild
from igwire.pipeline.run import run_all
from igwire.urls import document_id

TESTS = Path(__file__).parents[2]
SECRET = "The minister of quiet harbours sold nine lighthouses to a sparrow."
ONE = "http://news.example/one"


def run(bench, name: str):
    bench.clock.moment += timedelta(hours=2)
    return run_all(bench.parts(gap_s=0), name, LIVE)


def erase_one(bench, **more):
    parts = bench.parts(gap_s=0)
    return erasing.erase(parts, erasing.tombstones_for(parts, **({"keys": [ONE]} | more), reason="asked for", now=bench.clock.now()))


@pytest.fixture
def filled(bench):
    serve(bench, one=(200, page("One", f"{WORDS} {SECRET}")), two=(200, page("Two", WORDS[::-1])), three=(200, page("Three")))
    listing = bench.fetcher.answers["http://news.example/feed"]
    body = listing[1].replace(b"<link>http://news.example/one", f"<description>{SECRET}</description><link>http://news.example/one".encode())
    bench.fetcher.answers["http://news.example/feed"] = (200, body, listing[2])
    run(bench, "r1")
    assert len(bench.index.documents) == 3
    assert len(state_holds(bench.folder, SECRET)) >= 2
    return bench


@ON_BOTH
def test_nothing_of_an_erased_article_is_left_and_all_else_is_unchanged(filled):
    before = {doc_id: document_hash(body) for doc_id, body in filled.index.documents.items() if body["requested_url"] != ONE}
    done = erase_one(filled)
    assert done.done
    assert (done.documents, done.captures, done.listings) == (1, 2, 1)
    assert state_holds(filled.folder, SECRET) == []
    run(filled, "r2")
    after = {doc_id: document_hash(body) for doc_id, body in filled.index.documents.items()}
    # The third has the first one's text: it was its copy, and stands for itself now.
    third = document_id("http://news.example/three")
    assert {k: v for k, v in after.items() if k != third} == {k: v for k, v in before.items() if k != third}
    assert third in after


def test_no_poll_import_or_rebuild_brings_it_back(filled):
    erase_one(filled)
    body = filled.fetcher.answers["http://news.example/feed"][1].replace(b"Title of two", b"Another title of two")
    filled.fetcher.answers["http://news.example/feed"] = (200, body, {"Content-Type": "application/rss+xml"})
    done = run(filled, "r2")
    assert done.polls["erased"] == 1
    imported = import_texts(filled.parts(), "i1", iter([Text(title="One", body=f"{WORDS} {SECRET}", origin="file", url=ONE)]))
    assert imported.reasons == {"rejected/erased": 1}
    rebuild(filled.parts(), "b1", first="extract", selection=Selection())
    assert document_id(ONE) not in filled.index.documents
    assert state_holds(filled.folder, SECRET) == []


def test_another_address_of_it_is_refused_with_a_reason(filled):
    erase_one(filled)
    moved = page("One", f"{WORDS} {SECRET}").replace(b"<head>", f"<head><link rel='canonical' href='{ONE}'>".encode())
    serve(filled, again=(200, moved))
    filled.clock.moment += timedelta(days=1)
    done = run(filled, "r2")
    assert done.reasons.get("rejected/erased") == 1
    assert state_holds(filled.folder, SECRET) == []
    with filled.ledger.reading() as conn:
        assert erasures.held(conn, [document_id("http://news.example/again")])


def test_a_source_goes_as_a_whole_and_stays_away(filled):
    done = erase_one(filled, keys=[], source="example")
    assert done.documents == 3
    assert filled.index.documents == {}
    serve(filled, four=(200, page("Four")))
    filled.clock.moment += timedelta(days=1)
    assert run(filled, "r2").planned == 0
    assert [facts["kind"] for _, _, facts in filled.store.walk()] == []


# Erases one address in a process of its own, which ends at the failpoint in its arguments as kill -9 would end it.
_ERASE = """
import sys
from pathlib import Path
from fakes import FakeClock, MemoryIndex
from igwire import failpoints
from igwire.feeds.catalogue import Catalogue
from igwire.ledger.database import Ledger
from igwire.pipeline import erase
from igwire.pipeline.parts import Knobs, Parts
from igwire.store.warc import WarcStore

ledger_url, folder, url, point, passes = sys.argv[1:]
clock, index = FakeClock(), MemoryIndex()
knobs = Knobs(gap_s=0, budget_s=60, threads=1, parser_workers=0, batches=1)
parts = Parts(
    ledger=Ledger.open(ledger_url), store=WarcStore(Path(folder) / "raw", clock), catalogue=Catalogue({}), clock=clock, knobs=knobs,
    fetcher=None, tagger=None, index=lambda: index,
)
rows = erase.tombstones_for(parts, keys=[url], reason="asked for", now=clock.now())
failpoints.arm(point, int(passes))
erase.erase(parts, rows)
"""


def erase_and_die(filled, ledger_url: str, point: str, passes: int) -> None:
    command = [sys.executable, "-c", _ERASE, ledger_url, str(filled.folder), ONE, point, str(passes)]
    killed = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(TESTS)}, timeout=120, check=False)
    assert killed.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("point", "passes"),
    [("after_commit", 0), *(("erasing", n) for n in range(6)), ("rewriting", 0), ("rewriting", 1), ("before_commit", 1), ("before_commit", 2)],
)
def test_killed_at_any_step_it_goes_on_with_the_next_run(filled, ledger_url, point, passes):
    erase_and_die(filled, ledger_url, point, passes)
    run(filled, "r2")
    # Copies that the dead process left half done are cleared when they are an hour old.
    for file in filled.folder.rglob("*.tmp"):
        os.utime(file, (0, 0))
    filled.store.salvage()
    assert state_holds(filled.folder, SECRET) == []
    assert document_id(ONE) not in filled.index.documents
    with filled.ledger.reading() as conn:
        assert [row.done for row in erasures.all_rows(conn)] == [True]


def test_killed_before_the_intent_nothing_is_erased(filled, ledger_url):
    erase_and_die(filled, ledger_url, "before_commit", 0)
    run(filled, "r2")
    assert document_id(ONE) in filled.index.documents


def test_while_elasticsearch_is_away_the_rest_waits_and_nothing_comes_back(filled):
    filled.index.away = True
    with pytest.raises(Unavailable):
        erase_one(filled)
    filled.index.away = False
    run(filled, "r2")
    assert document_id(ONE) not in filled.index.documents


def test_a_body_that_others_refer_to_is_stored_anew_for_them(bench):
    same = page("Same")
    serve(bench, one=(200, same), two=(200, same))
    run(bench, "r1")
    with bench.ledger.reading() as conn:
        before = items.find(conn, "http://news.example/two")
    pairs = {pair.capture.requested_url: pair for _, pair in bench.store.scan() if pair}
    first = "http://news.example/one" if pairs["http://news.example/two"].refers_to else "http://news.example/two"
    other = ({"http://news.example/one", "http://news.example/two"} - {first}).pop()
    assert erase_one(bench, keys=[first]).rehomed == 1
    with bench.ledger.reading() as conn:
        item = items.find(conn, other)
    assert item.raw != before.raw
    assert bench.store.read(item.raw)[0].body == same
    run(bench, "r2")
    assert bench.index.documents[item.doc_id]["raw"]["segment"] == item.raw.segment


def test_the_log_names_no_text_and_erases_elsewhere(filled, tmp_path):
    parts = filled.parts()
    rows = erasing.tombstones_for(parts, keys=[ONE], reason="asked for", now=filled.clock.now())
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps(row.as_dict()) + "\n" for row in rows))
    assert "news.example" not in log.read_text()
    assert erasing.preview(parts, rows).captures == 2
    assert document_id(ONE) in filled.index.documents
    assert erasing.erase(parts, erasing.from_log(parts, log)).captures == 2
    assert state_holds(filled.folder / "raw", SECRET) == []


def test_twice_is_once_and_the_unknown_is_refused(filled):
    erase_one(filled)
    assert erase_one(filled).captures == 0
    with pytest.raises(UsageError, match="nothing is known"):
        erase_one(filled, keys=["http://news.example/never"])
    with pytest.raises(UsageError, match="no source"):
        erase_one(filled, keys=[], source="exampel")
