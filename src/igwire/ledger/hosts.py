"""One slot per host, shared by all workers, runs and backfills: never two requests to a host at once.

A lease carries a fencing number. Who holds the slot says on release when the host may be asked again, so the gap and the
cooling are kept whoever comes next. Times come from the caller's clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from igwire.errors import LeaseLost
from igwire.ledger.database import upsert
from igwire.ledger.tables import hosts, robots

# Longer than any request's total deadline (60 s) with its redirects; a killed worker's slot is free after it.
LEASE = timedelta(seconds=150)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Permission to send requests to `host` until the lease ends."""

    host: str
    holder: str
    fence: int
    # How often the host failed in a row before this lease.
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """No permission: ask again at `until`; `reason` is cooling, gap or held."""

    until: datetime
    reason: str


def acquire(conn: sa.Connection, host: str, holder: str, *, now: datetime) -> Slot | Busy:
    """Take the host's slot, or learn when to come back."""
    conn.execute(upsert(conn, hosts).values(host=host).on_conflict_do_nothing())
    row = conn.execute(sa.select(hosts).where(hosts.c.host == host).with_for_update()).one()
    if row.cooling_until and row.cooling_until > now:
        return Busy(until=row.cooling_until, reason="cooling")
    if row.holder and row.holder != holder and row.leased_until > now:
        return Busy(until=min(row.leased_until, now + timedelta(seconds=1)), reason="held")
    if row.next_at and row.next_at > now:
        return Busy(until=row.next_at, reason="gap")
    values = {"holder": holder, "leased_until": now + LEASE, "fence": row.fence + 1}
    conn.execute(hosts.update().where(hosts.c.host == host).values(**values))
    return Slot(host=host, holder=holder, fence=row.fence + 1, failures=row.failures)


def release(
    conn: sa.Connection,
    slot: Slot,
    *,
    next_at: datetime,
    cooling_until: datetime | None = None,
    reason: str | None = None,
    failures: int = 0,
) -> None:
    """Give the slot back. Raises LeaseLost when another worker took it meanwhile."""
    values = {
        "holder": None, "leased_until": None, "next_at": next_at, "cooling_until": cooling_until, "cooling_reason": reason, "failures": failures,
    }  # fmt: skip
    mine = (hosts.c.host == slot.host) & (hosts.c.fence == slot.fence)
    if not conn.execute(hosts.update().where(mine).values(**values)).rowcount:
        raise LeaseLost(f"the slot of host {slot.host} was taken over by another worker")


def robots_of(conn: sa.Connection, origin: str) -> tuple[datetime, int, bytes] | None:
    """The stored robots answer of an origin: (fetched at, status, body), or None."""
    row = conn.execute(sa.select(robots).where(robots.c.origin == origin)).first()
    return (row.fetched_at, row.status, row.body) if row else None


def save_robots(conn: sa.Connection, origin: str, *, status: int, body: bytes, now: datetime) -> None:
    """Keep a robots answer."""
    values = {"origin": origin, "fetched_at": now, "status": status, "body": body}
    conn.execute(upsert(conn, robots).values(values).on_conflict_do_update(index_elements=["origin"], set_=values))
