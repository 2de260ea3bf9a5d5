"""`igwire stage robots`: robots files and addresses in, verdicts out, each file read in a killable worker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from igwire.fetch.robots import TOKEN, Robots
from igwire.isolate import Killed, Pool

# The largest real files read in two seconds.
_TIMEOUT_S = 10.0


def run(rows: Iterable[dict[str, Any]], root: Path, workers: int) -> Iterator[dict[str, Any]]:
    """Judge `rows` (`id`, `url`, `agent`?, `robots` (the file's text) or `status` of the robots request); one answer a row."""
    kept: list[dict[str, Any]] = []

    def tasks() -> Iterator[tuple[str, str, str, int]]:
        for row in rows:
            kept.append(row)
            text = row.get("robots")
            yield row["url"], row.get("agent") or TOKEN, text or "", 200 if text is not None else int(row.get("status") or 0)

    with Pool(workers) as pool:
        for number, done in enumerate(pool.map(judge, tasks(), timeout_s=_TIMEOUT_S)):
            row_id = kept[number]["id"]
            if isinstance(done, Killed):
                yield {"id": row_id, "status": "failed", "reason": done.reason, "allowed": False, "rule": None, "crawl_delay": None}
            else:
                yield {"id": row_id, **done.value}


def judge(task: tuple[str, str, str, int]) -> dict[str, Any]:
    """One verdict; runs in a worker process. `rule` is the deciding line, or says what the robots request's status means."""
    url, agent, text, status = task
    robots = Robots.parse(text.encode("utf-8", "replace"), status, agent)
    rule = robots.rule(url) if status == 200 else f"robots status {status}: " + ("nothing may be fetched" if robots.unreachable else "there are no rules")
    return {"allowed": robots.allowed(url)[0], "rule": rule, "crawl_delay": robots.crawl_delay}
