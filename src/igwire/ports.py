"""The outside world as igwire sees it. `wiring` builds the real ones, `tests/fakes.py` holds one hand-written fake each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from igwire.model import Capture, RawRef, WriteAction, WriteResult


class Clock(Protocol):
    """Time as an argument."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""

    def sleep(self, seconds: float) -> None:
        """Wait that long."""


class Fetcher(Protocol):
    """Fetches one URL over HTTP under all guards (addresses, deadlines, sizes, redirects)."""

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = 0,
        deadline_s: float = 0,
        came: tuple[tuple[int, str], ...] = (),
        across: bool = False,
        https_only: bool = False,
    ) -> Capture:
        """The final answer, any status. 0 = the general limit. Raises FetchError or BadUrl.

        A redirect to another host is followed only with `across`, otherwise it raises Elsewhere; who goes on gives its hops as `came`.
        With `https_only` a redirect to an address without TLS is a FetchError (`downgrade`).
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A body that is stored whole already: where, and for which URL and instant."""

    ref: RawRef
    url: str
    at: datetime


class RawWriter(Protocol):
    """Appends to one open segment; only one process writes to it."""

    def pack(self, capture: Capture, metadata: Mapping[str, Any], *, same_as: Stored | None = None) -> bytes:
        """Response and `metadata` as records; with `same_as` the body is referred to. Any thread may call it."""

    def put(self, members: bytes) -> RawRef:
        """Store packed records; the reference is valid at once, `sync` brings it to the disk. Raises StoreError."""

    def append(self, capture: Capture, metadata: Mapping[str, Any]) -> RawRef:
        """`pack`, `put` and `sync`. Raises StoreError."""

    def sync(self) -> None:
        """Bring everything appended to the disk. Raises StoreError."""


class StoredPair(Protocol):
    """One pair as it lies: `capture.body` is empty and `refers_to` set when the body lies elsewhere."""

    @property
    def capture(self) -> Capture:
        """The answer."""

    @property
    def facts(self) -> dict[str, Any]:
        """What igwire noted beside it."""

    @property
    def refers_to(self) -> RawRef | None:
        """Where the body lies, when not here."""


class RawStore(Protocol):
    """WARC segments, the truth about what was fetched."""

    def writer(self) -> AbstractContextManager[RawWriter]:
        """A writer on a new segment, sealed (fsync, rename) at exit."""

    def read(self, ref: RawRef) -> tuple[Capture, dict[str, Any]]:
        """The capture (body decoded) and its metadata. Raises StoreError naming segment and offset."""

    def salvage(self) -> list[str]:
        """Seal what dead writers left open, cut at the last whole record; names of the segments."""

    def blank(self, ref: RawRef, why: str, *, whole: bool = False) -> None:
        """Take the response out for good (and its metadata, when `whole`); no other reference changes. Raises StoreError."""

    def blank_all(self, refs: Iterable[RawRef], why: str, *, whole: bool = False) -> None:
        """As `blank`, many at once. Raises Unavailable when a segment is still being written."""

    def walk(self) -> Iterator[tuple[RawRef, Capture, dict[str, Any]]]:
        """Everything stored, oldest segment first."""

    def scan(self, segments: Iterable[str] | None = None) -> Iterator[tuple[RawRef, StoredPair | None]]:
        """Every pair (of some segments) as it lies, oldest segment first; None where a record is broken."""

    def names(self) -> list[str]:
        """All sealed segments, oldest first."""

    def size(self, segment: str) -> int:
        """Bytes of a segment, 0 when there is none."""

    def drop(self, segment: str) -> None:
        """Remove a sealed segment."""

    def files(self, scratch: Path) -> Iterator[tuple[str, Path]]:
        """Every file of the store for a backup: path below its root, and where it lies now."""

    def being_written(self) -> bool:
        """Whether some segment is open."""

    def tombstones(self) -> list[dict[str, Any]]:
        """What was erased, oldest first."""

    def keep_tombstones(self, rows: Iterable[dict[str, Any]]) -> None:
        """Add to what was erased; rows that are there already stay."""


class SearchIndex(Protocol):
    """Where documents are written to."""

    def write(self, actions: Iterable[WriteAction], index: str | None = None) -> Iterator[WriteResult]:
        """Send in bulks, one result an action, in any order; `index` None = the live alias.

        Raises Unavailable only for what no retry in this run can mend (no such alias, refused credentials, blocked index).
        """

    def remove(self, versions: Mapping[str, int], kind: str = "articles") -> None:
        """Take documents (id → version) out of every index of that kind, for good. Raises Unavailable."""

    def reveal(self) -> None:
        """Let searches find at once what was written, not within the index's refresh interval. Raises Unavailable."""


class Courier(Protocol):
    """Sends messages to the targets of alerts."""

    def send(self, target: str, message: Any) -> None:
        """Send one `search.alerts.Message`. Raises Unavailable when the target did not take it."""
