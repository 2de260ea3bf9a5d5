"""One slot per host, shared by all workers, runs and backfills: never two requests to a host at once.

A lease carries a fencing number. Who holds the slot says on release when the host may be asked again, so the gap and the
cooling are kept whoever comes next. Of two lanes the daily one goes first: while one of its workers wants the host, backfills
wait. Requests are counted by UTC day against a budget. Times come from the caller's clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from igwire.errors import LeaseLost
from igwire.ledger.database import chunked, upsert
from igwire.ledger.tables import hosts, robots

# Longer than any request's total deadline (60 s) with its redirects; a killed worker's slot is free after it.
LEASE = timedelta(seconds=150)
# A host without a gap is kept from one request to the next no longer than this, so that other workers get their turn.
_KEPT = timedelta(seconds=10)
# A worker of the daily lane that was there within this span (beyond the host's own gap) is still at work.
_WANTED = timedelta(seconds=30)
# Of a day's budget the last fifth is kept from backfills and re-visits.
PAST_SHARE = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks for slots: a name that is unique per process and task, the lane, and the requests a day that a host may get."""

    holder: str
    # "daily" or "past".
    lane: str = "daily"
    budget: int | None = None

    @property
    def allowance(self) -> int | None:
        """Requests a day after which this lane stops."""
        if self.budget is None or self.lane == "daily":
            return self.budget
        return int(self.budget * PAST_SHARE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Permission to send requests to `host` until the lease ends."""

    host: str
    asker: Asker
    fence: int
    # How often the host failed in a row before this lease.
    failures: int
    # Requests of the day, this one counted, and the instant from which the slot must be given back.
    requests: int
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """No permission: ask again at `until`; `reason` is cooling, daily_budget, daily_first, gap or held."""

    until: datetime
    reason: str


def acquire(conn: sa.Connection, host: str, asker: Asker, *, now: datetime) -> Slot | Busy:
    """Take the host's slot, or learn when to come back."""
    conn.execute(upsert(conn, hosts).values(host=host).on_conflict_do_nothing())
    row = conn.execute(sa.select(hosts).where(hosts.c.host == host).with_for_update()).one()
    mine = hosts.c.host == host
    if busy := _busy(row, asker, now):
        # A host that cools is wanted by nobody: the daily lane defers its items.
        if asker.lane == "daily" and busy.reason in ("gap", "held"):
            conn.execute(hosts.update().where(mine).values(daily_until=busy.until + _WANTED))
        return busy
    counted = (row.requests if row.day == _day(now) else 0) + 1
    values: dict[str, Any] = {"holder": asker.holder, "leased_until": now + LEASE, "fence": row.fence + 1, "day": _day(now), "requests": counted}
    if asker.lane == "daily":
        values["daily_until"] = now + _WANTED
    conn.execute(hosts.update().where(mine).values(**values))
    return Slot(host=host, asker=asker, fence=row.fence + 1, failures=row.failures, requests=counted, ends=min(now + _KEPT, _midnight(now)))


def _busy(row: Any, asker: Asker, now: datetime) -> Busy | None:
    if row.cooling_until and row.cooling_until > now:
        return Busy(until=row.cooling_until, reason="cooling")
    if asker.allowance is not None and row.day == _day(now) and row.requests >= asker.allowance:
        return Busy(until=_midnight(now), reason="daily_budget")
    if row.holder and row.holder != asker.holder and row.leased_until > now:
        return Busy(until=min(row.leased_until, now + timedelta(seconds=1)), reason="held")
    if row.next_at and row.next_at > now:
        return Busy(until=row.next_at, reason="gap")
    if asker.lane != "daily" and row.daily_until and row.daily_until > now:
        return Busy(until=row.daily_until, reason="daily_first")
    return None


def _day(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()


def _midnight(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def release(
    conn: sa.Connection,
    slot: Slot,
    *,
    next_at: datetime,
    cooling_until: datetime | None = None,
    reason: str | None = None,
    failures: int = 0,
    done: bool = False,
) -> None:
    """Give the slot back; `done`: this worker wants nothing more of the host. Raises LeaseLost when another took it meanwhile."""
    values: dict[str, Any] = {
        "holder": None, "leased_until": None, "next_at": next_at, "cooling_until": cooling_until, "cooling_reason": reason, "failures": failures,
        "requests": slot.requests,
    }  # fmt: skip
    if slot.asker.lane == "daily":
        values["daily_until"] = None if done or cooling_until else next_at + _WANTED
    mine = (hosts.c.host == slot.host) & (hosts.c.fence == slot.fence)
    if not conn.execute(hosts.update().where(mine).values(**values)).rowcount:
        raise LeaseLost(f"the slot of host {slot.host} was taken over by another worker")


def again(slot: Slot, *, now: datetime) -> Slot | None:
    """The slot for one more request, as release and acquire would give it to a host without a gap; None when its time or the day's
    budget is over. The lease outlasts it by far, so nobody need be asked; the ledger learns of it by `count` or `release`.
    """
    if now >= slot.ends or (slot.asker.allowance is not None and slot.requests >= slot.asker.allowance):
        return None
    return replace(slot, requests=slot.requests + 1, failures=0)


def count(conn: sa.Connection, slots: Sequence[Slot]) -> None:
    """Write down the requests of slots that are held on."""
    if slots:
        conn.execute(_COUNT, [{"b_host": s.host, "b_fence": s.fence, "b_requests": s.requests, "b_failures": s.failures} for s in slots])


_COUNT = (
    hosts.update()
    .where(hosts.c.host == sa.bindparam("b_host"), hosts.c.fence == sa.bindparam("b_fence"))
    .values(requests=sa.bindparam("b_requests"), failures=sa.bindparam("b_failures"))
)


def asked(conn: sa.Connection, names: Iterable[str], *, now: datetime) -> dict[str, int]:
    """Requests of this UTC day by host, for those that had any."""
    found: dict[str, int] = {}
    for chunk in chunked(names):
        today = sa.select(hosts.c.host, hosts.c.requests).where(hosts.c.host.in_(chunk), hosts.c.day == _day(now))
        found |= {row.host: row.requests for row in conn.execute(today)}
    return found


def robots_of(conn: sa.Connection, origin: str) -> tuple[datetime, int, bytes] | None:
    """The stored robots answer of an origin: (fetched at, status, body), or None."""
    row = conn.execute(sa.select(robots).where(robots.c.origin == origin)).first()
    return (row.fetched_at, row.status, row.body) if row else None


def robots_of_all(conn: sa.Connection, origins: Iterable[str]) -> dict[str, tuple[int, bytes]]:
    """Origin → (status, body) of the stored robots answers, of those that have one."""
    found: dict[str, tuple[int, bytes]] = {}
    for chunk in chunked(set(origins)):
        rows = conn.execute(sa.select(robots.c.origin, robots.c.status, robots.c.body).where(robots.c.origin.in_(chunk)))
        found |= {row.origin: (row.status, row.body) for row in rows}
    return found


def robots_times(conn: sa.Connection) -> dict[str, tuple[datetime, int]]:
    """When each stored answer came, and its status."""
    return {row.origin: (row.fetched_at, row.status) for row in conn.execute(sa.select(robots.c.origin, robots.c.fetched_at, robots.c.status))}


def save_robots(conn: sa.Connection, origin: str, *, status: int, body: bytes, now: datetime) -> None:
    """Keep a robots answer."""
    values = {"origin": origin, "fetched_at": now, "status": status, "body": body}
    conn.execute(upsert(conn, robots).values(values).on_conflict_do_update(index_elements=["origin"], set_=values))
