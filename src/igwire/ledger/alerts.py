"""What every target of an alert was told already, so that nothing is told twice and nothing is missed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from igwire.ledger.database import chunked, upsert
from igwire.ledger.tables import alert_told, alerts


def last_success(conn: sa.Connection, alert_id: str, target: str) -> datetime | None:
    """When the target was last served well, None = never."""
    mine = (alerts.c.alert_id == alert_id) & (alerts.c.target == target)
    found: datetime | None = conn.execute(sa.select(alerts.c.last_success_at).where(mine)).scalar()
    return found


def told(conn: sa.Connection, alert_id: str, target: str, keys: Iterable[str]) -> set[str]:
    """Those of `keys` that the target knows."""
    mine = (alert_told.c.alert_id == alert_id) & (alert_told.c.target == target)
    found: set[str] = set()
    for chunk in chunked(keys):
        found |= set(conn.execute(sa.select(alert_told.c.key).where(mine, alert_told.c.key.in_(chunk))).scalars())
    return found


def served(conn: sa.Connection, alert_id: str, target: str, keys: Iterable[str], *, now: datetime) -> None:
    """The target knows `keys` now."""
    for key in keys:
        row = {"alert_id": alert_id, "target": target, "key": key, "told_at": now}
        conn.execute(upsert(conn, alert_told).values(row).on_conflict_do_nothing())
    state = {"alert_id": alert_id, "target": target, "last_success_at": now}
    conn.execute(upsert(conn, alerts).values(state).on_conflict_do_update(index_elements=["alert_id", "target"], set_=state))
