"""Content encodings under caps."""

from __future__ import annotations

import gzip
import zlib

import brotli
import pytest
from backports import zstd

from igwire.decoding import decode
from igwire.errors import FetchError

BODY = b"The network is governed by many. " * 50


@pytest.mark.parametrize(
    ("encoding", "wire"),
    [
        (None, BODY), ("identity", BODY), ("gzip", gzip.compress(BODY)), ("x-gzip", gzip.compress(BODY)), ("deflate", zlib.compress(BODY)),
        ("deflate", zlib.compress(BODY)[2:-4]), ("br", brotli.compress(BODY)), ("zstd", zstd.compress(BODY)), ("GZIP", gzip.compress(BODY)),
        ("gzip, br", brotli.compress(gzip.compress(BODY))),
    ],
)  # fmt: skip
def test_right_bodies(encoding, wire):
    assert decode(wire, encoding, max_bytes=10_000) == BODY


@pytest.mark.parametrize(
    ("encoding", "wire", "reason"),
    [
        ("gzip", b"not gzip at all", "decode_error"), ("gzip", gzip.compress(BODY)[:-20], "decode_error"), ("rot13", BODY, "decode_error"),
        ("gzip, gzip, gzip", BODY, "decode_error"), ("gzip", gzip.compress(b"\0" * 50_000_000), "too_large"),
        ("br", brotli.compress(b"\0" * 50_000_000), "too_large"), ("zstd", zstd.compress(b"\0" * 50_000_000), "too_large"), (None, b"x" * 20_000, "too_large"),
    ],
)  # fmt: skip
def test_broken_bodies_and_bombs(encoding, wire, reason):
    with pytest.raises(FetchError) as caught:
        decode(wire, encoding, max_bytes=10_000)
    assert caught.value.reason == reason
