"""The state folder of the first release (written by its own code) under today's: migrated, or left as it was."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from invented import LIVE, page, serve

from igwire import settings, wiring
from igwire.errors import ConfigError
from igwire.ledger.database import HEAD, Ledger
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


def test_the_first_releases_state_is_migrated_after_a_copy_and_a_run_goes_on_with_it(state, bench):
    bench.ledger.close()
    bench.ledger, bench.store = Ledger.open(url(state)), WarcStore(state / "raw", bench.clock)
    assert bench.ledger.version() == HEAD
    assert Ledger.standing(f"{url(state)}.at-0001") == "0001"
    serve(bench, one=(200, page("One")), two=(200, page("Two")))
    bench.clock.moment += timedelta(days=1)
    assert run_all(bench.parts(), "r2", LIVE).outcomes["indexed"] == 2
    assert {facts["kind"] for _, _, facts in bench.store.walk()} == {"feed", "page"}


def test_a_failed_migration_leaves_the_old_ledger_usable(state):
    with sqlite3.connect(state / "ledger.db") as db:
        db.execute("create table erasures (x)")
        before = list(db.iterdump())
    db.close()
    with pytest.raises(ConfigError, match="is as it was"):
        Ledger.open(url(state))
    with sqlite3.connect(state / "ledger.db") as db:
        assert list(db.iterdump()) == before
    db.close()
    assert Ledger.standing(url(state)) == "0001"


def test_doctor_names_a_pending_migration_and_changes_nothing(state, monkeypatch):
    monkeypatch.setattr(settings, "get", lambda: settings.Settings(state=state))
    with pytest.raises(ConfigError, match=f"stands at 0001, this igwire needs {HEAD}"):
        wiring.check_ledger()
    assert Ledger.standing(url(state)) == "0001"
    Ledger.open(url(state)).close()
    wiring.check_ledger()
