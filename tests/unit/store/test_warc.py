"""The raw store: what was acknowledged is there, whatever happened to the writer."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from fakes import FakeClock
from warcio.archiveiterator import ArchiveIterator

from igwire.errors import StoreError
from igwire.model import Capture, RawRef
from igwire.store.warc import WarcStore

PAGE = b"<html>The page</html>"
CAPTURE = Capture(
    requested_url="http://x.example/a", final_url="http://x.example/b", fetched_at=datetime(2026, 11, 24, 12, 0, 0, 500_000, tzinfo=UTC), status=200,
    headers=(("Content-Type", "text/html"), ("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked")), body=PAGE, wire=gzip.compress(PAGE),
    redirects=((301, "http://x.example/a"),), address="93.184.216.34", seconds=0.5,
)  # fmt: skip


@pytest.fixture
def store(tmp_path):
    return WarcStore(tmp_path, FakeClock())


def test_what_is_written_is_read_again(store):
    with store.writer() as writer:
        refs = [writer.append(CAPTURE, {"source": "s", "entry": {"title": "中文"}}) for _ in range(3)]
        assert store.read(refs[0])[0].body == PAGE
    for ref in refs:
        capture, facts = store.read(ref)
        assert capture == CAPTURE
        assert facts == {"source": "s", "entry": {"title": "中文"}}
    assert [ref for ref, _, _ in store.walk()] == refs


def test_an_answer_without_body(store):
    with store.writer() as writer:
        ref = writer.append(replace(CAPTURE, body=b"", wire=b"", status=404, headers=()), {})
    assert store.read(ref)[0].body == b""


def test_any_warc_tool_reads_it(store, tmp_path):
    with store.writer() as writer:
        writer.append(CAPTURE, {"source": "s"})
    (file,) = tmp_path.rglob("*.warc.gz")
    with file.open("rb") as stream:
        records = [(r.rec_type, r.content_stream().read()) for r in ArchiveIterator(stream, check_digests="raise")]
    assert [kind for kind, _ in records] == ["warcinfo", "response", "metadata"]
    assert records[1][1] == PAGE


def test_a_wrong_place_is_named(store):
    with store.writer() as writer:
        ref = writer.append(CAPTURE, {})
    for wrong in (replace(ref, offset=ref.offset + 3), replace(ref, segment="20260101-000000-00000000"), replace(ref, segment="../../etc")):
        with pytest.raises(StoreError, match=r"segment|name"):
            store.read(wrong)
    assert store.read(ref)[0].body == PAGE


def test_what_a_dead_writer_left_is_cut_at_the_last_whole_record(store, tmp_path):
    writer = store.writer().__enter__()
    refs = [writer.append(CAPTURE, {}) for _ in range(3)]
    (file,) = tmp_path.rglob("*.open")
    whole = file.read_bytes()
    writer._stream.close()
    file.write_bytes(whole[: refs[2].offset + 40])
    assert len(store.salvage()) == 1
    assert store.salvage() == []
    assert store.read(refs[1])[0].body == PAGE
    with pytest.raises(StoreError):
        store.read(refs[2])
    assert list(tmp_path.rglob("*.open")) == []


def test_a_living_writer_is_left_alone(store):
    with store.writer() as writer:
        writer.append(CAPTURE, {})
        assert store.salvage() == []


KILLED = """
import sys
sys.path[:0] = {path!r}
from pathlib import Path
from fakes import FakeClock
from igwire.model import Capture
from igwire.store.warc import WarcStore
from datetime import UTC, datetime
capture = Capture(requested_url="http://x.example/a", final_url="http://x.example/a", fetched_at=datetime.now(UTC), status=200, headers=(), body=b"x" * 5000)
with WarcStore(Path({root!r}), FakeClock()).writer() as writer:
    while True:
        ref = writer.append(capture, {{}})
        print(ref.segment, ref.offset, ref.length, flush=True)
"""


def test_a_segment_that_is_being_begun_is_no_orphan(store):
    """Between the making of its file and its lock another process may salvage."""
    ended = threading.Event()

    def salvage():
        while not ended.is_set():
            store.salvage()

    other = threading.Thread(target=salvage)
    other.start()
    try:
        refs = []
        for _ in range(150):
            with store.writer() as writer:
                refs.append(writer.append(CAPTURE, {}))
    finally:
        ended.set()
        other.join()
    assert [store.read(ref)[0].body for ref in refs] == [PAGE] * 150


def test_kill_minus_nine_loses_nothing_that_was_acknowledged(store, tmp_path):
    acknowledged = []
    for _ in range(3):
        code = KILLED.format(path=sys.path, root=str(tmp_path))
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert child.stdout
        for _ in range(20):
            segment, offset, length = child.stdout.readline().split()
            acknowledged.append(RawRef(segment=segment, offset=int(offset), length=int(length)))
        child.kill()
        child.wait()
        child.stdout.close()
    store.salvage()
    for ref in acknowledged:
        assert store.read(ref)[0].body == b"x" * 5000
