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
    good, bad = _sort_out(_read(source), source.parent, needed)
    with target.open("w", encoding="utf-8") as out:
        for row in bad:
            out.write(_line(row))
            failed += 1
        for row in stage(good, source.parent, workers):
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


def _read(source: Path) -> list[dict[str, Any]]:
    if not source.exists():
        raise UsageError(f"{source}: there is no such file")
    rows = []
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
            rows.append(row)
    return rows


def _sort_out(rows: list[dict[str, Any]], root: Path, needed: Sequence[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    good, bad = [], []
    for row in rows:
        if reason := _lack(row, root, needed):
            bad.append({"id": row["id"], "status": "failed", "reason": reason})
        else:
            good.append(row)
    return good, bad


def _lack(row: dict[str, Any], root: Path, needed: Sequence[str]) -> str | None:
    """Why the row cannot be worked on, or None."""
    for name in needed:
        if not isinstance(row.get(name), str):
            return f"the field {name!r} is missing"
    if row.get("file") is not None and not (isinstance(row["file"], str) and (root / row["file"]).is_file()):
        return f"there is no file {row['file']!r}"
    return None
