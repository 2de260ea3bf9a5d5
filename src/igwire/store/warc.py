"""The raw store: WARC/1.1 segments in date folders, on this disk or on a remote file system.

open ─ append: response + metadata, fsync ─▶ … ─ seal: fsync, rename, fsync folder ─▶ sealed (─ upload ─▶ remote, local file removed)
A writer holds a lock on its segment; what a dead writer left open is cut at its last whole record and sealed by `salvage`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

from igwire.errors import StoreError, Unavailable
from igwire.failpoints import reach
from igwire.model import Capture, RawRef
from igwire.ports import Clock, Stored
from igwire.store import layout, records, tombstones
from igwire.store.records import Blanked, member_ends
from igwire.store.remote import Remote
from igwire.store.rewrite import rewrite, sync_folder
from igwire.store.verify import gzip_regions

# Small enough to copy, verify and rewrite as a whole, large enough that a year makes hundreds of files, not thousands.
_SEGMENT_BYTES = 256 * 1024 * 1024
# A temporary file that nobody touched for so long belongs to a process that died.
_ORPHAN = timedelta(hours=1)


class WarcStore:
    """Segments below `root`; with `remote` the sealed ones go there, and `root` holds only what is being written. See `ports.RawStore`."""

    def __init__(self, root: Path, clock: Clock, remote: Remote | None = None) -> None:
        self._root = root
        self._clock = clock
        self._remote = remote

    @contextlib.contextmanager
    def writer(self) -> Iterator[SegmentWriter]:
        """A writer on new segments; the last one is sealed at exit, whatever happens."""
        writer = SegmentWriter(self._root, self._clock)
        try:
            yield writer
        finally:
            writer.close()
            # What a remote that is away does not take now stays here, readable, until the next salvage.
            with contextlib.suppress(Unavailable):
                self._send_off()

    def read(self, ref: RawRef) -> tuple[Capture, dict[str, Any]]:
        """The capture and its metadata. Raises StoreError naming segment and offset, Unavailable when a remote is away."""
        found = self._read(ref)
        if found.refers_to is None:
            return found.capture, found.facts
        first = self._read(found.refers_to).capture
        decoded = found.facts.pop("decoded")
        return records.with_body(found.capture, first.wire or first.body, decoded=decoded), found.facts

    def _read(self, ref: RawRef) -> records.Read:
        where = f"segment {ref.segment}, offset {ref.offset}"
        members = self._bytes(ref)
        try:
            return records.read_pair(members)
        # What a broken record makes of gzip, warcio and the decoders has no common class.
        except Exception as error:
            kind = "" if isinstance(error, Blanked) else f"{type(error).__name__} "
            raise StoreError(f"{where} cannot be read: {kind}{str(error)[:200]}") from error

    def _bytes(self, ref: RawRef) -> bytes:
        path = layout.find(self._root, ref.segment)
        if path is not None:
            with path.open("rb") as stream:
                stream.seek(ref.offset)
                return stream.read(ref.length)
        name = layout.remote_name(ref.segment)
        if self._remote is None or not self._remote.exists(name):
            raise StoreError(f"segment {ref.segment} is missing below {self._root}")
        return self._remote.read(name, ref.offset, ref.length)

    def salvage(self) -> list[str]:
        """Seal what dead writers left open, cut at the last whole record, and clear their orphans; the names of the segments sealed."""
        sealed = [path.name.removesuffix(layout.OPEN) for path in layout.segments(self._root, layout.OPEN) if _salvage(path)]
        self._clear()
        with contextlib.suppress(Unavailable):
            self._send_off()
        return sealed

    def _clear(self) -> None:
        """Remove temporary files and empty folders that dead processes left."""
        before = (self._clock.now() - _ORPHAN).timestamp()
        for path in layout.segments(self._root, layout.TEMPORARY):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    path.unlink()

    def _send_off(self) -> None:
        """Bring sealed segments to the remote; each is removed here when it is there."""
        if self._remote is None:
            return
        for path in layout.segments(self._root):
            self._remote.put(path, layout.remote_name(path.name.removesuffix(layout.SEALED)))
            path.unlink(missing_ok=True)

    def names(self) -> list[str]:
        """All sealed segments, oldest first."""
        local = {path.name.removesuffix(layout.SEALED) for path in layout.segments(self._root)}
        far = self._remote.names(layout.SEALED) if self._remote else []
        return sorted(local | {name.rpartition("/")[2].removesuffix(layout.SEALED) for name in far})

    def files(self, scratch: Path) -> Iterator[tuple[str, Path]]:
        """Every file of the store for a backup (path below the root, file), what is still being written and the tombstones included.

        A segment that lies on the remote is fetched to `scratch` and is there until the next is asked for.
        """
        for segment in [*self.names(), *(path.name.removesuffix(layout.OPEN) for path in layout.segments(self._root, layout.OPEN))]:
            path = layout.find(self._root, segment)
            name = layout.remote_name(segment)
            if path is not None:
                # A segment that was sealed since is found under its new name.
                yield path.relative_to(self._root).as_posix(), path
            elif self._remote is not None:
                copy = scratch / "segment"
                self._remote.get(name, copy)
                yield name, copy
        if (self._root / tombstones.NAME).exists():
            yield tombstones.NAME, self._root / tombstones.NAME

    @contextlib.contextmanager
    def open(self, segment: str) -> Iterator[IO[bytes]]:
        """The bytes of a sealed segment, to read from start to end."""
        path = layout.find(self._root, segment)
        if path is None and self._remote is not None:
            with self._remote.open(layout.remote_name(segment)) as stream:
                yield stream
            return
        with layout.locate(self._root, segment).open("rb") as stream:
            yield stream

    def walk(self) -> Iterator[tuple[RawRef, Capture, dict[str, Any]]]:
        """Every capture in the sealed segments, oldest segment first. Raises StoreError at a record that is broken."""
        for segment in self.names():
            with self.open(segment) as stream:
                ends = list(member_ends(stream))
            # The first member is the warcinfo record; then response and metadata take turns.
            for start, end in zip(ends[0::2], ends[2::2], strict=False):
                ref = RawRef(segment=segment, offset=start, length=end - start)
                try:
                    found = self.read(ref)
                except StoreError as error:
                    if isinstance(error.__cause__, Blanked):
                        continue
                    raise
                yield ref, *found

    def size(self, segment: str) -> int:
        """Bytes of a segment, sealed or open; 0 when there is none."""
        path = layout.find(self._root, segment)
        if path is not None:
            return path.stat().st_size
        name = layout.remote_name(segment)
        return self._remote.size(name) if self._remote and self._remote.exists(name) else 0

    def drop(self, segment: str) -> None:
        """Remove a sealed segment, here and on the remote."""
        layout.folder(self._root, segment).joinpath(f"{segment}{layout.SEALED}").unlink(missing_ok=True)
        name = layout.remote_name(segment)
        if self._remote and self._remote.exists(name):
            self._remote.remove(name)

    def scan(self, segments: Iterable[str] | None = None) -> Iterator[tuple[RawRef, records.Read | None]]:
        """Every pair of sealed segments (None = all) as it lies, oldest first; a body that lies elsewhere is not fetched. None where a record is broken."""
        for segment in self.names() if segments is None else segments:
            with self.open(segment) as stream:
                yield from _pairs(stream, segment)

    def blank(self, ref: RawRef, why: str, *, whole: bool = False) -> None:
        """Take the response out for good (and, when `whole`, its metadata); no other record moves. See `blank_all`."""
        self.blank_all([ref], why, whole=whole)

    def blank_all(self, refs: Iterable[RawRef], why: str, *, whole: bool = False) -> None:
        """Take responses out for good, here and on the remote; see `store.rewrite`. Done twice it changes nothing.

        Raises StoreError when there is no such record, Unavailable when a remote is away or a segment is still being written.
        """
        by_segment: dict[str, list[RawRef]] = {}
        for ref in refs:
            by_segment.setdefault(ref.segment, []).append(ref)
        for segment, found in by_segment.items():
            self._blank_segment(segment, found, why, whole=whole)

    def _blank_segment(self, segment: str, refs: list[RawRef], why: str, *, whole: bool) -> None:
        path, name = layout.find(self._root, segment), layout.remote_name(segment)
        if path is not None and path.name.endswith(layout.OPEN):
            raise Unavailable(f"segment {segment} is still being written; what has to go goes when it is sealed")
        far = self._remote if self._remote and self._remote.exists(name) else None
        if path is None and far is None:
            raise StoreError(f"segment {segment} is missing below {self._root}")
        if path is not None:
            rewrite(path, refs, why, self._clock.now(), whole=whole)
            if far is not None:
                far.put(path, name)
            return
        assert far is not None
        copy = layout.folder(self._root, segment) / f"{segment}{layout.SEALED}"
        copy.parent.mkdir(parents=True, exist_ok=True)
        half = copy.with_name(f"{segment}.from-remote{layout.TEMPORARY}")
        far.get(name, half)
        half.rename(copy)
        rewrite(copy, refs, why, self._clock.now(), whole=whole)
        far.put(copy, name)
        copy.unlink()

    def being_written(self) -> bool:
        """Whether some writer (or a dead one's remains) holds a segment open."""
        return any(True for _ in layout.segments(self._root, layout.OPEN))

    def tombstones(self) -> list[dict[str, Any]]:
        """What was erased; see `store.tombstones`. Raises StoreError, Unavailable."""
        file = self._root / tombstones.NAME
        if not file.exists() and self._remote is not None and self._remote.exists(tombstones.NAME):
            self._root.mkdir(parents=True, exist_ok=True)
            self._remote.get(tombstones.NAME, file)
        return tombstones.read(file)

    def keep_tombstones(self, rows: Iterable[dict[str, Any]]) -> None:
        """Add to what was erased, here and on the remote."""
        self.tombstones()
        tombstones.keep(self._root / tombstones.NAME, rows)
        if self._remote is not None:
            self._remote.put(self._root / tombstones.NAME, tombstones.NAME)


def _pairs(stream: IO[bytes], segment: str) -> Iterator[tuple[RawRef, records.Read | None]]:
    """The pairs of one segment. A broken record is passed over: records take turns, and a response begins the next pair."""
    regions = [(start, end) for start, end, problem in gzip_regions(stream) if problem is None]
    at = 1
    while at + 1 < len(regions):
        (start, middle), (behind, end) = regions[at], regions[at + 1]
        ref = RawRef(segment=segment, offset=start, length=end - start)
        stream.seek(start)
        try:
            if middle != behind:
                raise ValueError("the pair is torn apart by a broken record")
            yield ref, records.read_pair(stream.read(ref.length))
            at += 2
        except Blanked:
            at += 2
        # What broken bytes make of gzip, warcio and the decoders has no common class.
        except Exception:
            yield ref, None
            at += 1


class SegmentWriter:
    """Appends captures to the segment that this process holds; see `ports.RawWriter`."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self._root = root
        self._clock = clock
        self._stream: IO[bytes] | None = None
        self._path = root

    def pack(self, capture: Capture, metadata: Mapping[str, Any], *, same_as: Stored | None = None) -> bytes:
        """Response (a revisit record with `same_as`) and metadata as they are stored."""
        return records.pair(capture, metadata, same_as)

    def put(self, members: bytes) -> RawRef:
        """Store packed records; they are on disk after `sync`."""
        stream = self._open_stream()
        start = stream.tell()
        try:
            stream.write(members)
        except OSError as error:
            raise self._full(error) from error
        ref = RawRef(segment=self._path.name.removesuffix(layout.OPEN), offset=start, length=len(members))
        if start + len(members) > _SEGMENT_BYTES:
            self.close()
        return ref

    def append(self, capture: Capture, metadata: Mapping[str, Any]) -> RawRef:
        """Store response and metadata; both are on disk when this returns."""
        ref = self.put(self.pack(capture, metadata))
        self.sync()
        return ref

    def sync(self) -> None:
        """Bring everything appended to the disk."""
        if self._stream is None:
            return
        try:
            self._stream.flush()
            os.fsync(self._stream.fileno())
        except OSError as error:
            raise self._full(error) from error
        reach("raw_written")

    def _full(self, error: OSError) -> StoreError:
        return StoreError(f"the raw store cannot be written ({self._path}): {error}. Is the disk full?")

    def close(self) -> None:
        """Seal the segment, if one was begun."""
        if self._stream is None:
            return
        try:
            self.sync()
            _seal(self._path)
        finally:
            # On a full disk too: what was not acknowledged is cut off by `salvage`, which waits for the lock to go.
            with contextlib.suppress(OSError):
                self._stream.close()
            self._stream = None

    def _open_stream(self) -> IO[bytes]:
        while self._stream is None:
            name = layout.new_name(self._clock.now())
            place = layout.folder(self._root, name)
            place.mkdir(parents=True, exist_ok=True)
            self._path = place / f"{name}{layout.OPEN}"
            stream = self._path.open("xb")
            fcntl.flock(stream, fcntl.LOCK_EX)
            if not self._path.exists():
                # Another process's `salvage` came between the two lines above and cleared the empty segment.
                stream.close()
                continue
            self._stream = stream
            stream.write(records.info(name, self._clock.now()))
        return self._stream


def _seal(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
    reach("sealing")
    path.rename(path.with_name(path.name.removesuffix(layout.OPEN) + layout.SEALED))
    sync_folder(path.parent)


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
