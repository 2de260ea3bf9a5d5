"""Captures out of WARC files that others made: Common Crawl's, a crawl of one's own. What cannot be used is told, not skipped in silence."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from igwire.errors import BadUrl
from igwire.model import Capture
from igwire.store.verify import regions
from igwire.urls import fetch_url

# No honest page is longer; what is, is not cut in half and called an article.
_BODY_BYTES = 64 * 1024 * 1024
_RECORD_BYTES = 4 * _BODY_BYTES
_PAGES = ("text/html", "application/xhtml+xml", "application/pdf")


@dataclass(frozen=True, slots=True)
class Left:
    """A record that is no page to import, and the reason in a word."""

    reason: str


BROKEN = Left("broken")


def captures(stream: IO[bytes]) -> Iterator[Capture | Left]:
    """The pages of a WARC file, gzipped by records or plain, in its order; never raises for what the bytes hold.

    Reasons of what is left: broken, too_large, no_response (requests, metadata), revisit (its body lies in an earlier record), http_404 …, not_a_page, bad_url.
    """
    for start, end, problem in regions(stream):
        if problem or end - start > _RECORD_BYTES:
            yield BROKEN if problem else Left("too_large")
            continue
        stream.seek(start)
        yield from _of_region(stream.read(end - start))


def _of_region(region: bytes) -> Iterator[Capture | Left]:
    from warcio.archiveiterator import ArchiveIterator

    try:
        for record in ArchiveIterator(io.BytesIO(region)):
            yield _of_record(record)
    # What broken bytes make of warcio has no common class.
    except Exception:
        yield BROKEN


def _of_record(record: Any) -> Capture | Left:
    if record.rec_type == "revisit":
        return Left("revisit")
    if record.rec_type != "response" or record.http_headers is None:
        return Left("no_response")
    status = str(record.http_headers.get_statuscode())
    if status != "200":
        return Left(f"http_{status}"[:20])
    kind = (record.http_headers.get_header("Content-Type") or "text/html").partition(";")[0].strip().lower()
    if kind not in _PAGES:
        return Left("not_a_page")
    try:
        url = fetch_url(record.rec_headers.get_header("WARC-Target-URI").strip("<>"))
    except (BadUrl, AttributeError):
        return Left("bad_url")
    body = record.content_stream().read(_BODY_BYTES + 1)
    if len(body) > _BODY_BYTES:
        return Left("too_large")
    at = datetime.fromisoformat(record.rec_headers.get_header("WARC-Date").replace("Z", "+00:00"))
    return Capture(requested_url=url, final_url=url, fetched_at=at, status=200, headers=tuple(record.http_headers.headers), body=body)
