"""Sources that are only asked by https, and what is known of the others that lead away from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from invented import LIVE, feed, page

from igwire.feeds.archives import Ask
from igwire.ledger.sources import states
from igwire.ledger.tables import events
from igwire.pipeline.poll import poll_sources
from igwire.pipeline.run import run_all
from igwire.pipeline.visits import open_visits

RSS = {"Content-Type": "application/rss+xml"}


@pytest.fixture
def secure(bench):
    """The invented source by https; its feed gives http links, as many do."""
    bench.sources[0] = replace(bench.sources[0], site="https://news.example/", feed_url="https://news.example/feed", https_only=True)
    bench.fetcher.answers["https://news.example/feed"] = (200, feed("one"), RSS)
    return bench


def in_the_clear(bench) -> list[str]:
    return [url for url, _ in bench.fetcher.asked if url.startswith("http:")]


def noted(bench, what: str) -> list[str]:
    with bench.ledger.reading() as conn:
        return list(conn.execute(sa.select(events.c.detail).where(events.c.what == what)).scalars())


def test_a_link_without_tls_is_asked_by_https(secure):
    secure.fetcher.answers["https://news.example/one"] = (200, page("One"))
    assert run_all(secure.parts(), "r1", LIVE).outcomes["indexed"] == 1
    assert in_the_clear(secure) == []


@pytest.mark.parametrize("host", ["news.example", "other.example"])
def test_a_page_that_leads_away_from_https_is_refused(secure, host):
    secure.fetcher.answers["https://news.example/one"] = (302, b"", {"Location": f"http://{host}/there"})
    secure.fetcher.answers[f"http://{host}/there"] = (200, page("One"))
    assert run_all(secure.parts(), "r1", LIVE).reasons == {"rejected/downgrade": 1}
    assert in_the_clear(secure) == []


def test_a_feed_that_leads_away_from_https_is_a_fault_that_is_told(secure):
    secure.fetcher.answers["https://news.example/feed"] = (301, b"", {"Location": "http://news.example/feed"})
    poll_sources(secure.parts(), "p1")
    with secure.ledger.reading() as conn:
        state = states(conn, ["example"])["example"]
    assert state.state == "retrying"
    assert "downgrade" in state.state_reason
    assert in_the_clear(secure) == []


def test_a_walk_asks_by_https_and_goes_no_other_way(secure):
    secure.fetcher.answers["https://news.example/map"] = (200, b"<urlset/>")
    secure.fetcher.answers["https://news.example/away"] = (302, b"", {"Location": "http://news.example/map"})
    with open_visits(secure.parts(), "v1", until=secure.clock.now() + timedelta(hours=1)) as visits:
        found, refused = (visits.ask(secure.sources[0], Ask(f"http://news.example/{name}", lambda body: body.url)) for name in ("map", "away"))
    assert found.value == "https://news.example/map"
    assert refused.problem == "downgrade"
    assert in_the_clear(secure) == []


def test_other_sources_are_followed_and_it_is_written_down(secure):
    secure.sources[0] = replace(secure.sources[0], https_only=False)
    secure.fetcher.answers["https://news.example/feed"] = (302, b"", {"Location": "http://news.example/feed"})
    secure.fetcher.answers["http://news.example/feed"] = (200, feed("one").replace(b"http:", b"https:"), RSS)
    secure.fetcher.answers["https://news.example/one"] = (302, b"", {"Location": "http://news.example/there"})
    secure.fetcher.answers["http://news.example/there"] = (200, page("One"))
    assert run_all(secure.parts(), "r1", LIVE).outcomes["indexed"] == 1
    assert [detail for detail in noted(secure, "poll") if "led from https to http://news.example/feed" in detail]
    assert [detail for detail in noted(secure, "fetch") if "http://news.example/there, led there from https" in detail]
