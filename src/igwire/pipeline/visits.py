"""Driving walks over the web (archives, probes): one polite request after the other, raw bytes stored, readers in the killable pool.

walk asks ─ robots.txt ─ host's slot ─ fetch ─ raw store ─ read in the pool ─▶ walk gets
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from igwire.errors import BadUrl, Elsewhere, FetchError, StoreError
from igwire.feeds.archives import Ask, Body, Found, Got
from igwire.fetch import policy
from igwire.fetch.robots import Robots, is_fresh
from igwire.isolate import Killed, Pool
from igwire.ledger import archives, hosts
from igwire.model import Capture, Source
from igwire.pipeline.erased import Erased
from igwire.pipeline.hostwork import Trip
from igwire.pipeline.parts import Parts
from igwire.pipeline.raw import Keeper
from igwire.ports import Fetcher
from igwire.urls import origin_of, slot_host

# Sitemaps of 50,000 addresses are larger than any page.
_MAX_BYTES = 50 * 1024 * 1024
_READ_S = 20.0
_NAP_S = 5.0

Result = TypeVar("Result")


@dataclass(slots=True)
class Visits:
    """Sends the requests of walks, of several threads when wanted (one a host); see `open_visits`."""

    parts: Parts
    run_id: str
    # No request starts after it.
    until: datetime
    keeper: Keeper
    pool: Pool
    fetcher: Fetcher
    lane: str = "daily"
    # Pages that were fetched at this instant or later are read from the raw store; None = every page is asked for.
    reuse: datetime | None = None
    rules: dict[str, Robots] = field(default_factory=dict)
    requests: int = 0
    # Segment and pool serve one at a time.
    lock: threading.Lock = field(default_factory=threading.Lock)

    def drive(self, source: Source, walk: Generator[Ask | Found, Got | None, Result], take: Callable[[Found], None] = lambda _: None) -> Result:
        """Work the walk off; `take` gets what it finds. Gives the walk's result."""
        answer: Got | None = None
        try:
            step = next(walk)
            while True:
                if isinstance(step, Found):
                    take(step)
                    answer = None
                else:
                    answer = self.ask(source, step)
                step = walk.send(answer)
        except StopIteration as end:
            result: Result = end.value
            return result

    def ask(self, source: Source, ask: Ask) -> Got:
        """One request of a walk, or one that is a walk by itself."""
        if (kept := self._kept(source, ask.url)) is not None:
            return self._read(source, ask, kept)
        sent = self._sent(ask, Trip(source, policy.address(source, ask.url)))
        if not isinstance(sent, Capture):
            return Got(problem=sent)
        self._keep(source, ask.url, sent)
        if sent.status != 200:
            return Got(capture=sent, problem=f"HTTP status {sent.status}")
        return self._read(source, ask, sent)

    def _sent(self, ask: Ask, trip: Trip[Source]) -> Capture | str:
        """The answer, or in words why there is none; on each host that redirects lead to, its robots file and its slot are asked anew."""
        rules = self._rules(trip) if ask.robots else None
        if rules is not None and not (verdict := rules.allowed(trip.url))[0]:
            return verdict[1] or "robots"
        sent = self._send(trip, lambda _: rules.crawl_delay if rules else None)
        return self._sent(ask, trip.onward(sent)) if isinstance(sent, Elsewhere) else sent

    def _kept(self, source: Source, url: str) -> Capture | None:
        """The page as it was fetched lately, or None."""
        if self.reuse is None:
            return None
        with self.parts.ledger.reading() as conn:
            ref = archives.page_of(conn, source.id, url, since=self.reuse)
        try:
            return self.parts.store.read(ref)[0] if ref else None
        except StoreError:
            # Pruned or broken: it is asked for again.
            return None

    def _keep(self, source: Source, url: str, sent: Capture) -> None:
        if Erased.load(self.parts.ledger).listed_in(sent, source.id):
            return
        packed = self.keeper.pack(sent, {"kind": "archive", "source": source.id, "run": self.run_id})
        with self.lock:
            (ref,) = self.keeper.keep([packed])
            with self.parts.ledger.transaction() as conn:
                self.keeper.note(conn)
                if self.reuse is not None and sent.status == 200:
                    archives.keep_page(conn, source.id, url, ref, now=sent.fetched_at)

    def _read(self, source: Source, ask: Ask, sent: Capture) -> Got:
        body = Body(source=source, url=sent.final_url, content_type=sent.header("content-type"), body=sent.body)
        with self.lock:
            done = self.pool.run(ask.read, body, timeout_s=_READ_S)
        return Got(capture=sent, problem=done.reason) if isinstance(done, Killed) else Got(capture=sent, value=done.value)

    def _rules(self, trip: Trip[Source]) -> Robots:
        """The origin's robots file: as it was read in this round, else as it is stored, else asked for."""
        origin = origin_of(trip.url)
        if origin not in self.rules:
            self.rules[origin] = self._stored_rules(origin) or self._fetched_rules(trip, origin)
        return self.rules[origin]

    def _stored_rules(self, origin: str) -> Robots | None:
        with self.parts.ledger.reading() as conn:
            stored = hosts.robots_of(conn, origin)
        if stored is None:
            return None
        at, status, body = stored
        return Robots.parse(body, status) if is_fresh(at, status, self.parts.clock.now()) else None

    def _fetched_rules(self, trip: Trip[Source], origin: str) -> Robots:
        # The file's own delay counts from the file on. Its redirects are followed at once (see `pages.send`).
        sent = self._send(replace(trip, url=f"{origin}/robots.txt"), lambda sent: _robots(sent).crawl_delay, robots=True)
        status, body = _as_stored(sent)
        with self.parts.ledger.transaction() as conn:
            hosts.save_robots(conn, origin, status=status, body=body, now=self.parts.clock.now())
        return _robots(sent)

    def _send(self, trip: Trip[Source], delay: Callable[[Capture | Elsewhere | str], float | None], *, robots: bool = False) -> Capture | Elsewhere | str:
        """The answer, or in words why there is none; `delay` says what robots asks for after it."""
        slot = self._slot(slot_host(trip.url))
        if isinstance(slot, str):
            return slot
        sent: Capture | Elsewhere | str
        self.requests += 1
        try:
            https_only = trip.job.https_only and not robots
            sent = self.fetcher.get(trip.url, max_bytes=_MAX_BYTES, came=() if robots else trip.came, across=robots, https_only=https_only)
        except Elsewhere as met:
            sent = met
        except (FetchError, BadUrl) as error:
            sent = error.reason
        now, cooling = self.parts.clock.now(), None
        if isinstance(sent, Capture):
            cooling = policy.cooling_until(sent.status, sent.headers, now=now, failures=slot.failures)
        next_at = now + timedelta(seconds=policy.gap_s(trip.agreed(trip.job.gap_s), delay(sent), self.parts.knobs.gap_s))
        with self.parts.ledger.transaction() as conn:
            hosts.release(
                conn,
                slot,
                next_at=next_at,
                cooling_until=cooling,
                reason="archive" if cooling else None,
                failures=slot.failures + 1 if cooling else 0,
                done=True,
            )
        return sent

    def _slot(self, host: str) -> hosts.Slot | str:
        """The host's slot, waited for as long as there is time; else why it cannot be had."""
        asker = hosts.Asker(holder=f"visit:{self.run_id}:{threading.get_ident()}"[-120:], lane=self.lane, budget=self.parts.knobs.host_requests)
        while (now := self.parts.clock.now()) < self.until:
            with self.parts.ledger.transaction() as conn:
                slot = hosts.acquire(conn, host, asker, now=now)
            if isinstance(slot, hosts.Slot):
                return slot
            if slot.until >= self.until:
                return slot.reason
            self.parts.clock.sleep(min(max((slot.until - now).total_seconds(), 0.01), _NAP_S))
        return "time_budget"


def _as_stored(sent: Capture | Elsewhere | str) -> tuple[int, bytes]:
    """Status (0: no answer) and body of the answer to a robots file's address."""
    return (sent.status, sent.body) if isinstance(sent, Capture) else (0, b"")


def _robots(sent: Capture | Elsewhere | str) -> Robots:
    status, body = _as_stored(sent)
    return Robots.parse(body, status)


@contextmanager
def open_visits(parts: Parts, run_id: str, *, until: datetime, lane: str = "daily", reuse: datetime | None = None) -> Iterator[Visits]:
    """Visits with a segment of the raw store and a parser process of their own."""
    with parts.store.writer() as writer, Pool(min(1, parts.knobs.parser_workers)) as pool:
        yield Visits(parts, run_id, until, Keeper(parts.ledger, writer, listings=True), pool, parts.fetcher(), lane, reuse)
