"""`igwire stage feeds`: feed files in, entries out, each parsed in a killable worker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from igwire.feeds.parse import parse_feed
from igwire.isolate import Killed, Pool

# The largest real feeds parse in about a second; hostile ones are stopped here.
_TIMEOUT_S = 10.0
_FIELDS = ("guid", "url", "title", "published", "updated", "summary")


def run(rows: Iterable[dict[str, Any]], root: Path, workers: int) -> Iterator[dict[str, Any]]:
    """Parse the files named by `rows` (`id`, `file`, `url`?, `content_type`?) under `root`; one answer a row."""
    kept: list[dict[str, Any]] = []

    def tasks() -> Iterator[tuple[str, str, str | None]]:
        for row in rows:
            kept.append(row)
            yield str(root / str(row["file"])), str(row.get("url") or ""), row.get("content_type")

    with Pool(workers) as pool:
        for number, done in enumerate(pool.map(read_file, tasks(), timeout_s=_TIMEOUT_S)):
            row_id = kept[number]["id"]
            if isinstance(done, Killed):
                yield {"id": row_id, "status": "failed", "reason": done.reason, "format": None, "title": None, "entries": [], "problems": [done.reason]}
            else:
                yield {"id": row_id, **done.value}


def read_file(task: tuple[str, str, str | None]) -> dict[str, Any]:
    """Parse one file; runs in a worker process."""
    path, url, content_type = task
    feed = parse_feed(Path(path).read_bytes(), url=url, content_type=content_type)
    entries = [{name: fields[name] for name in _FIELDS} for fields in map(asdict, feed.entries)]
    return {"status": feed.status, "format": feed.format, "title": feed.title, "entries": entries, "problems": list(feed.problems)}
