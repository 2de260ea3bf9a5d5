"""Requests to many hosts at once, one at a time to each: threads wait on the network, the ledger's slots keep the gaps.

queues by host ─ slot free? ─▶ thread sends ─▶ main thread settles ─▶ one commit for several: answers, slots back, new slots
                                    ╰── a host without a gap goes on at once, within its lease

A redirect to another host ends a request: the job goes on in the queue of that host, under its slot, its gap and its budget.
Every commit waits for the disk, so several answers share one; it comes at once where a thread would stay idle without it. A host
that cools, has had its day's requests, or is kept for the daily lane is never waited for: its jobs are given back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import sqlalchemy as sa

from igwire.errors import Elsewhere, LeaseLost
from igwire.ledger import hosts
from igwire.ledger.database import Ledger
from igwire.ports import Clock
from igwire.urls import slot_host

Job = TypeVar("Job")
Answer = TypeVar("Answer")
# How long the loop sleeps at most before it looks at hosts again that another worker held.
_NAP_S = 1.0
# So many answers are committed together at most; fewer when none comes for so long. A crash costs no more than them.
_GROUP, _LULL_S = 16, 0.05
# Reasons that pass within a run.
_WORTH_WAITING = ("gap", "held")


@dataclass(frozen=True, slots=True)
class Trip(Generic[Job]):
    """A job on its way: the address that is to be asked now, and the redirects that led there from other hosts."""

    job: Job
    url: str
    came: tuple[tuple[int, str], ...] = ()

    def onward(self, met: Elsewhere) -> Trip[Job]:
        """The next leg."""
        return Trip(self.job, met.target, met.hops)

    def agreed(self, gap_s: float | None) -> float | None:
        """A gap that the catalogue agreed with the job's own host; another host has agreed to nothing."""
        return None if self.came else gap_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """How long a host is left alone after an answer: the gap, or cooling for `reason`; `failures` in a row so far."""

    gap_s: float
    cooling_until: datetime | None = None
    reason: str | None = None
    failures: int = 0


@dataclass(slots=True, kw_only=True)
class HostWork(Generic[Job, Answer]):
    """Works off jobs by host. `send` runs in a thread and must not raise; everything else runs in the caller's thread."""

    ledger: Ledger
    clock: Clock
    asker: hosts.Asker
    threads: int
    # No request starts after it.
    until: datetime
    send: Callable[[Trip[Job]], Answer]
    # Also called for a redirect to another host (`Elsewhere`): it says how long the host that answered is left alone.
    settle: Callable[[Trip[Job], Answer, int], Pause]
    # The requests that a trip needs on a host that a redirect led to: its robots file first, where that counts.
    enter: Callable[[Trip[Job]], Iterable[Trip[Job]]] = lambda trip: (trip,)
    # Called once for all that was settled together: before the commit (raw bytes to disk), and inside it.
    before_commit: Callable[[], None] = lambda: None
    write: Callable[[sa.Connection], None] = lambda _conn: None
    _queues: dict[str, deque[Trip[Job]]] = field(default_factory=dict)
    _ready: dict[str, datetime] = field(default_factory=dict)
    _busy: dict[str, hosts.Busy] = field(default_factory=dict)
    _sent: dict[Future[Answer], tuple[hosts.Slot, Trip[Job]]] = field(default_factory=dict)
    # Since the last commit: how many answers were settled, and which slots go back.
    _settled: int = 0
    _back: list[tuple[hosts.Slot, Pause]] = field(default_factory=list)

    def run(self, trips: Iterable[Trip[Job]]) -> list[tuple[Trip[Job], str]]:
        """Do the jobs; returns those that found no slot, there or on the way, with the reason (time_budget, cooling, daily_budget, …)."""
        self._queue(trips)
        with ThreadPoolExecutor(self.threads, thread_name_prefix="fetch") as pool:
            self._commit(pool)
            while self._sent or self._can_wait():
                done = self._next_done()
                for future in done:
                    self._take_in(pool, future)
                if not done or self._settled >= _GROUP or not self._sent or self._may_start():
                    self._commit(pool)
        return [(trip, self._reason(host)) for host, queue in self._queues.items() for trip in queue]

    def _queue(self, trips: Iterable[Trip[Job]]) -> None:
        for trip in trips:
            self._queues.setdefault(slot_host(trip.url), deque()).append(trip)

    def _take_in(self, pool: ThreadPoolExecutor, future: Future[Answer]) -> None:
        """Settle one answer; where no gap is due and the host has more jobs, the next request goes out before the commit."""
        held, trip = self._sent.pop(future)
        answer = future.result()
        pause = self.settle(trip, answer, held.failures)
        self._settled += 1
        if isinstance(answer, Elsewhere):
            self._queue(self.enter(trip.onward(answer)))
        at_once = held.host in self._queues and not (pause.gap_s or pause.cooling_until or pause.failures)
        now = self.clock.now()
        if at_once and now < self.until and (again := hosts.again(held, now=now)):
            self._start(pool, again)
        else:
            self._back.append((held, pause))

    def _start(self, pool: ThreadPoolExecutor, slot: hosts.Slot) -> None:
        trip = self._take(slot.host)
        self._sent[pool.submit(self.send, trip)] = (slot, trip)

    def _commit(self, pool: ThreadPoolExecutor) -> None:
        """Write down what was settled, and start what may start."""
        self.before_commit()
        if not self._settled and not self._ready_hosts():
            return
        with self.ledger.transaction() as conn:
            self.write(conn)
            hosts.count(conn, [slot for slot, _ in self._sent.values()])
            for held, pause in self._back:
                self._give_back(conn, held, pause)
            self._settled, self._back = 0, []
            # The hosts that were just given back may be ready again.
            slots = [slot for host in self._ready_hosts() if (slot := self._acquire(conn, host))]
        for slot in slots:
            self._start(pool, slot)

    def _may_start(self) -> bool:
        """Whether a thread is idle that a commit would give work to."""
        given_back = (slot.host for slot, pause in self._back if not (pause.cooling_until or pause.gap_s))
        return len(self._sent) < self.threads and bool(self._ready_hosts() or any(host in self._queues for host in given_back))

    def _ready_hosts(self) -> list[str]:
        """Hosts that may be asked now, as many as there are free threads."""
        now, free = self.clock.now(), self.threads - len(self._sent)
        if now >= self.until or free <= 0:
            return []
        held = {slot.host for slot, _ in self._sent.values()} | {slot.host for slot, _ in self._back}
        return [host for host in self._queues if host not in held and self._ready.get(host, now) <= now][:free]

    def _acquire(self, conn: sa.Connection, host: str) -> hosts.Slot | None:
        slot = hosts.acquire(conn, host, self.asker, now=self.clock.now())
        if isinstance(slot, hosts.Busy):
            self._busy[host], self._ready[host] = slot, slot.until
            return None
        self._busy.pop(host, None)
        return slot

    def _take(self, host: str) -> Trip[Job]:
        """The host's next job; its queue goes to the end of the line."""
        queue = self._queues.pop(host)
        trip = queue.popleft()
        if queue:
            self._queues[host] = queue
        return trip

    def _can_wait(self) -> bool:
        """Whether some host will be free before the time is up."""
        now = self.clock.now()
        return now < self.until and any(self._ready.get(host, now) < self.until for host in self._queues if self._worth_waiting(host))

    def _worth_waiting(self, host: str) -> bool:
        return host not in self._busy or self._busy[host].reason in _WORTH_WAITING

    def _next_done(self) -> list[Future[Answer]]:
        if self._sent:
            done, _ = wait(self._sent, timeout=_LULL_S if self._settled else _NAP_S, return_when=FIRST_COMPLETED)
            return list(done)
        now = self.clock.now()
        next_ready = min(self._ready.get(host, now) for host in self._queues if self._worth_waiting(host))
        self.clock.sleep(min(max((next_ready - now).total_seconds(), 0.01), _NAP_S))
        return []

    def _give_back(self, conn: sa.Connection, slot: hosts.Slot, pause: Pause) -> None:
        next_at = self.clock.now() + timedelta(seconds=pause.gap_s)
        try:
            hosts.release(
                conn, slot, next_at=next_at, cooling_until=pause.cooling_until, reason=pause.reason, failures=pause.failures,
                done=slot.host not in self._queues,
            )  # fmt: skip
        except LeaseLost:
            # The request took longer than the lease; what came of it is valid, and the host is in other hands.
            next_at += hosts.LEASE
        self._ready[slot.host] = pause.cooling_until or next_at
        if pause.cooling_until:
            self._busy[slot.host] = hosts.Busy(until=pause.cooling_until, reason="cooling")

    def _reason(self, host: str) -> str:
        busy = self._busy.get(host)
        return "time_budget" if busy is None or busy.reason == "gap" else busy.reason
