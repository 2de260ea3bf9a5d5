"""The list of what was erased, beside the segments: it outlives the ledger, and names no erased text.

One JSON object a line: `id` (hash of the address, or source:…), `doc_id`, `source_id`, `reason`, `at`, `write_seq`. Written anew and renamed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from igwire.errors import StoreError
from igwire.store.rewrite import sync_folder

NAME = "tombstones.jsonl"


def read(file: Path) -> list[dict[str, Any]]:
    """The tombstones of a file, oldest first; none when there is no file. Raises StoreError naming the line that cannot be read."""
    if not file.exists():
        return []
    found = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            found.append({**row, "id": str(row["id"])})
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{file}:{number} is no tombstone ({error}); restore the file from a backup") from error
    return found


def keep(file: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Add rows to the file; one that is there already stays as it is."""
    merged = {row["id"]: row for row in read(file)}
    for row in rows:
        merged.setdefault(row["id"], row)
    file.parent.mkdir(parents=True, exist_ok=True)
    half = file.with_name(f"{file.name}.new")
    with half.open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in merged.values())
        stream.flush()
        os.fsync(stream.fileno())
    half.rename(file)
    sync_folder(file.parent)
