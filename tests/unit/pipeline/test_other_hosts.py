"""A redirect to another host: its slot, gap, budget, cooling and robots file are asked as for any request to it."""

from __future__ import annotations

import time
from datetime import timedelta
from itertools import pairwise

import sqlalchemy as sa
from conftest import Bench
from invented import LIVE, feed, page, serve
from origin import Origin, moved, ok

from igwire.feeds.archives import Ask
from igwire.fetch.client import Client, user_agent
from igwire.fetch.guard import Guard
from igwire.ledger import hosts, items, sources
from igwire.ledger.tables import hosts as slots
from igwire.ledger.tables import items as rows
from igwire.model import Source
from igwire.pipeline.poll import poll_sources
from igwire.pipeline.run import run_all
from igwire.pipeline.visits import open_visits
from igwire.wiring import SystemClock


def to(location: str, status: int = 302):
    return (status, b"", {"Location": location})


def other(bench, path: str, answer, robots=(404, b"")) -> None:
    bench.fetcher.answers["http://other.example/robots.txt"] = robots
    bench.fetcher.answers[f"http://other.example/{path}"] = answer


def asked(bench, host: str = "other.example") -> list[str]:
    return [url for url, _ in bench.fetcher.asked if url.startswith(f"http://{host}/")]


def requests_of(bench, host: str) -> int:
    with bench.ledger.reading() as conn:
        return conn.execute(sa.select(slots.c.requests).where(slots.c.host == host)).scalar() or 0


def busy_until(bench, **span) -> None:
    """Another worker met a host that wants to be left alone."""
    with bench.ledger.transaction() as conn:
        now = bench.clock.now()
        slot = hosts.acquire(conn, "other.example", hosts.Asker(holder="another"), now=now)
        hosts.release(conn, slot, next_at=now, cooling_until=now + timedelta(**span), reason="http_429", failures=1)


def test_a_page_goes_on_in_the_other_hosts_slot(bench):
    serve(bench, one=to("http://other.example/here"))
    other(bench, "here", (200, page("One")))
    assert run_all(bench.parts(), "r1", LIVE).outcomes["indexed"] == 1
    assert asked(bench) == ["http://other.example/robots.txt", "http://other.example/here"]
    assert requests_of(bench, "other.example") == 2
    with bench.ledger.reading() as conn:
        (item,) = items.get(conn, conn.execute(sa.select(rows.c.id)).scalars())
    capture, facts = bench.store.read(item.raw)
    assert (capture.requested_url, capture.final_url) == ("http://news.example/one", "http://other.example/here")
    assert capture.redirects == ((302, "http://news.example/one"),)
    assert facts["item"] == item.id


def test_what_the_other_hosts_robots_file_forbids_is_not_asked_for(bench):
    serve(bench, one=to("http://other.example/here"))
    other(bench, "here", (200, page("One")), robots=(200, b"User-agent: *\nDisallow: /here\n"))
    assert run_all(bench.parts(), "r1", LIVE).reasons == {"rejected/robots": 1}
    assert asked(bench) == ["http://other.example/robots.txt"]


def test_a_cooling_host_defers_the_page_and_the_next_run_has_it(bench):
    serve(bench, one=to("http://other.example/here"))
    other(bench, "here", (200, page("One")))
    busy_until(bench, hours=2)
    assert run_all(bench.parts(), "r1", LIVE).reasons == {"deferred/cooling": 1}
    assert asked(bench) == []
    bench.clock.moment += timedelta(hours=3)
    assert run_all(bench.parts(), "r2", LIVE).outcomes["indexed"] == 1


def test_the_other_hosts_budget_of_the_day_holds(bench):
    serve(bench, one=to("http://other.example/1"), two=to("http://other.example/2"))
    other(bench, "1", (200, page("One")))
    other(bench, "2", (200, page("Two")))
    done = run_all(bench.parts(host_requests=2, gap_s=0), "r1", LIVE)
    assert requests_of(bench, "other.example") <= 2
    assert done.reasons.get("deferred/daily_budget", 0) >= 1
    assert sum(done.outcomes.values()) == done.planned == 2


def test_a_chain_over_hosts_ends_after_five_and_a_circle_at_once(bench):
    serve(bench, long=to("http://h1.example/"), circle=to("http://other.example/back"))
    for n in range(1, 8):
        bench.fetcher.answers[f"http://h{n}.example/"] = to(f"http://h{n + 1}.example/")
    other(bench, "back", to("http://news.example/circle"))
    assert run_all(bench.parts(gap_s=0), "r1", LIVE).reasons == {"rejected/too_many_redirects": 2}
    assert asked(bench, "h5.example") == ["http://h5.example/robots.txt", "http://h5.example/"]
    assert asked(bench, "h6.example") == []


def test_www_is_the_same_host(bench):
    serve(bench, one=to("http://www.news.example/one"))
    bench.fetcher.answers["http://www.news.example/one"] = (200, page("One"))
    assert run_all(bench.parts(), "r1", LIVE).outcomes["indexed"] == 1
    with bench.ledger.reading() as conn:
        assert set(conn.execute(sa.select(slots.c.host)).scalars()) == {"news.example"}


def test_a_feed_that_moved_to_another_host_is_read_there_and_the_move_is_watched(bench):
    bench.fetcher.answers["http://news.example/feed"] = to("http://other.example/feed", 301)
    other(bench, "feed", (200, feed("one"), {"Content-Type": "application/rss+xml"}))
    assert poll_sources(bench.parts(), "p1")["new"] == 1
    assert requests_of(bench, "other.example") == 1
    with bench.ledger.reading() as conn:
        state = sources.states(conn, ["example"])["example"]
    assert (state.moving_to, state.moving_seen) == ("http://other.example/feed", 1)
    assert state.validators_url == "http://other.example/feed"


def test_a_feed_whose_other_host_cools_stays_due_and_the_first_is_not_asked_within_the_hour(bench):
    bench.fetcher.answers["http://news.example/feed"] = to("http://other.example/feed")
    other(bench, "feed", (200, feed("one"), {"Content-Type": "application/rss+xml"}))
    busy_until(bench, minutes=50)
    assert poll_sources(bench.parts(), "p1") == {"not_polled": 1}
    bench.clock.moment += timedelta(minutes=30)
    assert poll_sources(bench.parts(), "p2") == {}
    bench.clock.moment += timedelta(minutes=31)
    assert poll_sources(bench.parts(), "p3")["new"] == 1
    assert [url for url, _ in bench.fetcher.asked].count("http://news.example/feed") == 2


def read_nothing(body):
    return len(body.body)


def test_a_walk_asks_the_other_host_too(bench):
    bench.fetcher.answers["http://news.example/sitemap.xml"] = to("http://other.example/sitemap.xml")
    other(bench, "sitemap.xml", (200, b"<urlset/>"), robots=(200, b"User-agent: *\nDisallow: /private\nCrawl-delay: 40\n"))
    bench.fetcher.answers["http://news.example/closed"] = to("http://other.example/private")

    def walk():
        first = yield Ask("http://news.example/sitemap.xml", read_nothing)
        second = yield Ask("http://news.example/closed", read_nothing)
        return first, second

    with open_visits(bench.parts(), "v1", until=bench.clock.now() + timedelta(hours=1)) as visits:
        first, second = visits.drive(bench.sources[0], walk())
    assert (first.value, first.capture.final_url) == (len(b"<urlset/>"), "http://other.example/sitemap.xml")
    assert second.problem == "robots"
    assert asked(bench) == ["http://other.example/robots.txt", "http://other.example/sitemap.xml"]


# ── over real sockets ───────────────────────────────────────────────────────────────────────────────────────────────


class Logged(Origin):
    """Notes when each path was asked for."""

    def __init__(self, address: str) -> None:
        super().__init__({}, address)
        self.log: list[tuple[str, float]] = []

    def answer(self, path: str, content: bytes) -> None:
        def script(connection):
            self.log.append((path, time.monotonic()))
            connection.sendall(content)

        self.scripts[path] = script


def test_the_other_servers_log_shows_its_gap_and_its_robots_file(tmp_path, tagger, ledger_url):
    with Logged("127.0.0.1") as first, Logged("127.0.0.2") as second:
        links = {name: first.url(f"/{name}") for name in ("one", "two", "shut")}
        entries = "".join(f"<item><title>{n}</title><link>{u}</link><pubDate>Mon, 23 Nov 2026 10:00:00 +0100</pubDate></item>" for n, u in links.items())
        first.answer("/feed", ok(f"<rss version='2.0'><channel><title>F</title>{entries}</channel></rss>".encode()))
        first.answer("/robots.txt", ok(b""))
        second.answer("/robots.txt", ok(b"User-agent: *\nDisallow: /shut\nCrawl-delay: 1\n"))
        for name in links:
            first.answer(f"/{name}", moved(second.url(f"/{name}").encode()))
            second.answer(f"/{name}", ok(page(name), b"Content-Type: text/html"))
        source = Source(id="first", title="First", site=first.url("/"), feed_url=first.url("/feed"), timezone="UTC")
        bench = Bench(tmp_path, tagger, [source], ledger_url, clock=SystemClock())
        bench.fetcher = Client(agent=user_agent("tests@example.org"), guard=Guard(("127.0.0.0/24",)), total_s=10)
        done = run_all(bench.parts(gap_s=0.1, budget_s=30), "r1", LIVE)
        bench.ledger.close()
    assert (done.outcomes["indexed"], done.reasons) == (2, {"rejected/robots": 1})
    assert second.log[0][0] == "/robots.txt"
    assert sorted(path for path, _ in second.log[1:]) == ["/one", "/two"]
    times = [at for _, at in second.log]
    assert all(later - earlier >= 0.95 for earlier, later in pairwise(times))
