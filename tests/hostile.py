"""A hostile host beside a calm one, for whole runs through the real client, parsers, store and ledger."""

from __future__ import annotations

import resource
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psutil
from origin import Origin, Script, ok, send

from igwire.fetch.client import Client, user_agent
from igwire.fetch.guard import Guard
from igwire.ledger import runs, sources
from igwire.model import Source, Window
from igwire.pipeline.parts import Parts
from igwire.pipeline.report import Report
from igwire.pipeline.run import run_all

LIVE = Window(start=datetime(2026, 11, 23, tzinfo=UTC), end=datetime(2026, 11, 24, tzinfo=UTC))
WORDS = "The registry explained at length how the root zone is signed and who holds the keys in the ceremony. " * 12
RSS_MB = 512
# The client's deadline in these tests; a real one is 60 s.
DEADLINE_S = 3.0


def article(title: str, extra: str = "") -> bytes:
    return f"<html lang='en'><head><title>{title}</title>{extra}</head><body><article><h1>{title}</h1><p>{WORDS}</p></article></body></html>".encode()


def feed(*urls: str, title: str = "A title", guid: str | None = None, date: str = "Mon, 23 Nov 2026 10:00:00 +0100") -> bytes:
    items = "".join(
        f"<item><title>{title}</title><link>{u.replace('&', '&amp;')}</link><guid>{guid or u.replace('&', '&amp;')}</guid><pubDate>{date}</pubDate></item>"
        for u in urls
    )
    return f"<rss version='2.0'><channel><title>Feed</title>{items}</channel></rss>".encode()


class Stage:
    """Two sources: `bad` on the hostile host, `calm` on another; runs over both."""

    def __init__(self, bench: Any, hostile: Origin, calm: Origin) -> None:
        self.bench, self.hostile, self.calm = bench, hostile, calm
        self.allow: tuple[str, ...] = (f"{hostile.address}:{hostile.port}", f"{calm.address}:{calm.port}")
        bench.sources = [
            Source(id=name, title=name, site=origin.url("/"), feed_url=origin.url("/feed"), gap_s=0, poll_min_s=0)
            for name, origin in (("bad", hostile), ("calm", calm))
        ]
        calm.scripts |= {"/feed": send(ok(feed(calm.url("/good")))), "/good": send(ok(article("Calm"))), "/robots.txt": send(ok(b""))}
        hostile.scripts.setdefault("/robots.txt", send(ok(b"")))

    def serve(self, **scripts: Script) -> None:
        self.hostile.scripts |= {f"/{name}": script for name, script in scripts.items()}

    def serve_page(self, script: Script) -> None:
        """One article of the hostile source, answered by the script."""
        self.serve(feed=send(ok(feed(self.hostile.url("/page")))), page=script)

    def parts(self) -> Parts:
        client = Client(agent=user_agent("tests@example.org"), guard=Guard(self.allow), total_s=DEADLINE_S, read_s=2.0)
        return replace(self.bench.parts(gap_s=0, parser_workers=1, budget_s=60), fetcher=lambda: client)

    def run(self, run_id: str = "r1") -> Report:
        """A run, and what must be true after each: the calm source is indexed, totals balance, memory is bounded."""
        # Of the suite's own process only the growth counts: it holds whatever the tests before loaded.
        before, largest_child = psutil.Process().memory_info().rss, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        done = run_all(self.parts(), run_id, LIVE)
        assert done.planned == sum(done.outcomes.values())
        assert "Calm" in {document["title"] for document in self.bench.index.documents.values()}
        assert psutil.Process().memory_info().rss - before < RSS_MB * 2**20
        assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < max(RSS_MB * 1024, largest_child + 1)
        return done

    def rerun_changes_nothing(self) -> None:
        before = dict(self.bench.index.documents)
        self.run("r2")
        assert self.bench.index.documents == before

    def state(self) -> str:
        with self.bench.ledger.reading() as conn:
            return sources.states(conn, ["bad"])["bad"].state_reason or ""

    def letters(self) -> list[str]:
        with self.bench.ledger.reading() as conn:
            return [row.reason for row in runs.open_dead_letters(conn)]
