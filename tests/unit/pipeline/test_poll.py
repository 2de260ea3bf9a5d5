"""Polls against the real ledger: what one of them leaves behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fakes import failing
from postgres import ON_BOTH

from igwire.feeds.archives import Ask
from igwire.feeds.probing import read_feed
from igwire.ledger import revisits, sources
from igwire.ledger.hosts import save_robots
from igwire.ledger.tables import events, hosts, items
from igwire.model import Window
from igwire.pipeline.poll import poll_due, poll_sources
from igwire.pipeline.probation import probe_within_budget
from igwire.pipeline.prune import prune
from igwire.pipeline.run import run_all
from igwire.pipeline.visits import open_visits
from igwire.urls import document_id

URL = "http://news.example/feed"
LIVE = Window(start=datetime(2026, 11, 23, tzinfo=UTC), end=datetime(2026, 11, 24, tzinfo=UTC))
PAGE = (
    b"<html lang='en'><head><title>One</title></head><body><article><h1>One</h1><p>"
    + b"The registry explained how the root zone is signed. " * 30
    + b"</p></article></body></html>"
)


def rss(title: str = "One", *more: str) -> bytes:
    items = f"<item><title>{title}</title><link>http://news.example/one</link><pubDate>Mon, 23 Nov 2026 10:00:00 GMT</pubDate></item>"
    return f"<rss version='2.0'><channel>{items}{''.join(more)}</channel></rss>".encode()


def state(bench) -> sources.SourceState:
    with bench.ledger.reading() as conn:
        return sources.states(conn, ["example"])["example"]


def test_below_the_floor_of_the_disk_nothing_is_asked_and_all_stays_due(bench):
    bench.fetcher.answers[URL] = (200, rss(), {})
    parts = replace(bench.parts(free_floor=10**8), free_bytes=lambda: 10**7)
    assert poll_sources(parts, "p1") == {"disk": 1}
    assert probe_within_budget(parts, "p1") == {"disk": 0}
    assert (bench.fetcher.asked, state(bench).next_poll_at) == ([], None)
    assert poll_sources(replace(parts, free_bytes=lambda: 10**9), "p2") == {"ok": 1, "new": 1}


@ON_BOTH
def test_a_poll_keeps_entries_validators_and_the_next_date_together(bench):
    bench.fetcher.answers[URL] = (200, rss(), {"ETag": '"v1"', "Last-Modified": "Mon, 23 Nov 2026 10:00:00 GMT"})
    assert poll_sources(bench.parts(), "p1") == {"ok": 1, "new": 1}
    kept = state(bench)
    assert (kept.etag, kept.state, kept.entries) == ('"v1"', "ok", 1)
    assert kept.next_poll_at >= bench.clock.moment + timedelta(hours=1)
    bench.clock.moment += timedelta(minutes=59)
    assert poll_sources(bench.parts(), "p2") == {}
    bench.clock.moment = kept.next_poll_at
    bench.fetcher.answers[URL] = (304, b"", {})
    poll_sources(bench.parts(), "p3")
    assert {k: v for k, v in bench.fetcher.asked[-1][1].items() if k.startswith("If-")} == {
        "If-None-Match": '"v1"', "If-Modified-Since": "Mon, 23 Nov 2026 10:00:00 GMT"
    }  # fmt: skip


def test_a_crash_in_the_middle_of_a_poll_leaves_everything_as_it_was(bench, monkeypatch):
    bench.fetcher.answers[URL] = (200, rss(), {"ETag": '"v1"'})
    monkeypatch.setattr(sources, "save", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        poll_sources(bench.parts(), "p1")
    monkeypatch.undo()
    with bench.ledger.reading() as conn:
        assert conn.execute(items.select()).all() == []
    assert (state(bench).state, state(bench).etag) == ("never", None)
    bench.clock.moment += timedelta(minutes=10)
    assert poll_sources(bench.parts(), "p2") == {"ok": 1, "new": 1}


def test_entries_without_a_guid_survive_the_ledger(bench):
    bench.fetcher.answers |= {URL: (200, rss(), {}), "http://news.example/one": (200, PAGE, {"Content-Type": "text/html"})}
    assert run_all(bench.parts(gap_s=0), "r1", LIVE).outcomes["indexed"] == 1


def test_a_new_headline_brings_the_next_look_at_the_page_forward(bench):
    bench.fetcher.answers |= {URL: (200, rss(), {}), "http://news.example/one": (200, PAGE, {"Content-Type": "text/html"})}
    run_all(bench.parts(gap_s=0), "r1", LIVE)
    bench.clock.moment += timedelta(days=2)
    poll_sources(bench.parts(gap_s=0), "p1")
    asked = len(bench.fetcher.pages())
    bench.clock.moment += timedelta(hours=3)
    bench.fetcher.answers[URL] = (200, rss("One, corrected"), {})
    poll_sources(bench.parts(gap_s=0), "p2")
    assert len(bench.fetcher.pages()) == asked + 1
    with bench.ledger.reading() as conn:
        (row,) = revisits.get(conn, [document_id("http://news.example/one")])
    assert row.due_at > bench.clock.moment


@ON_BOTH
def test_a_feed_that_makes_up_addresses_gives_each_article_once_and_says_so_once(bench):
    def visit(number: int, *names: str) -> bytes:
        entries = "".join(
            f"<item><title>{name}</title><link>http://news.example/{name}?sid={number}abcdef{number}fedcba</link><guid>{number}{name}</guid>"
            f"<pubDate>Mon, 23 Nov 2026 10:0{name}:00 GMT</pubDate></item>"
            for name in names
        )
        return f"<rss version='2.0'><channel>{entries}</channel></rss>".encode()

    new = []
    for number, names in enumerate(("12", "12", "23", "34")):
        bench.fetcher.answers[URL] = (200, visit(number, *names), {})
        new.append(poll_sources(bench.parts(), f"p{number}").get("new", 0))
        bench.clock.moment += timedelta(days=1)
    assert new == [2, 0, 1, 1]
    with bench.ledger.reading() as conn:
        told = [row.detail for row in conn.execute(events.select().where(events.c.what == "alert"))]
    assert told == ["example: addresses and guids change with every answer; its entries are known by title, date and text"]


def test_faults_are_told_in_words_and_cool_the_host(bench):
    bench.fetcher.answers[URL] = failing(URL, "dns")
    assert poll_sources(bench.parts(), "p1") == {"retrying": 1}
    assert state(bench).state_reason.startswith("dns")
    bench.clock.moment += timedelta(hours=1)
    bench.fetcher.answers[URL] = (429, b"", {"Retry-After": "7200"})
    assert poll_sources(bench.parts(), "p2") == {"cooling": 1}
    bench.clock.moment += timedelta(hours=1, minutes=59)
    assert poll_sources(bench.parts(), "p3") == {}
    with bench.ledger.reading() as conn:
        told = [row.detail for row in conn.execute(events.select().where(events.c.what == "poll"))]
    assert told[-1] == "cooling: HTTP status 429, asks for 2:00:00"


def next_request_at(bench) -> datetime:
    with bench.ledger.reading() as conn:
        return conn.execute(hosts.select().where(hosts.c.host == "news.example")).one().next_at


def test_the_crawl_delay_that_pages_keep_is_kept_after_a_poll_too(bench):
    with bench.ledger.transaction() as conn:
        save_robots(conn, "http://news.example", status=200, body=b"User-agent: *\nCrawl-delay: 40\n", now=bench.clock.moment)
    bench.fetcher.answers[URL] = (200, rss(), {})
    poll_sources(bench.parts(gap_s=1), "p1")
    assert next_request_at(bench) == bench.clock.moment + timedelta(seconds=40)


def test_the_crawl_delay_counts_from_the_robots_file_on(bench):
    bench.fetcher.answers["http://news.example/robots.txt"] = (200, b"User-agent: *\nDisallow: /archive\nCrawl-delay: 40\n", {})
    source, began = bench.sources[0], bench.clock.moment
    with open_visits(bench.parts(gap_s=1), "v1", until=began + timedelta(hours=1)) as visits:
        assert visits.ask(source, Ask("http://news.example/archive", read_feed)).problem == "robots"
    assert next_request_at(bench) == bench.clock.moment + timedelta(seconds=40)


@ON_BOTH
def test_two_workers_do_not_poll_the_same_source_twice(bench):
    """The second worker starts while the first is asking another host, and takes what the first had still before it."""
    other = replace(bench.sources[0], id="other", feed_url="http://other.example/feed")
    bench.sources.append(other)
    bench.fetcher.answers |= {URL: (200, rss(), {}), other.feed_url: (200, rss(), {})}
    ask, counts = bench.fetcher.get, {}

    def meanwhile(url, **more):
        if url == URL:
            counts["second"] = poll_due(bench.parts(), "second", [other], mode="live", until=bench.clock.moment + timedelta(hours=1))
        return ask(url, **more)

    bench.fetcher.get = meanwhile
    counts["first"] = poll_sources(bench.parts(threads=1), "first")
    assert [url for url, _ in bench.fetcher.asked if url.endswith("/feed")] == [other.feed_url, URL]
    assert (counts["first"]["ok"], counts["second"]["ok"]) == (1, 1)


def test_a_feed_that_is_as_it_was_before_is_stored_once_and_readable_after_its_time(bench):
    """One body, then another, then the first again: a revisit record, whose body outlives it; a month later it is stored whole."""
    first, other = rss("One", "<!--" + "x" * 2000 + "-->"), rss("Two", "<!--" + "y" * 2000 + "-->")
    spans = (timedelta(0), timedelta(hours=2), timedelta(hours=2), timedelta(days=31), timedelta(days=1))
    for number, (body, span) in enumerate(zip((first, other, first, other, first), spans, strict=True)):
        bench.clock.moment += span
        bench.fetcher.answers[URL] = (200, body, {})
        poll_sources(bench.parts(), f"p{number}")
    kept = [(pair.refers_to is not None, ref) for ref, pair in bench.store.scan()]
    assert [again for again, _ in kept] == [False, False, True, False, False]
    assert bench.store.read(kept[2][1])[0].body == first
    bench.clock.moment += timedelta(days=100)
    prune(bench.parts(), days=90)
    assert len([bench.store.read(ref)[0].body for ref, _, _ in bench.store.walk()]) == 2
