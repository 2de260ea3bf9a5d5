"""`igwire stage sitemaps`: sitemap files in, addresses out, each file read in a killable worker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from igwire.feeds.sitemap import parse_sitemap
from igwire.isolate import Killed, Pool

# 50 MB of addresses read in a few seconds.
_TIMEOUT_S = 20.0


def run(rows: Iterable[dict[str, Any]], root: Path, workers: int) -> Iterator[dict[str, Any]]:
    """Parse the files named by `rows` (`id`, `file`, `url`?) under `root`; one answer a row."""
    kept: list[dict[str, Any]] = []

    def tasks() -> Iterator[tuple[str, str]]:
        for row in rows:
            kept.append(row)
            yield str(root / row["file"]), str(row.get("url") or "")

    with Pool(workers) as pool:
        for number, done in enumerate(pool.map(read_file, tasks(), timeout_s=_TIMEOUT_S)):
            row_id = kept[number]["id"]
            if isinstance(done, Killed):
                yield {"id": row_id, "status": "failed", "reason": done.reason, "kind": None, "entries": [], "children": [], "problems": [done.reason]}
            else:
                yield {"id": row_id, **done.value}


def read_file(task: tuple[str, str]) -> dict[str, Any]:
    """Parse one file; runs in a worker process."""
    path, url = task
    read = parse_sitemap(Path(path).read_bytes(), url=url)
    entries = [{"url": e.url, "lastmod": e.updated, "title": e.title, "published": e.published} for e in read.entries]
    return {"status": read.status, "kind": read.kind, "entries": entries, "children": list(read.children), "problems": list(read.problems)}
