"""State of the sources: what the last poll left behind and when the next one is due."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from igwire.ledger.database import upsert
from igwire.ledger.tables import sources


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """One source's row; see `tables.sources` for the meaning of the columns."""

    id: str
    etag: str | None = None
    last_modified: str | None = None
    validators_url: str | None = None
    body_hash: str | None = None
    state: str = "never"
    state_reason: str | None = None
    failures: int = 0
    last_poll_at: datetime | None = None
    last_success_at: datetime | None = None
    last_new_at: datetime | None = None
    next_poll_at: datetime | None = None


def states(conn: sa.Connection, ids: Iterable[str]) -> dict[str, SourceState]:
    """The states of the sources `ids`; a source that was never polled gets a fresh one."""
    wanted = list(ids)
    found = {row.id: SourceState(**row._mapping) for row in conn.execute(sa.select(sources).where(sources.c.id.in_(wanted)))}
    return {source_id: found.get(source_id, SourceState(id=source_id)) for source_id in wanted}


def save(conn: sa.Connection, state: SourceState) -> None:
    """Write the state whole. Called last, in the transaction that stores the poll's entries."""
    values: dict[str, Any] = asdict(state)
    statement = upsert(conn, sources).values(values)
    conn.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))
