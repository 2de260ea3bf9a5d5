"""The raw store: WARC/1.1 segments with one gzip member per record (ISO 28500:2017), written by warcio.

open ─ append: response + metadata, fsync ─▶ … ─ seal: fsync, rename, fsync folder ─▶ sealed
A writer holds a lock on its segment; what a dead writer left open is cut at its last whole record and sealed by `salvage`.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from igwire import decoding
from igwire.errors import StoreError
from igwire.model import Capture, RawRef
from igwire.ports import Clock
from igwire.store import layout

# Small enough to copy, verify and rewrite as a whole, large enough that a year makes hundreds of files, not thousands.
_SEGMENT_BYTES = 256 * 1024 * 1024
# No honest page decodes to more; the client's own caps are lower.
_BODY_BYTES = 64 * 1024 * 1024
# Taken off by the client already; the name that crawlers use keeps the fact without misleading readers.
_HOP_HEADERS = {"transfer-encoding"}


class WarcStore:
    """Segments below `root`. See `ports.RawStore`."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self._root = root
        self._clock = clock

    @contextlib.contextmanager
    def writer(self) -> Iterator[SegmentWriter]:
        """A writer on new segments; the last one is sealed at exit, whatever happens."""
        writer = SegmentWriter(self._root, self._clock)
        try:
            yield writer
        finally:
            writer.close()

    def read(self, ref: RawRef) -> tuple[Capture, dict[str, Any]]:
        """The capture and its metadata. Raises StoreError naming segment and offset."""
        where = f"segment {ref.segment}, offset {ref.offset}"
        path = layout.locate(self._root, ref.segment)
        try:
            with path.open("rb") as stream:
                stream.seek(ref.offset)
                member = stream.read(ref.length)
            return _read_pair(member)
        # What a broken record makes of gzip, warcio and the decoders has no common class.
        except Exception as error:
            raise StoreError(f"{where} cannot be read: {type(error).__name__} {str(error)[:200]}") from error

    def salvage(self) -> list[str]:
        """Seal what dead writers left open, cut at the last whole record; the names of the segments sealed."""
        return [path.name.removesuffix(layout.OPEN) for path in layout.segments(self._root, layout.OPEN) if _salvage(path)]

    def walk(self) -> Iterator[tuple[RawRef, Capture, dict[str, Any]]]:
        """Every capture in the sealed segments, oldest segment first. Raises StoreError at a record that is broken."""
        for path in layout.segments(self._root):
            segment = path.name.removesuffix(layout.SEALED)
            with path.open("rb") as stream:
                ends = list(member_ends(stream))
            # The first member is the warcinfo record; then response and metadata take turns.
            for start, end in zip(ends[0::2], ends[2::2], strict=False):
                ref = RawRef(segment=segment, offset=start, length=end - start)
                yield ref, *self.read(ref)


class SegmentWriter:
    """Appends captures to the segment that this process holds; see `ports.RawWriter`."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self._root = root
        self._clock = clock
        self._stream: IO[bytes] | None = None
        self._path = root

    def append(self, capture: Capture, metadata: Mapping[str, Any]) -> RawRef:
        """Store response and metadata; both are on disk when this returns."""
        stream = self._open_stream()
        start = stream.tell()
        try:
            stream.write(_record_pair(capture, metadata))
            stream.flush()
            os.fsync(stream.fileno())
        except OSError as error:
            raise StoreError(f"the raw store cannot be written ({self._path}): {error}. Is the disk full?") from error
        ref = RawRef(segment=self._path.name.removesuffix(layout.OPEN), offset=start, length=stream.tell() - start)
        if stream.tell() > _SEGMENT_BYTES:
            self.close()
        return ref

    def close(self) -> None:
        """Seal the segment, if one was begun."""
        if self._stream is not None:
            _seal(self._path)
            self._stream.close()
            self._stream = None

    def _open_stream(self) -> IO[bytes]:
        if self._stream is None:
            name = layout.new_name(self._clock.now())
            place = layout.folder(self._root, name)
            place.mkdir(parents=True, exist_ok=True)
            self._path = place / f"{name}{layout.OPEN}"
            self._stream = self._path.open("xb")
            fcntl.flock(self._stream, fcntl.LOCK_EX)
            self._stream.write(_info_record(name, self._clock.now()))
        return self._stream


def _seal(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
    path.rename(path.with_name(path.name.removesuffix(layout.OPEN) + layout.SEALED))
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _salvage(path: Path) -> bool:
    """Seal one abandoned segment; False when its writer is alive or another process was quicker."""
    with contextlib.suppress(FileNotFoundError), path.open("r+b") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        if not path.exists():
            return False
        ends = list(member_ends(stream))
        # Records come in pairs behind the warcinfo: half a pair was never acknowledged to anyone.
        whole = len(ends) if len(ends) % 2 else len(ends) - 1
        if whole < 3:
            path.unlink()
            return False
        stream.truncate(ends[whole - 1])
        _seal(path)
        return True
    return False


def member_ends(stream: IO[bytes]) -> Iterator[int]:
    """Offsets behind each whole gzip member, from the start of the stream to the first broken one."""
    stream.seek(0)
    position, pending = 0, b""
    while True:
        inflater = zlib.decompressobj(wbits=31)
        while not inflater.eof:
            if not pending and not (pending := stream.read(1 << 20)):
                return
            before = len(pending)
            try:
                inflater.decompress(pending)
            except zlib.error:
                return
            pending = inflater.unused_data
            position += before - len(pending)
        yield position


# ── records ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _info_record(name: str, now: datetime) -> bytes:
    from warcio.warcwriter import WARCWriter

    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True, warc_version="1.1")
    info = {
        "software": "igwire",
        "format": "WARC File Format 1.1",
        "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
    }
    writer.write_record(writer.create_warcinfo_record(f"{name}{layout.SEALED}", info))
    return out.getvalue()


def _record_pair(capture: Capture, metadata: Mapping[str, Any]) -> bytes:
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True, warc_version="1.1")
    fields = [(f"X-Archive-Orig-{k}" if k.lower() in _HOP_HEADERS else k, v) for k, v in capture.headers]
    http = StatusAndHeaders(f"{capture.status} {'OK' if capture.status == 200 else 'Status'}", fields, protocol="HTTP/1.1")
    date = capture.fetched_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    warc = {"WARC-Date": date} | ({"WARC-IP-Address": capture.address} if capture.address else {})
    content = capture.wire or capture.body
    response = writer.create_warc_record(
        capture.final_url, "response", payload=io.BytesIO(content), length=len(content), http_headers=http, warc_headers_dict=warc
    )
    writer.write_record(response)
    facts = {**metadata, "requested_url": capture.requested_url, "redirects": capture.redirects, "seconds": capture.seconds, "decoded": not capture.wire}
    note = json.dumps(facts, ensure_ascii=False, default=str).encode()
    concurrent = {"WARC-Date": date, "WARC-Concurrent-To": response.rec_headers.get_header("WARC-Record-ID")}
    kind = "application/json"
    writer.write_record(
        writer.create_warc_record(
            capture.final_url, "metadata", payload=io.BytesIO(note), length=len(note), warc_content_type=kind, warc_headers_dict=concurrent
        )
    )
    return out.getvalue()


def _read_pair(member: bytes) -> tuple[Capture, dict[str, Any]]:
    from warcio.archiveiterator import ArchiveIterator

    records = iter(ArchiveIterator(io.BytesIO(member)))
    response = next(records, None)
    if response is None or response.rec_type != "response":
        raise ValueError("there is no response record at this place")
    # no content decoding here: caps on decoded size are `decoding`'s business.
    wire = response.raw_stream.read()
    http, url = response.http_headers, response.rec_headers.get_header("WARC-Target-URI")
    fetched_at = datetime.fromisoformat(response.rec_headers.get_header("WARC-Date").replace("Z", "+00:00"))
    note = next(records, None)
    if note is None or note.rec_type != "metadata":
        raise ValueError("the metadata record is missing")
    facts = json.loads(note.raw_stream.read())
    prefix = "X-Archive-Orig-"
    headers = tuple((k.removeprefix(prefix), v) for k, v in http.headers)
    encoding = next((v for k, v in headers if k.lower() == "content-encoding"), None)
    decoded, redirects = facts.pop("decoded"), tuple((s, u) for s, u in facts.pop("redirects"))
    body = wire if decoded else decoding.decode(wire, encoding, max_bytes=_BODY_BYTES, url=url)
    capture = Capture(
        requested_url=facts.pop("requested_url"), final_url=url, fetched_at=fetched_at, status=int(http.get_statuscode()), headers=headers,
        body=body, wire=b"" if decoded else wire, redirects=redirects, address=response.rec_headers.get_header("WARC-IP-Address"),
        seconds=facts.pop("seconds"),
    )  # fmt: skip
    return capture, facts
