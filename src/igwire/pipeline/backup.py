"""Backing up and restoring: ledger, raw store, own sources, alerts and curation, settings without secrets.

The ledger is taken first and the raw store after it: what the ledger points to is on the disk before the ledger says so, and stays there.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from igwire.errors import UsageError
from igwire.ledger import snapshot
from igwire.ledger.database import HEAD, known_versions
from igwire.pipeline.parts import Parts
from igwire.store import backup as files
from igwire.store.backup import Manifest, Saved
from igwire.store.remote import Remote

LEDGER = "ledger.db"
_SETTINGS = "settings.json"
# Present while a restore is under way: it may be repeated into the same folder.
_UNDER_WAY = "restoring"


def backup(parts: Parts, place: Remote, state: Path, *, settings: Mapping[str, str], release: str) -> Saved:
    """Save everything to `place`, only what changed since the last time. Raises Unavailable, StoreError."""
    with tempfile.TemporaryDirectory(prefix="backup-", dir=state) as name:
        scratch = Path(name)
        snapshot.take(parts.ledger, scratch / LEDGER)
        (scratch / _SETTINGS).write_text(json.dumps(dict(settings), indent=1), encoding="utf-8")
        facts = {"at": parts.clock.now().isoformat(), "igwire": release, "ledger": HEAD}
        return files.save(place, _pieces(parts, state, scratch), facts, scratch)


def _pieces(parts: Parts, state: Path, scratch: Path) -> Iterator[tuple[str, Path]]:
    yield LEDGER, scratch / LEDGER
    yield _SETTINGS, scratch / _SETTINGS
    # sources.yaml, alerts.yaml and what else a person keeps there.
    for file in sorted(state.glob("*.yaml")):
        yield file.name, file
    for name, file in parts.store.files(scratch):
        yield f"raw/{name}", file


def restore(place: Remote, state: Path, *, ledger_url: str) -> Manifest:
    """Bring a backup into an empty state folder. Raises UsageError when the folder is in use, or the backup broken or too new."""
    manifest = files.check(place)
    if manifest.facts.get("ledger") not in known_versions():
        raise UsageError(f"the backup was made by a newer igwire ({manifest.facts.get('igwire')}): upgrade igwire first")
    marker = state / _UNDER_WAY
    if not marker.exists() and ((state / LEDGER).exists() or any((state / "raw").glob("*"))):
        raise UsageError(f"{state} is in use: restore needs an empty state folder (set IGWIRE_STATE)")
    state.mkdir(parents=True, exist_ok=True)
    marker.touch()
    elsewhere = not ledger_url.startswith("sqlite:")
    files.load(place, manifest, state, last=LEDGER)
    if elsewhere:
        snapshot.put_back(state / LEDGER, ledger_url)
        (state / LEDGER).unlink()
    marker.unlink()
    return manifest
