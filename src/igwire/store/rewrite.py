"""Taking records out of sealed segments for good: a copy without them takes the segment's place by rename.

lock ─▶ copy ─▶ each record overwritten by a note of the same length ─▶ fsync ─▶ rename ─▶ fsync folder
No other record moves, so no reference changes. Killed anywhere, the segment is the old or the new one; done twice it changes nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO

from igwire.errors import StoreError
from igwire.failpoints import reach
from igwire.model import RawRef
from igwire.store import layout, records
from igwire.store.records import member_ends


def rewrite(path: Path, refs: Sequence[RawRef], why: str, now: datetime, *, whole: bool) -> None:
    """Take the responses at `refs` out of the sealed segment `path`, with their metadata when `whole`.

    Raises StoreError when there is no such record; the segment is then as it was.
    """
    copy = path.with_name(path.name.removesuffix(layout.SEALED) + layout.TEMPORARY)
    with _locked(path):
        shutil.copyfile(path, copy)
        with copy.open("r+b") as stream:
            for ref in refs:
                _overwrite(stream, ref, why, now, whole=whole)
            stream.flush()
            os.fsync(stream.fileno())
        reach("rewriting")
        copy.rename(path)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring the folder's own entries (names) to the disk."""
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One at a time: a second rewriter waits, and then holds the file that the first put there."""
    while True:
        with path.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            if path.stat().st_ino == os.fstat(stream.fileno()).st_ino:
                yield
                return


def _overwrite(stream: IO[bytes], ref: RawRef, why: str, now: datetime, *, whole: bool) -> None:
    stream.seek(ref.offset)
    region = stream.read(ref.length)
    ends = list(member_ends(io.BytesIO(region)))
    if len(region) != ref.length or not ends or ends[-1] != ref.length:
        raise StoreError(f"segment {ref.segment}, offset {ref.offset}: there are no whole records of {ref.length} bytes")
    starts = [0, *ends[:-1]]
    for start, end in list(zip(starts, ends, strict=True))[: None if whole else 1]:
        stream.seek(ref.offset + start)
        stream.write(records.blank(end - start, why, now))
