"""Health of sources: grades with reasons, usual volumes, what the report names, the index of sources."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from postgres import ON_BOTH

from igwire import schema
from igwire.ledger import sources
from igwire.ledger.sources import SourceState
from igwire.model import Source, Window
from igwire.pipeline.health import Health, judge, volumes
from igwire.pipeline.run import run_all

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LIVE = Window(start=NOW - timedelta(days=1), end=NOW)
FEED = b"""<rss version='2.0'><channel><item><title>One</title><link>http://news.example/one</link>
  <pubDate>Mon, 23 Nov 2026 10:00:00 GMT</pubDate></item></channel></rss>"""
SOURCE = Source(id="example", title="Example", site="http://news.example/", feed_url="http://news.example/feed")
STATE = SourceState(id="example", state="ok", state_reason="2 entries, 1 new", failing_since=NOW)


@pytest.mark.parametrize(
    ("state", "failures", "grade"),
    [
        ("never", 0, "new"), ("ok", 0, "good"), ("unchanged", 0, "good"), ("frozen", 0, "bad"), ("gone", 5, "bad"), ("blocked", 1, "bad"),
        ("failing", 40, "bad"), ("cooling", 11, "watch"), ("cooling", 12, "bad"), ("retrying", 5, "watch"), ("retrying", 6, "bad"),
        ("refused", 2, "watch"), ("refused", 3, "bad"), ("not_a_feed", 3, "bad"),
    ],
)  # fmt: skip
def test_failures_are_weighted_by_what_they_say(state, failures, grade):
    assert judge(SOURCE, replace(STATE, state=state, failures=failures))[0] == grade


def test_empty_feeds_are_watched_and_then_bad_and_wanted_sources_say_why():
    assert judge(SOURCE, replace(STATE, state="empty", empties=2))[0] == "watch"
    assert judge(SOURCE, replace(STATE, state="empty", empties=3))[0] == "bad"
    assert judge(replace(SOURCE, status="probation"), STATE) == ("wanted", "on probation, not probed yet")


def test_the_reason_counts_failures():
    assert judge(SOURCE, replace(STATE, state="refused", state_reason="HTTP status 403", failures=2))[1] == "HTTP status 403 (2 times since 2026-11-24 12:00)"


def test_usual_volume_leaves_out_the_backlog_and_the_last_day():
    arrivals = [("a", NOW - timedelta(days=day, hours=1)) for day in range(20) for _ in range(5)] + [("a", NOW - timedelta(days=20, hours=1))] * 500
    last, usual = volumes(arrivals, NOW)
    assert (last["a"], usual["a"]) == (5, 5.0)
    assert volumes([("b", NOW - timedelta(days=2))], NOW)[1] == {}


@pytest.mark.parametrize(
    ("last", "usual", "unusual"), [(5, 5.0, False), (16, 5.0, True), (0, 5.0, True), (0, 2.0, False), (4, 0.1, False), (6, 0.1, True), (99, None, False)]
)
def test_what_is_unusual(last, usual, unusual):
    health = Health(source=SOURCE, state=STATE, grade="good", reason="", last_day=last, usual=usual, gaps=0)
    assert bool(health.unusual) is unusual


@ON_BOTH
def test_the_report_names_what_broke_and_the_index_of_sources_holds_every_source(bench):
    bench.fetcher.answers["http://news.example/feed"] = (200, FEED, {})
    run_all(bench.parts(), "r1", LIVE)
    assert bench.index.sources["example"]["grade"] == "good"
    assert set(bench.index.sources["example"]) <= set(schema.properties("sources"))
    bench.clock.moment += timedelta(days=1)
    bench.fetcher.answers["http://news.example/feed"] = (403, b"", {"cf-mitigated": "challenge"})
    done = run_all(bench.parts(), "r2", LIVE)
    assert done.ok
    assert done.notes == ("example: a bot wall answers instead of the site: HTTP status 403 from a bot wall",)
    assert bench.index.runs["r2"]["notes"] == list(done.notes)
    assert bench.index.sources["example"]["grade"] == "bad"
    bench.clock.moment += timedelta(days=1)
    assert run_all(bench.parts(), "r3", LIVE).notes == ()


def test_frozen_feeds_and_gaps_that_stay_open_are_named(bench):
    bench.fetcher.answers["http://news.example/feed"] = (200, FEED.replace(b"2026", b"2016"), {})
    bench.fetcher.answers["http://news.example/robots.txt"] = (200, b"", {})
    bench.fetcher.answers["http://news.example/sitemap.xml"] = (200, b"<urlset><url><loc>/a</loc></url></urlset>", {})
    with bench.ledger.transaction() as conn:
        sources.note_gap(conn, "example", NOW - timedelta(days=9), NOW - timedelta(days=8), reason="rolled_over", now=NOW)
    done = run_all(bench.parts(), "r1", LIVE)
    assert (bench.index.sources["example"]["grade"], bench.index.sources["example"]["reason"]) == ("bad", "its newest entry is of 2016-11-23")
    assert (done.polls["frozen"], done.polls["gap_open"]) == (1, 1)
    assert done.notes == ("example: 1 gaps in its coverage are not filled yet",)
