"""WARC/1.1 records (ISO 28500:2017), written and read by warcio, each a gzip member of its own.

A capture is a pair: the response, or a revisit record where the same body is stored already, and a metadata record with what
igwire knows of it.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import IO, Any

from igwire import decoding
from igwire.model import Capture, RawRef
from igwire.ports import Stored
from igwire.store import layout

# No honest page decodes to more; the client's own caps are lower.
_BODY_BYTES = 64 * 1024 * 1024
# Taken off by the client already; the name that crawlers use keeps the fact without misleading readers.
_HOP_HEADERS = {"transfer-encoding"}
_RENAMED = "X-Archive-Orig-"
# warcio takes 9; 5 costs half the time of 6 (a third of all work on a fetched page then) for a few per cent of the size.
_LEVEL = 5
_FORMAT = "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One pair as read: `capture.body` is empty and `refers_to` set when the body lies elsewhere."""

    capture: Capture
    facts: dict[str, Any]
    refers_to: RawRef | None = None


class Blanked(Exception):
    """The response of this pair was taken out of the store."""


def info(name: str, now: datetime) -> bytes:
    """The record that opens a segment."""
    fields = {"software": "igwire", "format": "WARC File Format 1.1", "conformsTo": _FORMAT}
    writer, out = _writer()
    record = writer.create_warcinfo_record(f"{name}{layout.SEALED}", fields)
    record.rec_headers.replace_header("WARC-Date", _date(now))
    writer.write_record(record)
    return _member(out)


def pair(capture: Capture, metadata: Mapping[str, Any], same_as: Stored | None = None) -> bytes:
    """The two members of a capture; with `same_as` the body is referred to instead of stored."""
    from warcio.statusandheaders import StatusAndHeaders

    fields = [(f"{_RENAMED}{k}" if k.lower() in _HOP_HEADERS else k, v) for k, v in capture.headers]
    http = StatusAndHeaders(f"{capture.status} {'OK' if capture.status == 200 else 'Status'}", fields, protocol="HTTP/1.1")
    warc = {"WARC-Date": _date(capture.fetched_at)} | ({"WARC-IP-Address": capture.address} if capture.address else {})
    writer, out = _writer()
    content = capture.wire or capture.body
    if same_as:
        response = _revisit(writer, capture, content, http, warc, same_as)
    else:
        response = writer.create_warc_record(
            capture.final_url, "response", payload=io.BytesIO(content), length=len(content), http_headers=http, warc_headers_dict=warc
        )
    writer.write_record(response)
    return _member(out) + _note(capture, metadata, response.rec_headers.get_header("WARC-Record-ID"), same_as)


def _revisit(writer: Any, capture: Capture, content: bytes, http: Any, warc: dict[str, str], same_as: Stored) -> Any:
    # The digest is of the kind that warcio gives to responses, so that any tool can follow it.
    return writer.create_revisit_record(
        capture.final_url, digest=_sha1(content), refers_to_uri=same_as.url, refers_to_date=_date(same_as.at), http_headers=http, warc_headers_dict=warc
    )


def _sha1(content: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()


def _note(capture: Capture, metadata: Mapping[str, Any], about: str, same_as: Stored | None) -> bytes:
    facts = {**metadata, "requested_url": capture.requested_url, "redirects": capture.redirects, "seconds": capture.seconds, "decoded": not capture.wire}
    if same_as:
        ref = same_as.ref
        facts["payload"] = {"segment": ref.segment, "offset": ref.offset, "length": ref.length}
    note = json.dumps(facts, ensure_ascii=False, default=str).encode()
    writer, out = _writer()
    headers = {"WARC-Date": _date(capture.fetched_at), "WARC-Concurrent-To": about}
    writer.write_record(
        writer.create_warc_record(
            capture.final_url, "metadata", payload=io.BytesIO(note), length=len(note), warc_content_type="application/json", warc_headers_dict=headers
        )
    )
    return _member(out)


def read_pair(members: bytes) -> Read:
    """A pair from its bytes. Raises Blanked, or anything that broken bytes make of gzip and warcio."""
    from warcio.archiveiterator import ArchiveIterator

    records = iter(ArchiveIterator(io.BytesIO(members)))
    response = next(records, None)
    if response is None or response.rec_type not in ("response", "revisit"):
        if response is not None and response.rec_headers.get_header("WARC-Type") == "resource":
            raise Blanked("the response was taken out of the store")
        raise ValueError("there is no response record at this place")
    # No content decoding here: caps on decoded size are `decoding`'s business.
    wire = response.raw_stream.read()
    http, url = response.http_headers, response.rec_headers.get_header("WARC-Target-URI")
    fetched_at = datetime.fromisoformat(response.rec_headers.get_header("WARC-Date").replace("Z", "+00:00"))
    note = next(records, None)
    if note is None or note.rec_type != "metadata":
        raise ValueError("the metadata record is missing")
    facts = json.loads(note.raw_stream.read())
    payload, decoded = facts.pop("payload", None), facts.pop("decoded")
    headers = tuple((k.removeprefix(_RENAMED), v) for k, v in http.headers)
    capture = Capture(
        requested_url=facts.pop("requested_url"), final_url=url, fetched_at=fetched_at, status=int(http.get_statuscode()), headers=headers, body=b"",
        redirects=tuple((s, u) for s, u in facts.pop("redirects")), address=response.rec_headers.get_header("WARC-IP-Address"),
        seconds=facts.pop("seconds"),
    )  # fmt: skip
    if payload:
        return Read(capture=capture, facts={**facts, "decoded": decoded}, refers_to=RawRef(**payload))
    return Read(capture=with_body(capture, wire, decoded=decoded), facts=facts)


def with_body(capture: Capture, wire: bytes, *, decoded: bool) -> Capture:
    """The capture with its body; `decoded`: the stored bytes carry no content encoding any more."""
    if decoded:
        return replace(capture, body=wire)
    body = decoding.decode(wire, capture.header("content-encoding"), max_bytes=_BODY_BYTES, url=capture.final_url)
    return replace(capture, body=body, wire=wire)


def blank(length: int, why: str, now: datetime) -> bytes:
    """A member of exactly `length` bytes that holds a note instead of what was there, so that no other record moves."""
    writer, out = _writer()
    note = why.encode()
    writer.write_record(
        writer.create_warc_record(
            "urn:igwire:blanked", "resource", payload=io.BytesIO(note), length=len(note), warc_content_type="text/plain",
            warc_headers_dict={"WARC-Date": _date(now)},
        )
    )  # fmt: skip
    # A gzip header may carry a comment of any length (RFC 1952, FCOMMENT): it is the padding.
    for content in (out.getvalue(), b""):
        deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = deflater.compress(content) + deflater.flush()
        padding = length - 10 - 1 - len(packed) - 8
        if padding >= 0:
            head = b"\x1f\x8b\x08\x10\0\0\0\0\0\xff" + b" " * padding + b"\0"
            return head + packed + struct.pack("<II", zlib.crc32(content), len(content))
    raise ValueError(f"{length} bytes are too few for a gzip member")


def member_ends(stream: IO[bytes]) -> Iterator[int]:
    """Offsets behind each whole gzip member, from the start of the stream to the first broken one."""
    stream.seek(0)
    position, pending = 0, b""
    while True:
        inflater = zlib.decompressobj(wbits=31)
        while not inflater.eof:
            if not pending and not (pending := stream.read(1 << 20)) and not _rest_ends(inflater):
                return
            before = len(pending)
            try:
                # Through a bound: a member that unfolds to gigabytes must not be held in memory.
                inflater.decompress(pending, 1 << 22)
            except zlib.error:
                return
            pending = inflater.unconsumed_tail or inflater.unused_data
            position += before - len(pending)
        yield position


def _rest_ends(inflater: Any) -> bool:
    """Whether what the inflater still holds brings it to its end."""
    inflater.decompress(b"", 1 << 22)
    return bool(inflater.eof)


def _writer() -> tuple[Any, io.BytesIO]:
    from warcio.warcwriter import WARCWriter

    out = io.BytesIO()
    return WARCWriter(out, gzip=False, warc_version="1.1"), out


def _member(out: io.BytesIO) -> bytes:
    return gzip.compress(out.getvalue(), _LEVEL, mtime=0)


def _date(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
