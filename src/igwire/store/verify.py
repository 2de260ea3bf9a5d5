"""Checking WARC files record by record: what is broken is named with its number and offset, and the rest is still read.

bytes ─ cut into records (gzip members, or by Content-Length) ─▶ each parsed, its digests compared ─▶ faults
                 ╰ broken? look for the next place where a record begins
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from igwire.text import whole_number

_GZIP = b"\x1f\x8b\x08"
_WINDOW = 1 << 20
# A record's own header lines are far shorter.
_HEADER_BYTES = 64 * 1024
# Start, end and problem (None = whole) of a record's bytes.
Region = tuple[int, int, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A record that cannot be used: its number in the file (1 = first), byte offset, and what is wrong."""

    record: int
    offset: int
    reason: str


@dataclass(slots=True, kw_only=True)
class Verified:
    """What was found in one file: good records by type, and the broken ones."""

    records: dict[str, int]
    faults: list[Fault]


def verify(stream: IO[bytes]) -> Verified:
    """Read a WARC file, gzipped by records or plain, from start to end. Never raises for what the bytes hold."""
    found = Verified(records={}, faults=[])
    number = 0
    for number, (offset, end, problem) in enumerate(regions(stream), 1):
        stream.seek(offset)
        kind, wrong = ("", problem) if problem else _check(stream.read(end - offset))
        if wrong:
            found.faults.append(Fault(record=number, offset=offset, reason=wrong))
        else:
            found.records[kind] = found.records.get(kind, 0) + 1
    if number == 0:
        found.faults.append(Fault(record=1, offset=0, reason="there is no record in the file"))
    return found


def regions(stream: IO[bytes]) -> Iterator[Region]:
    """Start, end and problem (None = whole) of every record of a plain file, or of every member of a gzipped one."""
    start = stream.read(len(_GZIP))
    return gzip_regions(stream) if start == _GZIP else _walked(stream, _record_end, _next_record)


def _walked(stream: IO[bytes], end_of: Callable[[IO[bytes], int], tuple[int, str | None]], next_in: Callable[[IO[bytes], int], int | None]) -> Iterator[Region]:
    """One record after the other. `end_of` tells where the one at an offset ends and what is wrong with it, `next_in` where another begins behind it."""
    size = stream.seek(0, io.SEEK_END)
    offset: int | None = 0
    while offset is not None and offset < size:
        end, problem = end_of(stream, offset)
        following = end if problem is None else next_in(stream, offset + 1)
        yield offset, size if following is None else following, problem
        offset = following


def _check(record: bytes) -> tuple[str, str | None]:
    """The record's type, and what is wrong with it."""
    from warcio.archiveiterator import ArchiveIterator

    try:
        records = list(_drained(ArchiveIterator(io.BytesIO(record), check_digests="raise")))
    # What broken bytes make of warcio has no common class.
    except Exception as error:
        return "", f"{type(error).__name__}: {str(error)[:200]}"
    if len(records) != 1:
        return "", f"{len(records)} records where one should be"
    return records[0], None


def _drained(records: Any) -> Iterator[str]:
    for record in records:
        while record.raw_stream.read(_WINDOW):
            pass
        declared = int(record.rec_headers.get_header("Content-Length") or 0)
        if (missing := getattr(record.raw_stream, "limit", 0)) > 0 and declared:
            raise ValueError(f"{missing} bytes of {declared} are missing")
        yield record.rec_type


# ── gzip members ────────────────────────────────────────────────────────────────────────────────────────────────────


def gzip_regions(stream: IO[bytes]) -> Iterator[Region]:
    """Start, end and problem (None = whole) of every gzip member; behind a broken one it goes on where the next record begins."""
    return _walked(stream, _member_end, _next_member)


def _member_end(stream: IO[bytes], offset: int) -> tuple[int, str | None]:
    """Where the member at `offset` ends, and what is wrong with it; the same offset at the end of the file."""
    stream.seek(offset)
    inflater, position = zlib.decompressobj(wbits=31), offset
    pending = b""
    while not inflater.eof:
        if not pending and not (pending := stream.read(_WINDOW)):
            return position, None if position == offset else "the gzip member ends too early"
        before = len(pending)
        try:
            inflater.decompress(pending, 4 * _WINDOW)
        except zlib.error as error:
            return max(position, offset + 1), f"the gzip member is broken: {error}"
        pending = inflater.unconsumed_tail or inflater.unused_data
        position += before - len(pending)
    return position, None


def _next_member(stream: IO[bytes], offset: int) -> int | None:
    """The next place at or behind `offset` where a gzip member begins that holds a WARC record."""
    while True:
        stream.seek(offset)
        window = stream.read(_WINDOW)
        at = window.find(_GZIP)
        if at < 0:
            if len(window) < _WINDOW:
                return None
            offset += len(window) - len(_GZIP) + 1
            continue
        offset += at
        stream.seek(offset)
        try:
            if zlib.decompressobj(wbits=31).decompress(stream.read(4096), 5) == b"WARC/":
                return offset
        except zlib.error:
            pass
        offset += 1


# ── plain files ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _record_end(stream: IO[bytes], offset: int) -> tuple[int, str | None]:
    size = stream.seek(0, io.SEEK_END)
    stream.seek(offset)
    head, separator, _ = stream.read(_HEADER_BYTES).partition(b"\r\n\r\n")
    if not head.startswith(b"WARC/") or not separator:
        return offset, "no WARC record begins here"
    fields = dict(line.split(b":", 1) for line in head.lower().split(b"\r\n")[1:] if b":" in line)
    length = whole_number(fields.get(b"content-length", b"").decode("latin-1"))
    if length is None:
        return offset, "the record has no Content-Length"
    end = offset + len(head) + 4 + length + 4
    if end > size:
        return offset, f"the record ends {end - size} bytes too early"
    return end, None


def _next_record(stream: IO[bytes], offset: int) -> int | None:
    stream.seek(offset)
    while window := stream.read(_WINDOW):
        at = window.find(b"\nWARC/1.")
        if at >= 0:
            return offset + at + 1
        if len(window) < _WINDOW:
            return None
        offset += len(window) - 16
        stream.seek(offset)
    return None
