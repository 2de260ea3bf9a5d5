"""Sources on probation: what the probe tries, what it finds on the newsroom, and how the source is followed then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from conftest import Bench
from fakes import FakeClock

from igwire.ledger import sources
from igwire.ledger.tables import events, items
from igwire.model import Source
from igwire.newsroom.server import Newsroom
from igwire.pipeline.poll import poll_sources
from igwire.pipeline.preview import preview
from igwire.pipeline.probation import EVERY, followed, probe_within_budget

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def probed(tmp_path, tagger, ledger_url):
    clock = FakeClock(NOW)
    with Newsroom(now=clock.now) as room:
        made = Bench(tmp_path, tagger, [Source(**{**s, "collections": ()}) for s in room.probation_catalogue()], ledger_url, clock=clock, room=room)
        yield made, room
        made.ledger.close()


def probes(bench) -> dict[str, sources.Probe]:
    with bench.ledger.reading() as conn:
        return sources.probes_of(conn)


def test_three_sources_end_enabled_by_feed_enabled_by_sitemap_and_wanted(probed):
    bench, room = probed
    assert followed(bench.parts()).active() == []
    assert probe_within_budget(bench.parts(), "p1") == {"enabled": 2, "wanted": 1}
    found = probes(bench)
    assert (found["moved-feed"].way, found["moved-feed"].url) == ("feed", room.origin("127.0.0.31") + "/news/feed.xml")
    assert (found["sitemap-only"].way, found["sitemap-only"].url) == ("sitemap", room.origin("127.0.0.32") + "/maps/news.xml")
    assert (found["silent"].verdict, found["silent"].way) == ("wanted", None)
    assert "names no feed" in found["silent"].reason
    assert "no sitemap" in found["silent"].reason
    assert [s.id for s in followed(bench.parts()).active()] == ["moved-feed", "sitemap-only"]
    with bench.ledger.reading() as conn:
        told = [row.detail for row in conn.execute(events.select().where(events.c.what == "alert"))]
    assert told == ["moved-feed: followed by its feed from now on", "sitemap-only: followed by its sitemap from now on"]


def test_what_was_enabled_is_polled_by_its_way(probed):
    bench, _ = probed
    probe_within_budget(bench.parts(), "p1")
    counts = poll_sources(bench.parts(), "poll")
    assert (counts["ok"], counts["new"]) == (2, 8)
    with bench.ledger.reading() as conn:
        assert {row.source_id for row in conn.execute(items.select())} == {"moved-feed", "sitemap-only"}
    assert poll_sources(bench.parts(), "poll-2")["unchanged"] == 2


def test_probes_are_weekly_and_leave_a_good_feed_alone(probed):
    bench, room = probed
    probe_within_budget(bench.parts(), "p1")
    poll_sources(bench.parts(), "poll")
    room.log.clear()
    bench.clock.moment += EVERY - timedelta(minutes=1)
    assert probe_within_budget(bench.parts(), "p2") == {}
    assert room.log == []
    bench.clock.moment += timedelta(minutes=2)
    assert probe_within_budget(bench.parts(), "p3") == {"wanted": 1, "enabled": 1}
    assert {entry["host"] for entry in room.log} == {"127.0.0.32", "127.0.0.33"}


def test_a_way_that_ends_is_told(probed):
    bench, room = probed
    probe_within_budget(bench.parts(), "p1")
    room._hosts["127.0.0.32"] = room._hosts["127.0.0.33"]
    bench.clock.moment += EVERY
    probe_within_budget(bench.parts(), "p2")
    assert probes(bench)["sitemap-only"].verdict == "wanted"
    assert [s.id for s in followed(bench.parts()).active()] == ["moved-feed"]
    with bench.ledger.reading() as conn:
        assert any("can no longer be followed" in row.detail for row in conn.execute(events.select().where(events.c.what == "alert")))


def test_old_entries_enable_nothing(probed):
    bench, room = probed
    frozen = room.now
    room.now = lambda: frozen() - timedelta(days=400)
    assert probe_within_budget(bench.parts(), "p1") == {"wanted": 3}
    assert "the newest of 4 dated entries is of 2025-10" in probes(bench)["moved-feed"].reason


def test_a_preview_shows_how_a_site_would_be_followed_and_one_article(probed):
    bench, room = probed
    site = room.origin("127.0.0.31") + "/"
    seen = preview(bench.parts(), "add", Source(id="new", title="127.0.0.31", site=site, feed_url=site, status="probation", gap_s=0))
    assert (seen.source.way, seen.source.feed_url, seen.source.status) == ("feed", f"{site}news/feed.xml", "active")
    assert (seen.source.title, seen.source.language) == ("Moved Feed Foundation", "en")
    assert seen.article.article.title == "Root servers get a neighbour"
    nothing = preview(bench.parts(), "add", Source(id="s", title="s", site=room.origin("127.0.0.33") + "/", status="probation", gap_s=0))
    assert (nothing.finding.way, nothing.article) == (None, None)
    assert "no feed" in nothing.problem
