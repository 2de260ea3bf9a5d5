"""Copies through whole runs: documents name their cluster, earlier ones are projected again, a rebuild finds the same."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from postgres import ON_BOTH

from igwire.ledger import boilerplate, items
from igwire.model import Window
from igwire.pipeline.boilerplate import line_hash, outdated
from igwire.pipeline.imports import Text, import_texts
from igwire.pipeline.process import Work, settle_neighbours
from igwire.pipeline.rebuild import Selection, rebuild
from igwire.pipeline.run import run_all
from igwire.urls import document_id

LIVE = Window(start=datetime(2026, 11, 23, tzinfo=UTC), end=datetime(2026, 11, 24, tzinfo=UTC))
WORDS = ["registry", "root", "zone", "key", "board", "treaty", "cable", "operator", "court", "ruling", "member", "state", "ballot", "user", "server", "draft"]


def article(seed: int, count: int = 12) -> list[str]:
    rng = random.Random(seed)
    return [f"The {' '.join(rng.choices(WORDS, k=11))} of article {seed} line {n}." for n in range(count)]


def serve(bench, **pages: tuple[str, list[str]]) -> None:
    """Pages by name: hour of publication and sentences."""
    entries = ""
    for name, (hour, lines) in pages.items():
        html = f"<html lang='en'><head><title>Title {name}</title></head><body><article><h1>Title {name}</h1><p>{' '.join(lines)}</p></article></body></html>"
        bench.fetcher.answers[f"http://news.example/{name}"] = (200, html.encode())
        date = f"Mon, 23 Nov 2026 {hour}:00:00 +0000"
        entries += f"<item><title>Title {name}</title><link>http://news.example/{name}</link><guid>{name}</guid><pubDate>{date}</pubDate></item>"
    body = f"<rss version='2.0'><channel><title>Example</title>{entries}</channel></rss>".encode()
    bench.fetcher.answers["http://news.example/feed"] = (200, body, {"Content-Type": "application/rss+xml"})


def document(bench, name: str) -> dict:
    return bench.index.documents[document_id(f"http://news.example/{name}")]


def test_an_original_that_is_found_later_takes_the_first_place(bench):
    serve(bench, reprint=("12", article(1)), other=("11", article(2)))
    run_all(bench.parts(gap_s=0), "r1", LIVE)
    reprint = document_id("http://news.example/reprint")
    assert document(bench, "reprint")["cluster"] == {"id": reprint, "role": "single"}
    bench.clock.moment += timedelta(hours=2)
    serve(bench, original=("09", article(1)), reprint=("12", article(1)))
    done = run_all(bench.parts(gap_s=0), "r2", LIVE)
    assert (done.planned, done.outcomes["indexed"]) == (1, 1)
    original = document_id("http://news.example/original")
    assert document(bench, "original")["cluster"] == {"id": original, "role": "first"}
    assert document(bench, "reprint")["cluster"] == {"id": original, "role": "copy", "of": original}
    assert document(bench, "reprint")["copied_share"] == 1.0
    assert document(bench, "reprint")["copied_from"] == [original]
    sentence = document(bench, "reprint")["copied_sentences"][0]
    assert document(bench, "reprint")["body"][sentence["start"] : sentence["end"]] == article(1)[0]
    # Nothing is left over: a third run has nothing to do.
    bench.clock.moment += timedelta(hours=2)
    assert run_all(bench.parts(gap_s=0), "r3", LIVE).planned == 0


def test_a_rebuild_finds_the_same_copies(bench):
    serve(bench, one=("09", article(1)), two=("10", article(1)[:10] + article(2)[:2]), three=("11", article(3)))
    run_all(bench.parts(gap_s=0), "r1", LIVE)
    before = dict(bench.index.documents)
    assert document(bench, "two")["cluster"]["role"] == "copy"
    for first, selection in (("copies", Selection()), ("enrich", Selection()), ("copies", Selection(sources=("example",)))):
        assert rebuild(bench.parts(), f"again-{first}-{bool(selection.sources)}", first=first, selection=selection).ok
        assert bench.index.documents == before


@ON_BOTH
def test_a_copy_that_is_placed_while_its_original_is_written_shows_on_it(bench):
    serve(bench, original=("09", article(1)))
    bench.index.meanwhile = lambda: import_texts(bench.parts(), "r2", iter([Text(title="Copy", body=" ".join(article(1)), origin="file")]))
    assert run_all(bench.parts(gap_s=0), "r1", LIVE).ok
    assert document(bench, "original")["cluster"]["role"] == "first"


def test_a_text_that_becomes_a_copy_while_neighbours_are_settled_shows_on_its_original(bench):
    notices = [f"This notice number {n} of the house tells readers of its letters, offers, rules and members in one long line again." for n in range(4)]
    serve(bench, original=("09", article(1)), reprint=("12", [*article(1)[:8], *article(2)[:2], *(f"</p><p>{line}" for line in notices)]))
    run_all(bench.parts(gap_s=0), "r1", LIVE)
    assert document(bench, "original")["cluster"]["role"] == "single"
    with bench.ledger.transaction() as conn:
        boilerplate.add(conn, "example", {line_hash(line): 4 for line in notices}, now=bench.clock.now())
        items.extract_again(conn, outdated(conn, ["example"]))
    settle_neighbours(Work(parts=bench.parts(), run_id="r2"), 0)
    assert document(bench, "reprint")["cluster"]["role"] == "copy"
    assert document(bench, "original")["cluster"]["role"] == "first"
