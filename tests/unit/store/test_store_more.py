"""Bodies stored once, records taken out, segments on a remote file system, orphans."""

from __future__ import annotations

import gzip
import os
from dataclasses import replace
from datetime import UTC, datetime

import fsspec
import pytest
from fakes import FakeClock
from warcio.archiveiterator import ArchiveIterator

from igwire.errors import ConfigError, StoreError, Unavailable
from igwire.model import Capture
from igwire.ports import Stored
from igwire.store.remote import Remote
from igwire.store.warc import WarcStore

PAGE = b"<html>The page</html>"
CAPTURE = Capture(
    requested_url="http://x.example/a", final_url="http://x.example/b", fetched_at=datetime(2026, 11, 24, 12, 0, 0, 500_000, tzinfo=UTC), status=200,
    headers=(("Content-Type", "text/html"), ("Content-Encoding", "gzip")), body=PAGE, wire=gzip.compress(PAGE), redirects=((301, "http://x.example/a"),),
    address="93.184.216.34", seconds=0.5,
)  # fmt: skip
AGAIN = replace(CAPTURE, requested_url="http://x.example/c", final_url="http://x.example/c", redirects=())


@pytest.fixture
def store(tmp_path):
    return WarcStore(tmp_path / "raw", FakeClock())


def put(store, *captures, same_as=None):
    with store.writer() as writer:
        return [writer.put(writer.pack(capture, {"source": "s"}, same_as=same_as)) for capture in captures]


def records(folder):
    for file in sorted(folder.rglob("*.warc.gz")):
        with file.open("rb") as stream:
            yield from ((r.rec_type, r.rec_headers.get_header("WARC-Refers-To-Target-URI"), r.content_stream().read()) for r in ArchiveIterator(stream))


def test_the_same_body_is_stored_once_and_read_twice(store, tmp_path):
    (first,) = put(store, CAPTURE)
    (second,) = put(store, AGAIN, same_as=Stored(ref=first, url=CAPTURE.final_url, at=CAPTURE.fetched_at))
    assert store.read(second) == (AGAIN, {"source": "s"})
    kinds = [(kind, refers) for kind, refers, _ in records(tmp_path)]
    assert ("revisit", CAPTURE.final_url) in kinds
    assert sum(PAGE in body for _, _, body in records(tmp_path)) == 1
    assert {ref for ref, _, _ in store.walk()} == {first, second}


def test_a_record_that_is_taken_out_moves_no_other(store, tmp_path):
    refs = put(store, CAPTURE, AGAIN, CAPTURE)
    sizes = [file.stat().st_size for file in tmp_path.rglob("*.warc.gz")]
    for _ in range(2):
        store.blank(refs[1], "noarchive")
    assert [file.stat().st_size for file in tmp_path.rglob("*.warc.gz")] == sizes
    assert [store.read(refs[n])[0] for n in (0, 2)] == [CAPTURE, CAPTURE]
    with pytest.raises(StoreError, match="taken out"):
        store.read(refs[1])
    assert [ref for ref, _, _ in store.walk()] == [refs[0], refs[2]]
    assert [kind for kind, _, _ in records(tmp_path)] == ["warcinfo", "response", "metadata", "resource", "metadata", "response", "metadata"]
    store.blank(refs[0], "erased", whole=True)
    assert [kind for kind, _, _ in records(tmp_path)][:3] == ["warcinfo", "resource", "resource"]
    with pytest.raises(StoreError, match="no whole records"):
        store.blank(replace(refs[2], length=refs[2].length - 1), "noarchive")


def test_nothing_of_the_body_is_left_in_the_file(store, tmp_path):
    marked = replace(CAPTURE, body=b"a sentence that must go " * 90, wire=b"", headers=())
    (ref,) = put(store, marked)
    store.blank(ref, "noarchive")
    (file,) = tmp_path.rglob("*.warc.gz")
    assert b"sentence" not in gzip.decompress(file.read_bytes())


@pytest.fixture
def far(tmp_path):
    """A store whose sealed segments go to a file system in memory."""
    fsspec.filesystem("memory").store.clear()
    yield WarcStore(tmp_path / "raw", FakeClock(), Remote("memory://archive/raw"))
    fsspec.filesystem("memory").store.clear()


def test_sealed_segments_go_to_the_remote_and_are_read_from_there(far, tmp_path):
    refs = put(far, CAPTURE, AGAIN)
    assert list((tmp_path / "raw").rglob("*.warc.gz")) == []
    assert [far.read(ref)[0] for ref in refs] == [CAPTURE, AGAIN]
    assert [ref for ref, _, _ in far.walk()] == refs
    far.blank(refs[0], "noarchive")
    assert far.read(refs[1])[0] == AGAIN
    assert list((tmp_path / "raw").rglob("*.tmp")) == []
    with pytest.raises(StoreError, match="missing"):
        far.read(replace(refs[0], segment="20260101-000000-00000000"))


def test_what_the_remote_does_not_take_now_stays_here_until_it_does(far, tmp_path):
    far._remote._fs = _Away()
    refs = put(far, CAPTURE)
    assert far.read(refs[0])[0] == CAPTURE
    far._remote._fs = fsspec.filesystem("memory")
    far.salvage()
    assert list((tmp_path / "raw").rglob("*.warc.gz")) == []
    assert far.read(refs[0])[0] == CAPTURE
    far._remote._fs = _Away()
    with pytest.raises(Unavailable, match="does not answer"):
        far.read(refs[0])


class _Away:
    def __getattr__(self, name):
        raise ConnectionError("no route to host")


def test_a_remote_that_cannot_be_is_a_setting_error():
    with pytest.raises(ConfigError, match="IGWIRE_RAW_URL"):
        Remote("nonsense://x")


def test_orphans_of_dead_processes_are_cleared_and_fresh_ones_left(store, tmp_path):
    put(store, CAPTURE)
    (file,) = tmp_path.rglob("*.warc.gz")
    old, fresh = file.with_name("20261124-000000-00000001.warc.gz.tmp"), file.with_name("20261124-000000-00000002.warc.gz.tmp")
    now = store._clock.now().timestamp()
    for path, age in ((old, 7200), (fresh, 60)):
        path.write_bytes(b"x")
        os.utime(path, (now - age, now - age))
    store.salvage()
    assert (old.exists(), fresh.exists()) == (False, True)
