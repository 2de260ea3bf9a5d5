"""Making documents again from the raw store: extraction, tagging, copies and the write to Elasticsearch, against bare trafilatura.

The pages are invented (navigation, an article of 400 words by Zipf's law, related links, a footer). The reference calls trafilatura on
the same pages with as many worker processes and keeps nothing: no store, no ledger, no tags, no index.
"""

from __future__ import annotations

import html
import random
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from _articles import Writer
from _index import scratch
from _report import arguments, in_turns, memory_watched, report, timed

from igwire.enrich.tagger import Tagger
from igwire.feeds.catalogue import Catalogue
from igwire.index.writer import BulkWriter
from igwire.kb import load
from igwire.ledger.database import Ledger
from igwire.model import Capture
from igwire.pipeline.imports import store_captures
from igwire.pipeline.parts import Knobs, Parts
from igwire.pipeline.rebuild import Selection, rebuild
from igwire.store.warc import WarcStore
from igwire.wiring import SystemClock

AT = datetime(2026, 1, 1, tzinfo=UTC)


def pages(count: int) -> list[tuple[str, bytes]]:
    """Address and HTML of so many articles."""
    writer, dice = Writer(), random.Random(3)
    return [(f"http://news{n % 200}.example/2026/01/{n % 28 + 1:02}/story-{n}", _page(writer, dice)) for n in range(count)]


def _page(writer: Writer, dice: random.Random) -> bytes:
    title = " ".join(writer.words(8)).capitalize()
    links = "".join(f"<li><a href='/{n}'>{' '.join(writer.words(4))}</a></li>" for n in range(30))
    paragraphs = "".join(f"<p>{html.escape(' '.join(writer.words(dice.randint(40, 80))).capitalize())}.</p>" for _ in range(7))
    return (
        f"<!doctype html><html lang='en'><head><title>{title}</title></head><body><nav><ul>{links}</ul></nav>"
        f"<article><h1>{title}</h1>{paragraphs}</article><aside><h2>Related</h2><ul>{links}</ul></aside><footer><p>All rights reserved.</p></footer></body></html>"
    ).encode()


def _bare_one(page: tuple[str, bytes]) -> int:
    from trafilatura import bare_extraction

    found: Any = bare_extraction(page[1], url=page[0], with_metadata=True)
    return len(found.text or "") if found else 0


class Place:
    """One igwire with a state of its own that has stored the pages, and made nothing of them yet."""

    def __init__(self, folder: Path, client: Any, prefix: str, tagger: Tagger, given: list[tuple[str, bytes]]) -> None:
        self.folder, self.client, self.prefix, self.tagger, self.count = folder, client, prefix, tagger, len(given)
        self.runs = 0
        captures = (
            Capture(requested_url=u, final_url=u, fetched_at=AT, status=200, headers=(("Content-Type", "text/html"),), body=b, wire=b) for u, b in given
        )
        if len(list(store_captures(self.parts(2), "import", captures, Counter()))) != self.count:
            raise SystemExit("not every page was stored")

    def parts(self, workers: int) -> Parts:
        clock = SystemClock()
        knobs = Knobs(gap_s=0, budget_s=3600, threads=1, parser_workers=workers, batches=1)
        return Parts(
            ledger=Ledger.open(f"sqlite:///{self.folder / 'ledger.db'}"), store=WarcStore(self.folder / "raw", clock), catalogue=Catalogue({}), clock=clock,
            knobs=knobs, fetcher=_no_network, tagger=lambda: self.tagger, index=lambda: BulkWriter(self.client, self.prefix, clock),
        )  # fmt: skip

    def rebuild(self, workers: int) -> None:
        self.runs += 1
        self._check(rebuild(self.parts(workers), f"again-{self.runs}", first="extract", selection=Selection()))

    def _check(self, done: Any) -> None:
        if not done.ok or done.planned != self.count or done.outcomes["quarantined"]:
            raise SystemExit(f"not every page became a document: {done.as_dict()}")


def _no_network() -> Any:
    raise AssertionError("a rebuild asks for nothing")


def measure(size: int, tagger: Tagger, rounds: int) -> dict[str, float]:
    """One size: both speeds, their ratio, one worker against two, the peak of memory."""
    given = pages(size)
    with ExitStack() as stack:
        client, prefix = stack.enter_context(scratch())
        place = Place(Path(stack.enter_context(tempfile.TemporaryDirectory())), client, prefix, tagger, given)
        pool = stack.enter_context(ProcessPoolExecutor(2, mp_context=get_context("spawn")))
        list(pool.map(_bare_one, given[:4]))
        with memory_watched() as memory:
            pair = in_turns(lambda: place.rebuild(2), lambda: sum(pool.map(_bare_one, given, chunksize=8)), rounds=rounds)
        one = timed(lambda: place.rebuild(1))
    return {
        "pages": size, "pages_per_s": size / min(pair.ours), "reference_per_s": size / min(pair.reference), "share": pair.share,
        "two_workers": one / min(pair.ours), "peak_mb": memory.peak_mb,
    }  # fmt: skip


def main() -> None:
    options = arguments(__doc__ or "", pages={"type": int, "default": 20_000, "help": "pages of the larger size"})
    tagger = Tagger(load())
    # The large one takes long enough to be its own mean.
    rows = [measure(size, tagger, rounds) for size, rounds in (((50, 1), (150, 1)) if options.quick else ((1_000, 3), (options.pages, 1)))]
    last = rows[-1]
    report(
        "reprocess", rows, share=last["share"], reference="trafilatura's bare_extraction of the same pages in as many processes", pages_per_s=last["pages_per_s"],
        two_workers=last["two_workers"], peak_mb=last["peak_mb"], memory_growth=last["peak_mb"] / rows[0]["peak_mb"],
    )  # fmt: skip


if __name__ == "__main__":
    main()
