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
    good: list[dict[str, Any]] = []
    for row in rows:
        if isinstance(row.get("robots"), str) or isinstance(row.get("status"), int):
            good.append(row)
        else:
            yield {"id": row["id"], **_failed("neither the file's text ('robots') nor the 'status' of its request is given")}
    tasks = ((row["url"], str(row.get("agent") or TOKEN), row.get("robots") or "", 200 if row.get("robots") is not None else row["status"]) for row in good)
    with Pool(workers) as pool:
        for row, done in zip(good, pool.map(judge, tasks, timeout_s=_TIMEOUT_S), strict=True):
            yield {"id": row["id"], **(_failed(done.reason) if isinstance(done, Killed) else done.value)}


def _failed(reason: str) -> dict[str, Any]:
    """Nothing is allowed where nothing can be told."""
    return {"status": "failed", "reason": reason, "allowed": False, "rule": None, "crawl_delay": None}


def judge(task: tuple[str, str, str, int]) -> dict[str, Any]:
    """One verdict; runs in a worker process. `rule` is the deciding line, or says what the robots request's status means."""
    url, agent, text, status = task
    robots = Robots.parse(text.encode("utf-8", "replace"), status, agent)
    rule = robots.rule(url) if status == 200 else f"robots status {status}: " + ("nothing may be fetched" if robots.unreachable else "there are no rules")
    return {"allowed": robots.allowed(url)[0], "rule": rule, "crawl_delay": robots.crawl_delay}
