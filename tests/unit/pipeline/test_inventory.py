"""Backfills over the newsroom: each archive is listed once, every interval reads from the inventory, what is stored is not asked for again."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from igwire.feeds.archives import Verdict
from igwire.ledger import archives
from igwire.ledger.tables import items
from igwire.model import Window
from igwire.pipeline.inventory import state_of
from igwire.pipeline.plan import plan
from igwire.pipeline.run import run_all

WUZHEN = Window(start=datetime(2015, 12, 1, tzinfo=UTC), end=datetime(2016, 1, 1, tzinfo=UTC), mode="past")


def days(window: Window) -> list[Window]:
    count = (window.end - window.start).days
    return [Window(start=window.start + timedelta(days=n), end=window.start + timedelta(days=n + 1), mode="past") for n in range(count)]


def asked(room, kind: str) -> list[str]:
    """Paths of the requests for listings or for pages."""
    marks = ("wp-json", "sitemap", "paged=", "/archive")
    listed = [r["host"] + r["path"] for r in room.log if any(mark in r["path"] for mark in marks)]
    if kind == "listings":
        return listed
    return [r["host"] + r["path"] for r in room.log if r["host"] + r["path"] not in listed and "robots" not in r["path"]]


def expected(room, window: Window) -> set[str]:
    """Addresses of the articles that the archives date inside the window: sitemaps by the last change where the address has no day."""
    found = set()
    for story in room.stories:
        site = room.sites[story.site]
        from igwire.newsroom import render

        path = render.path_of(site, story)
        by_change = not site.wordpress and f"/{story.moment.year}/{story.moment.month:02}/{story.moment.day:02}/" not in path
        moment = datetime.fromisoformat(story.modified) if by_change and story.modified else story.moment
        if window.start <= moment < window.end:
            found.add(room.origin(site.address) + path)
    return found


def fetched(bench) -> dict[str, str]:
    with bench.ledger.reading() as conn:
        return {row.url: row.state for row in conn.execute(items.select())}


def test_a_month_of_days_costs_one_listing_of_each_archive_and_a_repeat_costs_nothing(newsroom_bench, newsroom):
    parts = newsroom_bench.parts()
    for number, day in enumerate(days(WUZHEN)[10:20]):
        assert run_all(parts, f"day-{number}", day).ok
    inside = Window(start=WUZHEN.start + timedelta(days=10), end=WUZHEN.start + timedelta(days=20), mode="past")
    assert set(fetched(newsroom_bench)) == expected(newsroom, inside) != set()
    listings = Counter(asked(newsroom, "listings"))
    assert set(listings.values()) == {1}, listings.most_common(3)
    assert not any("2026" in path for path in listings), "sitemaps of other years"
    before = len(newsroom.log)
    for number, day in enumerate(days(WUZHEN)[10:20]):
        assert run_all(parts, f"again-{number}", day).planned == 0
    assert newsroom.log[before:] == []


def test_the_whole_span_by_months_brings_every_article_once(newsroom_bench, newsroom):
    parts = newsroom_bench.parts()
    whole = Window(start=datetime(2015, 1, 1, tzinfo=UTC), end=datetime.now(UTC), mode="past")
    done = run_all(parts, "whole", whole)
    assert done.ok, done.faults
    assert set(fetched(newsroom_bench)) == expected(newsroom, whole)
    assert len(fetched(newsroom_bench)) == len(newsroom.stories) == len(newsroom_bench.index.documents)
    assert set(Counter(asked(newsroom, "pages")).values()) == {1}


def test_the_daily_run_leaves_to_backfills_what_they_have_still_to_fetch(newsroom_bench, newsroom):
    parts = newsroom_bench.parts()
    plan(parts, "past", WUZHEN)
    waiting = {url for url, state in fetched(newsroom_bench).items() if state == "new"}
    assert waiting
    now = datetime.now(UTC)
    with newsroom_bench.ledger.transaction() as conn:
        conn.execute(items.update().values(claimed_by=None, claimed_until=None))
        from igwire.ledger.items import claim

        live = claim(conn, "live", Window(start=now - timedelta(days=1), end=now), now=now, sources=None, limit=None)
    assert live == []


def test_rest_that_is_closed_is_asked_once_and_pages_or_sitemaps_stand_in(newsroom_bench, newsroom):
    newsroom.fault("wuzhen-courier", "status", path="/wp-json/wp/v2/posts", value=403)
    parts = newsroom_bench.parts()
    plan(parts, "run", WUZHEN, wanted=["wuzhen-courier"])
    with newsroom_bench.ledger.reading() as conn:
        rows = {row.method: (row.state, row.detail) for row in archives.listings_of(conn, ["wuzhen-courier"])}
    assert rows["wordpress"] == ("unavailable", "wordpress: page 1: HTTP status 403")
    assert rows["sitemap"][0] == "complete"
    november = Window(start=datetime(2015, 11, 1, tzinfo=UTC), end=datetime(2015, 12, 1, tzinfo=UTC), mode="past")
    before = len(newsroom.log)
    plan(parts, "other", november, wanted=["wuzhen-courier"])
    assert newsroom.log[before:] == [], "the sitemap of the year was listed already"


def test_an_error_half_way_is_partial_and_what_was_found_is_taken(newsroom_bench, newsroom):
    newsroom.fault("policy-ledger", "status", path="/sitemap-2015.xml", value=500)
    newsroom_bench.sources[:] = [s for s in newsroom_bench.sources if s.id == "policy-ledger"]
    plan(newsroom_bench.parts(), "run", WUZHEN, wanted=["policy-ledger"])
    with newsroom_bench.ledger.reading() as conn:
        (row,) = archives.listings_of(conn, ["policy-ledger"])
    assert row.state == "partial"
    assert "HTTP status 500" in row.detail
    assert row.again_at - row.listed_at == timedelta(hours=1)


def test_a_redated_entry_moves_to_the_interval_of_its_own_date(newsroom_bench, newsroom):
    parts = newsroom_bench.parts()
    story = next(s for s in newsroom.stories if s.site == "wuzhen-courier" and s.published.startswith("2015-12"))
    import dataclasses

    plan(parts, "first", WUZHEN, wanted=["wuzhen-courier"])
    moved = dataclasses.replace(story, published=story.published.replace("2015-12", "2015-11"))
    newsroom.stories = [moved if s is story else s for s in newsroom.stories]
    november = Window(start=datetime(2015, 11, 1, tzinfo=UTC), end=datetime(2015, 12, 1, tzinfo=UTC), mode="past")
    plan(parts, "second", november, wanted=["wuzhen-courier"])
    with newsroom_bench.ledger.reading() as conn:
        assert archives.counts(conn, "wuzhen-courier", november) >= 1


def test_a_lister_that_died_is_followed_after_its_lease_and_one_that_lives_is_not(newsroom_bench):
    span, now = WUZHEN, datetime.now(UTC)
    with newsroom_bench.ledger.transaction() as conn:
        assert archives.lease(conn, "s", "wordpress", span, holder="one", now=now) is None
        assert archives.lease(conn, "s", "wordpress", span, holder="one", now=now) is None
        assert archives.lease(conn, "s", "wordpress", span, holder="two", now=now).holder == "one"
        assert archives.lease(conn, "s", "wordpress", span, holder="two", now=now + archives.LEASE) is None
        archives.settle(conn, "s", "wordpress", span, state="complete", detail="", found=0, now=now, again_at=now + timedelta(days=7))
        assert archives.lease(conn, "s", "wordpress", span, holder="three", now=now).state == "complete"


def test_spans_that_share_their_pages_are_listed_one_after_the_other(newsroom_bench):
    years = [Window(start=datetime(year, 1, 1, tzinfo=UTC), end=datetime(year + 1, 1, 1, tzinfo=UTC), mode="past") for year in (2015, 2016)]
    now = datetime.now(UTC)
    with newsroom_bench.ledger.transaction() as conn:
        assert archives.lease(conn, "s", "sitemap", years[0], holder="one", now=now, alone=True) is None
        assert archives.lease(conn, "s", "sitemap", years[1], holder="two", now=now, alone=True).holder == "one"
        # The same run, another source, and a dead lister's span are no hindrance.
        assert archives.lease(conn, "s", "sitemap", years[1], holder="one", now=now, alone=True) is None
        assert archives.lease(conn, "t", "sitemap", years[1], holder="two", now=now, alone=True) is None
        assert archives.lease(conn, "s", "sitemap", years[1], holder="two", now=now + archives.LEASE, alone=True) is None


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (Verdict(True, "3 pages"), "complete"),
        (Verdict(False, "page 7: HTTP status 500", passing=True), "partial"),
        (Verdict(False, "page 1: HTTP status 500"), "failed"),
        (Verdict(False, "page 1: HTTP status 404"), "unavailable"),
        (Verdict(False, "no sitemap was found"), "unavailable"),
        (Verdict(False, "page 4: time_budget", passing=True), "cut"),
        (Verdict(False, "page 1: deadline"), "failed"),
    ],
)
def test_the_state_of_a_listing_by_its_verdict(verdict, state):
    assert state_of(verdict) == state


def test_nothing_is_stamped_with_today(newsroom_bench, newsroom):
    plan(newsroom_bench.parts(), "run", WUZHEN)
    with newsroom_bench.ledger.reading() as conn:
        newest = conn.execute(sa.select(sa.func.max(items.c.published_at))).scalar()
    assert newest < WUZHEN.end


def test_a_list_from_a_file_is_read_by_the_interval_of_each_date(newsroom_bench, newsroom, tmp_path):
    from igwire.errors import UsageError
    from igwire.pipeline import inventory, lists

    url = newsroom.url("policy-ledger", "/analysis/one.html")
    file = tmp_path / "list.csv"
    file.write_text(f"url,date,title\n{url},2015-12-16,One\n{url}2,2016-02-01T10:00:00+02:00,\n", encoding="utf-8")
    parts = newsroom_bench.parts()
    assert lists.take_list(parts, file, "policy-ledger") == 2
    assert inventory.take_listed(parts, newsroom_bench.sources, WUZHEN) == 1
    assert fetched(newsroom_bench) == {url: "new"}
    for bad, told in (("url,date\nnot-a-url,2015-12-16\n", "list.csv:2"), (f"url,date\n{url},soon\n", "list.csv:2.*no date"), ("a,b\n", "list.csv:1")):
        file.write_text(bad, encoding="utf-8")
        with pytest.raises(UsageError, match=told):
            lists.take_list(parts, file, "policy-ledger")
