"""What is there of each source and day, what a backfill would cost, and the commands that fill gaps."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from igwire.ledger import archives, runs
from igwire.model import FeedEntry, Source, Window
from igwire.pipeline import backfill, coverage
from igwire.pipeline.report import report

START = datetime(2015, 12, 1, tzinfo=UTC)
MONTH = Window(start=START, end=datetime(2016, 1, 1, tzinfo=UTC), mode="past")
WEEK = Window(start=START, end=START + timedelta(days=7), mode="past")


def listed(bench, state: str, *, method: str = "sitemap", span: Window = MONTH, detail: str = "why") -> None:
    now = bench.clock.now()
    with bench.ledger.transaction() as conn:
        assert archives.lease(conn, "example", method, span, holder="t", now=now) is None
        archives.settle(conn, "example", method, span, state=state, detail=detail, found=0, now=now, again_at=now + timedelta(days=7))


def gaps(bench, window: Window = WEEK) -> list[tuple[str, str, str, str]]:
    with bench.ledger.reading() as conn:
        found = list(coverage.gaps(coverage.days(bench.parts(), conn, bench.sources, window)))
    return [(str(gap.first), str(gap.last), gap.state, gap.reason) for gap in found]


def test_what_nobody_asked_for_is_not_tried_and_never_nothing(bench):
    assert gaps(bench) == [("2015-12-01", "2015-12-07", "not_tried", "no run has asked for it")]


def test_the_best_listing_decides_and_reasons_are_told(bench):
    listed(bench, "failed", detail="sitemap: page 1: HTTP status 500")
    assert gaps(bench) == [("2015-12-01", "2015-12-07", "failed", "sitemap: page 1: HTTP status 500")]
    listed(bench, "unavailable", method="listing")
    assert gaps(bench)[0][2] == "failed"
    listed(bench, "partial", method="wordpress")
    assert gaps(bench)[0][2] == "partial"
    listed(bench, "complete", method="feed_paging", span=Window(start=START, end=START + timedelta(days=3)))
    assert [gap[:3] for gap in gaps(bench)] == [("2015-12-04", "2015-12-07", "partial")]


def test_a_source_without_a_way_says_so(bench):
    listed(bench, "unavailable", detail="sitemap: no sitemap was found")
    assert gaps(bench) == [("2015-12-01", "2015-12-07", "not_available", "sitemap: no sitemap was found")]


def test_pages_that_are_missing_make_a_day_partial(bench):
    from igwire.ledger import items

    listed(bench, "complete")
    entry = FeedEntry(source_id="example", guid=None, url="http://news.example/one", published="2015-12-03T10:00:00+00:00")
    with bench.ledger.transaction() as conn:
        items.add(conn, [entry], now=bench.clock.now(), mode="past")
    assert gaps(bench) == [("2015-12-03", "2015-12-03", "partial", "1 articles are not in the index yet")]


def test_days_that_have_not_begun_are_no_gaps(bench):
    now = bench.clock.now()
    assert [gap[1] for gap in gaps(bench, Window(start=now - timedelta(days=1), end=now + timedelta(days=30)))] == [str(now.date())]


def test_the_report_of_a_backfill_names_its_gaps_and_publishes_the_days(bench):
    listed(bench, "unavailable", detail="sitemap: no sitemap was found")
    with bench.ledger.transaction() as conn:
        runs.start(conn, "r", mode="past", window=WEEK, now=bench.clock.now())
        runs.add_polls(conn, "r", {}, ["example"])
    done = report(bench.parts(), "r")
    assert done.ok
    assert done.notes == ("example: 2015-12-01 to 2015-12-07 not available: sitemap: no sitemap was found",)
    from igwire import schema

    assert sorted(bench.index.coverage) == [f"example:2015-12-0{n}" for n in range(1, 8)]
    assert set(bench.index.coverage["example:2015-12-01"]) == set(schema.properties("coverage"))


def test_the_estimate_knows_what_is_listed_and_says_when_it_guesses(bench):
    bench.sources[:] = [Source(id="example", title="E", site="http://news.example/", feed_url="http://news.example/feed", archive="wordpress")]
    (guess,) = backfill.estimate(bench.parts(), bench.sources, MONTH).estimates
    # A month at an article a day: one listing page, robots.txt.
    assert (guess.method, guess.articles, guess.listed, guess.listings, guess.pages) == ("wordpress", 31, False, 2, 31)
    assert guess.seconds == 33 * 6
    listed(bench, "complete", method="wordpress")
    (known,) = backfill.estimate(bench.parts(), bench.sources, MONTH).estimates
    assert (known.articles, known.listed, known.requests) == (0, True, 0)


def test_a_hosts_daily_budget_stretches_the_time(bench):
    made = backfill.estimate(bench.parts(host_requests=10), bench.sources, Window(start=START, end=START + timedelta(days=80)))
    assert made.seconds >= 10 * 86_400


def test_commands_go_by_days_or_by_months():
    short = backfill.command(date(2015, 12, 5), date(2015, 12, 31), ["a-b"])
    assert short == (
        "airflow backfill create --dag-id ingest_news --from-date 2015-12-05 --to-date 2015-12-31 --reprocess-behavior completed "
        """--dag-run-conf '{"sources": ["a-b"]}'"""
    )
    assert backfill.command(date(2010, 1, 5), date(2015, 12, 31)).startswith("airflow backfill create --dag-id ingest_archive --from-date 2010-01-01 ")
