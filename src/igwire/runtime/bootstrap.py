"""Makes the ledger's own database beside Airflow's, where PostgreSQL serves both; run once by the compose file."""

from __future__ import annotations

from igwire import settings
from igwire.errors import ConfigError


def main() -> None:
    """Create the database of IGWIRE_LEDGER_URL unless it is there. Raises ConfigError when that is no PostgreSQL."""
    import psycopg2
    from psycopg2 import sql
    from psycopg2.errors import DuplicateDatabase

    scheme, _, rest = settings.get().ledger.partition("://")
    if not scheme.startswith("postgresql"):
        raise ConfigError(f"IGWIRE_LEDGER_URL is {scheme}, not PostgreSQL; SQLite needs no database made for it")
    server, _, name = rest.rpartition("/")
    connection = psycopg2.connect(f"postgresql://{server}/postgres")
    connection.autocommit = True
    try:
        connection.cursor().execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        print(f"Made the database {name}.")
    except DuplicateDatabase:
        print(f"The database {name} is there already.")
    finally:
        connection.close()


if __name__ == "__main__":
    main()
