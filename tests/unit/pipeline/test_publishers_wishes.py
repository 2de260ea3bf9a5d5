"""noindex, noarchive, nosnippet and reservations through whole runs; bodies stored once; hosts that do not answer."""

from __future__ import annotations

from datetime import timedelta

from fakes import failing
from invented import LIVE, page, serve

from igwire.ledger import items, tables
from igwire.pipeline.process import purge_raw
from igwire.pipeline.rebuild import Selection, rebuild
from igwire.pipeline.run import run_all
from igwire.urls import document_id


def meta(title: str, directives: str) -> bytes:
    return page(title).replace(b"<head>", f'<head><meta name="robots" content="{directives}">'.encode())


def item(bench, name: str):
    with bench.ledger.reading() as conn:
        return items.find(conn, f"http://news.example/{name}")


def test_noindex_in_page_or_header_is_rejected_with_its_reason(bench):
    serve(bench, one=(200, meta("One", "noindex")), two=(200, page("Two"), {"Content-Type": "text/html", "X-Robots-Tag": "noindex"}))
    done = run_all(bench.parts(gap_s=0), "r1", LIVE)
    assert done.reasons == {"rejected/noindex": 2}
    assert bench.index.documents == {}


def test_noarchive_keeps_no_raw_copy_after_extraction_and_the_document_stays(bench):
    serve(bench, one=(200, meta("One", "noarchive")), two=(200, page("Two")))
    assert run_all(bench.parts(gap_s=0), "r1", LIVE).outcomes["indexed"] == 2
    assert item(bench, "one").raw is None
    assert item(bench, "two").raw is not None
    stored = [capture.requested_url for _, capture, facts in bench.store.walk() if facts["kind"] == "page"]
    assert stored == ["http://news.example/two"]
    before = dict(bench.index.documents)
    assert before[document_id("http://news.example/one")]["usage"] == ["noarchive"]
    bench.index.documents.clear()
    bench.index.versions.clear()
    rebuild(bench.parts(), "again", first="enrich", selection=Selection())
    assert bench.index.documents == before
    assert purge_raw(bench.parts()) == 0


def test_noindex_with_noarchive_is_never_stored(bench):
    serve(bench, one=(200, page("One"), {"Content-Type": "text/html", "X-Robots-Tag": "noindex, noarchive"}))
    assert run_all(bench.parts(gap_s=0), "r1", LIVE).reasons == {"rejected/noindex": 1}
    assert [facts["kind"] for _, _, facts in bench.store.walk()] == ["feed"]


def test_nosnippet_shows_no_text_and_reservations_are_facts(bench):
    serve(bench, one=(200, meta("One", "nosnippet, noai"), {"Content-Type": "text/html", "tdm-reservation": "1"}))
    bench.fetcher.answers["http://news.example/robots.txt"] = (200, b"User-agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /\n", {})
    run_all(bench.parts(gap_s=0), "r1", LIVE)
    document = bench.index.documents[document_id("http://news.example/one")]
    assert document["rights"] == "metadata"
    assert document["usage"] == ["noai", "nosnippet", "tdm-reservation=1", "content-signal: search=yes, ai-train=no"]


def test_a_page_that_was_taken_back_is_rejected(bench):
    serve(bench, one=(200, meta("One", "unavailable_after: 2026-11-01")), two=(200, meta("Two", "unavailable_after: 2027-11-01")))
    assert run_all(bench.parts(gap_s=0), "r1", LIVE).reasons == {"rejected/unavailable_after": 1}
    assert len(bench.index.documents) == 1


def test_the_same_bytes_are_stored_once(bench):
    same = page("Same")
    serve(bench, one=(200, same), two=(200, same), three=(200, page("Three")))
    run_all(bench.parts(gap_s=0), "r1", LIVE)
    places = [item(bench, name).raw for name in ("one", "two", "three")]
    assert [bench.store.read(place)[0].body == same for place in places] == [True, True, False]
    with bench.ledger.reading() as conn:
        assert len(conn.execute(tables.payloads.select()).fetchall()) >= 2
    lengths = sorted(place.length for place in places[:2])
    assert lengths[0] < lengths[1]


def test_a_host_that_does_not_answer_is_left_alone_and_others_go_on(bench):
    down = {f"p{n}": failing(f"http://news.example/p{n}", "deadline") for n in range(6)}
    serve(bench, **down)
    done = run_all(bench.parts(gap_s=0), "r1", LIVE)
    assert len(bench.fetcher.pages()) == 2
    assert done.reasons == {"deferred/deadline": 2, "deferred/cooling": 4}
    assert bench.clock.slept == []
    bench.clock.moment += timedelta(hours=2)
    serve(bench, **{name: (200, page(name)) for name in down})
    assert run_all(bench.parts(gap_s=0), "r2", LIVE).outcomes["indexed"] == 6


def test_a_host_gets_no_more_than_its_daily_budget(bench):
    serve(bench, **{f"p{n}": (200, page(f"p{n}")) for n in range(6)})
    done = run_all(bench.parts(gap_s=0, host_requests=5), "r1", LIVE)
    # The feed, robots.txt and three pages.
    assert done.outcomes["indexed"] == 3
    assert done.reasons == {"deferred/daily_budget": 3}
    bench.clock.moment += timedelta(days=1)
    assert run_all(bench.parts(gap_s=0, host_requests=50), "r2", LIVE).outcomes["indexed"] == 3
