"""What is fetched, and which addresses are one article."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igwire.errors import BadUrl
from igwire.urls import document_id, fetch_url, host_of, identity_url, is_home_page, registrable_domain

SAME = [
    ("http://example.org/a", "https://example.org/a"),
    ("http://EXAMPLE.org/a", "http://example.org/a"),
    ("http://example.org:80/a", "http://example.org/a"),
    ("https://example.org:443/a", "https://example.org/a"),
    ("http://example.org./a", "http://example.org/a"),
    ("http://example.org/a#section", "http://example.org/a"),
    ("http://example.org/a?utm_source=x&utm_medium=y", "http://example.org/a"),
    ("http://example.org/a?fbclid=1", "http://example.org/a"),
    ("http://example.org/a?gclid=1&id=2", "http://example.org/a?id=2"),
    ("http://example.org/a?mc_cid=1&mc_eid=2", "http://example.org/a"),
    ("http://example.org/a?b=2&a=1", "http://example.org/a?a=1&b=2"),
    ("http://example.org/a/../b", "http://example.org/b"),
    ("http://example.org/a?UTM_Source=x", "http://example.org/a"),
    ("http://example.org", "http://example.org/"),
    ("http://münchen.example/a", "http://xn--mnchen-3ya.example/a"),
]
DIFFERENT = [
    ("?cid=1", "?cid=2"), ("?eid=1", "?eid=2"), ("?source=a", "?source=b"), ("?ref=a", "?ref=b"), ("?keyword=a", "?keyword=b"), ("?1234", "?1235"),
    ("a//b", "a/b"), ("A", "a"), ("a%2Fb", "a/b"), ("a", "a/"), ("?a=1&a=2", "?a=2&a=1"), ("#!a", "#!b"), ("?p=1", "?p=2"), ("?utmost=1", "?utmost=2"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME)
def test_one_article_under_two_addresses(one, other):
    assert document_id(one) == document_id(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_two_articles_stay_two(one, other):
    assert document_id(f"http://example.org/{one}") != document_id(f"http://example.org/{other}")


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


@given(st.text(alphabet="abAB12%/?&=#.;:@ü中 ", max_size=40))
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
