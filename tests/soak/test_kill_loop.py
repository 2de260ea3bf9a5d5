"""kill -9 at any moment of a run and at each failpoint; the repeated run ends with the documents of an undisturbed one."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests
import yaml

from igwire import failpoints
from igwire.ledger.database import Ledger
from igwire.ledger.tables import documents, items
from igwire.model import RawRef
from igwire.store.warc import WarcStore
from igwire.wiring import SystemClock

pytestmark = pytest.mark.integration
_PLACES = 3
# Differ between two runs over the same pages: when, by which run, and where in the raw store.
_OF_THE_RUN = {"first_seen_at", "fetched_at", "revised_at", "ingest", "raw", "url", "requested_url", "@timestamp"}
_RUN = """
import sys
from igwire import failpoints, settings, wiring
from igwire.index.migrate import apply
from igwire.orchestrate import resolve_window
from igwire.pipeline.run import run_all
if sys.argv[1:]:
    failpoints.arm(sys.argv[1], int(sys.argv[2]))
apply(wiring.elasticsearch_client(), settings.get().index_prefix)
now = wiring.CLOCK.now()
window = resolve_window(run_type=%(run_type)r, params={"since": "2015-01-01", "until": f"{now:%%Y-%%m-%%d}"}, interval=None, run_after=None, now=now)
assert window.mode == %(mode)r
raise SystemExit(0 if run_all(wiring.parts(), "soak", window).ok else 1)
"""


class Place:
    """One igwire with a state and indices of its own."""

    def __init__(self, folder: Path, room, es_url: str, prefix: str, mode: str) -> None:
        folder.mkdir()
        self.program = _RUN % {"run_type": "backfill" if mode == "past" else "manual", "mode": mode}
        catalogue = folder / "newsroom.yaml"
        catalogue.write_text(yaml.safe_dump({"group": "newsroom", "sources": room.catalogue()}, allow_unicode=True), encoding="utf-8")
        self.folder, self.es_url, self.prefix = folder, es_url, prefix
        self.variables = {
            "IGWIRE_STATE": str(folder), "IGWIRE_CATALOGUE": str(catalogue), "IGWIRE_ALLOW_LOOPBACK": "127.0.0.0/24", "IGWIRE_ES_URL": es_url,
            "IGWIRE_INDEX_PREFIX": prefix,
        }  # fmt: skip

    def start(self, *failpoint: str) -> subprocess.Popen[bytes]:
        # A group of its own: a killed run takes its parser workers with it, as a killed container does.
        return subprocess.Popen([sys.executable, "-c", self.program, *failpoint], env={**os.environ, **self.variables}, start_new_session=True)

    def indexed(self) -> dict[str, dict]:
        requests.post(f"{self.es_url}/{self.prefix}-articles/_refresh", timeout=30)
        hits = requests.get(f"{self.es_url}/{self.prefix}-articles/_search", params={"size": "500"}, timeout=30).json()["hits"]["hits"]
        return {hit["_id"]: {k: v for k, v in hit["_source"].items() if k not in _OF_THE_RUN} for hit in hits}


@pytest.mark.parametrize("name", failpoints.NAMES)
def test_a_run_that_dies_at_a_failpoint_is_made_good_by_the_next(name, tmp_path, newsroom, elasticsearch_url, index_prefix):
    calm = Place(tmp_path / "calm", newsroom, elasticsearch_url, f"{index_prefix}-calm", "live")
    rough, died = Place(tmp_path / "rough", newsroom, elasticsearch_url, f"{index_prefix}-rough", "live"), 0
    assert calm.start().wait() == 0
    # Sooner and later in a run; a place that is passed less often lets the run end.
    for passes in (0, 3, 20, 60):
        run = rough.start(name, str(passes))
        died += run.wait() == -signal.SIGKILL
        kill_children(run.pid)
    assert died >= 1
    assert rough.start().wait() == 0
    assert rough.indexed() == calm.indexed()
    check_invariants(rough)


def kill_children(group: int) -> None:
    """What the dead process had started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


@pytest.mark.parametrize("mode", ["live", "past"])
def test_killed_runs_end_like_an_undisturbed_one(tmp_path, newsroom, elasticsearch_url, index_prefix, mode):
    calm = Place(tmp_path / "calm", newsroom, elasticsearch_url, f"{index_prefix}-calm", mode)
    assert calm.start().wait() == 0
    dice, killed = random.Random(7), []
    for number in range(_PLACES):
        rough = Place(tmp_path / f"rough{number}", newsroom, elasticsearch_url, f"{index_prefix}-rough{number}", mode)
        killed.append(kill_until_it_ends(rough, dice))
        assert rough.start().wait() == 0
        assert rough.indexed() == calm.indexed()
        assert len(rough.indexed()) == len(newsroom.stories)
        check_invariants(rough)
    print(f"kills before each run came to its end: {killed}")
    assert sum(killed) >= 2 * _PLACES


def kill_until_it_ends(place: Place, dice: random.Random) -> int:
    """Start the run and kill it, until one is quicker than the axe; how often it was killed."""
    for kills in range(40):
        run = place.start()
        try:
            # A whole run takes about 8 s on two cores, of which 1.5 s are imports.
            run.wait(timeout=dice.uniform(0.5, 5.0))
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, 9)
            run.wait()
        else:
            return kills
    return 40


def check_invariants(place: Place) -> None:
    store, ledger = WarcStore(place.folder / "raw", SystemClock()), Ledger.open(f"sqlite:///{place.folder / 'ledger.db'}")
    store.salvage()
    with ledger.reading() as conn:
        captured = conn.execute(items.select().where(items.c.segment.is_not(None))).fetchall()
        assert {row.state for row in captured} == {"indexed"}
        for row in captured:
            assert store.read(RawRef(segment=row.segment, offset=row.raw_offset, length=row.raw_length))[0].status == 200
        stored = conn.execute(documents.select()).fetchall()
    assert {row.id for row in stored} == set(place.indexed())
    assert all(row.indexed_seq == row.write_seq for row in stored)
    assert list((place.folder / "raw").rglob("*.open")) == []
    ledger.close()
