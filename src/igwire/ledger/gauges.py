"""Counts for monitoring: how the ledger stands at one instant."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from igwire.ledger.items import UNFINISHED
from igwire.ledger.tables import dead_letters, documents, erasures, hosts, items, runs


def runs_by(conn: sa.Connection) -> dict[tuple[str, str], int]:
    """(mode, status) → runs ever begun."""
    rows = conn.execute(sa.select(runs.c.mode, runs.c.status, sa.func.count()).group_by(runs.c.mode, runs.c.status))
    return {(row[0], row[1]): int(row[2]) for row in rows}


def waiting(conn: sa.Connection) -> dict[str, int]:
    """State → items that are not finished."""
    found = dict.fromkeys(UNFINISHED, 0)
    for row in conn.execute(sa.select(items.c.state, sa.func.count()).where(items.c.state.in_(UNFINISHED)).group_by(items.c.state)):
        found[row[0]] = int(row[1])
    return found


def counts(conn: sa.Connection, now: datetime) -> dict[str, int]:
    """documents, dead_letters_open, hosts_cooling, erasures_unfinished."""
    wanted = {
        "documents": sa.select(sa.func.count()).select_from(documents),
        "dead_letters_open": sa.select(sa.func.count()).select_from(dead_letters).where(dead_letters.c.resolved_at.is_(None)),
        "hosts_cooling": sa.select(sa.func.count()).select_from(hosts).where(hosts.c.cooling_until > now),
        "erasures_unfinished": sa.select(sa.func.count()).select_from(erasures).where(erasures.c.done.is_(False)),
    }
    return {name: int(conn.execute(query).scalar() or 0) for name, query in wanted.items()}
