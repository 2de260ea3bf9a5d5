"""What publishers say about use, in headers, pages and robots files."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest

from igwire.fetch import usage
from igwire.model import Capture


def capture(body: bytes = b"", *headers: tuple[str, str]) -> Capture:
    return Capture(requested_url="u", final_url="u", fetched_at=datetime(2026, 11, 24, tzinfo=UTC), status=200, headers=headers, body=body)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("noindex", ("noindex",)), ("NOARCHIVE, nofollow", ("noarchive",)), ("none", ("noindex",)), ("max-snippet:0", ("nosnippet",)),
        ("max-snippet: 50", ()), ("igwire: noindex", ("noindex",)), ("otherbot: noindex", ()), ("nocache, noai", ("noai", "noarchive")), ("all", ()),
        ("indexifembedded, noimageai", ("noimageai",)),
    ],
)  # fmt: skip
def test_header_directives(value, words):
    assert usage.of_headers(capture(b"", ("X-Robots-Tag", value))).words == words


@pytest.mark.parametrize(
    "element",
    [
        b'<meta name="robots" content="noindex">', b"<META CONTENT='noindex' NAME='Robots'/>", b"<meta name=robots content=noindex>",
        b'<meta name="igwire" content="index, noindex">', b'<meta\nname="robots"\ncontent="&#110;oindex">',
    ],
)  # fmt: skip
def test_meta_elements(element):
    assert usage.of_page(capture(b"<html><head>" + element + b"</head>")).noindex


@pytest.mark.parametrize(
    "body", [b"<!-- <meta name=robots content=noindex> -->", b'<meta name="googlebot" content="noindex">', b'<p name="robots" content="noindex">']
)
def test_what_is_no_directive_for_us(body):
    assert usage.of_page(capture(body)).words == ()


def test_header_and_page_together_and_the_strictest_counts():
    said = usage.of_page(capture(b'<meta name="robots" content="index,noarchive">', ("X-Robots-Tag", "nosnippet"), ("tdm-reservation", "1")))
    assert said.words == ("noarchive", "nosnippet", "tdm-reservation=1")
    assert (said.noindex, said.noarchive, said.nosnippet) == (False, True, True)


@pytest.mark.parametrize("date", ["2026-11-20", "Fri, 20 Nov 2026 12:00:00 GMT", "2026-11-20T12:00:00+02:00"])
def test_a_page_that_was_taken_back(date):
    said = usage.of_headers(capture(b"", ("X-Robots-Tag", f"noarchive, unavailable_after: {date}")))
    assert said.noarchive
    assert said.expired(datetime(2026, 11, 24, tzinfo=UTC))
    assert not said.expired(datetime(2026, 11, 1, tzinfo=UTC))
    assert not usage.of_headers(capture(b"", ("X-Robots-Tag", "unavailable_after: someday"))).expired(datetime(2026, 11, 24, tzinfo=UTC))


def test_reservations_in_robots_files():
    body = "\ufeffUser-agent: *\nContent-Signal: search=yes, ai-train=no # why\nContent-usage: bots=n\nAllow: /\nLicense: https://x.example/l.xml\n".encode()
    assert usage.of_robots(body) == ("content-signal: search=yes, ai-train=no", "content-usage: bots=n", "license: https://x.example/l.xml")


@pytest.mark.parametrize("body", [b"<meta " * 100_000, b"<meta name=" + b'"' * 500_000, b"<!--" * 130_000, b"<meta a=b" + b" c=d" * 200_000])
def test_hostile_bytes_take_no_time(body):
    start = time.monotonic()
    usage.of_page(capture(body))
    # A quadratic search would take minutes.
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    ("location", "path", "covered"),
    [
        ("/", "/a", True), ("/news/", "/news/one", True), ("/news/", "/other", False), ("/*.pdf$", "/x/y.pdf", True), ("/*.pdf$", "/x/y.pdf?z", False),
        ("/a\nAllow: /\nDisallow: /zzz", "/b", False),
    ],
)  # fmt: skip
def test_locations_of_a_tdm_file(location, path, covered):
    body = json.dumps([{"location": location, "tdm-reservation": 1, "tdm-policy": "https://x.example/policy"}]).encode()
    assert usage.of_tdmrep(body, f"https://x.example{path}") == (("tdm-reservation=1",) if covered else ())


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"{}", b'["x", 1]', b"[" * 100_000, b'[{"location": "/", "tdm-reservation": 0}]', b'[{"location": "/a"}]', b"\xff\xfe"]
)
def test_what_is_no_reservation(body):
    assert usage.of_tdmrep(body, "https://x.example/a") == ()


def test_of_several_rules_the_strictest_counts():
    body = b'[{"location": "/", "tdm-reservation": 0}, {"location": "/a", "tdm-reservation": 1}]'
    assert usage.reserves(usage.of_tdmrep(body, "https://x.example/a"))
    assert not usage.of_tdmrep(body, "https://x.example/b")
