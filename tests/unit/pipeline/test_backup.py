"""Backups: consistent while collection goes on, incremental, whole or refused."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from invented import LIVE, page, serve
from postgres import ON_BOTH

from igwire.errors import UsageError
from igwire.index.document import document_hash
from igwire.ledger import documents, items
from igwire.ledger.database import Ledger
from igwire.pipeline import backup as backups
from igwire.pipeline import erase as erasing
from igwire.pipeline.rebuild import Selection, rebuild
from igwire.pipeline.run import run_all
from igwire.settings import Settings
from igwire.store.remote import Remote
from igwire.store.warc import WarcStore


def save(bench, target: Path):
    return backups.backup(bench.parts(), Remote(str(target)), bench.folder, settings={"IGWIRE_GAP_S": "9"}, release="test")


def load(target: Path, state: Path) -> None:
    backups.restore(Remote(str(target)), state, ledger_url=f"sqlite:///{state / 'ledger.db'}")


@pytest.fixture
def target(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("target")


@pytest.fixture
def state(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("restored") / "state"


@ON_BOTH
def test_restored_into_an_empty_folder_the_documents_are_the_same(bench, target, state):
    serve(bench, one=(200, page("One")), two=(200, page("Two")))
    run_all(bench.parts(gap_s=0), "r1", LIVE)
    (bench.folder / "sources.yaml").write_text("# mine\n")
    # Collection goes on: a segment is open, and holds what the ledger knows already.
    with bench.store.writer() as writer:
        with bench.ledger.reading() as conn:
            item = items.find(conn, "http://news.example/one")
        capture, facts = bench.store.read(item.raw)
        again = writer.append(capture, facts)
        with bench.ledger.transaction() as conn:
            items.captured(conn, item.id, again, run_id="r2", at=capture.fetched_at)
        save(bench, target)
    load(target, state)
    assert (state / "sources.yaml").read_text() == "# mine\n"
    assert json.loads((state / "settings.json").read_text()) == {"IGWIRE_GAP_S": "9"}
    before = {doc_id: document_hash(body) for doc_id, body in bench.index.documents.items()}
    bench.ledger.close()
    bench.ledger, bench.store = Ledger.open(f"sqlite:///{state / 'ledger.db'}"), WarcStore(state / "raw", bench.clock)
    bench.store.salvage()
    with bench.ledger.reading() as conn:
        assert bench.store.read(items.find(conn, item.id).raw)[0].body == capture.body
        assert documents.count(conn) == 2
    bench.index.documents.clear()
    with bench.ledger.transaction() as conn:
        items.captured(conn, item.id, item.raw, run_id="r1", at=item.fetched_at)
    rebuild(bench.parts(), "b1", first="extract", selection=Selection())
    assert {doc_id: document_hash(body) for doc_id, body in bench.index.documents.items()} == before


def test_only_what_changed_is_copied_and_what_was_erased_leaves_the_backup(bench, target):
    serve(bench, one=(200, page("One")), two=(200, page("Two")))
    run_all(bench.parts(gap_s=0), "r1", LIVE)
    first = save(bench, target)
    assert first.copied == first.files
    # SQLite's own copy of an unchanged ledger is the same to the byte; PostgreSQL's is written out anew and may not be.
    assert save(bench, target).copied <= (0 if bench.ledger.engine.dialect.name == "sqlite" else 1)
    bench.clock.moment += timedelta(hours=2)
    run_all(bench.parts(gap_s=0), "r2", LIVE)
    parts = bench.parts()
    segments = {path.read_bytes() for path in bench.folder.glob("raw/*/*/*/*.warc.gz")}
    erasing.erase(parts, erasing.tombstones_for(parts, keys=["http://news.example/one"], reason="asked", now=bench.clock.now()))
    save(bench, target)
    gone = segments - {path.read_bytes() for path in bench.folder.glob("raw/*/*/*/*.warc.gz")}
    assert gone
    assert gone.isdisjoint(path.read_bytes() for path in target.rglob("*") if path.is_file())


def test_a_broken_or_partial_backup_is_refused_with_what_is_missing(bench, target, state):
    with pytest.raises(UsageError, match=r"manifest\.json is missing"):
        load(target, state)
    serve(bench, one=(200, page("One")))
    run_all(bench.parts(gap_s=0), "r1", LIVE)
    save(bench, target)
    manifest = json.loads((target / "manifest.json").read_text())
    path, entry = next((path, entry) for path, entry in manifest["files"].items() if path.startswith("raw/"))
    piece = target / "objects" / entry["sha256"][:2] / entry["sha256"]
    whole = piece.read_bytes()
    piece.write_bytes(whole[:-1])
    with pytest.raises(UsageError, match=path):
        load(target, state)
    assert not state.exists()
    piece.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(UsageError, match="hash differs"):
        load(target, state)
    assert not (state / "ledger.db").exists()
    piece.write_bytes(whole)
    load(target, state)
    with pytest.raises(UsageError, match="in use"):
        load(target, state)


def test_a_backup_of_a_newer_release_or_with_foreign_paths_is_refused(bench, target, state):
    save(bench, target)
    manifest = json.loads((target / "manifest.json").read_text())
    manifest["facts"]["ledger"] = "9999_later"
    (target / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(UsageError, match="newer igwire"):
        load(target, state)
    manifest["files"]["../evil"] = manifest["files"]["ledger.db"]
    (target / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(Exception, match="leads out"):
        load(target, state)


def test_settings_are_saved_without_secrets():
    shown = Settings(es_password="hush", ledger_url="postgresql://me:hush@db/igwire", gap_s=7).shown()
    assert shown == {"IGWIRE_GAP_S": "7.0"}
