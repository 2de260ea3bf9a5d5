"""Requests to many hosts at once, one at a time to each: threads wait on the network, the ledger's slots keep the gaps.

queues by host ─ slot free? ─▶ thread sends ─▶ main thread settles ─▶ one commit for all that came: answers, slots back, new slots

Every commit waits for the disk, so what came in together is committed together. A host that cools, has had its day's requests,
or is kept for the daily lane is never waited for: its jobs are given back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import sqlalchemy as sa

from igwire.errors import LeaseLost
from igwire.ledger import hosts
from igwire.ledger.database import Ledger
from igwire.ports import Clock

Job = TypeVar("Job")
Answer = TypeVar("Answer")
# How long the loop sleeps at most before it looks at hosts again that another worker held.
_NAP_S = 1.0
# Reasons that pass within a run.
_WORTH_WAITING = ("gap", "held")


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
    send: Callable[[Job], Answer]
    settle: Callable[[Job, Answer, int], Pause]
    # Called once for all that was settled together: before the commit (raw bytes to disk), and inside it.
    before_commit: Callable[[], None] = lambda: None
    write: Callable[[sa.Connection], None] = lambda _conn: None
    _queues: dict[str, deque[Job]] = field(default_factory=dict)
    _ready: dict[str, datetime] = field(default_factory=dict)
    _busy: dict[str, hosts.Busy] = field(default_factory=dict)
    _sent: dict[Future[Answer], tuple[hosts.Slot, Job]] = field(default_factory=dict)

    def run(self, jobs: Iterable[tuple[str, Job]]) -> list[tuple[Job, str]]:
        """Do the jobs (host, job); returns those that found no slot, with the reason (time_budget, cooling, daily_budget, …)."""
        for host, job in jobs:
            self._queues.setdefault(host, deque()).append(job)
        with ThreadPoolExecutor(self.threads, thread_name_prefix="fetch") as pool:
            self._turn(pool, [])
            while self._sent or self._can_wait():
                self._turn(pool, self._next_done())
        return [(job, self._reason(host)) for host, queue in self._queues.items() for job in queue]

    def _turn(self, pool: ThreadPoolExecutor, done: list[Future[Answer]]) -> None:
        """Settle what came, and start what may start: one commit for both."""
        settled = []
        for future in done:
            held, job = self._sent.pop(future)
            settled.append((held, self.settle(job, future.result(), held.failures)))
        self.before_commit()
        ready = self._ready_hosts()
        if not settled and not ready:
            return
        with self.ledger.transaction() as conn:
            self.write(conn)
            slots = self._keep(conn, settled)
            kept = {slot.host for slot in slots}
            for held, pause in settled:
                if held.host not in kept:
                    self._give_back(conn, held, pause)
            # The hosts that were just given back may be ready again.
            slots += [slot for host in self._ready_hosts(kept) if (slot := self._acquire(conn, host))]
        for slot in slots:
            job = self._take(slot.host)
            self._sent[pool.submit(self.send, job)] = (slot, job)

    def _keep(self, conn: sa.Connection, settled: list[tuple[hosts.Slot, Pause]]) -> list[hosts.Slot]:
        """Slots that go on at once: no gap is due, and the host has more jobs."""
        now = self.clock.now()
        if now >= self.until:
            return []
        wanted = [held for held, pause in settled if held.host in self._queues and not pause.gap_s and not pause.cooling_until and not pause.failures]
        return hosts.keep(conn, wanted, now=now)

    def _ready_hosts(self, taken: Collection[str] = ()) -> list[str]:
        """Hosts that may be asked now, as many as there are free threads; `taken`: hosts that get a thread already."""
        now, free = self.clock.now(), self.threads - len(self._sent) - len(taken)
        if now >= self.until or free <= 0:
            return []
        under_way = {slot.host for slot, _ in self._sent.values()} | set(taken)
        return [host for host in self._queues if host not in under_way and self._ready.get(host, now) <= now][:free]

    def _acquire(self, conn: sa.Connection, host: str) -> hosts.Slot | None:
        slot = hosts.acquire(conn, host, self.asker, now=self.clock.now())
        if isinstance(slot, hosts.Busy):
            self._busy[host], self._ready[host] = slot, slot.until
            return None
        self._busy.pop(host, None)
        return slot

    def _take(self, host: str) -> Job:
        """The host's next job; its queue goes to the end of the line."""
        queue = self._queues.pop(host)
        job = queue.popleft()
        if queue:
            self._queues[host] = queue
        return job

    def _can_wait(self) -> bool:
        """Whether some host will be free before the time is up."""
        now = self.clock.now()
        return now < self.until and any(self._ready.get(host, now) < self.until for host in self._queues if self._worth_waiting(host))

    def _worth_waiting(self, host: str) -> bool:
        return host not in self._busy or self._busy[host].reason in _WORTH_WAITING

    def _next_done(self) -> list[Future[Answer]]:
        if self._sent:
            done, _ = wait(self._sent, timeout=_NAP_S, return_when=FIRST_COMPLETED)
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
