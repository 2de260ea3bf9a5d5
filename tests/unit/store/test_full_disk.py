"""A disk that fills up in the middle of a segment, a backup or a restore: what was there is there, and the fault is named."""

from __future__ import annotations

import os

import pytest
from fakes import FakeClock
from full_disk import files_of_at_most

from igwire.errors import StoreError, Unavailable
from igwire.model import Capture
from igwire.store import backup
from igwire.store.remote import Remote
from igwire.store.warc import WarcStore


def capture(body: bytes) -> Capture:
    url = "http://news.example/one"
    return Capture(requested_url=url, final_url=url, fetched_at=FakeClock().now(), status=200, headers=(), body=body, wire=body)


def test_in_the_middle_of_a_segment_what_was_stored_before_stays_readable(tmp_path):
    store, noise = WarcStore(tmp_path, FakeClock()), os.urandom(200_000)
    with store.writer() as writer:
        first = writer.append(capture(b"the first page"), {"kind": "page"})
        with files_of_at_most(50_000), pytest.raises(StoreError, match="Is the disk full"):
            writer.append(capture(noise), {"kind": "page"})
    store.salvage()
    assert store.read(first)[0].body == b"the first page"
    assert next(store.walk())[1].body == b"the first page"
    with store.writer() as writer:
        later = writer.append(capture(noise), {"kind": "page"})
    assert store.read(later)[0].body == noise


def _sealed_too_late(store: WarcStore) -> None:
    with store.writer() as writer:
        # Small enough to lie in the writer's buffer until it is sealed.
        writer.put(writer.pack(capture(os.urandom(3_000)), {"kind": "page"}))


def test_in_the_middle_of_a_seal_the_next_one_does_it(tmp_path):
    store = WarcStore(tmp_path, FakeClock())
    with files_of_at_most(1_500), pytest.raises(StoreError, match="Is the disk full"):
        _sealed_too_late(store)
    store.salvage()
    assert list(tmp_path.rglob("*.open")) == []
    assert list(store.walk()) == []


def test_in_the_middle_of_a_backup_the_one_before_stays_whole(tmp_path):
    target, scratch, file = tmp_path / "target", tmp_path / "scratch", tmp_path / "file"
    scratch.mkdir()
    file.write_bytes(b"first")
    backup.save(Remote(str(target)), [("file", file)], {"at": "1"}, scratch)
    file.write_bytes(os.urandom(200_000))
    with pytest.raises((Unavailable, StoreError)), files_of_at_most(50_000):
        backup.save(Remote(str(target)), [("file", file)], {"at": "2"}, scratch)
    assert backup.check(Remote(str(target))).facts == {"at": "1"}
    assert backup.save(Remote(str(target)), [("file", file)], {"at": "3"}, scratch).copied == 1
    assert backup.check(Remote(str(target))).facts == {"at": "3"}


def test_in_the_middle_of_a_restore_nothing_half_has_a_name(tmp_path):
    target, scratch, file, folder = tmp_path / "target", tmp_path / "scratch", tmp_path / "file", tmp_path / "restored"
    scratch.mkdir()
    file.write_bytes(os.urandom(200_000))
    backup.save(Remote(str(target)), [("file", file)], {}, scratch)
    manifest = backup.check(Remote(str(target)))
    with pytest.raises(Unavailable), files_of_at_most(50_000):
        backup.load(Remote(str(target)), manifest, folder, last="file")
    assert not (folder / "file").exists()
    backup.load(Remote(str(target)), manifest, folder, last="file")
    assert (folder / "file").read_bytes() == file.read_bytes()
