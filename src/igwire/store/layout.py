"""Where segments lie: `<root>/YYYY/MM/DD/<segment>.warc.gz`, with `.open` behind the name while a writer holds it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from igwire.errors import StoreError

SEALED = ".warc.gz"
OPEN = ".warc.gz.open"
TEMPORARY = ".warc.gz.tmp"
_NAME = re.compile(r"(\d{4})(\d{2})(\d{2})-\d{6}-[0-9a-f]{8}")


def new_name(now: datetime) -> str:
    """A name for a segment: UTC second and eight random hex digits, so that workers never meet."""
    return f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"


def folder(root: Path, segment: str) -> Path:
    """The date folder of a segment. Raises StoreError for a name that no segment can have."""
    match = _NAME.fullmatch(segment)
    if match is None:
        raise StoreError(f"{segment!r} is no name of a segment")
    return root.joinpath(*match.groups())


def find(root: Path, segment: str) -> Path | None:
    """The file of a segment, sealed or still open, or None. Raises StoreError for a name that no segment can have."""
    place = folder(root, segment)
    # Sealed, open, and sealed again: a writer may rename between the first two looks.
    return next((path for suffix in (SEALED, OPEN, SEALED) if (path := place / f"{segment}{suffix}").exists()), None)


def locate(root: Path, segment: str) -> Path:
    """The file of a segment, sealed or still open. Raises StoreError when there is none."""
    path = find(root, segment)
    if path is None:
        raise StoreError(f"segment {segment} is missing below {root}")
    return path


def remote_name(segment: str) -> str:
    """Path of a sealed segment below a remote root, with forward slashes."""
    return (folder(Path(), segment) / f"{segment}{SEALED}").as_posix()


def segments(root: Path, suffix: str = SEALED) -> Iterator[Path]:
    """All segment files with that suffix, oldest first."""
    return iter(sorted(root.glob(f"*/*/*/*{suffix}"), key=lambda path: path.name))
