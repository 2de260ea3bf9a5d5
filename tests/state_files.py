"""Looking for a text in everything that a state folder holds, however it is packed."""

from __future__ import annotations

import contextlib
import gzip
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from igwire.store.records import member_ends

# Every first byte pair that a zlib stream with a window of 32 KB can have.
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")


def state_holds(folder: Path, *needles: str) -> list[str]:
    """Names of the files below `folder` that hold one of the texts: raw, in WARC members (bodies decoded), or deflated in a database."""
    wanted = [needle.encode() for needle in needles]
    return [file.name for file in folder.rglob("*") if file.is_file() and any(_holds(content, wanted) for content in _contents(file))]


def _holds(content: bytes, wanted: Sequence[bytes]) -> bool:
    return any(needle in content for needle in wanted)


def _contents(file: Path) -> Iterator[bytes]:
    data = file.read_bytes()
    yield data
    if ".warc.gz" in file.name:
        yield from _members(file, data)
    for sign in _ZLIB:
        yield from _deflated(data, sign)


def _members(file: Path, data: bytes) -> Iterator[bytes]:
    start = 0
    with file.open("rb") as stream:
        for end in member_ends(stream):
            record = zlib.decompress(data[start:end], 31)
            yield record
            # The answer as it came over the wire may be packed once more.
            body = record.split(b"\r\n\r\n")[-2:-1]
            for part in body:
                with contextlib.suppress(OSError, EOFError, zlib.error):
                    yield gzip.decompress(part)
            start = end


def _inflated(data: bytes, at: int) -> bytes:
    """As far as it goes: a database may go on with it on another page."""
    inflater, found = zlib.decompressobj(), b""
    with contextlib.suppress(zlib.error):
        while at < len(data) and not inflater.eof:
            found += inflater.decompress(data[at : at + 256])
            at += 256
    return found


def _deflated(data: bytes, sign: bytes) -> Iterator[bytes]:
    at = data.find(sign)
    while at >= 0:
        yield _inflated(data, at)
        at = data.find(sign, at + 1)
