"""Files of JSON lines in and out of one stage: a line in gives a line out, and no line is ever lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from igwire.errors import UsageError

Rows = Iterable[dict[str, Any]]
Stage = Callable[[Rows, Path, int], Iterator[dict[str, Any]]]
# Where each stage's `run` lives, and the fields that a row must have.
STAGES = {
    "dedupe": ("igwire.pipeline.stage_dedupe", ("text",)),
    "extract": ("igwire.pipeline.stage_extract", ("file",)),
    "feeds": ("igwire.pipeline.stage_feeds", ("file",)),
    "fetch": ("igwire.pipeline.stage_fetch", ("url",)),
    "poll": ("igwire.pipeline.stage_poll", ("source", "at")),
    "robots": ("igwire.pipeline.stage_robots", ("url",)),
    "sitemaps": ("igwire.pipeline.stage_sitemaps", ("file",)),
    "tag": ("igwire.pipeline.stage_tag", ("text",)),
    "urls": ("igwire.pipeline.stage_urls", ("url",)),
}


def run_stage(name: str, source: Path, target: Path, *, workers: int, **needs: Any) -> int:
    """Run one stage over a file; the number of rows that failed. Raises UsageError naming file and line.

    `needs`: what the stage cannot build itself (see its `run`).
    """
    if name not in STAGES:
        raise UsageError(f"there is no stage {name!r}; there are {', '.join(STAGES)}")
    module, needed = STAGES[name]
    stage: Stage = partial(import_module(module).run, **needs)
    failed = 0
    # A malformed file is refused as a whole, before any line is worked on; then lines flow, and memory holds none but the stage's own.
    for _ in _read(source):
        pass
    with target.open("w", encoding="utf-8") as out:

        def good() -> Iterator[dict[str, Any]]:
            nonlocal failed
            for row in _read(source):
                if reason := _lack(row, source.parent, needed):
                    out.write(_line({"id": row["id"], "status": "failed", "reason": reason}))
                    failed += 1
                else:
                    yield row

        for row in stage(good(), source.parent, workers):
            out.write(_line(row))
            failed += row.get("status") == "failed"
    return failed


def _line(row: dict[str, Any]) -> str:
    # A lone surrogate cannot be written as UTF-8; as a JSON escape it can.
    text = json.dumps(row, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(row)
    return text + "\n"


def _read(source: Path) -> Iterator[dict[str, Any]]:
    if not source.exists():
        raise UsageError(f"{source}: there is no such file")
    with source.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise UsageError(f"{source}:{number}: not a line of JSON: {error}") from error
            if not isinstance(row, dict) or "id" not in row:
                raise UsageError(f"{source}:{number}: each line must be an object with an 'id'")
            yield row


def _lack(row: dict[str, Any], root: Path, needed: Sequence[str]) -> str | None:
    """Why the row cannot be worked on, or None."""
    for name in needed:
        if not isinstance(row.get(name), str):
            return f"the field {name!r} is missing"
    if row.get("file") is not None and not (isinstance(row["file"], str) and (root / row["file"]).is_file()):
        return f"there is no file {row['file']!r}"
    return None
