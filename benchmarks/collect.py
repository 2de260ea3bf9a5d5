"""Fetching pages: many hosts at once, each answer in the raw store and the ledger, against a bare pool of threads.

200 sources on 100 loopback hosts, no gap configured, every answer 20 ms late. The reference fetches the same addresses with
`requests` in as many threads and throws the bodies away: no guard, no robots, no store, no ledger.
"""

from __future__ import annotations

import asyncio
import hashlib
import multiprocessing
import random
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import local
from typing import Any

import requests
from _report import arguments, in_turns, memory_watched, report, timed

from igwire.feeds.catalogue import Catalogue
from igwire.fetch.client import Client, user_agent
from igwire.fetch.guard import Guard
from igwire.ledger.database import Ledger
from igwire.model import Source, Window
from igwire.pipeline.collect import collect
from igwire.pipeline.parts import Knobs, Parts
from igwire.pipeline.plan import plan
from igwire.store.warc import WarcStore
from igwire.wiring import SystemClock

HOSTS, SOURCES, THREADS, DELAY_S = 100, 200, 8, 0.02
WINDOW = Window(start=datetime(2026, 11, 24, tzinfo=UTC), end=datetime(2026, 11, 25, tzinfo=UTC))
WORDS = [
    "registry",
    "root",
    "zone",
    "key",
    "ceremony",
    "council",
    "resolution",
    "address",
    "policy",
    "routing",
    "security",
    "internet",
    "exchange",
    "regulator",
    "court",
    "network",
]


# ── the web ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def address(source: int) -> str:
    return f"127.0.3.{source % HOSTS + 1}"


class Web(asyncio.Protocol):
    """One connection; answers are made from the path, so that nothing is kept."""

    def __init__(self, port: int, per_source: int, count: Any) -> None:
        self.port, self.per_source, self.count, self.pending = port, per_source, count, b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.pending += data
        while b"\r\n\r\n" in self.pending:
            request, _, self.pending = self.pending.partition(b"\r\n\r\n")
            asyncio.get_running_loop().call_later(DELAY_S, self.answer, request)

    def answer(self, request: bytes) -> None:
        path = request.split(b" ", 2)[1].decode()
        if path.startswith("/feed/"):
            tag = b'"constant"'
            known = b"if-none-match: " + tag in request.lower()
            head, body = (b"304 Not Modified", b"") if known else (b"200 OK", self.feed(int(path[6:])))
            return self.send(head, body, b"ETag: " + tag)
        if path.startswith("/page/"):
            with self.count.get_lock():
                self.count.value += 1
            return self.send(b"200 OK", page(path), b"Content-Type: text/html")
        return self.send(b"404 Not Found", b"", b"X-None: 1")

    def feed(self, source: int) -> bytes:
        where = f"http://{address(source)}:{self.port}"
        entries = "".join(f"<item><title>{n}</title><link>{where}/page/{source}/{n}</link></item>" for n in range(self.per_source))
        return f"<rss version='2.0'><channel><title>{source}</title>{entries}</channel></rss>".encode()

    def send(self, status: bytes, body: bytes, field: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: %d\r\n" % len(body) + field + b"\r\n\r\n" + body)


def page(path: str) -> bytes:
    """About 30 kB of words, different for every path."""
    dice = random.Random(hashlib.sha256(path.encode()).digest())
    paragraphs = (f"<p>{' '.join(dice.choices(WORDS, k=60))}</p>" for _ in range(65))
    return f"<html><head><title>{path}</title></head><body>{''.join(paragraphs)}</body></html>".encode()


def serve(per_source: int, count: Any, ready: Any) -> None:
    async def forever() -> None:
        loop = asyncio.get_running_loop()
        hosts = [f"127.0.3.{n + 1}" for n in range(HOSTS)]
        first = await loop.create_server(lambda: Web(port, per_source, count), hosts[0], 0)
        port = first.sockets[0].getsockname()[1]
        await loop.create_server(lambda: Web(port, per_source, count), hosts[1:], port, backlog=1000)
        ready.send(port)
        await asyncio.Event().wait()

    asyncio.run(forever())


# ── what is measured ────────────────────────────────────────────────────────────────────────────────────────────────


class Place:
    """One igwire with a state of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        sources = [
            Source(id=f"s{n}", title=f"s{n}", site=f"http://{address(n)}:{port}/", feed_url=f"http://{address(n)}:{port}/feed/{n}", gap_s=0, poll_min_s=0)
            for n in range(SOURCES)
        ]
        client = Client(agent=user_agent("benchmark@example.org"), guard=Guard(("127.0.3.0/24",)))
        knobs = Knobs(gap_s=0, budget_s=3600, threads=THREADS, parser_workers=2, batches=1, host_requests=10**9)
        self.parts = Parts(
            ledger=Ledger.open(f"sqlite:///{folder / 'ledger.db'}"), store=WarcStore(folder / "raw", SystemClock()),
            catalogue=Catalogue({s.id: s for s in sources}), clock=SystemClock(), knobs=knobs, fetcher=lambda: client, tagger=_unused, index=_unused,
        )  # fmt: skip

    def plan(self, run_id: str) -> int:
        return sum(batch.items for batch in plan(self.parts, run_id, WINDOW))

    def collect(self, run_id: str) -> None:
        collect(self.parts, run_id, 0)


def _unused() -> Any:
    raise AssertionError("collecting needs neither tagger nor index")


def bare(urls: list[str]) -> None:
    """A pool of threads with a session each."""
    mine = local()

    def get(url: str) -> int:
        if not hasattr(mine, "session"):
            mine.session = requests.Session()
        return len(mine.session.get(url, timeout=30).content)

    with ThreadPoolExecutor(THREADS) as pool:
        if not all(pool.map(get, urls)):
            raise AssertionError("an empty page")


def measure(pages: int, rounds: int) -> tuple[dict[str, Any], Any]:
    """One size: our pages per second and the reference's, the second run, the peak of memory."""
    per_source = pages // SOURCES
    count, (ready, told) = multiprocessing.Value("q", 0), multiprocessing.Pipe(duplex=False)
    server = multiprocessing.get_context("fork").Process(target=serve, args=(per_source, count, told), daemon=True)
    server.start()
    port = ready.recv()
    urls = [f"http://{address(s)}:{port}/page/{s}/{n}" for n in range(per_source) for s in range(SOURCES)]
    with tempfile.TemporaryDirectory() as folder, memory_watched() as memory:
        places = [Place(Path(folder) / str(n), port) for n in range(rounds)]
        planned = [place.plan("first") for place in places]
        if planned != [pages] * rounds:
            raise SystemExit(f"planned {planned} of {pages} pages")
        rest = iter(places)
        pair = in_turns(lambda: next(rest).collect("first"), lambda: bare(urls), rounds=rounds)
        if count.value != 2 * rounds * pages:
            raise SystemExit(f"the server saw {count.value} requests for pages, {2 * rounds * pages} were due")
        again = timed(lambda: places[0].collect("second") if places[0].plan("second") > pages else None)
        if count.value != 2 * rounds * pages:
            raise SystemExit("the second run asked for pages")
    server.terminate()
    server.join()
    ours, reference = pages / min(pair.ours), pages / min(pair.reference)
    row = {"pages": pages, "pages_per_s": ours, "reference_per_s": reference, "share": pair.share, "second_run_s": again, "peak_mb": memory.peak_mb}
    return row, pair


def main() -> None:
    options = arguments(__doc__ or "")
    sizes = (1000, 4000) if options.quick else (1000, 10_000)
    measured = [measure(pages, rounds=1 if options.quick else 3) for pages in sizes]
    rows = [row for row, _ in measured]
    last, first = rows[-1], rows[0]
    report(
        "collect", rows, share=last["share"], reference=f"a bare requests pool of {THREADS} threads over the same pages", pages_per_s=last["pages_per_s"],
        peak_mb=last["peak_mb"], second_run_s=last["second_run_s"], growth=last["pages_per_s"] / first["pages_per_s"],
        at=time.strftime("%Y-%m-%d"),
    )  # fmt: skip


if __name__ == "__main__":
    main()
