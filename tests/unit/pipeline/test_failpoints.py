"""A run that dies at a failpoint, without Elasticsearch; tests/soak/test_kill_loop.py does it with everything."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from origin import Origin, ok, send

from igwire.ledger.database import Ledger
from igwire.ledger.tables import items, payloads
from igwire.model import RawRef
from igwire.store.warc import WarcStore
from igwire.wiring import SystemClock

_PAGES = 6
# Polls one source and fetches its pages; dies at the failpoint in its arguments.
_RUN = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from igwire import failpoints
from igwire.feeds.catalogue import Catalogue
from igwire.fetch.client import Client
from igwire.fetch.guard import Guard
from igwire.ledger.database import Ledger
from igwire.model import Source, Window
from igwire.pipeline.collect import collect
from igwire.pipeline.parts import Knobs, Parts
from igwire.pipeline.plan import plan
from igwire.store.warc import WarcStore
from igwire.wiring import SystemClock

folder, web, point, passes = sys.argv[1:]
source = Source(id="s", title="s", site=web, feed_url=web + "/feed", gap_s=0, poll_min_s=0)
client = Client(agent="tests", guard=Guard(("127.0.0.0/24",)))
parts = Parts(
    ledger=Ledger.open(f"sqlite:///{folder}/ledger.db"), store=WarcStore(Path(folder) / "raw", SystemClock()), catalogue=Catalogue({"s": source}),
    clock=SystemClock(), knobs=Knobs(gap_s=0, budget_s=60, threads=2, parser_workers=0, batches=1), fetcher=lambda: client, tagger=None, index=None,
)
if point:
    failpoints.arm(point, int(passes))
for batch in plan(parts, "run", Window(start=datetime(2026, 11, 23, tzinfo=UTC), end=datetime(2026, 11, 24, tzinfo=UTC))):
    collect(parts, "run", batch.number)
"""


@pytest.fixture(scope="module")
def web():
    with Origin({}, "127.0.0.41") as origin:
        links = "".join(f"<item><title>t{n}</title><link>{origin.url(f'/{n}')}</link></item>" for n in range(_PAGES))
        origin.scripts |= {f"/{n}": send(ok(b"<p>page %d</p>" % n * 200)) for n in range(_PAGES)}
        origin.scripts |= {"/robots.txt": send(ok(b"")), "/feed": send(ok(f"<rss version='2.0'><channel><title>F</title>{links}</channel></rss>".encode()))}
        yield origin.url("")


def run(folder: Path, web: str, point: str = "", passes: int = 0) -> int:
    return subprocess.run([sys.executable, "-c", _RUN, str(folder), web, point, str(passes)], timeout=120, check=False).returncode


@pytest.mark.parametrize(("point", "passes"), [("raw_written", 1), ("sealing", 0)])
def test_nothing_is_lost_and_nothing_is_double(tmp_path, web, point, passes):
    assert run(tmp_path, web, point, passes) == -signal.SIGKILL
    assert run(tmp_path, web) == 0
    ledger, store = Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}"), WarcStore(tmp_path / "raw", SystemClock())
    with ledger.reading() as conn:
        rows = conn.execute(items.select()).fetchall()
        kept = conn.execute(payloads.select()).fetchall()
    ledger.close()
    assert sorted(row.state for row in rows) == ["captured"] * _PAGES
    pages = [store.read(RawRef(segment=row.segment, offset=row.raw_offset, length=row.raw_length))[0].body for row in rows]
    assert sorted(pages) == [b"<p>page %d</p>" % n * 200 for n in range(_PAGES)]
    assert all(store.read(RawRef(segment=row.segment, offset=row.raw_offset, length=row.raw_length)) for row in kept)
    assert list((tmp_path / "raw").rglob("*.open")) == []
