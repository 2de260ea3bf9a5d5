"""Crawls of others as a source: same dispositions, same dedupe, nothing skipped in silence."""

from __future__ import annotations

import gzip
import io
from datetime import UTC, datetime

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from igwire.model import Capture
from igwire.pipeline.imports import import_captures
from igwire.store.foreign import Left, captures

TEXT = "The council met in the city and took note of the report on the allocation of numbers, which had been due for a year. " * 12


def page(title: str) -> bytes:
    return f"<html lang='en'><head><title>{title}</title></head><body><article><h1>{title}</h1><p>{TEXT}{title}</p></article></body></html>".encode()


def warc(*, gz: bool = True) -> bytes:
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=gz)

    def add(url: str, body: bytes, kind: str = "text/html", status: str = "200 OK", **fields: str) -> None:
        http = StatusAndHeaders(status, [("Content-Type", kind), *fields.items()], protocol="HTTP/1.1")
        date = {"WARC-Date": "2016-05-01T10:00:00Z"}
        writer.write_record(writer.create_warc_record(url, "response", payload=io.BytesIO(body), length=len(body), http_headers=http, warc_headers_dict=date))

    writer.write_record(writer.create_warcinfo_record("x", {"software": "test"}))
    add("http://news.example/one", page("First story of the day"))
    add("http://other.example/two", gzip.compress(page("Second story of the day")), **{"Content-Encoding": "gzip"})
    add("http://news.example/gone", b"gone", status="404 Not Found")
    add("http://news.example/logo.png", b"png", kind="image/png")
    add("http://news.example/one", page("First story of the day"))
    add("http://news.example/", page("Home page"))
    return out.getvalue()


@pytest.mark.parametrize("gz", [True, False])
def test_pages_come_out_decoded_and_the_rest_has_a_reason(gz):
    found = list(captures(io.BytesIO(warc(gz=gz))))
    assert [c.final_url if isinstance(c, Capture) else c.reason for c in found] == [
        "no_response", "http://news.example/one", "http://other.example/two", "http_404", "not_a_page", "http://news.example/one", "http://news.example/",
    ]  # fmt: skip
    assert found[2].body == page("Second story of the day")
    assert found[1].fetched_at == datetime(2016, 5, 1, 10, tzinfo=UTC)


def test_a_broken_record_costs_itself_only():
    whole = warc()
    at = len(whole) // 3
    found = list(captures(io.BytesIO(whole[:at] + b"\xff" * 20 + whole[at + 20 :])))
    assert Left("broken") in found
    assert any(isinstance(c, Capture) for c in found)
    assert list(captures(io.BytesIO(b"no archive at all"))) == [Left("broken")]


def test_an_import_goes_through_all_stages_once(bench):
    done = import_captures(bench.parts(), "i1", captures(io.BytesIO(warc())))
    assert done.ok
    assert (done.planned, done.outcomes["indexed"]) == (2, 2)
    assert done.polls == {"left_no_response": 1, "left_http_404": 1, "left_not_a_page": 1, "left_known": 1, "left_home_page": 1}
    assert sorted(d["source"]["id"] for d in bench.index.documents.values()) == ["example", "imported"]
    before = dict(bench.index.documents)
    again = import_captures(bench.parts(), "i2", captures(io.BytesIO(warc())))
    assert (again.planned, again.polls["left_known"]) == (0, 3)
    assert bench.index.documents == before
    assert bench.fetcher.asked == []
