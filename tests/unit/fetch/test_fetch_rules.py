"""Guard, robots and politeness: pure rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from igwire.errors import ConfigError, FetchError
from igwire.fetch import policy
from igwire.fetch.guard import Guard
from igwire.fetch.robots import Robots

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.100.100.200", "192.0.0.192", "198.18.0.1", "224.0.0.1",
        "240.0.0.1", "255.255.255.255", "::1", "::", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0::1", "fd00:ec2::254", "fe80::1",
        "fec0::1", "ff02::1", "fe80::1%eth0", "::7f00:1",
    ],
)  # fmt: skip
def test_inner_addresses_are_refused(address):
    with pytest.raises(FetchError) as caught:
        Guard().check(address, 80, "http://x/")
    assert caught.value.reason == "blocked_address"


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1"])
def test_public_addresses_are_let_through(address):
    Guard().check(address, 443, "http://x/")


def test_an_allowance_is_for_one_address_and_port():
    guard = Guard(("127.0.0.11:8100", "127.0.1.0/24"))
    guard.check("127.0.0.11", 8100, "x")
    guard.check("127.0.1.9", 1, "x")
    for address, port in (("127.0.0.11", 22), ("127.0.0.12", 8100)):
        with pytest.raises(FetchError):
            guard.check(address, port, "x")
    with pytest.raises(ConfigError, match="IGWIRE_ALLOW_LOOPBACK"):
        Guard(("everything",))


ROBOTS = b"\xef\xbb\xbfUser-agent: *\nDisallow: /private\nAllow: /private/open\nDisallow: /*?amp=\nCrawl-delay: 7\n\nUser-agent: other\nDisallow: /\n"


@pytest.mark.parametrize(("path", "allowed"), [("/", True), ("/private/x", False), ("/private/open", True), ("/a?amp=1", False), ("/a", True)])
def test_robots_rules(path, allowed):
    assert Robots.parse(ROBOTS, 200).allowed("http://x.example" + path)[0] is allowed


def test_robots_answers_without_rules():
    assert Robots.parse(b"", 404).allowed("http://x.example/a") == (True, None)
    for status in (0, 429, 500, 503):
        rules = Robots.parse(b"", status)
        assert rules.unreachable
        assert not rules.allowed("http://x.example/a")[0]
    assert Robots.parse(ROBOTS, 200).crawl_delay == 7
    assert Robots.parse(b"User-agent: *\n" + b"# filler\n" * 70_000 + b"Disallow: /\n", 200).allowed("http://x.example/a")[0]


def test_gaps():
    assert policy.gap_s(None, None, 5) == 5
    assert policy.gap_s(None, 30, 5) == 30
    assert policy.gap_s(None, 9999, 5) == 120
    assert policy.gap_s(0, None, 5) == 0
    assert policy.gap_s(0, 120, 5) == 120


@pytest.mark.parametrize(
    ("value", "date", "wait"),
    [
        ("7200", None, timedelta(hours=2)), ("Tue, 24 Nov 2026 13:00:00 GMT", None, timedelta(hours=1)),
        ("Tue, 24 Nov 2026 09:30:00 GMT", "Tue, 24 Nov 2026 09:00:00 GMT", timedelta(minutes=30)), ("-5", None, timedelta(hours=1)),
        ("999999999", None, timedelta(hours=24)), ("soon", None, timedelta(hours=1)), (None, None, timedelta(hours=1)),
    ],
)  # fmt: skip
def test_retry_after(value, date, wait):
    headers = [(name, text) for name, text in (("Retry-After", value), ("Date", date)) if text]
    assert policy.cooling_until(429, headers, now=NOW, failures=0) == NOW + wait


def test_one_unanswered_request_is_the_pages_fault_more_are_the_hosts():
    assert policy.cooling_after_failure(now=NOW, failures=0) is None
    assert policy.cooling_after_failure(now=NOW, failures=1) == NOW + timedelta(minutes=10)
    assert policy.cooling_after_failure(now=NOW, failures=3) == NOW + timedelta(minutes=40)
    assert policy.cooling_after_failure(now=NOW, failures=99) == NOW + timedelta(hours=24)


def test_server_errors_back_off_and_good_answers_do_not():
    assert policy.cooling_until(500, [], now=NOW, failures=3) == NOW + timedelta(minutes=8)
    assert policy.cooling_until(429, [], now=NOW, failures=2) == NOW + timedelta(hours=4)
    assert policy.cooling_until(200, [], now=NOW, failures=9) is None
    assert policy.cooling_until(404, [], now=NOW, failures=9) is None
