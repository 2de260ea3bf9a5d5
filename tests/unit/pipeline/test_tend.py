"""The weekly care: differences are found and mended or reported, old feed answers go, a full disk defers."""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from invented import LIVE, page, serve

from igwire.errors import Unavailable
from igwire.index import tending
from igwire.index.document import document_hash
from igwire.ledger import documents, runs, tables
from igwire.pipeline import erase as erasing
from igwire.pipeline import space
from igwire.pipeline import tend as tend_module
from igwire.pipeline.run import run_all
from igwire.pipeline.tend import Care, tend
from igwire.urls import document_id

ONE, TWO = (document_id(f"http://news.example/{name}") for name in ("one", "two"))


class Held:
    """The fake index as the weekly care looks at it."""

    def __init__(self, index) -> None:
        self.index = index

    def held(self):
        return [(doc_id, document_hash(body)) for doc_id, body in self.index.documents.items()]

    def name(self) -> int:
        self.named = len(self.index.documents)
        return self.named

    def expunge(self) -> None:
        self.expunged = True

    def finds(self, title: str) -> bool:
        return any(body["title"] == title for body in self.index.documents.values())

    def room(self) -> str | None:
        return None


@pytest.fixture
def filled(bench):
    serve(bench, one=(200, page("One")), two=(200, page("Two", "Quite another text about addresses and registries. " * 20)))
    run_all(bench.parts(gap_s=0), "r1", LIVE)
    return bench


def care(bench, **more) -> Care:
    return Care(parts=bench.parts(gap_s=0), state=bench.folder, index=Held(bench.index), clock=bench.clock, backup=lambda: "saved", **more)


def said(lines, step: str) -> list[tuple[str, str]]:
    return [(line.level, line.detail) for line in lines if line.step == step]


def test_in_order_everything_is_ok_and_the_report_is_kept(filled):
    lines = tend(care(filled), "t1")
    assert {line.level for line in lines} == {"ok"}
    with filled.ledger.reading() as conn:
        run = runs.get(conn, "t1")
    assert (run.mode, run.status, len(run.totals["lines"])) == ("tend", "ok", len(lines))


def test_names_are_weighed_once_something_is_indexed(filled):
    kept = care(filled)
    assert said(tend(kept, "t1"), "names") == [("ok", "2 entities can be suggested by their names")]
    assert kept.index.named == 2


def test_missing_and_older_documents_are_sent_again_and_unknown_ones_removed(filled):
    filled.index.documents[TWO] = {**filled.index.documents[TWO], "title": "Older"}
    del filled.index.documents[ONE]
    filled.index.documents["1-stranger"] = {"title": "Stranger"}
    lines = tend(care(filled), "t1")
    assert [level for level, _ in said(lines, "index")] == ["repaired", "repaired"]
    assert sorted(filled.index.documents) == sorted([ONE, TWO])
    assert filled.index.documents[TWO]["title"] == "Two"


def test_an_index_of_another_ledger_is_not_emptied(filled):
    for number in range(9):
        filled.index.documents[f"1-stranger{number}"] = {"title": "Stranger"}
    lines = tend(care(filled), "t1")
    assert next(level for level, _ in said(lines, "index")) == "red"
    assert len(filled.index.documents) == 11


def test_an_erased_document_that_something_wrote_back_goes_again(filled):
    body = filled.index.documents[ONE]
    parts = filled.parts()
    erasing.erase(parts, erasing.tombstones_for(parts, keys=[ONE], reason="asked", now=filled.clock.now()))
    filled.index.documents[ONE] = body
    assert said(tend(care(filled), "t1"), "index")[0][0] == "red"
    assert ONE not in filled.index.documents


def test_a_lost_segment_a_failed_backup_and_a_missing_target_are_red(filled):
    for file in filled.folder.glob("raw/*/*/*/*.warc.gz"):
        file.write_bytes(file.read_bytes()[:50])

    def away() -> str:
        raise Unavailable("the bucket does not answer")

    lines = tend(replace(care(filled), backup=away), "t1")
    assert said(lines, "raw store")[0][0] == "red"
    assert said(lines, "backup") == [("red", "the bucket does not answer")]
    assert said(tend(replace(care(filled), backup=None), "t2"), "backup")[0][0] == "note"


class NoIndex(Held):
    """What the server says before anything was applied to it."""

    def held(self):
        raise Unavailable("the index cannot be read: there is none")


def test_before_the_first_run_nothing_is_red(bench):
    lines = tend(replace(care(bench), index=NoIndex(bench.index), backup=None), "t1")
    assert {line.level for line in lines} == {"ok", "note"}


def test_a_clock_that_jumped_back_loses_and_doubles_nothing(filled):
    filled.clock.moment -= timedelta(days=3)
    serve(filled, one=(200, page("One")), three=(200, page("Three", "A third text, of cables and treaties and the courts. " * 20)))
    with filled.ledger.transaction() as conn:
        conn.execute(tables.hosts.delete())
        conn.execute(tables.sources.update().values(next_poll_at=None))
    done = run_all(filled.parts(gap_s=0), "r0", LIVE)
    assert (done.ok, done.outcomes["indexed"]) == (True, 1)
    assert len(filled.index.documents) == 3
    assert {line.level for line in tend(care(filled), "t0")} == {"ok"}
    parts = filled.parts()
    erasing.erase(parts, erasing.tombstones_for(parts, keys=["http://news.example/three"], reason="asked", now=filled.clock.now()))
    filled.clock.moment += timedelta(days=4)
    run_all(filled.parts(gap_s=0), "r2", LIVE)
    assert sorted(filled.index.documents) == sorted([ONE, TWO])


def spoken() -> list[str]:
    """Every line for a person that the weekly care can print, as its source has it: what varies is an ellipsis."""
    found = []
    for function in (node for module in (tend_module, tending) for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.FunctionDef)):
        named = {node.targets[0].id: node.value for node in ast.walk(function) if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)}
        for pair in (part for node in ast.walk(function) if isinstance(node, ast.Yield | ast.Return) and node.value for part in ast.walk(node.value)):
            if isinstance(pair, ast.Tuple) and len(pair.elts) == 2 and (function.name == "watermark" or {"red", "note"} & set(_words(pair.elts[0]))):
                text = pair.elts[1]
                found.append("…".join(_words(named.get(text.id, text) if isinstance(text, ast.Name) else text)))
    return [line for line in found if line]


def _words(node: ast.AST) -> list[str]:
    return [part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def test_operations_say_what_to_do_for_every_line_of_the_report():
    section = (Path(__file__).parents[3] / "docs" / "operations.md").read_text(encoding="utf-8").partition("## The weekly report")[2].partition("\n## ")[0]
    quoted = [quote.split("…") for quote in re.findall(r"`([^`]*…[^`]*)`", section)]
    assert len(spoken()) >= 10
    unexplained = [line for line in spoken() if not any(all(part.strip() in line for part in parts) for parts in quoted)]
    assert unexplained == []
    assert [name for name, _ in tend_module._STEPS if f"| {name} |" not in section] == []


def test_answers_of_feeds_go_after_their_time_and_pages_stay(filled):
    # 90 days, and 30 for which a younger answer may refer to the body of an older one.
    filled.clock.moment += timedelta(days=110)
    tend(care(filled), "t1")
    assert "feed" in [facts["kind"] for _, _, facts in filled.store.walk()]
    filled.clock.moment += timedelta(days=20)
    tend(care(filled, keep_feeds_days=0), "t2")
    assert "feed" in [facts["kind"] for _, _, facts in filled.store.walk()]
    tend(care(filled), "t3")
    assert [facts["kind"] for _, _, facts in filled.store.walk()] == ["page", "page"]
    with filled.ledger.reading() as conn:
        assert documents.count(conn) == 2


def test_a_full_disk_defers_and_nothing_is_asked(bench):
    serve(bench, one=(200, page("One")))
    free = [10**9]
    parts = replace(bench.parts(gap_s=0, free_floor=10**8), free_bytes=lambda: free[0])
    free[0] = 10**7
    done = run_all(parts, "r1", LIVE)
    assert (done.polls, bench.fetcher.asked) == ({"disk": 1}, [])
    free[0] = 10**9
    run_all(replace(parts, free_bytes=iter([10**9, 10**7, 10**7]).__next__), "r2", LIVE)
    with bench.ledger.reading() as conn:
        assert runs.totals(conn, "r2") == {"deferred": {"disk": 1}}
    assert run_all(parts, "r3", LIVE).outcomes["indexed"] == 1


def test_space_by_kind_and_source_with_a_forecast(filled):
    found = space.measure(replace(filled.parts(free_floor=1000), free_bytes=lambda: 10**9), filled.folder)
    assert found.kinds["raw store"] > 0
    # A ledger on PostgreSQL lies in no file of the state folder.
    assert ("ledger" in found.kinds) == (filled.ledger.engine.dialect.name == "sqlite")
    assert found.sources["example"][0] == 2
    assert found.days_left == pytest.approx((10**9 - 1000) / found.per_day)
