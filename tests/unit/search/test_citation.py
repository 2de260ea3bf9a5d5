"""Links that hold a search and what it found."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igwire.errors import QueryError
from igwire.search.citation import HELD, cite, compare, from_token, held_request, to_token
from igwire.search.request import SearchRequest
from igwire.search.results import Hit, Results

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def found(*contents: tuple[str, str], total: int = 0) -> Results:
    hits = tuple(Hit(doc_id=key, score=1.0, document={"content_hash": content}, snippets={}) for key, content in contents)
    return Results(total=total or len(hits), total_exact=True, hits=hits, facets={}, interpreted="x", took_ms=1, index="igwire-articles-v1-000001")


def test_a_link_gives_back_what_it_holds():
    request = SearchRequest(text='"乌镇" OR icann', languages=("zh", "-en"), page=3, size=25)
    made = cite(request, found(("a" * 66, "b" * 64), total=77), NOW)
    read = from_token(to_token(made))
    assert read == made
    assert (read.request.page, read.request.size, read.request.recency, read.total) == (1, HELD, False, 77)
    assert read.held == (("a" * 12, "b" * 8),)
    assert read.request == held_request(request)


def test_a_link_is_short_enough_for_a_mail():
    hits = [(hashlib.sha256(f"{n}".encode()).hexdigest(), hashlib.sha256(f"c{n}".encode()).hexdigest()) for n in range(HELD)]
    token = to_token(cite(SearchRequest(text="x" * 512), found(*hits), NOW))
    assert len(token) < 2100
    assert re.fullmatch(r"[A-Za-z0-9_-]+", token)


def test_what_has_changed():
    made = cite(SearchRequest(), found(("a", "1"), ("b", "1"), ("c", "1")), NOW)
    since = compare(made, found(("d", "1"), ("b", "2"), ("a", "1")))
    assert [hit.doc_id for hit in since.same] == ["a"]
    assert [hit.doc_id for hit in since.edited] == ["b"]
    assert [hit.doc_id for hit in since.new] == ["d"]
    assert since.gone == ("c",)
    assert not since.unchanged
    assert compare(made, found(("a", "1"), ("b", "1"), ("c", "1"))).unchanged


@given(st.text(max_size=200))
def test_what_was_never_a_link_is_refused(token):
    with pytest.raises(QueryError, match="damaged"):
        from_token(token)


def forged(record: bytes) -> str:
    packed = zlib.compress(record)
    return base64.urlsafe_b64encode(hashlib.sha256(packed).digest()[:4] + packed).decode().rstrip("=")


@pytest.mark.parametrize(
    "record",
    [b"0" * 10_000_000, b"[]", b"{}", b"null", json.dumps([{}, "now", "i", 1, []]).encode(), json.dumps([{}, NOW.isoformat(), "i", 1, [1]]).encode(),
     json.dumps([{"q": ["x"]}, NOW.isoformat(), "i", "y", []]).encode(), json.dumps([[], NOW.isoformat(), "i", 1, []]).encode(),
     json.dumps([{"source": [1]}, NOW.isoformat(), "i", 1, []]).encode(), json.dumps([{"source": {"a": 1}}, NOW.isoformat(), "i", 1, []]).encode(), b"\xff", b"[" * 9999],
)  # fmt: skip
def test_a_forged_link_does_no_harm(record):
    with pytest.raises(QueryError):
        from_token(forged(record))
