"""Rules that hold for any input: URL identity, text hygiene, validators, the ledger's slots. Few examples here, many in the soak."""

from __future__ import annotations

import os
import unicodedata
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from igwire.errors import BadUrl, FetchError
from igwire.fetch import policy, usage
from igwire.fetch.guard import Guard
from igwire.ledger import hosts
from igwire.ledger.database import Ledger
from igwire.model import Capture
from igwire.text import clean, clean_line
from igwire.urls import document_id, fetch_url, identity_url

MANY = settings(max_examples=int(os.environ.get("IGWIRE_TEST_EXAMPLES", "60")), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SEGMENT = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=8)
QUERY = st.lists(st.tuples(SEGMENT.map(lambda s: f"q{s}"), SEGMENT), max_size=4)


@MANY
@given(st.lists(SEGMENT, max_size=4), QUERY)
def test_identity_is_idempotent_and_keeps_every_parameter(path, query):
    url = "http://Example.org/" + "/".join(path) + ("?" + "&".join(f"{k}={v}" for k, v in query) if query else "")
    known = identity_url(url)
    assert identity_url(known) == known
    assert sorted(known.partition("?")[2].split("&")) == sorted([f"{k}={v}" for k, v in query] or [""])
    assert identity_url(url + ("&" if query else "?") + "utm_source=x&fbclid=y#part") == known


@MANY
@given(st.lists(SEGMENT, min_size=1, max_size=3), st.lists(SEGMENT, min_size=1, max_size=3))
def test_other_paths_are_other_articles(one, two):
    same = document_id("https://example.org/" + "/".join(one)) == document_id("https://example.org/" + "/".join(two))
    assert same == (one == two)


@MANY
@given(st.text(max_size=200))
def test_any_text_is_a_url_or_refused_with_a_word(text):
    try:
        url = fetch_url(text)
    except BadUrl as error:
        url, reason = "", error.reason
    else:
        reason = ""
    assert bool(reason) != url.startswith(("http://", "https://"))
    assert not url or fetch_url(url) == url


@MANY
@given(st.text(st.characters(codec=None), max_size=300))
def test_clean_text_is_writable_and_stays_clean(text):
    cleaned = clean(text)
    cleaned.encode()
    assert clean(cleaned) == cleaned
    assert not [c for c in cleaned if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"]
    assert "\n" not in clean_line(text, 100)
    assert len(clean_line(text, 100)) <= 100


@MANY
@given(st.one_of(st.none(), st.text(max_size=40)), st.one_of(st.none(), st.text(max_size=40)), st.integers(0, 50))
@example("²", None, 0)
@example("9" * 5_000, None, 0)
def test_no_answer_cools_a_host_for_longer_than_a_day_or_into_the_past(value, date, failures):
    headers = [(name, text) for name, text in (("Retry-After", value), ("Date", date)) if text is not None]
    until = policy.cooling_until(429, headers, now=NOW, failures=failures)
    assert until is not None
    assert NOW < until <= NOW + timedelta(hours=24)


@MANY
@given(st.binary(max_size=600), st.text(st.characters(codec="latin-1"), max_size=100))
def test_directives_of_any_bytes_are_read_without_an_error(body, header):
    capture = Capture(requested_url="u", final_url="u", fetched_at=NOW, status=200, headers=(("X-Robots-Tag", header),), body=body)
    assert all(word.isprintable() for word in usage.of_page(capture).words)


@MANY
@given(st.ip_addresses(v=6))
def test_an_address_that_holds_an_inner_one_is_refused(address):
    inner = [address.ipv4_mapped, address.sixtofour]
    if any(found is not None for found in inner):
        refused = False
        try:
            Guard().check(str(address), 80, "u")
        except FetchError:
            refused = True
        assert refused


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    made = Ledger.open(f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.db'}")
    yield made
    made.close()


STEPS = st.lists(st.tuples(st.sampled_from(["daily", "past"]), st.integers(0, 200), st.booleans()), min_size=1, max_size=25)


@MANY
@given(STEPS)
def test_slots_are_never_shared_and_gaps_are_always_kept(ledger, steps):
    host, now = uuid.uuid4().hex, NOW
    free_at = NOW
    for number, (lane, seconds, give_back) in enumerate(steps):
        now += timedelta(seconds=seconds)
        with ledger.transaction() as conn:
            slot = hosts.acquire(conn, host, hosts.Asker(holder=f"{lane}{number}", lane=lane), now=now)
            if isinstance(slot, hosts.Slot):
                assert now >= free_at
                if give_back:
                    free_at = now + timedelta(seconds=60)
                    hosts.release(conn, slot, next_at=free_at)
                else:
                    free_at = now + hosts.LEASE
