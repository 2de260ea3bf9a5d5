"""Requests to many hosts at once, one at a time to each: threads wait on the network, the ledger's slots keep the gaps.

queues by host ─ slot free? ─▶ thread sends ─▶ main thread settles (store, ledger) ─ Pause ─▶ slot given back
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from igwire.ledger import hosts
from igwire.ledger.database import Ledger
from igwire.ports import Clock

Job = TypeVar("Job")
Answer = TypeVar("Answer")
# How long the loop sleeps at most before it looks at hosts again that another worker held.
_NAP_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """How long a host is left alone after an answer: the gap, or cooling for `reason`; `failures` in a row so far."""

    gap_s: float
    cooling_until: datetime | None = None
    reason: str | None = None
    failures: int = 0


@dataclass(slots=True)
class HostWork(Generic[Job, Answer]):
    """Works off jobs by host. `send` runs in a thread and must not raise; `settle` runs in the caller's thread."""

    ledger: Ledger
    clock: Clock
    # Names this worker in the slots; unique per process and task.
    holder: str
    threads: int
    # No request starts after it.
    until: datetime
    send: Callable[[Job], Answer]
    settle: Callable[[Job, Answer, int], Pause]
    _queues: dict[str, deque[Job]] = field(default_factory=dict)
    _ready: dict[str, datetime] = field(default_factory=dict)
    _busy: dict[str, hosts.Busy] = field(default_factory=dict)
    _sent: dict[Future[Answer], tuple[hosts.Slot, Job]] = field(default_factory=dict)

    def run(self, jobs: Iterable[tuple[str, Job]]) -> list[tuple[Job, str]]:
        """Do the jobs (host, job); returns those that found no slot in time, with the reason (time_budget, cooling, held)."""
        for host, job in jobs:
            self._queues.setdefault(host, deque()).append(job)
        with ThreadPoolExecutor(self.threads, thread_name_prefix="fetch") as pool:
            while self._queues or self._sent:
                self._start_ready(pool)
                if not self._sent and not self._can_wait():
                    break
                self._settle_done()
        return [(job, self._reason(host)) for host, queue in self._queues.items() for job in queue]

    def _start_ready(self, pool: ThreadPoolExecutor) -> None:
        now = self.clock.now()
        if now >= self.until:
            return
        under_way = {slot.host for slot, _ in self._sent.values()}
        for host in list(self._queues):
            if len(self._sent) >= self.threads:
                return
            if host not in under_way and self._ready.get(host, now) <= now:
                self._start(pool, host, now)

    def _start(self, pool: ThreadPoolExecutor, host: str, now: datetime) -> None:
        with self.ledger.transaction() as conn:
            slot = hosts.acquire(conn, host, self.holder, now=now)
        if isinstance(slot, hosts.Busy):
            self._busy[host], self._ready[host] = slot, slot.until
            return
        queue = self._queues[host]
        job = queue.popleft()
        if not queue:
            del self._queues[host]
        self._sent[pool.submit(self.send, job)] = (slot, job)

    def _can_wait(self) -> bool:
        """Whether some host will be free before the time is up."""
        return any(self._ready.get(host, self.clock.now()) < self.until for host in self._queues) and self.clock.now() < self.until

    def _settle_done(self) -> None:
        if not self._sent:
            next_ready = min(self._ready.get(host, self.clock.now()) for host in self._queues)
            self.clock.sleep(min(max((next_ready - self.clock.now()).total_seconds(), 0.01), _NAP_S))
            return
        done, _ = wait(self._sent, timeout=_NAP_S, return_when=FIRST_COMPLETED)
        for future in done:
            slot, job = self._sent.pop(future)
            self._give_back(slot, self.settle(job, future.result(), slot.failures))

    def _give_back(self, slot: hosts.Slot, pause: Pause) -> None:
        next_at = self.clock.now() + timedelta(seconds=pause.gap_s)
        with self.ledger.transaction() as conn:
            hosts.release(conn, slot, next_at=next_at, cooling_until=pause.cooling_until, reason=pause.reason, failures=pause.failures)
        self._ready[slot.host] = pause.cooling_until or next_at
        if pause.cooling_until:
            self._busy[slot.host] = hosts.Busy(until=pause.cooling_until, reason="cooling")

    def _reason(self, host: str) -> str:
        busy = self._busy.get(host)
        return "time_budget" if busy is None or busy.reason == "gap" else busy.reason
