"""No news lost between polls: a feed of ten places, forty articles a day, and the archive behind it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from igwire.ledger import sources
from igwire.ledger.tables import items
from igwire.model import Source, Window
from igwire.newsroom.articles import Story
from igwire.newsroom.server import Newsroom
from igwire.pipeline.plan import plan
from igwire.pipeline.poll import poll_sources

START = datetime(2026, 11, 20, tzinfo=UTC)
SITE = "wuzhen-courier"


def story(number: int) -> Story:
    moment = START + timedelta(minutes=36 * number)
    return Story(
        site=SITE, slug=f"story-{number}", language="en", title=f"Story number {number}", authors=(), published=moment.isoformat(), modified=None,
        section="News", summary="Short.", blocks=(("p", "Text."),),
    )  # fmt: skip


@pytest.fixture
def busy(tmp_path, tagger, ledger_url):
    """A bench whose one source publishes every 36 minutes; the clock is ours, the HTTP real."""
    from conftest import Bench
    from fakes import FakeClock

    clock = FakeClock(START)
    with Newsroom(now=clock.now) as room:
        room.stories = [story(n) for n in range(121)]
        room.feed_depth = 10
        raw = next(s for s in room.catalogue() if s["id"] == SITE)
        source = Source(**{**raw, "collections": (), "poll_min_s": None})
        made = Bench(tmp_path, tagger, [source], ledger_url, clock=clock, room=room)
        yield made, room
        made.ledger.close()


def daily(bench, day: int) -> None:
    bench.clock.moment = START + timedelta(days=day)
    plan(bench.parts(), f"day-{day}", Window(start=bench.clock.moment - timedelta(days=1), end=bench.clock.moment))


def known(bench) -> set[str]:
    with bench.ledger.reading() as conn:
        return {row.url.rstrip("/").rpartition("/")[2] for row in conn.execute(items.select())}


def gaps(bench) -> list[sources.Coverage]:
    with bench.ledger.reading() as conn:
        return sources.gaps(conn, state=None)


def published_between(first: int, last: int) -> set[str]:
    return {f"story-{n}" for n in range(121) if timedelta(days=first) < timedelta(minutes=36 * n) <= timedelta(days=last)}


def test_a_daily_run_alone_reports_the_gap_and_fills_it_from_the_archive(busy):
    bench, _ = busy
    for day in (1, 2, 3):
        daily(bench, day)
    assert [(g.state, g.reason, g.from_at, g.to_at) for g in gaps(bench)] == [
        ("filled", "rolled_over", START + timedelta(days=day), START + timedelta(days=day + 1)) for day in (1, 2)
    ]
    assert published_between(1, 3) <= known(bench)


def test_without_an_archive_the_gap_stays_written_down(busy):
    bench, room = busy
    room.fault(SITE, "status", path="/wp-json/wp/v2/posts", value=403)
    room.fault(SITE, "status", path="/robots.txt", value=500)
    for day in (1, 2):
        daily(bench, day)
    (gap,) = gaps(bench)
    assert gap.state == "unfillable"
    assert "robots_unreachable" in gap.detail
    assert not published_between(1, 2) <= known(bench)


def test_with_poll_feeds_nothing_is_missed_and_no_poll_comes_early(busy):
    bench, room = busy
    for half_hour in range(49, 146):
        bench.clock.moment = START + timedelta(minutes=30 * half_hour)
        before = len(room.log)
        poll_sources(bench.parts(), f"poll-{half_hour}")
        for entry in room.log[before:]:
            entry["at"] = bench.clock.moment
    polls = [entry["at"] for entry in room.log if entry["path"] == "/feed/"]
    assert all(later - earlier >= timedelta(hours=1) for earlier, later in pairwise(polls))
    assert gaps(bench) == []
    assert published_between(1, 3) <= known(bench)
    assert {entry["path"] for entry in room.log} == {"/feed/"}
