"""What is fetched, and which addresses are one article."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igwire import urls
from igwire.errors import BadUrl
from igwire.urls import document_id, fetch_url, host_of, identity_url, is_home_page, registrable_domain, same_site

DATA = Path(__file__).parents[1] / "data" / "url_pairs.jsonl"
PAIRS = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair['pair']}: {pair['why']}")
def test_pairs_of_addresses(pair):
    assert (document_id(pair["one"]) == document_id(pair["other"])) == (pair["pair"] == "same")
    for url in (pair["one"], pair["other"]):
        assert identity_url(identity_url(url)) == identity_url(url)
        assert document_id(fetch_url(url)) == document_id(url)


def test_there_are_enough_pairs_and_one_for_each_tracker():
    assert len(PAIRS) >= 200
    named = {pair["why"].removeprefix("tracker ") for pair in PAIRS if pair["why"].startswith("tracker ")}
    lines = (Path(urls.__file__).parent / "trackers.txt").read_text(encoding="utf-8").splitlines()
    listed = [line for line in lines if line and not line.startswith("#")]
    assert set(listed) == named
    assert len(listed) == len(set(listed))
    assert all(name == name.lower().strip() for name in listed)


def test_subdomains_and_ports_name_other_sites():
    addresses = ("http://example.org/a", "http://www.example.org/a", "http://m.example.org/a", "http://example.org:8080/a")
    assert len({document_id(url) for url in addresses}) == 4


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("file:///etc/passwd", "scheme"), ("javascript:alert(1)", "scheme"), ("gopher://example.org/", "scheme"), ("nonsense", "invalid"),
        ("http://user:secret@example.org/", "credentials"), ("http://example.org/" + "a" * 2100, "too_long"), ("http://", "invalid"),
    ],
)  # fmt: skip
def test_what_must_not_be_fetched(url, reason):
    with pytest.raises(BadUrl) as caught:
        fetch_url(url)
    assert caught.value.reason == reason


def test_odd_spellings_of_addresses_become_plain():
    assert fetch_url("http://2130706433/") == "http://127.0.0.1/"
    assert fetch_url("http://0x7f.1/") == "http://127.0.0.1/"
    assert fetch_url("../b", "http://example.org/a/c") == "http://example.org/b"


@given(st.text(alphabet="abAB1247%/?&=#.;:@+ü中 ", max_size=40))
def test_identity_is_idempotent(tail):
    try:
        once = identity_url("http://example.org/" + tail)
    except BadUrl:
        return
    assert identity_url(once) == once


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_numbers_in_queries_are_never_merged(one, other):
    same = document_id(f"http://example.org/?id={one}") == document_id(f"http://example.org/?id={other}")
    assert same == (one == other)


def test_parts_of_addresses():
    assert registrable_domain("https://news.bbc.co.uk/x") == "bbc.co.uk"
    assert registrable_domain("http://127.0.0.1/x") == "127.0.0.1"
    assert host_of("http://Example.ORG:8080/a") == "example.org"
    assert is_home_page("http://example.org/?utm_source=x")
    assert not is_home_page("http://example.org/?id=1")


def test_same_site_by_the_registered_domain():
    assert same_site("https://www.bbc.co.uk/a", "http://m.bbc.co.uk/b")
    assert same_site("https://x.example/a", "https://x.example:8080/b")
    assert not same_site("https://one.co.uk/", "https://two.co.uk/")
