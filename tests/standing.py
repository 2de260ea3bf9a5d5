"""The four real components of Airflow over the newsroom, for tests that trigger, backfill and watch runs from outside."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests
import yaml
from airflow_api import wait_for

from igwire.newsroom.render import path_of
from igwire.newsroom.server import Newsroom
from igwire.runtime.airflow import Airflow
from igwire.runtime.processes import free_port, started
from igwire.settings import Settings

ROOT = Path(__file__).parents[1]


@contextmanager
def standing(folder: Path, room: Newsroom, es_url: str, prefix: str, *, terms: Mapping[str, object] = {}, **more: str) -> Iterator[Airflow]:
    """Airflow, with the newsroom as its catalogue (each source on these `terms`), in a new folder of that name."""
    folder.mkdir()
    catalogue = folder / "newsroom.yaml"
    sources = [{**source, **terms} for source in room.catalogue()]
    catalogue.write_text(yaml.safe_dump({"group": "newsroom", "sources": sources}, allow_unicode=True), encoding="utf-8")
    settings = Settings(state=folder, home=ROOT, airflow_port=free_port())
    variables = {
        "IGWIRE_STATE": str(folder), "IGWIRE_CATALOGUE": str(catalogue), "IGWIRE_ALLOW_LOOPBACK": "127.0.0.0/24", "IGWIRE_ES_URL": es_url,
        "IGWIRE_INDEX_PREFIX": prefix, "IGWIRE_BATCHES": "2", "IGWIRE_PARSER_WORKERS": "1", **more,
    }  # fmt: skip
    made = Airflow.from_settings(settings, variables)
    made.up(print)
    try:
        yield made
    finally:
        made.down()


def kill_scheduler(airflow: Airflow) -> int:
    """kill -9 of the scheduler with all that it has started: executor workers, running tasks, parser processes. How many processes that were."""
    pid = int(json.loads((airflow.folder / "airflow-scheduler.pid").read_text(encoding="utf-8"))["pid"])
    doomed = [pid, *_descendants(pid)]
    for one in doomed:
        os.kill(one, signal.SIGKILL)
    # A killed process takes a moment to be gone, and one that is there still is not started again.
    wait_for(lambda: not any(started(one) for one in doomed), "killed processes are still there")
    return len(doomed)


def _descendants(pid: int) -> list[int]:
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    found = [child for child, parent in parents.items() if parent == pid]
    return found + [below for child in found for below in _descendants(child)]


def documents(url: str, prefix: str) -> list[dict]:
    """Every document of the index of articles."""
    requests.post(f"{url}/{prefix}-*/_refresh", timeout=30)
    return [hit["_source"] | {"_id": hit["_id"]} for hit in requests.get(f"{url}/{prefix}-articles/_search?size=1000", timeout=30).json()["hits"]["hits"]]


def pages_asked(room: Newsroom, since: int = 0) -> list[tuple[str, str]]:
    """(host, path) of every request for an article's page in the newsroom's log, from place `since` on."""
    sites = {room.sites[story.site].address: [] for story in room.stories}
    for story in room.stories:
        sites[room.sites[story.site].address].append(path_of(room.sites[story.site], story))
    return [(r["host"], r["path"]) for r in room.log[since:] if r["path"] in sites.get(r["host"], ())]
