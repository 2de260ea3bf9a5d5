"""Backups on any fsspec URL or local folder: objects named by their hash, and a manifest that is written last.

pieces ─ hashed ─▶ objects/ab/abcd… (those not there yet) ─ manifest.json ─ objects that no manifest names are removed
No object is ever changed, so a backup that is cut short leaves the one before it whole. Restored is only what is complete.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from igwire.errors import StoreError, UsageError
from igwire.store.remote import Remote

MANIFEST = "manifest.json"
_FORMAT = 1
# So many names of missing files are told; the rest is counted.
_TOLD = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of a backup: SHA-256 and size of its bytes; `mtime_ns` of the original tells whether it must be read again."""

    sha256: str
    size: int
    mtime_ns: int = 0


@dataclass(slots=True, kw_only=True)
class Manifest:
    """What a backup holds: path below the state folder → file, and facts (when, by which release, …)."""

    facts: dict[str, Any]
    files: dict[str, Entry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What a backup did."""

    files: int
    bytes: int
    # Of these newly copied.
    copied: int
    copied_bytes: int


def read_manifest(place: Remote) -> Manifest | None:
    """The manifest at a place, None when there is none. Raises StoreError when it cannot be read."""
    if not place.exists(MANIFEST):
        return None
    with place.open(MANIFEST) as stream:
        content = stream.read()
    try:
        read = json.loads(content)
        if read["format"] != _FORMAT:
            raise ValueError(f"format {read['format']} is not {_FORMAT}: it was made by a newer igwire")
        return Manifest(facts=read["facts"], files={_safe(path): Entry(**entry) for path, entry in read["files"].items()})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"the manifest of the backup cannot be read: {error}") from error


def _safe(path: str) -> str:
    """A backup may come from anywhere: its paths stay below the state folder."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts:
        raise ValueError(f"{path!r} leads out of the state folder")
    return path


def save(place: Remote, pieces: Iterable[tuple[str, Path]], facts: Mapping[str, Any], scratch: Path) -> Saved:
    """Save files (path in the backup, file). Files may be renamed, replaced or appended to meanwhile; each is taken as it is at one instant."""
    before = read_manifest(place)
    held = place.sizes("objects")
    files: dict[str, Entry] = {}
    copied = copied_bytes = 0
    for path, file in pieces:
        known = before.files.get(path) if before else None
        entry, frozen = _frozen(file, known, held, scratch)
        if entry is None:
            continue
        if held.get(_object(entry)) != entry.size:
            place.put(frozen, _object(entry))
            held[_object(entry)] = entry.size
            copied, copied_bytes = copied + 1, copied_bytes + entry.size
        frozen.unlink(missing_ok=True)
        files[path] = entry
    _write_manifest(place, Manifest(facts=dict(facts), files=files), scratch)
    named = {_object(entry) for entry in files.values()}
    for name in held.keys() - named:
        place.remove(name)
    return Saved(files=len(files), bytes=sum(entry.size for entry in files.values()), copied=copied, copied_bytes=copied_bytes)


def _frozen(file: Path, known: Entry | None, held: Mapping[str, int], scratch: Path) -> tuple[Entry | None, Path]:
    """The file's entry and a copy that nobody changes (none when it is in the backup already); None when the file is gone."""
    copy = scratch / "piece"
    copy.unlink(missing_ok=True)
    try:
        found = file.stat()
        if known and (known.size, known.mtime_ns) == (found.st_size, found.st_mtime_ns) and held.get(_object(known)) == known.size:
            return known, copy
        shutil.copyfile(file, copy)
    except FileNotFoundError:
        return None, copy
    except OSError as error:
        raise StoreError(f"{file} cannot be copied: {error}. Is the disk full? The backup before this one is whole.") from error
    return Entry(sha256=hash_of(copy), size=copy.stat().st_size, mtime_ns=found.st_mtime_ns), copy


def _write_manifest(place: Remote, manifest: Manifest, scratch: Path) -> None:
    file = scratch / MANIFEST
    content = {"format": _FORMAT, "facts": manifest.facts, "files": {path: asdict(entry) for path, entry in sorted(manifest.files.items())}}
    file.write_text(json.dumps(content, ensure_ascii=False, indent=1, default=str), encoding="utf-8")
    place.put(file, f"{MANIFEST}.new")
    place.rename(f"{MANIFEST}.new", MANIFEST)
    file.unlink()


def check(place: Remote) -> Manifest:
    """The manifest of a backup whose files are all there. Raises UsageError saying what is missing."""
    manifest = read_manifest(place)
    if manifest is None:
        raise UsageError(f"there is no whole backup: {MANIFEST} is missing (it is written last, so a backup that was cut short has none)")
    held = place.sizes("objects")
    missing = sorted(path for path, entry in manifest.files.items() if held.get(_object(entry)) != entry.size)
    if missing:
        more = f" and {len(missing) - _TOLD} more" if len(missing) > _TOLD else ""
        raise UsageError(f"the backup is broken, nothing was restored: missing or cut short are {', '.join(missing[:_TOLD])}{more}")
    return manifest


def load(place: Remote, manifest: Manifest, folder: Path, *, last: str) -> None:
    """Bring all files of a checked backup into the folder, `last` as the last one. Repeated it goes on where it stopped. Raises UsageError."""
    for path in sorted(manifest.files, key=lambda path: (path == last, path)):
        file, entry = folder / path, manifest.files[path]
        if file.exists() and hash_of(file) == entry.sha256:
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        half = file.with_name(f"{file.name}.restoring")
        place.get(_object(entry), half)
        if hash_of(half) != entry.sha256:
            half.unlink()
            raise UsageError(f"the backup is broken: {path} is not what was saved (its hash differs)")
        os.utime(half, ns=(entry.mtime_ns, entry.mtime_ns))
        half.rename(file)


def hash_of(file: Path) -> str:
    """SHA-256 (hex) of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _object(entry: Entry) -> str:
    return f"objects/{entry.sha256[:2]}/{entry.sha256}"
