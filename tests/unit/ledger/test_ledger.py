"""Leases, claims, packing: the rules of the ledger."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from postgres import ON_BOTH

from igwire.errors import ConfigError, LeaseLost, Unavailable
from igwire.ledger import documents, hosts, packing, tables
from igwire.ledger.database import HEAD, Ledger
from igwire.model import Article, DateFound, Mention, Quality, Tags

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def ledger(ledger_url):
    made = Ledger.open(ledger_url)
    yield made
    made.close()


def acquire(ledger, holder, now=NOW, **asker):
    with ledger.transaction() as conn:
        return hosts.acquire(conn, "x.example", hosts.Asker(holder=holder, **asker), now=now)


def release(ledger, slot, **more):
    with ledger.transaction() as conn:
        hosts.release(conn, slot, **{"next_at": NOW + timedelta(seconds=5), **more})


@ON_BOTH
def test_one_holder_at_a_time_and_the_gap_is_kept(ledger):
    slot = acquire(ledger, "a")
    assert isinstance(slot, hosts.Slot)
    assert acquire(ledger, "b") == hosts.Busy(until=NOW + timedelta(seconds=1), reason="held")
    release(ledger, slot)
    assert acquire(ledger, "b") == hosts.Busy(until=NOW + timedelta(seconds=5), reason="gap")
    assert isinstance(acquire(ledger, "b", NOW + timedelta(seconds=5)), hosts.Slot)


@ON_BOTH
def test_cooling_is_for_everybody(ledger):
    release(ledger, acquire(ledger, "a"), cooling_until=NOW + timedelta(hours=2), reason="http_429", failures=1)
    assert acquire(ledger, "b", NOW + timedelta(hours=1)).reason == "cooling"
    later = acquire(ledger, "b", NOW + timedelta(hours=3))
    assert later.failures == 1


@ON_BOTH
def test_the_daily_lane_goes_first(ledger):
    later = NOW + timedelta(seconds=5)
    backfill = acquire(ledger, "past", lane="past")
    assert acquire(ledger, "daily").reason == "held"
    release(ledger, backfill)
    assert acquire(ledger, "past", later, lane="past").reason == "daily_first"
    daily = acquire(ledger, "daily", later)
    release(ledger, daily, next_at=later)
    assert acquire(ledger, "past", later, lane="past").reason == "daily_first"
    release(ledger, acquire(ledger, "daily", later), next_at=later, done=True)
    assert isinstance(acquire(ledger, "past", later, lane="past"), hosts.Slot)


@ON_BOTH
def test_a_daily_worker_that_died_does_not_hold_a_backfill_for_ever(ledger):
    acquire(ledger, "daily")
    assert isinstance(acquire(ledger, "past", NOW + hosts.LEASE + timedelta(seconds=31), lane="past"), hosts.Slot)


@ON_BOTH
def test_a_day_has_its_budget_and_the_daily_lane_the_last_fifth(ledger):
    moment = NOW
    for lane, count in (("past", 8), ("daily", 2)):
        for _ in range(count):
            slot = acquire(ledger, lane, moment, lane=lane, budget=10)
            release(ledger, slot, next_at=moment, done=True)
        assert acquire(ledger, lane, moment, lane=lane, budget=10) == hosts.Busy(until=datetime(2026, 11, 25, tzinfo=UTC), reason="daily_budget")
    assert isinstance(acquire(ledger, "daily", NOW + timedelta(hours=12), budget=10), hosts.Slot)


@ON_BOTH
def test_a_dead_holder_is_followed_and_cannot_come_back(ledger):
    late = acquire(ledger, "a")
    after = NOW + hosts.LEASE + timedelta(seconds=1)
    assert acquire(ledger, "b", after).fence == late.fence + 1
    with pytest.raises(LeaseLost):
        release(ledger, late)


def _open(url: str) -> str | None:
    return Ledger.open(url).version()


@ON_BOTH
def test_of_many_workers_at_once_one_gets_the_host(ledger):
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda n: acquire(ledger, f"worker{n}"), range(8)))
    assert sum(isinstance(answer, hosts.Slot) for answer in got) == 1


@ON_BOTH
def test_many_processes_may_open_a_new_ledger_at_once(ledger_url):
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert pool.map(_open, [ledger_url] * 4) == [HEAD] * 4


@ON_BOTH
def test_a_ledger_of_a_newer_igwire_is_refused(ledger_url):
    ledger = Ledger.open(ledger_url)
    with ledger.transaction() as conn:
        conn.exec_driver_sql("update alembic_version set version_num = '9999'")
    ledger.close()
    with pytest.raises(ConfigError, match="newer igwire"):
        Ledger.open(ledger_url)


def test_urls_that_cannot_be_opened(tmp_path):
    with pytest.raises(ConfigError, match="IGWIRE_LEDGER_URL"):
        Ledger.open("nonsense")
    (tmp_path / "file").write_text("")
    with pytest.raises((Unavailable, OSError)):
        Ledger.open(f"sqlite:///{tmp_path / 'file' / 'ledger.db'}")


def test_articles_and_tags_survive_packing():
    date = DateFound(value="2015-12-16", origin="url", precision="day", day=NOW.date())
    article = Article(url="u", title=None, text="中文 ünï", authors=("a", "b"), published=date, quality=Quality(flags=("no_title",)))
    assert packing.unpack_article(packing.pack_article(article)) == article
    tags = Tags(mentions=(Mention(start=0, end=1, surface="x", type="person"),), countries=("CN",), stamp="s")
    assert packing.unpack_tags(packing.pack_tags(tags)) == tags


@ON_BOTH
def test_naive_times_are_refused(ledger):
    with pytest.raises(Exception, match="aware"):
        acquire(ledger, "a", datetime(2026, 1, 1))


@ON_BOTH
def test_a_host_without_a_gap_is_kept_within_its_budget_and_its_time(ledger):
    slot = acquire(ledger, "a", budget=3)
    for expected in (2, 3):
        slot = hosts.again(slot, now=NOW)
        assert slot.requests == expected
    assert hosts.again(slot, now=NOW) is None
    assert hosts.again(replace(slot, requests=1), now=NOW + timedelta(seconds=11)) is None
    release(ledger, slot, next_at=NOW)
    assert acquire(ledger, "b", budget=3).reason == "daily_budget"


@ON_BOTH
def test_requests_of_a_kept_slot_are_counted_unless_another_worker_took_it(ledger):
    slot = hosts.again(acquire(ledger, "a"), now=NOW)
    with ledger.transaction() as conn:
        hosts.count(conn, [slot])
        assert conn.execute(sa.select(tables.hosts.c.requests)).scalar() == 2
    acquire(ledger, "b", NOW + hosts.LEASE + timedelta(seconds=1))
    with ledger.transaction() as conn:
        hosts.count(conn, [replace(slot, requests=9)])
        assert conn.execute(sa.select(tables.hosts.c.requests)).scalar() == 3


@ON_BOTH
def test_what_elasticsearch_holds_is_raised_and_never_lowered(ledger):
    text = Article(url="http://news.example/one", title="One", text="Text", language="en", language_confidence=1.0, content_hash="h", published=None)
    with ledger.transaction() as conn:
        for name in ("a", "b"):
            documents.save_article(conn, name, text, item_id=name, source_id="s", first_seen_at=NOW, fetched_at=NOW)
        documents.acknowledged(conn, [])
        documents.acknowledged(conn, [("a", 5), ("b", 2)])
        documents.acknowledged(conn, [("a", 3), ("b", 4)])
        assert {document.id: document.indexed_seq for document in documents.get(conn, ["a", "b"])} == {"a": 5, "b": 4}


@ON_BOTH
def test_an_article_that_is_the_same_is_not_written_again(ledger):
    text = Article(url="http://news.example/one", title="One", text="Text", language="en", language_confidence=1.0, content_hash="h", published=None)
    facts = {"item_id": "i", "source_id": "s", "first_seen_at": NOW, "fetched_at": NOW}
    written: list[str] = []
    sa.event.listen(ledger.engine, "before_cursor_execute", lambda _c, _u, statement, *_: written.append(statement) if "INSERT" in statement else None)
    with ledger.transaction() as conn:
        assert documents.save_article(conn, "d", text, **facts)
    written.clear()
    with ledger.transaction() as conn:
        assert documents.save_article(conn, "d", text, **facts)
        assert written == []
        assert documents.save_article(conn, "d", replace(text, section="News"), **facts)
    assert len(written) == 1
