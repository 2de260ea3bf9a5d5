"""The ledger as one SQLite file, taken at one instant while others write; and back, into SQLite or PostgreSQL."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import sqlalchemy as sa

from igwire.errors import UsageError
from igwire.ledger import items
from igwire.ledger.database import Ledger
from igwire.ledger.tables import metadata

# Rows carried over at once.
_CHUNK = 500


def take(ledger: Ledger, file: Path) -> None:
    """Write the ledger to a new SQLite file."""
    file.unlink(missing_ok=True)
    if ledger.engine.dialect.name == "sqlite":
        with ledger.engine.connect() as conn:
            raw = conn.connection.driver_connection
            assert raw is not None
            copy = sqlite3.connect(file)
            # The online backup API: it starts over when somebody writes in between (sqlite.org/backup.html).
            raw.backup(copy)
            copy.execute("pragma journal_mode=delete")
            copy.close()
        return
    copied = Ledger.open(f"sqlite:///{file}")
    with ledger.engine.connect().execution_options(isolation_level="REPEATABLE READ") as conn, copied.transaction() as target:
        _carry(conn, target)
    with copied.engine.connect() as conn:
        conn.exec_driver_sql("rollback")
        conn.exec_driver_sql("pragma journal_mode=delete")
    copied.close()


def put_back(file: Path, url: str) -> None:
    """Fill the empty ledger at `url` from a snapshot. Raises UsageError when it is not empty."""
    source, target = Ledger.open(f"sqlite:///{file}"), Ledger.open(url)
    with source.reading() as conn, target.transaction() as into:
        if items.any_known(into):
            raise UsageError("the ledger is not empty: restore needs an empty one (IGWIRE_LEDGER_URL)")
        _carry(conn, into)
    source.close()
    target.close()


def _carry(source: sa.Connection, target: sa.Connection) -> None:
    for table in metadata.sorted_tables:
        for rows in source.execute(sa.select(table)).partitions(_CHUNK):
            target.execute(table.insert(), [dict(row._mapping) for row in rows])
        if target.dialect.name == "postgresql" and (key := table.autoincrement_column) is not None:
            target.execute(
                sa.text(f"select setval(pg_get_serial_sequence('{table.name}', '{key.name}'), coalesce(max({key.name}), 0) + 1, false) from {table.name}")
            )
