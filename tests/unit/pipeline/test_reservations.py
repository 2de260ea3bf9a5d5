"""tdmrep.json: asked for once a week, politely, and heard when pages are extracted."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from invented import LIVE, page, serve

from igwire.errors import FetchError
from igwire.fetch import usage
from igwire.ledger import hosts
from igwire.ledger.tables import events
from igwire.pipeline.reservations import ask_due
from igwire.pipeline.run import run_all
from igwire.urls import document_id

FILE = "http://news.example/.well-known/tdmrep.json"
RESERVING = b'[{"location": "/one", "tdm-reservation": 1}]'


def asked(bench) -> int:
    return [url for url, _ in bench.fetcher.asked].count(FILE)


def alerts(bench) -> list[str]:
    with bench.ledger.reading() as conn:
        return list(conn.execute(sa.select(events.c.detail).where(events.c.what == "alert")).scalars())


def stored(bench):
    with bench.ledger.reading() as conn:
        return hosts.robots_of(conn, FILE)


@pytest.mark.parametrize("answer", [(404, b""), (200, RESERVING)])
def test_it_is_asked_for_once_a_week(bench, answer):
    serve(bench)
    bench.fetcher.answers[FILE] = answer
    assert ask_due(bench.parts(), "t1") == {"tdmrep_asked": 1, "tdmrep_waiting": 0}
    bench.clock.moment += timedelta(days=6)
    assert ask_due(bench.parts(), "t2") == {}
    bench.clock.moment += timedelta(days=2)
    ask_due(bench.parts(), "t3")
    assert asked(bench) == 2


def test_robots_are_obeyed(bench):
    serve(bench)
    bench.fetcher.answers["http://news.example/robots.txt"] = (200, b"User-agent: *\nDisallow: /\n")
    ask_due(bench.parts(), "t1")
    assert asked(bench) == 0
    assert stored(bench)[1] == 403


def test_a_cooling_host_is_not_asked_and_stays_due(bench):
    serve(bench)
    with bench.ledger.transaction() as conn:
        now = bench.clock.now()
        slot = hosts.acquire(conn, "news.example", hosts.Asker(holder="another"), now=now)
        hosts.release(conn, slot, next_at=now, cooling_until=now + timedelta(hours=1), reason="http_429", failures=1)
    assert ask_due(bench.parts(), "t1") == {"tdmrep_asked": 0, "tdmrep_waiting": 1}
    assert asked(bench) == 0
    assert stored(bench) is None


def test_what_it_last_said_holds_while_it_cannot_be_had(bench):
    serve(bench)
    bench.fetcher.answers[FILE] = (200, RESERVING)
    ask_due(bench.parts(), "t1")
    bench.fetcher.answers[FILE] = (500, b"")
    bench.clock.moment += timedelta(days=8)
    ask_due(bench.parts(), "t2")
    assert stored(bench)[1:] == (200, RESERVING)
    assert len([told for told in alerts(bench) if "reserves text and data mining" in told]) == 1


@pytest.mark.parametrize("general", [False, True])
def test_a_reserved_page_is_kept_as_metadata_under_a_general_basis_only(bench, general):
    serve(bench, one=(200, page("One")), two=(200, page("Two")))
    bench.fetcher.answers[FILE] = (200, RESERVING)
    parts = bench.parts(gap_s=0, tdm_general=general)
    ask_due(parts, "t1")
    run_all(parts, "r1", LIVE)
    one, two = (bench.index.documents[document_id(f"http://news.example/{name}")] for name in ("one", "two"))
    assert usage.reserves(one["usage"])
    assert not usage.reserves(two.get("usage") or [])
    assert ("root zone" in str(one.get("body"))) is not general
    assert "root zone" in str(two.get("body"))


@pytest.mark.parametrize("general", [False, True])
def test_an_origin_is_asked_before_its_first_page_where_the_answer_decides(bench, general):
    serve(bench, one=(200, page("One")), two=(200, page("Two")))
    bench.fetcher.answers[FILE] = (200, RESERVING)
    parts = bench.parts(gap_s=0, tdm_general=general)
    run_all(parts, "r1", LIVE)
    run_all(parts, "r2", LIVE)
    urls = [url for url, _ in bench.fetcher.asked]
    assert urls.count(FILE) == general
    one = bench.index.documents[document_id("http://news.example/one")]
    assert usage.reserves(one.get("usage") or []) is general
    if general:
        assert urls.index(FILE) < min(urls.index(f"http://news.example/{name}") for name in ("one", "two"))
        assert "root zone" not in str(one)
        # Nobody asks again within the week.
        assert ask_due(parts, "t1") == {}


@pytest.mark.parametrize("answer", [(500, b""), FetchError(FILE, "deadline"), (404, json.dumps([{"location": "/", "tdm-reservation": 1}]).encode())])
def test_what_cannot_be_known_keeps_no_page_waiting(bench, answer):
    serve(bench, one=(200, page("One")))
    bench.fetcher.answers[FILE] = answer
    assert run_all(bench.parts(gap_s=0, tdm_general=True), "r1", LIVE).outcomes["indexed"] == 1
    assert "root zone" in str(bench.index.documents[document_id("http://news.example/one")])


@pytest.mark.parametrize(("answer", "again"), [((500, b""), 1), ((404, b""), 0)])
def test_where_none_came_the_next_page_asks_again_after_a_day(bench, answer, again):
    serve(bench, one=(200, page("One")))
    bench.fetcher.answers[FILE] = answer
    parts = bench.parts(gap_s=0, tdm_general=True)
    run_all(parts, "r1", LIVE)
    bench.clock.moment += timedelta(days=1, hours=1)
    before = asked(bench)
    serve(bench, two=(200, page("Two")))
    assert run_all(parts, "r2", LIVE).outcomes["indexed"] == 1
    assert asked(bench) - before == again


def test_a_site_that_asks_for_patience_gets_it_once_and_its_pages_come_with_the_next_run(bench):
    serve(bench, one=(200, page("One")))
    bench.fetcher.answers[FILE] = (503, b"")
    parts = bench.parts(gap_s=0, tdm_general=True)
    assert run_all(parts, "r1", LIVE).reasons == {"deferred/cooling": 1}
    bench.clock.moment += timedelta(hours=2)
    assert run_all(parts, "r2", LIVE).outcomes["indexed"] == 1
    assert asked(bench) == 1


def test_robots_are_obeyed_before_the_first_page_too(bench):
    serve(bench, one=(200, page("One")))
    bench.fetcher.answers["http://news.example/robots.txt"] = (200, b"User-agent: *\nDisallow: /.well-known/\n")
    assert run_all(bench.parts(gap_s=0, tdm_general=True), "r1", LIVE).outcomes["indexed"] == 1
    assert asked(bench) == 0
    assert stored(bench)[1] == 403


@pytest.mark.parametrize("general", [False, True])
def test_pages_that_a_new_answer_is_about_are_extracted_again_by_the_next_run(bench, general):
    serve(bench, one=(200, page("One")), two=(200, page("Two")))
    run_all(bench.parts(gap_s=0), "r1", LIVE)
    names = {name: document_id(f"http://news.example/{name}") for name in ("one", "two")}
    before = dict(bench.index.documents)
    assert not usage.reserves(before[names["one"]].get("usage") or [])
    bench.fetcher.answers[FILE] = (200, RESERVING)
    parts = bench.parts(gap_s=0, tdm_general=general)
    ask_due(parts, "t1")
    run_all(parts, "r2", LIVE)
    after = bench.index.documents
    assert usage.reserves(after[names["one"]]["usage"])
    assert ("root zone" in str(after[names["one"]].get("body"))) is not general
    assert after[names["two"]]["body"] == before[names["two"]]["body"]
    assert not usage.reserves(after[names["two"]].get("usage") or [])
    # And back, when the publisher takes the reservation back; a page whose copy had to go is read anew when its visit is due.
    bench.fetcher.answers[FILE] = (200, b"[]")
    bench.clock.moment += timedelta(days=8)
    ask_due(parts, "t2")
    run_all(parts, "r3", LIVE)
    assert not usage.reserves(bench.index.documents[names["one"]].get("usage") or [])
    assert "root zone" in str(bench.index.documents[names["one"]]["body"])
