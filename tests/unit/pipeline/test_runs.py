"""Whole runs through real ledger, store, extraction and tagging; the web, the index and the clock are fakes."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from fakes import failing
from invented import LIVE, feed, page, serve
from postgres import ON_BOTH

from igwire.ledger import documents, items, packing, runs
from igwire.model import Source, Window
from igwire.pipeline import process
from igwire.pipeline.plan import plan
from igwire.pipeline.poll import poll_sources
from igwire.pipeline.process import Work
from igwire.pipeline.rebuild import Selection, dry_run, parse_selection, prepare, rebuild, rebuild_batch
from igwire.pipeline.report import report
from igwire.pipeline.run import STAGES, run_all, run_stage
from igwire.urls import document_id


def later(bench, **span) -> None:
    bench.clock.moment += timedelta(**span)


@ON_BOTH
def test_a_run_indexes_what_the_feed_names_and_balances(bench):
    serve(bench, one=(200, page("One")), two=(200, page("Two")))
    done = run_all(bench.parts(), "r1", LIVE)
    assert done.ok
    assert done.planned == done.outcomes["indexed"] == 2
    document = bench.index.documents[document_id("http://news.example/one")]
    assert document["title"] == "One"
    assert document["published_at"] == "2026-11-23T10:00:00+01:00"
    assert document["published_day"] == "2026-11-23"
    assert {"ICANN", "Beijing", "China"} <= set(document["entities"]["all"])
    assert bench.index.runs["r1"]["status"] == "ok"


def test_a_second_run_asks_conditionally_looks_again_at_the_page_and_changes_nothing(bench):
    serve(bench, one=(200, page("One")))
    run_all(bench.parts(), "r1", LIVE)
    before, bench.fetcher.asked = dict(bench.index.documents), []
    bench.fetcher.answers["http://news.example/feed"] = (304, b"", {"ETag": '"v1"'})
    later(bench, hours=2)
    done = run_all(bench.parts(), "r2", LIVE)
    assert done.planned == 0
    assert done.polls == {"unchanged": 1, "new": 0, "revisit_unchanged": 1}
    assert bench.fetcher.asked[0][1]["If-None-Match"] == '"v1"'
    assert bench.fetcher.pages() == ["http://news.example/one"]
    assert bench.index.documents == before


def test_a_feed_is_not_polled_again_within_the_hour(bench):
    serve(bench, one=(200, page("One")))
    run_all(bench.parts(), "r1", LIVE)
    bench.fetcher.asked = []
    later(bench, minutes=30)
    run_all(bench.parts(), "r2", LIVE)
    assert bench.fetcher.asked == []


def test_every_kind_of_answer_ends_in_its_disposition(bench):
    serve(
        bench, good=(200, page("Good")), gone=(410, b""), lost=(404, b""), shut=(403, b""), private=(200, page("Private")), empty=(200, b""),
        binary=(200, b"\x89PNG\r\n\x00\x01"), slow=failing("http://news.example/slow", "deadline"), large=failing("http://news.example/large", "too_large"),
        deep=(200, b"<html><body>" + b"<div>" * 300 + b"text" + b"</div>" * 300 + b"</body></html>"),
    )  # fmt: skip
    done = run_all(bench.parts(gap_s=0), "r1", LIVE)
    assert done.reasons == {
        "rejected/gone": 1, "rejected/not_found": 1, "rejected/forbidden": 1, "rejected/robots": 1, "rejected/empty": 1, "rejected/not_html": 1,
        "rejected/too_large": 1, "deferred/deadline": 1, "quarantined/too_deep": 1,
    }  # fmt: skip
    assert done.outcomes["indexed"] == 1
    assert sum(done.outcomes.values()) == done.planned == 10
    assert done.ok
    with bench.ledger.reading() as conn:
        assert [(d.reason, bool(d.segment)) for d in runs.open_dead_letters(conn)] == [("too_deep", True)]


def test_robots_that_cannot_be_had_defer_everything_on_the_host(bench):
    serve(bench, one=(200, page("One")))
    bench.fetcher.answers["http://news.example/robots.txt"] = (500, b"")
    done = run_all(bench.parts(gap_s=0), "r1", LIVE)
    assert bench.fetcher.pages() == []
    assert done.outcomes["deferred"] == 1


def test_a_429_cools_the_host_and_defers_the_rest(bench):
    busy = (429, b"", {"Retry-After": "7200"})
    serve(bench, one=busy, two=busy)
    done = run_all(bench.parts(gap_s=0), "r1", LIVE)
    assert done.outcomes["deferred"] == 2
    assert len(bench.fetcher.pages()) == 1
    later(bench, hours=1, minutes=50)
    bench.fetcher.asked = []
    serve(bench, one=(200, page("One")), two=(200, page("Two")))
    run_all(bench.parts(gap_s=0, budget_s=60), "r2", LIVE)
    assert bench.fetcher.asked == []
    later(bench, minutes=15)
    assert run_all(bench.parts(gap_s=0), "r3", LIVE).outcomes["indexed"] == 2


def test_the_time_budget_defers_the_rest_to_the_next_run(bench):
    serve(bench, one=(200, page("One")), two=(200, page("Two")), three=(200, page("Three")))
    bench.fetcher.answers["http://news.example/robots.txt"] = (200, b"User-agent: *\nCrawl-delay: 120\n", {})
    done = run_all(bench.parts(budget_s=200), "r1", LIVE)
    assert done.outcomes["indexed"] == 1
    assert done.reasons["deferred/time_budget"] == 2
    later(bench, days=1)
    bench.fetcher.answers["http://news.example/feed"] = (304, b"", {})
    assert run_all(bench.parts(), "r2", LIVE).outcomes["indexed"] == 2


def test_a_slow_host_holds_up_no_other(bench):
    """A host with a crawl-delay of 120 s: what lies on other hosts is in the index before the slow one has sent a page."""
    slow = Source(id="slow", title="Slow", site="http://slow.example/", feed_url="http://slow.example/feed", timezone="Europe/Paris")
    bench.sources.append(slow)
    serve(bench, one=(200, page("One")), two=(200, page("Two")), three=(200, page("Three")))
    bench.fetcher.answers["http://slow.example/feed"] = (
        200,
        feed("s1", "s2", "s3").replace(b"news.example", b"slow.example"),
        {"Content-Type": "application/rss+xml"},
    )
    bench.fetcher.answers["http://slow.example/robots.txt"] = (200, b"User-agent: *\nCrawl-delay: 120\n", {})
    for name in ("s1", "s2", "s3"):
        bench.fetcher.answers[f"http://slow.example/{name}"] = (200, page(name))
    parts = bench.parts(batches=2)
    batches = plan(parts, "r1", LIVE)
    assert len(batches) == 2
    with bench.ledger.reading() as conn:
        hosts = [{item.host for item in items.get(conn, runs.batch_items(conn, "r1", batch.number))} for batch in batches]
    fast = next(batch.number for batch, host in zip(batches, hosts, strict=True) if host == {"news.example"})
    for stage in STAGES:
        run_stage(parts, stage, "r1", fast)
    assert len(bench.index.documents) == 3
    assert not [url for url in bench.fetcher.pages() if "slow.example" in url]
    # And the slow one goes on by itself: what its budget does not reach is deferred, not lost.
    slow_batch = 1 - fast
    for stage in STAGES:
        run_stage(bench.parts(batches=2, budget_s=200), stage, "r1", slow_batch)
    done = report(parts, "r1")
    assert (done.planned, done.outcomes["deferred"]) == (6, 2)
    assert done.reasons["deferred/time_budget"] == 2


def test_gaps_between_two_requests_to_a_host_are_kept(bench):
    serve(bench, one=(200, page("One")), two=(200, page("Two")))
    moments = []
    real = bench.fetcher.get
    bench.fetcher.get = lambda url, **more: (moments.append(bench.clock.now()), real(url, **more))[1]
    run_all(bench.parts(gap_s=7), "r1", LIVE)
    gaps = [(b - a).total_seconds() for a, b in pairwise(moments)]
    assert len(gaps) == 3
    assert min(gaps) >= 7


@ON_BOTH
def test_elasticsearch_away_keeps_everything_and_the_next_run_sends_it_without_fetching(bench):
    serve(bench, one=(200, page("One")), two=(200, page("Two")))
    bench.index.away = True
    done = run_all(bench.parts(), "r1", LIVE)
    assert not done.ok
    assert done.outcomes["pending_index"] == 2
    bench.index.away, bench.fetcher.asked = False, []
    done = run_all(bench.parts(), "r2", LIVE)
    assert done.ok
    assert done.outcomes["indexed"] == 2
    assert bench.fetcher.asked == []


def test_elasticsearch_lost_in_the_middle_of_a_bulk(bench):
    serve(bench, one=(200, page("One")), two=(200, page("Two")), three=(200, page("Three")))
    bench.index.lost_after = 1
    done = run_all(bench.parts(), "r1", LIVE)
    assert (done.outcomes["indexed"], done.outcomes["pending_index"]) == (1, 2)
    bench.index.lost_after = None
    assert run_all(bench.parts(), "r2", LIVE).outcomes["indexed"] == 2
    assert len(bench.index.documents) == 3


def test_a_document_that_can_never_be_taken_becomes_a_dead_letter(bench):
    serve(bench, one=(200, page("One")))
    bench.index.refuse.add(document_id("http://news.example/one"))
    done = run_all(bench.parts(), "r1", LIVE)
    assert done.reasons == {"quarantined/refused": 1}
    bench.index.refuse.clear()
    again = rebuild(bench.parts(), "again", first="index", selection=parse_selection("reason=refused"))
    assert again.outcomes["indexed"] == 1


def test_a_task_that_died_makes_the_report_fail_and_the_repeated_run_goes_on(bench):
    serve(bench, one=(200, page("One")), two=(200, page("Two")))
    parts = bench.parts()
    plan(parts, "r1", LIVE)
    run_stage(parts, "collect", "r1", 0)
    failed = report(parts, "r1")
    assert "have no outcome" in failed.faults[0]
    bench.fetcher.asked = []
    done = run_all(parts, "r1", LIVE)
    assert done.ok
    assert done.outcomes["indexed"] == 2
    assert bench.fetcher.asked == []


@ON_BOTH
def test_two_runs_at_once_do_not_share_items(bench):
    serve(bench, one=(200, page("One")))
    parts = bench.parts()
    assert [b.items for b in plan(parts, "r1", LIVE)] == [1]
    assert plan(parts, "r2", LIVE) == []


def test_a_past_window_takes_only_what_is_dated_inside(bench):
    serve(bench, one=(200, page("One")))
    poll_sources(bench.parts(), "poll")
    before = Window(start=datetime(2026, 11, 1, tzinfo=UTC), end=datetime(2026, 11, 2, tzinfo=UTC), mode="past")
    assert run_all(bench.parts(), "r1", before).planned == 0
    inside = Window(start=datetime(2026, 11, 23, tzinfo=UTC), end=datetime(2026, 11, 24, tzinfo=UTC), mode="past")
    assert run_all(bench.parts(), "r2", inside).outcomes["indexed"] == 1


def test_one_article_under_two_addresses_is_one_document(bench):
    canonical = page("One").replace(b"<head>", b"<head><link rel='canonical' href='http://news.example/one'>")
    serve(bench, one=(200, canonical), one_amp=(200, canonical))
    done = run_all(bench.parts(), "r1", LIVE)
    assert (done.outcomes["indexed"], done.outcomes["duplicate"]) == (1, 1)
    assert list(bench.index.documents) == [document_id("http://news.example/one")]


def test_wiping_the_index_and_rebuilding_gives_the_same_documents(bench):
    serve(bench, one=(200, page("One")), two=(200, page("Two")))
    run_all(bench.parts(), "r1", LIVE)
    before = dict(bench.index.documents)
    for first in ("index", "enrich", "extract"):
        bench.index.documents.clear()
        bench.index.versions.clear()
        done = rebuild(bench.parts(), f"again-{first}", first=first, selection=Selection())
        assert done.ok
        assert bench.index.documents == before


def test_rebuild_into_a_new_index_leaves_the_live_one_alone(bench):
    serve(bench, one=(200, page("One")))
    run_all(bench.parts(), "r1", LIVE)
    writes, live = bench.index.writes, dict(bench.index.documents)
    rebuild(bench.parts(), "again", first="index", selection=Selection(), target="new-index")
    assert bench.index.targets["new-index"] == live
    # One document into the new index, one run into the index of runs.
    assert bench.index.writes == writes + 2


def test_a_dry_run_says_what_would_change_and_writes_nothing(bench):
    serve(bench, one=(200, page("One")))
    run_all(bench.parts(), "r1", LIVE)
    assert dry_run(bench.parts(), first="extract", selection=Selection()).changed == 0
    with bench.ledger.transaction() as conn:
        (stored,) = documents.get(conn, [document_id("http://news.example/one")])
        assert stored.tags is not None
        (text,) = documents.texts(conn, [stored.id])
        assert documents.save_tags(conn, text, packing.pack_tags(dataclasses.replace(stored.tags, mentions=())), stored.tags.stamp)
    writes = bench.index.writes
    changes = dry_run(bench.parts(), first="enrich", selection=Selection())
    assert changes.changed == 1
    assert "entities" in changes.fields
    assert bench.index.writes == writes


@ON_BOTH
def test_a_late_worker_with_older_tags_changes_nothing(bench):
    serve(bench, one=(200, page("One")))
    run_all(bench.parts(), "r1", LIVE)
    doc_id = document_id("http://news.example/one")
    with bench.ledger.reading() as conn:
        (stored,), (read_early,) = documents.get(conn, [doc_id]), documents.texts(conn, [doc_id])
    assert stored.tags is not None
    newer, older = (packing.pack_tags(tags) for tags in (dataclasses.replace(stored.tags, stamp="newer", mentions=stored.tags.mentions[:1]), stored.tags))
    with bench.ledger.transaction() as conn:
        assert documents.save_tags(conn, read_early, newer, "newer")
    rebuild(bench.parts(), "newer", first="index", selection=Selection())
    indexed, version = bench.index.documents[doc_id], bench.index.versions[doc_id]
    with bench.ledger.transaction() as conn:
        assert not documents.save_tags(conn, read_early, older, stored.tags.stamp)
    from igwire.model import WriteAction

    late = list(bench.index.write([WriteAction(doc_id=doc_id, version=version - 1, body={"old": True})]))
    assert late[0].outcome == "superseded"
    assert bench.index.documents[doc_id] == indexed


def test_an_edited_page_is_a_new_revision_of_the_same_document(bench):
    serve(bench, one=(200, page("One")))
    run_all(bench.parts(), "r1", LIVE)
    item_id = document_id("http://news.example/one")
    bench.fetcher.answers["http://news.example/one"] = (200, page("One, corrected"))
    with bench.ledger.transaction() as conn:
        items.move(conn, item_id, "new")
    run_all(bench.parts(), "r2", LIVE)
    document = bench.index.documents[item_id]
    assert (document["revision"], document["title"]) == (2, "One, corrected")
    assert len(bench.index.documents) == 1


def test_a_page_that_hangs_the_parser_costs_no_other_page(bench):
    attributes = b"<p " + b" ".join(b"a%d=1" % n for n in range(4000)) + b">x</p>"
    serve(bench, good=(200, page("Good")), bad=(200, b"<html><body>" + attributes * 12 + b"</body></html>"))
    done = run_all(bench.parts(parser_workers=2), "r1", LIVE)
    assert done.outcomes["indexed"] >= 1
    assert sum(done.outcomes.values()) == 2


def test_a_raw_record_that_cannot_be_read_becomes_a_dead_letter(bench):
    serve(bench, one=(200, page("One")))
    parts = bench.parts()
    plan(parts, "r1", LIVE)
    run_stage(parts, "collect", "r1", 0)
    for segment in (bench.folder / "raw").rglob("*.warc.gz"):
        segment.write_bytes(b"\x00" * segment.stat().st_size)
    run_stage(parts, "extract", "r1", 0)
    assert report(parts, "r1").reasons == {"quarantined/raw_unreadable": 1}


def test_extracting_again_is_free(bench):
    serve(bench, one=(200, page("One")))
    run_all(bench.parts(), "r1", LIVE)
    work = Work(parts=bench.parts(), run_id="r2")
    process.extract_items(work, [document_id("http://news.example/one")])
    with bench.ledger.reading() as conn:
        assert next(iter(items.get(conn, [document_id("http://news.example/one")]))).state == "indexed"


def test_a_feed_that_is_a_web_page_keeps_the_old_state(bench):
    serve(bench, one=(200, page("One")))
    run_all(bench.parts(), "r1", LIVE)
    later(bench, hours=2)
    bench.fetcher.answers["http://news.example/feed"] = (200, b"<html><body>please log in</body></html>", {"Content-Type": "text/html"})
    done = run_all(bench.parts(), "r2", LIVE)
    assert done.polls == {"not_a_feed": 1, "revisit_unchanged": 1}
    from igwire.ledger import sources

    with bench.ledger.reading() as conn:
        assert sources.states(conn, ["example"])["example"].etag == '"v1"'


@pytest.mark.parametrize("text", ["since=yesterday", "colour=red", "id="])
def test_a_selection_that_cannot_be_read_says_so(text):
    from igwire.errors import UsageError

    with pytest.raises(UsageError, match="--select"):
        parse_selection(text)


def test_a_rebuild_in_batches_makes_the_same_documents(bench):
    serve(bench, **{f"n{n}": (200, page(f"Story {n}")) for n in range(5)})
    run_all(bench.parts(), "r1", LIVE)
    before = dict(bench.index.documents)
    bench.index.documents.clear()
    bench.index.versions.clear()
    batches = prepare(bench.parts(), "again", first="extract", selection=Selection(), batches=3)
    assert sorted(batch.items for batch in batches) == [1, 2, 2]
    for batch in reversed(batches):
        rebuild_batch(bench.parts(), "again", batch.number, first="extract")
    done = report(bench.parts(), "again")
    assert (done.ok, done.planned) == (True, 5)
    assert bench.index.documents == before


def test_a_rebuild_can_be_bound_to_days(bench):
    serve(bench, one=(200, page("One")))
    run_all(bench.parts(), "r1", LIVE)
    day = bench.clock.now().replace(hour=0, minute=0)
    for selection, count in ((Selection(until=day), 0), (Selection(since=day), 1), (Selection(since=day, until=day + timedelta(days=1)), 1)):
        assert rebuild(bench.parts(), f"r{selection}"[:80], first="index", selection=selection).planned == count
