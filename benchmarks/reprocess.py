"""Making documents again from the raw store: extraction, tagging, copies and the write to Elasticsearch, against bare trafilatura.

The pages are invented, of the weight of real ones (`_pages.py`). The reference reads the same pages from files and calls trafilatura on
them with as many worker processes, and keeps nothing: no store, no ledger, no tags, no index. The index's own work is done on the same
processors. Beside both speeds the processor time of the one process that keeps the ledger is given: what it needs a page, nobody shares.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from _index import scratch
from _pages import Press
from _report import arguments, in_turns, memory_watched, report, timed

from igwire.feeds.catalogue import Catalogue
from igwire.index.writer import BulkWriter
from igwire.ledger.database import Ledger
from igwire.model import Capture
from igwire.pipeline.imports import store_captures
from igwire.pipeline.parts import Knobs, Parts
from igwire.pipeline.rebuild import Selection, rebuild
from igwire.store.warc import WarcStore
from igwire.wiring import SystemClock, tagger

AT = datetime(2026, 1, 1, tzinfo=UTC)


def _bare_one(page: tuple[str, Path]) -> int:
    from trafilatura import bare_extraction

    found: Any = bare_extraction(page[1].read_bytes(), url=page[0], with_metadata=True)
    return len(found.text or "") if found else 0


class Place:
    """One igwire with a state of its own that has stored the pages, and made nothing of them yet."""

    def __init__(self, folder: Path, client: Any, prefix: str, given: Iterable[tuple[str, bytes]]) -> None:
        self.folder, self.client, self.prefix = folder, client, prefix
        self.runs = 0
        captures = (
            Capture(requested_url=u, final_url=u, fetched_at=AT, status=200, headers=(("Content-Type", "text/html"),), body=b, wire=b) for u, b in given
        )
        left: Counter[str] = Counter()
        self.count = sum(1 for _ in store_captures(self.parts(2), "import", captures, left))
        if left:
            raise SystemExit(f"not every page was stored: {dict(left)}")

    def parts(self, workers: int) -> Parts:
        clock = SystemClock()
        knobs = Knobs(gap_s=0, budget_s=3600, threads=1, parser_workers=workers, batches=1)
        return Parts(
            ledger=Ledger.open(f"sqlite:///{self.folder / 'ledger.db'}"), store=WarcStore(self.folder / "raw", clock), catalogue=Catalogue({}), clock=clock,
            knobs=knobs, fetcher=_no_network, tagger=tagger, index=lambda: BulkWriter(self.client, self.prefix, clock),
        )  # fmt: skip

    def rebuild(self, workers: int) -> None:
        self.runs += 1
        self._check(rebuild(self.parts(workers), f"again-{self.runs}", first="extract", selection=Selection()))

    def _check(self, done: Any) -> None:
        if not done.ok or done.planned != self.count or done.outcomes["quarantined"]:
            raise SystemExit(f"not every page became a document: {done.as_dict()}")


def _no_network() -> Any:
    raise AssertionError("a rebuild asks for nothing")


def measure(size: int, rounds: int) -> dict[str, float]:
    """One size: both speeds, their ratio, one worker against two, the peak of memory."""
    with ExitStack() as stack:
        client, prefix = stack.enter_context(scratch())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        given = [_on_disk(folder / "pages", url, body) for url, body in Press().pages(size)]
        place = Place(folder, client, prefix, ((url, file.read_bytes()) for url, file in given))
        pool = stack.enter_context(ProcessPoolExecutor(2, mp_context=get_context("spawn")))
        list(pool.map(_bare_one, given[:4]))
        # A rebuild meets documents, and a server that has seen some. Looking at the memory takes time, so it is looked at here.
        with memory_watched() as memory:
            place.rebuild(2)
        pair = in_turns(lambda: place.rebuild(2), lambda: sum(pool.map(_bare_one, given, chunksize=8)), rounds=rounds)
        start = time.process_time()
        one = timed(lambda: place.rebuild(1))
        kept = time.process_time() - start
    return {
        "pages": size, "pages_per_s": size / min(pair.ours), "reference_per_s": size / min(pair.reference), "share": pair.share,
        "two_workers": one / min(pair.ours), "main_ms_a_page": kept / size * 1000, "peak_mb": memory.peak_mb,
    }  # fmt: skip


def _on_disk(folder: Path, url: str, body: bytes) -> tuple[str, Path]:
    folder.mkdir(exist_ok=True)
    file = folder / url.rpartition("/")[2]
    file.write_bytes(body)
    return url, file


def main() -> None:
    options = arguments(__doc__ or "", pages={"type": int, "default": 20_000, "help": "pages of the larger size"})
    # The large one takes long enough to be its own mean.
    rows = [measure(size, rounds) for size, rounds in (((100, 1), (400, 1)) if options.quick else ((1_000, 3), (options.pages, 1)))]
    last = rows[-1]
    report(
        "reprocess", rows, share=last["share"], reference="trafilatura's bare_extraction of the same pages in as many processes", pages_per_s=last["pages_per_s"],
        two_workers=last["two_workers"], main_ms_a_page=last["main_ms_a_page"], peak_mb=last["peak_mb"], memory_growth=last["peak_mb"] / rows[0]["peak_mb"],
    )  # fmt: skip


if __name__ == "__main__":
    main()
