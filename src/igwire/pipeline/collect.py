"""Fetching the pages of one batch: robots first, one request at a time per host, raw bytes stored before anything reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import sqlalchemy as sa

from igwire.errors import BadUrl, FetchError
from igwire.fetch import policy, usage
from igwire.fetch.robots import Robots
from igwire.ledger import hosts, items, runs
from igwire.ledger.items import Item
from igwire.ledger.packing import entry_to_json
from igwire.model import Capture, Disposition, Outcome, RawRef
from igwire.pipeline.hostwork import HostWork, Pause
from igwire.pipeline.parts import Parts
from igwire.pipeline.raw import Keeper
from igwire.urls import origin_of

# RFC 9309 section 2.4: a robots file is not used longer than a day; one that could not be had is asked for again sooner.
_ROBOTS_FRESH = timedelta(hours=24)
_ROBOTS_RETRY = timedelta(hours=1)
# A page that failed in this many runs is a dead letter; a rebuild or a person can call it back.
_ATTEMPTS = 5
# Failures of the request that a later try may mend; all others are the page's own fault.
_PASSING = {"deadline", "connection", "tls", "dns", "short_body", "bad_response"}


@dataclass(frozen=True, slots=True)
class RobotsJob:
    """Fetch the robots file of an origin such as http://example.org:8080; `gap_s`: the catalogue's agreement with its host."""

    origin: str
    gap_s: float | None


@dataclass(frozen=True, slots=True)
class Held:
    """No request was sent: robots forbids it, or could not be asked."""

    outcome: Outcome
    reason: str


Job = Item | RobotsJob
Sent = Capture | FetchError | BadUrl | Held


def collect(parts: Parts, run_id: str, batch: int) -> None:
    """Fetch what the batch's items still lack, within the time budget; the rest is deferred with its reason."""
    with parts.ledger.reading() as conn:
        wanted = [i for i in items.get(conn, runs.batch_items(conn, run_id, batch)) if i.state == "new"]
        run = runs.get(conn, run_id)
    if not wanted:
        return
    until = parts.clock.now() + timedelta(seconds=parts.knobs.budget_s)
    lane = "past" if run and run.mode == "past" else "daily"
    with parts.store.writer() as writer:
        session = _Collecting(parts, run_id, Keeper(parts.ledger, writer))
        work: HostWork[Job, Sent] = HostWork(
            ledger=parts.ledger, clock=parts.clock, asker=hosts.Asker(holder=f"{run_id}#{batch}"[-120:], lane=lane, budget=parts.knobs.host_requests),
            threads=parts.knobs.threads, until=until, send=session.send, settle=session.settle, before_commit=session.keep_raw, write=session.write,
        )  # fmt: skip
        left = work.run(session.jobs(wanted))
    session.defer((job, reason) for job, reason in left if isinstance(job, Item))


class _Collecting:
    """One batch's requests: what `HostWork` calls. What `settle` decides is written later, in one transaction for all that came."""

    def __init__(self, parts: Parts, run_id: str, keeper: Keeper) -> None:
        self.parts, self.run_id, self.keeper = parts, run_id, keeper
        self.fetcher = parts.fetcher()
        self.rules: dict[str, Robots] = {}
        self.captures: list[tuple[Item, Capture]] = []
        self.writes: list[Callable[[sa.Connection], None]] = []

    def jobs(self, wanted: Sequence[Item]) -> Iterator[tuple[str, Job]]:
        """The batch's requests by host, each origin's robots file first where the stored one is old."""
        for item in sorted(wanted, key=lambda i: (i.first_seen_at, i.id)):
            origin = origin_of(item.url)
            if origin not in self.rules and not self._load_rules(origin):
                yield item.host, RobotsJob(origin, self.parts.source(item.source_id).gap_s)
            yield item.host, item

    def _load_rules(self, origin: str) -> bool:
        """Take the stored robots file; False when a fresh one is needed. Until it comes, everything is forbidden."""
        with self.parts.ledger.reading() as conn:
            stored = hosts.robots_of(conn, origin)
        self.rules[origin] = Robots.parse(stored[2], stored[1]) if stored else Robots.parse(b"", 0)
        if stored is None:
            return False
        age = self.parts.clock.now() - stored[0]
        return age < (_ROBOTS_FRESH if 200 <= stored[1] < 500 and stored[1] != 429 else _ROBOTS_RETRY)

    def send(self, job: Job) -> Sent:
        """Send one request, unless robots forbids it; runs in a thread."""
        if isinstance(job, Item) and (held := self._held(job)):
            return held
        try:
            return self.fetcher.get(job.url if isinstance(job, Item) else f"{job.origin}/robots.txt")
        except (FetchError, BadUrl) as error:
            return error

    def _held(self, item: Item) -> Held | None:
        rules = self.rules[origin_of(item.url)]
        if rules.unreachable:
            return Held(Outcome.DEFERRED, "robots_unreachable")
        return None if rules.allowed(item.url)[0] else Held(Outcome.REJECTED, "robots")

    def settle(self, job: Job, sent: Sent, failures: int) -> Pause:
        """Decide what becomes of the answer, and say how long the host is left alone."""
        if isinstance(sent, Held):
            assert isinstance(job, Item)
            self._end(job, sent.outcome, sent.reason, state="rejected" if sent.outcome is Outcome.REJECTED else None)
            return Pause(gap_s=0, failures=failures)
        if isinstance(job, RobotsJob):
            self._keep_robots(job, sent)
        elif isinstance(sent, Capture):
            self.captures.append((job, sent))
        else:
            self._failed(job, sent)
        return self._pause(job, sent, failures)

    def _pause(self, job: Job, sent: Sent, failures: int) -> Pause:
        if isinstance(job, Item):
            rules, own = self.rules[origin_of(job.url)], self.parts.source(job.source_id).gap_s
        else:
            rules, own = self.rules[job.origin], job.gap_s
        gap, now = policy.gap_s(own, rules.crawl_delay, self.parts.knobs.gap_s), self.parts.clock.now()
        if isinstance(sent, Capture):
            cooling = policy.cooling_until(sent.status, sent.headers, now=now, failures=failures)
            return Pause(gap_s=gap, cooling_until=cooling, reason=f"http_{sent.status}" if cooling else None, failures=failures + 1 if cooling else 0)
        if not isinstance(sent, FetchError) or sent.reason not in policy.OF_THE_HOST:
            return Pause(gap_s=gap, failures=failures)
        cooling = policy.cooling_after_failure(now=now, failures=failures)
        return Pause(gap_s=gap, cooling_until=cooling, reason=sent.reason if cooling else None, failures=failures + 1)

    def keep_raw(self) -> None:
        """Bring the answers that came together to the disk; the ledger learns of them in the next transaction."""
        kept = [(item, capture) for item, capture in self.captures if not usage.of_headers(capture).forbids_everything]
        facts = [{"kind": "page", "source": i.source_id, "item": i.id, "entry": entry_to_json(i.entry), "run": self.run_id} for i, _ in kept]
        refs = self.keeper.keep([(capture, fact) for (_, capture), fact in zip(kept, facts, strict=True)])
        by_item = {item.id: ref for (item, _), ref in zip(kept, refs, strict=True)}
        for item, capture in self.captures:
            self._answered(item, capture, by_item.get(item.id))
        self.captures = []

    def write(self, conn: sa.Connection) -> None:
        """Write what was decided."""
        self.keeper.note(conn)
        for write in self.writes:
            write(conn)
        self.writes = []

    def _keep_robots(self, job: RobotsJob, sent: Sent) -> None:
        status, body = (sent.status, sent.body) if isinstance(sent, Capture) else (0, b"")
        self.rules[job.origin] = Robots.parse(body, status)
        now = self.parts.clock.now()
        self.writes.append(partial(hosts.save_robots, origin=job.origin, status=status, body=body, now=now))
        self.writes.append(partial(runs.note, what="robots", now=now, run_id=self.run_id, detail=f"{job.origin}: status {status}"))

    def _answered(self, item: Item, capture: Capture, raw: RawRef | None) -> None:
        if capture.status in policy.REFUSING:
            self._end(item, Outcome.REJECTED, policy.REFUSING[capture.status], state="rejected", detail=f"HTTP status {capture.status}")
        elif capture.status != 200:
            self._try_later(item, f"http_{capture.status}", f"HTTP status {capture.status}")
        elif raw is None or usage.of_headers(capture).noindex:
            self._end(item, Outcome.REJECTED, "noindex", state="rejected", detail="X-Robots-Tag")
        else:
            self.writes.append(partial(items.captured, item_id=item.id, raw=raw, run_id=self.run_id, at=capture.fetched_at))
            detail = f"{len(capture.body)} bytes from {capture.final_url}"
            self.writes.append(partial(runs.note, what="fetch", now=self.parts.clock.now(), run_id=self.run_id, item_id=item.id, detail=detail))

    def _failed(self, item: Item, error: Sent) -> None:
        assert isinstance(error, FetchError | BadUrl)
        if error.reason in _PASSING:
            self._try_later(item, error.reason, str(error))
        else:
            self._end(item, Outcome.REJECTED, error.reason, state="rejected", detail=str(error))

    def _try_later(self, item: Item, reason: str, detail: str) -> None:
        if item.attempts + 1 < _ATTEMPTS:
            self.writes.append(partial(items.tried, item_id=item.id))
            self._end(item, Outcome.DEFERRED, reason, detail=detail)
            return
        self.writes.append(partial(runs.bury, item=item, stage="fetch", reason=reason, detail=detail, now=self.parts.clock.now()))
        self._end(item, Outcome.QUARANTINED, reason, state="quarantined", detail=detail)

    def _end(self, item: Item, outcome: Outcome, reason: str, *, state: str | None = None, detail: str = "") -> None:
        if state:
            self.writes.append(partial(items.move, item_id=item.id, state=state, reason=reason))
        self.writes.append(partial(self._dispose, item=item, outcome=outcome, reason=reason, detail=detail))

    def _dispose(self, conn: sa.Connection, item: Item, outcome: Outcome, reason: str, detail: str) -> None:
        now = self.parts.clock.now()
        runs.dispose(conn, self.run_id, [Disposition(item_id=item.id, outcome=outcome, reason=reason, stage="fetch", detail=detail)], now=now)
        runs.note(conn, "fetch", now=now, run_id=self.run_id, item_id=item.id, detail=f"{outcome.value} ({reason}) {detail}".strip())

    def defer(self, left: Iterator[tuple[Item, str]]) -> None:
        """What found no time in this run goes first in the next."""
        with self.parts.ledger.transaction() as conn:
            for item, reason in left:
                self._dispose(conn, item, Outcome.DEFERRED, reason, "")
