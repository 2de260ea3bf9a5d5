"""The state folder of the first release under today's: migrated, or left as it was.

Its own code (commit 7d0b013) wrote it: eight articles of the newsroom, polled, fetched, indexed and sealed.
"""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from full_disk import files_of_at_most
from invented import LIVE, page, serve

from igwire import settings, wiring
from igwire.errors import ConfigError
from igwire.ledger import database, documents, items, tables
from igwire.ledger.database import HEAD, Ledger
from igwire.pipeline.rebuild import Selection, rebuild
from igwire.pipeline.run import run_all
from igwire.store.warc import WarcStore

FIRST = Path(__file__).parents[2] / "data" / "first_release"


@pytest.fixture
def state(tmp_path) -> Path:
    folder = tmp_path / "first"
    shutil.copytree(FIRST / "raw", folder / "raw")
    with sqlite3.connect(folder / "ledger.db") as db:
        db.executescript((FIRST / "ledger.sql").read_text())
    db.close()
    return folder


def url(state: Path) -> str:
    return f"sqlite:///{state / 'ledger.db'}"


def dump(state: Path) -> list[str]:
    with sqlite3.connect(state / "ledger.db") as db:
        found = list(db.iterdump())
    db.close()
    return found


def test_the_first_releases_state_is_migrated_after_a_copy_with_all_its_documents(state, bench):
    bench.ledger.close()
    bench.ledger, bench.store = Ledger.open(url(state)), WarcStore(state / "raw", bench.clock)
    assert bench.ledger.version() == HEAD
    assert Ledger.standing(f"{url(state)}.at-0001") == "0001"
    with bench.ledger.reading() as conn:
        known = {item.doc_id: item for item in items.get(conn, conn.execute(tables.items.select()).scalars()) if item.doc_id}
        titles = {document.id: document.article.title for document in documents.get(conn, list(known))}
    assert len(titles) == 8
    assert all(bench.store.read(item.raw)[0].status == 200 for item in known.values())
    # The texts as they were stored then, and as today's code extracts them from the raw copies of then.
    for first in ("index", "extract"):
        bench.index.documents.clear()
        assert rebuild(bench.parts(), f"from-{first}", first=first, selection=Selection()).ok
        assert {doc_id: body["title"] for doc_id, body in bench.index.documents.items()} == titles


def test_a_run_goes_on_with_the_first_releases_state(state, bench):
    bench.ledger.close()
    bench.ledger, bench.store = Ledger.open(url(state)), WarcStore(state / "raw", bench.clock)
    serve(bench, one=(200, page("One")), two=(200, page("Two")))
    bench.clock.moment += timedelta(days=2)
    assert run_all(bench.parts(), "r2", LIVE).outcomes["indexed"] == 2
    assert {facts["kind"] for _, _, facts in bench.store.walk()} == {"feed", "page"}


_MIGRATE = """
import sys
from igwire import failpoints
from igwire.ledger.database import Ledger
failpoints.arm("migrating")
Ledger.open(sys.argv[1])
"""


def test_a_migration_that_is_killed_leaves_the_old_ledger_and_is_repeated(state):
    before = dump(state)
    killed = subprocess.run([sys.executable, "-c", _MIGRATE, url(state)], timeout=120, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert Ledger.standing(url(state)) == "0001"
    assert dump(state) == before
    Ledger.open(url(state)).close()
    assert Ledger.standing(url(state)) == HEAD


@pytest.mark.parametrize(("room", "says", "copied"), [(100_000, "no copy of it could be made", True), (65_536, "is as it was", False)])
def test_a_disk_that_is_full_leaves_the_old_ledger(state, monkeypatch, room, says, copied):
    before = dump(state)
    with monkeypatch.context() as at:
        if not copied:
            # The copy is larger than what the migration itself writes: only without it the migration is what fails.
            at.setattr(database, "_copy_first", lambda *_: None)
        with files_of_at_most(room), pytest.raises(ConfigError, match=says):
            Ledger.open(url(state))
    assert dump(state) == before
    Ledger.open(url(state)).close()
    assert Ledger.standing(url(state)) == HEAD


def refused_unchanged(state: Path, says: str) -> None:
    """The ledger is not opened, in these words, and nothing in it has changed."""
    before = dump(state)
    with pytest.raises(ConfigError, match=says):
        Ledger.open(url(state))
    assert dump(state) == before


def test_a_ledger_of_a_newer_release_is_refused_in_words(state):
    with sqlite3.connect(state / "ledger.db") as db:
        db.execute("update alembic_version set version_num = '9999_later'")
    db.close()
    refused_unchanged(state, "written by a newer igwire")


def test_a_failed_migration_leaves_the_old_ledger_usable(state):
    with sqlite3.connect(state / "ledger.db") as db:
        db.execute("create table erasures (x)")
    db.close()
    refused_unchanged(state, "is as it was")
    assert Ledger.standing(url(state)) == "0001"


def test_doctor_names_a_pending_migration_and_changes_nothing(state, monkeypatch):
    monkeypatch.setattr(settings, "get", lambda: settings.Settings(state=state))
    with pytest.raises(ConfigError, match=f"stands at 0001, this igwire needs {HEAD}"):
        wiring.check_ledger()
    assert Ledger.standing(url(state)) == "0001"
    Ledger.open(url(state)).close()
    wiring.check_ledger()


def test_the_memory_of_copies_survives_its_tables_being_written_anew(tmp_path):
    from alembic import command

    folder = tmp_path / "older"
    config, engine = database._alembic(), database._engine(url(folder))
    with engine.begin() as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, "0011_claims")
        largest = 2**63 - 1
        conn.exec_driver_sql(f"insert into copy_keys (key, number) values (5, 7), ({largest}, 8)")
        conn.exec_driver_sql("insert into copy_sentences (key, number, holders) values (6, 7, 2)")
        conn.exec_driver_sql("insert into copy_sources (number, source) values (8, 7)")
    engine.dispose()
    ledger = Ledger.open(url(folder))
    with ledger.reading() as conn:
        kept = {
            name: [tuple(row) for row in conn.exec_driver_sql(f"select * from {name} order by 1")] for name in ("copy_keys", "copy_sentences", "copy_sources")
        }
    ledger.close()
    assert kept == {"copy_keys": [(5, 7), (largest, 8)], "copy_sentences": [(6, 7, 2)], "copy_sources": [(8, 7)]}
