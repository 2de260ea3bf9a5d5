"""Opening the ledger: one engine, short transactions, migrations under a lock."""

from __future__ import annotations

import contextlib
import fcntl
import sqlite3
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from igwire.errors import ConfigError, Unavailable
from igwire.failpoints import reach

# The newest migration; a test holds it against the migrations folder.
HEAD = "0013_rounds"
# SQLite takes 32,766 variables in a statement; a chunk of ids stays far below on every database.
_CHUNK = 500
# Seconds a writer waits for another's transaction; all transactions here are far shorter.
_BUSY_S = 60
T = TypeVar("T")


class Ledger:
    """The state of everything that igwire follows. `transaction()` writes, `reading()` reads; nothing else opens connections."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    @classmethod
    def open(cls, url: str) -> Ledger:
        """Open the ledger at the SQLAlchemy `url`, made or migrated when needed.

        Raises ConfigError for a URL that cannot be read and a ledger of a newer igwire, Unavailable when the server is away.
        """
        try:
            ledger = cls(_engine(url))
            if ledger.version() != HEAD:
                _migrate(ledger)
        except sa.exc.ArgumentError as error:
            raise ConfigError(f"IGWIRE_LEDGER_URL cannot be read: {error}") from error
        except sa.exc.OperationalError as error:
            raise Unavailable(f"the ledger cannot be opened: {error.orig}. Check IGWIRE_LEDGER_URL and the state folder.") from error
        return ledger

    @classmethod
    def standing(cls, url: str) -> str | None:
        """The migration that the ledger at `url` stands at, None when there is none yet; nothing is changed. Raises as `open` does."""
        parsed = sa.make_url(url)
        if parsed.get_backend_name() == "sqlite" and not (parsed.database and Path(parsed.database).exists()):
            return None
        try:
            ledger = cls(_engine(url))
            return ledger.version()
        except sa.exc.OperationalError as error:
            raise Unavailable(f"the ledger cannot be opened: {error.orig}. Check IGWIRE_LEDGER_URL and the state folder.") from error

    def version(self) -> str | None:
        """The migration that the database stands at, None when it is empty."""
        with self.engine.connect() as conn:
            if not sa.inspect(conn).has_table("alembic_version"):
                return None
            return conn.execute(sa.text("select version_num from alembic_version")).scalar()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """One write transaction, committed at the end, rolled back on any exception."""
        with self.engine.begin() as conn:
            yield conn
            reach("before_commit")
        reach("after_commit")

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection to read from."""
        with self.engine.connect().execution_options(igwire_read=True) as conn:
            yield conn

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def _engine(url: str) -> sa.Engine:
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return sa.create_engine(parsed, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(parsed, connect_args={"timeout": _BUSY_S, "check_same_thread": False})
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own transaction handling starts them too late (deferred); `_begin_sqlite` takes over.
    connection.isolation_level = None
    connection.execute("pragma journal_mode=wal")
    # FULL: an acknowledged poll or fetch must survive a power cut, not only a crash.
    connection.execute("pragma synchronous=full")


def _begin_sqlite(conn: sa.Connection) -> None:
    # A transaction that reads first and writes later would die of "database is locked" at once, without waiting.
    reading = conn.get_execution_options().get("igwire_read")
    conn.exec_driver_sql("begin" if reading else "begin immediate")


def _alembic() -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def known_versions() -> set[str]:
    """All migrations that this release knows."""
    from alembic.script import ScriptDirectory

    return {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}


def _migrate(ledger: Ledger) -> None:
    """Bring the database to HEAD; of several processes one does it and the others wait."""
    from alembic import command
    from alembic.util import CommandError

    config = _alembic()
    with _migration_lock(ledger.engine):
        if (before := ledger.version()) == HEAD:
            return
        if before is not None and before not in known_versions():
            raise ConfigError(f"the ledger was written by a newer igwire (it stands at {before}). Upgrade igwire, or restore a backup.")
        copy = _copy_first(ledger, before)
        try:
            # One transaction: a migration that fails leaves everything as it was.
            with ledger.engine.begin() as conn:
                config.attributes["connection"] = conn
                command.upgrade(config, "head")
                reach("migrating")
        except (sa.exc.SQLAlchemyError, CommandError) as error:
            kept = f" A copy from before is {copy}." if copy else ""
            raise ConfigError(f"the ledger could not be migrated from {before} to {HEAD} and is as it was: {str(error)[:300]}.{kept}") from error


def _copy_first(ledger: Ledger, before: str | None) -> Path | None:
    """A copy of a SQLite ledger that is about to be migrated, beside it; None for a new one, and for a server's (which has its own backups)."""
    database = ledger.engine.url.database
    if before is None or ledger.engine.dialect.name != "sqlite" or not database or database == ":memory:":
        return None
    target = Path(f"{database}.at-{before}")
    target.unlink(missing_ok=True)
    with ledger.engine.connect() as conn:
        raw = conn.connection.driver_connection
        assert raw is not None
        copy = sqlite3.connect(target)
        try:
            raw.backup(copy)
        except sqlite3.Error as error:
            target.unlink(missing_ok=True)
            raise ConfigError(f"the ledger was not migrated and is as it was: no copy of it could be made first ({error}). Is the disk full?") from error
        finally:
            copy.close()
    return target


@contextlib.contextmanager
def _migration_lock(engine: sa.Engine) -> Iterator[None]:
    database = engine.url.database
    if engine.dialect.name == "sqlite" and database and database != ":memory:":
        with Path(f"{database}.migrating").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
    elif engine.dialect.name == "postgresql":
        with engine.connect() as conn:
            # Any fixed number will do; this one spells "igw".
            conn.execute(sa.text("select pg_advisory_lock(6907767)"))
            yield
            conn.execute(sa.text("select pg_advisory_unlock(6907767)"))
    else:
        yield


def upsert(conn: sa.Connection, table: sa.Table) -> Any:
    """An INSERT that knows `on_conflict_do_update` and `on_conflict_do_nothing` on this connection's database."""
    return _insert(conn.dialect.name, table)


def _insert(dialect: str, table: sa.Table) -> Any:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@cache
def _replacing(dialect: str, table: sa.Table, keys: tuple[str, ...], columns: tuple[str, ...]) -> Any:
    insert = _insert(dialect, table)
    return insert.on_conflict_do_update(index_elements=list(keys), set_={name: insert.excluded[name] for name in columns})


def replacing(conn: sa.Connection, table: sa.Table, keys: tuple[str, ...], columns: Iterable[str]) -> Any:
    """An INSERT of these columns that takes the place of a row with the same `keys`; to be executed with one row or many.

    Put together once: that takes longer than the database needs for the row.
    """
    return _replacing(conn.dialect.name, table, keys, tuple(columns))


def chunked(values: Iterable[T], size: int = _CHUNK) -> Iterator[list[T]]:
    """The values in lists that fit into one statement."""
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk
