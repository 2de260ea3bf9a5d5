"""Requests for pages of articles: robots first, one request at a time per host; what an answer means is the heir's business."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import sqlalchemy as sa

from igwire.errors import BadUrl, Elsewhere, FetchError
from igwire.fetch import policy, usage
from igwire.fetch.robots import Robots, is_fresh
from igwire.ledger import hosts, runs
from igwire.ledger.items import Item
from igwire.ledger.packing import entry_to_json
from igwire.model import Capture, Outcome
from igwire.pipeline import reservations, webarchive
from igwire.pipeline.hostwork import HostWork, Pause, Trip
from igwire.pipeline.parts import Parts
from igwire.pipeline.raw import Keeper, Packed
from igwire.urls import origin_of


@dataclass(frozen=True, slots=True)
class SiteFile:
    """Fetch a file that speaks for an origin such as http://example.org:8080; `gap_s`: the catalogue's agreement with its host."""

    origin: str
    path: str
    source_id: str
    gap_s: float | None


@dataclass(frozen=True, slots=True)
class Held:
    """No request was sent: robots forbids it, or could not be asked."""

    outcome: Outcome
    reason: str


Job = Item | SiteFile
_ROBOTS = "/robots.txt"
# A page's answer comes packed for the raw store; a robots file as it is.
Sent = Packed | Capture | FetchError | BadUrl | Held


class PageRequests(ABC):
    """Requests for items' pages, as `HostWork` wants them; heirs say what follows from an answer.

    What is decided goes to `writes`, and is written in one transaction for all that came together.
    """

    def __init__(self, parts: Parts, run_id: str, keeper: Keeper) -> None:
        self.parts, self.run_id, self.keeper = parts, run_id, keeper
        self.fetcher = parts.fetcher()
        self.rules: dict[str, Robots] = {}
        # What robots files say about use, by origin.
        self.wishes: dict[str, tuple[str, ...]] = {}
        # Origins of which it is known what they reserve, or that are being asked.
        self.reserving: set[str] = set()
        self.captures: list[tuple[Item, Packed]] = []
        self.writes: list[Callable[[sa.Connection], None]] = []

    @abstractmethod
    def held(self, item: Item, held: Held) -> None:
        """No request was sent for the item."""

    @abstractmethod
    def failed(self, item: Item, error: FetchError | BadUrl) -> None:
        """No answer came."""

    @abstractmethod
    def keep_raw(self) -> None:
        """Bring those of `captures` to the disk that are to be kept, and decide what follows from all of them."""

    def headers(self, item: Item) -> Mapping[str, str] | None:
        """Headers of the item's request, beside the usual ones; called in a thread, must not read the ledger."""
        return webarchive.headers(item)

    def work(self, wanted: Iterable[Item], *, asker: hosts.Asker, until: datetime) -> list[tuple[Item, str]]:
        """Ask for the items' pages; those that found no slot before `until`, with the reason."""
        work: HostWork[Job, Sent] = HostWork(
            ledger=self.parts.ledger, clock=self.parts.clock, asker=asker, threads=self.parts.knobs.threads, until=until, send=self.send,
            settle=self.settle, enter=self._enter, before_commit=self.keep_raw, write=self.write,
        )  # fmt: skip
        left = work.run(self.jobs(wanted))
        return [(trip.job, reason) for trip, reason in left if isinstance(trip.job, Item)]

    def facts(self, item: Item, url: str) -> dict[str, object]:
        """What is stored beside the answer of `url` for the item: all that a lost ledger needs to know it again (see `pipeline.relearn`).

        Called in a thread, must not read the ledger.
        """
        return {
            "kind": "page", "source": item.source_id, "item": item.id, "entry": entry_to_json(item.entry), "run": self.run_id, "mode": item.mode,
            "first_seen": item.first_seen_at.isoformat(), "wishes": list(self._wishes(item, url)),
        }  # fmt: skip

    def _wishes(self, item: Item, url: str) -> tuple[str, ...]:
        """What the site's robots file says about use; a web archive's speaks for the archive."""
        return () if item.entry.archived else self.wishes.get(origin_of(url), ())

    def jobs(self, wanted: Iterable[Item]) -> Iterator[Trip[Job]]:
        """The batch's requests, each origin's robots file first where the stored one is old."""
        for item in sorted(wanted, key=lambda i: (i.first_seen_at, i.id)):
            yield from self._enter(Trip(item, policy.address(self.parts.source(item.source_id), item.asked_url)))

    def _enter(self, trip: Trip[Job]) -> Iterator[Trip[Job]]:
        """The request for a page, after those for what its origin allows and, under a general basis, reserves."""
        if isinstance(trip.job, Item):
            origin = origin_of(trip.url)
            asked = [_ROBOTS] if origin not in self.rules and not self._load_rules(origin) else []
            asked += [usage.TDMREP] if self._asks_what_is_reserved(trip.job, origin) else []
            gap_s = trip.agreed(self.parts.source(trip.job.source_id).gap_s)
            for path in asked:
                yield Trip(SiteFile(origin, path, trip.job.source_id, gap_s), origin + path)
        yield trip

    def _asks_what_is_reserved(self, item: Item, origin: str) -> bool:
        """Whether the page would be mined without knowing, as no answer holds; a web archive's reservations are not the page's."""
        if not self.parts.knobs.tdm_general or item.entry.archived or origin in self.reserving:
            return False
        self.reserving.add(origin)
        with self.parts.ledger.reading() as conn:
            stored = hosts.robots_of(conn, origin + usage.TDMREP)
        return not reservations.fresh(stored and stored[:2], self.parts.clock.now())

    def _load_rules(self, origin: str) -> bool:
        """Take the stored robots file; False when a fresh one is needed. Until it comes, everything is forbidden."""
        with self.parts.ledger.reading() as conn:
            stored = hosts.robots_of(conn, origin)
        self.rules[origin] = Robots.parse(stored[2], stored[1]) if stored else Robots.parse(b"", 0)
        if stored is None:
            return False
        self.wishes[origin] = usage.of_robots(stored[2]) if stored[1] == 200 else ()
        return is_fresh(stored[0], stored[1], self.parts.clock.now())

    def send(self, trip: Trip[Job]) -> Sent:
        """Send one request, unless robots forbids it; runs in a thread."""
        if not (isinstance(trip.job, SiteFile) and trip.job.path == _ROBOTS) and (held := self._held(trip.url)):
            return held
        try:
            if isinstance(trip.job, Item):
                https_only = self.parts.source(trip.job.source_id).https_only
                answer = self.fetcher.get(trip.url, headers=self.headers(trip.job), came=trip.came, https_only=https_only)
                return self.keeper.pack(webarchive.restored(trip.job, answer), self.facts(trip.job, answer.final_url))
            # What a robots file's redirects lead to counts for the origin that was asked, whoever serves it (RFC 9309 section 2.3.1.2): a small file
            # once a day, and without it nothing may be asked; so it is fetched in one go. What is reserved is asked for in the same way, once a week.
            return self.fetcher.get(trip.url, across=True)
        except (FetchError, BadUrl) as error:
            return error

    def _held(self, url: str) -> Held | None:
        rules = self.rules[origin_of(url)]
        if rules.unreachable:
            return Held(Outcome.DEFERRED, "robots_unreachable")
        return None if rules.allowed(url)[0] else Held(Outcome.REJECTED, "robots")

    def settle(self, trip: Trip[Job], sent: Sent, failures: int) -> Pause:
        """Decide what becomes of the answer, and say how long the host is left alone."""
        job = trip.job
        if isinstance(job, SiteFile):
            return self._settle_file(trip, job, sent, failures)
        if isinstance(sent, Held):
            self.held(job, sent)
            return Pause(gap_s=0, failures=failures)
        if isinstance(sent, Packed):
            self.captures.append((job, sent))
            return self._pause(trip, sent.capture, failures)
        if not isinstance(sent, Capture | Elsewhere):
            self.failed(job, sent)
        return self._pause(trip, sent, failures)

    def _settle_file(self, trip: Trip[Job], job: SiteFile, sent: Sent, failures: int) -> Pause:
        status, body = (sent.status, sent.body) if isinstance(sent, Capture) else (0, b"")
        if job.path == _ROBOTS:
            self._keep_robots(job, sent, status, body)
            return self._pause(trip, sent, failures)
        if isinstance(sent, Held):
            if sent.outcome is Outcome.REJECTED:
                self._keep_reservations(job, 403, b"")
            return Pause(gap_s=0, failures=failures)
        self._keep_reservations(job, status, body if status == 200 else b"")
        # A fault of this file alone must not keep the pages waiting.
        return self._pause(trip, sent, failures) if status in policy.PATIENCE else Pause(gap_s=self._gap(trip), failures=failures)

    def _pause(self, trip: Trip[Job], sent: Sent, failures: int) -> Pause:
        gap, now = self._gap(trip), self.parts.clock.now()
        if isinstance(sent, Capture):
            cooling = policy.cooling_until(sent.status, sent.headers, now=now, failures=failures)
            return Pause(gap_s=gap, cooling_until=cooling, reason=f"http_{sent.status}" if cooling else None, failures=failures + 1 if cooling else 0)
        if isinstance(sent, Elsewhere):
            return Pause(gap_s=gap)
        if not isinstance(sent, FetchError) or sent.reason not in policy.OF_THE_HOST:
            return Pause(gap_s=gap, failures=failures)
        cooling = policy.cooling_after_failure(now=now, failures=failures)
        return Pause(gap_s=gap, cooling_until=cooling, reason=sent.reason if cooling else None, failures=failures + 1)

    def _gap(self, trip: Trip[Job]) -> float:
        own = self.parts.source(trip.job.source_id).gap_s if isinstance(trip.job, Item) else trip.job.gap_s
        return policy.gap_s(trip.agreed(own), self.rules[origin_of(trip.url)].crawl_delay, self.parts.knobs.gap_s)

    def write(self, conn: sa.Connection) -> None:
        """Write what was decided."""
        self.keeper.note(conn)
        for write in self.writes:
            write(conn)
        self.writes = []

    def _keep_reservations(self, job: SiteFile, status: int, body: bytes) -> None:
        now = self.parts.clock.now()
        self.writes.append(partial(reservations.keep, origin=job.origin, source_id=job.source_id, status=status, body=body, now=now, run_id=self.run_id))

    def _keep_robots(self, job: SiteFile, sent: Sent, status: int, body: bytes) -> None:
        if isinstance(sent, FetchError) and sent.reason == "blocked_address":
            # Nothing was asked and nothing will be: the page is refused in the same way, and says it better.
            self.rules[job.origin] = Robots.parse(b"", 404)
            return
        self.rules[job.origin] = Robots.parse(body, status)
        self.wishes[job.origin] = usage.of_robots(body) if status == 200 else ()
        now = self.parts.clock.now()
        self.writes.append(partial(hosts.save_robots, origin=job.origin, status=status, body=body, now=now))
        self.writes.append(partial(runs.note, what="robots", now=now, run_id=self.run_id, detail=f"{job.origin}: status {status}"))
