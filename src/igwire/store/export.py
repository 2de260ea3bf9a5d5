"""Captures out of the store as one WARC file that stands by itself: bodies that were referred to are written out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from igwire.model import Capture, RawRef
from igwire.store import records


def export(captures: Iterable[tuple[RawRef, Capture, dict[str, Any]]], target: Path, now: datetime) -> int:
    """Write the captures to `target` (.warc.gz); how many. The file appears when it is whole."""
    written = 0
    part = target.with_name(f"{target.name}.part")
    with part.open("wb") as out:
        out.write(records.info(target.name.removesuffix(".warc.gz"), now))
        for _, capture, facts in captures:
            out.write(records.pair(capture, facts))
            written += 1
    part.rename(target)
    return written
