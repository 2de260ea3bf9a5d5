"""A page out of a web archive: the request for the bytes as they were captured, and the capture as it was made then.

entry.archived ─▶ replay (…/20151217101500id_/http://…) or range of a WARC file (…warc.gz#offset+length) ─▶ Capture of the page's own address
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from igwire.errors import BadUrl, FetchError
from igwire.ledger.items import Item
from igwire.model import Capture
from igwire.store.foreign import captures
from igwire.urls import fetch_url

_RANGE = re.compile(r"#(\d+)\+(\d+)$")
_REPLAYED = re.compile(r"/\d{4,14}id_/(https?:/.*)$")
# Wayback and pywb put this in front of the headers that the page was captured with.
_ORIGINAL = "x-archive-orig-"
# Of the archive's answer, not of the page.
_NOT_THE_PAGES = {"content-encoding", "transfer-encoding", "content-length"}


def headers(item: Item) -> Mapping[str, str] | None:
    """What the request for an archived copy needs beside the usual headers."""
    place = _RANGE.search(item.entry.archived or "")
    if not place:
        return None
    first, length = int(place[1]), int(place[2])
    return {"Range": f"bytes={first}-{first + length - 1}", "Accept-Encoding": "identity"}


def restored(item: Item, answer: Capture) -> Capture:
    """The page as it was captured: its own address, headers and instant. Any other answer than the copy stays as it is.

    Raises FetchError (bad_response) for an answer that is no copy.
    """
    if item.entry.archived is None or answer.status not in (200, 206):
        return answer
    if answer.status == 206:
        return _from_file(item, answer)
    at, address = _captured_at(answer), _REPLAYED.search(answer.final_url)
    if at is None:
        raise FetchError(answer.final_url, "bad_response", "a web archive's answer without Memento-Datetime")
    return replace(
        answer, requested_url=item.url, final_url=_url(address[1], item) if address else item.url, fetched_at=at, headers=_headers(answer), redirects=()
    )


def _from_file(item: Item, answer: Capture) -> Capture:
    found = next((one for one in captures(io.BytesIO(answer.body)) if isinstance(one, Capture)), None)
    if found is None:
        raise FetchError(answer.final_url, "bad_response", "the range of the WARC file holds no page")
    return replace(found, requested_url=item.url, wire=found.body, seconds=answer.seconds)


def _captured_at(answer: Capture) -> datetime | None:
    """RFC 7089, Memento-Datetime: when the copy was made, which may not be what was asked for."""
    try:
        return parsedate_to_datetime(answer.header("memento-datetime") or "").astimezone(UTC)
    except ValueError:
        return None


def _url(printed: str, item: Item) -> str:
    """The captured address; some servers fold its double slash."""
    try:
        return fetch_url(re.sub(r"^(https?):/(?!/)", r"\1://", printed))
    except BadUrl:
        return item.url


def _headers(answer: Capture) -> tuple[tuple[str, str], ...]:
    original = [(name[len(_ORIGINAL) :], value) for name, value in answer.headers if name.lower().startswith(_ORIGINAL)]
    theirs = [(name, value) for name, value in answer.headers if name.lower() in ("content-type", "x-robots-tag", "link", "last-modified")]
    named = {name.lower() for name, _ in original}
    kept = [*original, *(pair for pair in theirs if pair[0].lower() not in named)]
    return tuple(pair for pair in kept if pair[0].lower() not in _NOT_THE_PAGES)
