"""noindex, noarchive, nosnippet and reservations through whole runs; bodies stored once; hosts that do not answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from fakes import FakeClock, failing
from invented import LIVE, WORDS, page, serve
from state_files import state_holds

from igwire.ledger import documents, items, tables
from igwire.model import Capture
from igwire.pipeline.purge import purge_raw
from igwire.pipeline.rebuild import Selection, rebuild
from igwire.pipeline.run import run_all
from igwire.search.rights import EXCERPT, visible
from igwire.urls import document_id

LONG = f"{WORDS} " * 3


def meta(title: str, directives: str) -> bytes:
    return page(title).replace(b"<head>", f'<head><meta name="robots" content="{directives}">'.encode())


def capture_of(body: bytes) -> Capture:
    url = "http://news.example/elsewhere"
    return Capture(requested_url=url, final_url=url, fetched_at=FakeClock().now(), status=200, headers=(), body=body, wire=body)


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


def test_a_body_that_others_refer_to_is_stored_anew_for_them_before_it_goes(bench):
    same, forbidding = page("Same"), {"Content-Type": "text/html", "X-Robots-Tag": "noarchive"}
    serve(bench, one=(200, same, forbidding), two=(200, same))
    run_all(bench.parts(gap_s=0), "r1", LIVE)
    assert item(bench, "one").raw is None
    assert bench.store.read(item(bench, "two").raw)[0].body == same
    assert [capture.requested_url for _, capture, facts in bench.store.walk() if facts["kind"] == "page"] == ["http://news.example/two"]
    # A later capture of the same bytes refers to what is still there.
    serve(bench, one=(200, same, forbidding), two=(200, same), three=(200, same))
    bench.clock.moment += timedelta(days=1)
    run_all(bench.parts(gap_s=0), "r2", LIVE)
    assert bench.store.read(item(bench, "three").raw)[0].body == same


def test_while_somebody_writes_the_copy_stays_until_the_next_time(bench):
    serve(bench, one=(200, meta("One", "noarchive")))
    with bench.store.writer() as other:
        other.append(capture_of(b"something else"), {"kind": "page"})
        run_all(bench.parts(gap_s=0), "r1", LIVE)
        assert item(bench, "one").raw is not None
    assert purge_raw(bench.parts()) == 1
    assert item(bench, "one").raw is None


RESERVING = {"Content-Type": "text/html", "tdm-reservation": "1"}


def test_reserved_texts_are_kept_as_metadata_only_where_mining_has_a_general_basis(bench):
    serve(bench, one=(200, page("One"), RESERVING), two=(200, page("Two", WORDS[::-1])))
    assert run_all(bench.parts(gap_s=0, tdm_general=True), "r1", LIVE).outcomes["indexed"] == 2
    document = bench.index.documents[document_id("http://news.example/one")]
    assert (document["title"], document["published_day"], document["usage"]) == ("One", "2026-11-23", ["tdm-reservation=1"])
    assert document["quality"]["flags"] == ["reserved"]
    assert not {"body", "summary"} & document.keys()
    assert document["stemmed"]["en"] == {"title": "One"}
    assert state_holds(bench.folder, WORDS[:80]) == []
    assert bench.index.documents[document_id("http://news.example/two")]["body"].count(WORDS[::-1].strip()) == 1


def test_a_changed_basis_takes_out_texts_that_are_there_with_their_older_versions(bench):
    serve(bench, one=(200, page("One"), RESERVING))
    run_all(bench.parts(gap_s=0), "r1", LIVE)
    serve(bench, one=(200, page("One", f"{WORDS} It was corrected later."), RESERVING))
    bench.clock.moment += timedelta(hours=2)
    run_all(bench.parts(gap_s=0), "r2", LIVE)
    doc_id = document_id("http://news.example/one")
    assert bench.index.documents[doc_id]["revision"] == 2
    rebuild(bench.parts(tdm_general=True), "again", first="extract", selection=Selection())
    assert "body" not in bench.index.documents[doc_id]
    assert all(not body.get("body") for body in bench.index.revisions.values())
    with bench.ledger.reading() as conn:
        assert [version.article.text for version in documents.history(conn, [doc_id])[doc_id]] == ["", ""]


def test_an_index_of_excerpts_holds_what_the_public_may_see(bench):
    bench.sources[0] = replace(bench.sources[0], rights="excerpt")
    serve(bench, one=(200, page("One", LONG)))
    run_all(bench.parts(gap_s=0, index_excerpts=True), "r1", LIVE)
    document = bench.index.documents[document_id("http://news.example/one")]
    assert LONG.startswith(document["body"].removeprefix("One\n"))
    assert len(document["body"]) <= EXCERPT < len(LONG)
    assert document["stemmed"]["en"]["body"] == document["body"]
    assert visible(document, "public")["body"] == document["body"]
    rebuild(bench.parts(), "again", first="index", selection=Selection())
    assert len(bench.index.documents[document_id("http://news.example/one")]["body"]) > EXCERPT


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
