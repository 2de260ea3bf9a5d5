"""What the containers need before anything starts: the ledger's own database beside Airflow's, and the password of Airflow's admin."""

from __future__ import annotations

from igwire import settings
from igwire.errors import ConfigError
from igwire.runtime.airflow import write_passwords


def main() -> None:
    """Both, from the settings. Raises ConfigError when IGWIRE_LEDGER_URL is no PostgreSQL or the password is empty."""
    chosen = settings.get()
    make_database(chosen.ledger)
    password = chosen.airflow_password.get_secret_value()
    if not password:
        raise ConfigError("IGWIRE_AIRFLOW_PASSWORD is empty: `make up` writes one into .env")
    write_passwords(chosen.state / "airflow-passwords.json", password)


def make_database(url: str) -> None:
    """Create the database of a PostgreSQL `url` unless it is there. Raises ConfigError when that is no PostgreSQL."""
    import psycopg2
    from psycopg2 import sql
    from psycopg2.errors import DuplicateDatabase

    scheme, _, rest = url.partition("://")
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
