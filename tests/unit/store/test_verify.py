"""Broken segments are named by record and offset, and the rest is still read."""

from __future__ import annotations

import gzip
import io
import json

import pytest
from fakes import FakeClock
from typer.testing import CliRunner
from warcio.archiveiterator import ArchiveIterator

from igwire.model import Capture
from igwire.store.export import export
from igwire.store.verify import verify
from igwire.store.warc import WarcStore

NOW = FakeClock().now()


def capture(body: bytes) -> Capture:
    return Capture(requested_url="http://x.example/a", final_url="http://x.example/a", fetched_at=NOW, status=200, headers=(), body=body)


@pytest.fixture
def segment(tmp_path):
    """A sealed segment of three captures, as bytes, with the references."""
    with WarcStore(tmp_path, FakeClock()).writer() as writer:
        refs = [writer.append(capture(b"page %d " % n * 500), {"source": "s"}) for n in range(3)]
    (file,) = tmp_path.rglob("*.warc.gz")
    return file, refs


def test_a_whole_segment(segment):
    found = verify(io.BytesIO(segment[0].read_bytes()))
    assert found.records == {"warcinfo": 1, "response": 3, "metadata": 3}
    assert found.faults == []


def test_a_record_in_the_middle_that_is_broken(segment):
    file, refs = segment
    data = bytearray(file.read_bytes())
    data[refs[1].offset + 60] ^= 0xFF
    found = verify(io.BytesIO(bytes(data)))
    assert [(fault.record, fault.offset) for fault in found.faults] == [(4, refs[1].offset)]
    assert found.records == {"warcinfo": 1, "response": 2, "metadata": 3}


def test_a_record_whose_bytes_were_exchanged(segment):
    file, refs = segment
    data = file.read_bytes()
    first = gzip.decompress(data[refs[0].offset : refs[0].offset + refs[0].length])
    other = gzip.compress(first[: first.index(b"WARC/", 10)].replace(b"page 0", b"page X"))
    found = verify(io.BytesIO(data[: refs[0].offset] + other + data[refs[1].offset :]))
    assert [fault.record for fault in found.faults] == [2]
    assert "igest" in found.faults[0].reason


@pytest.mark.parametrize(("data", "reason"), [(b"", "no record"), (b"<html>", "no WARC record"), (b"\x1f\x8b\x08garbage", "broken")])
def test_what_is_no_archive(data, reason):
    assert reason in verify(io.BytesIO(data)).faults[0].reason


def test_a_segment_that_was_cut(segment):
    data = segment[0].read_bytes()
    found = verify(io.BytesIO(data[:-20]))
    assert (found.faults[0].record, found.faults[0].reason) == (7, "the gzip member ends too early")


def test_a_plain_file_that_was_cut_and_one_that_was_damaged(segment):
    plain = gzip.decompress(segment[0].read_bytes())
    assert verify(io.BytesIO(plain)).faults == []
    assert "too early" in verify(io.BytesIO(plain[:-10])).faults[0].reason
    damaged = plain.replace(b"Content-Length", b"Content-Langth", 1)
    found = verify(io.BytesIO(damaged))
    assert [fault.record for fault in found.faults] == [1]
    assert sum(found.records.values()) == 6


def test_an_export_stands_by_itself(segment, tmp_path):
    store = WarcStore(tmp_path, FakeClock())
    target = tmp_path / "out.warc.gz"
    assert export(store.walk(), target, NOW) == 3
    with target.open("rb") as stream:
        bodies = [r.content_stream().read() for r in ArchiveIterator(stream, check_digests="raise") if r.rec_type == "response"]
    assert bodies == [b"page %d " % n * 500 for n in range(3)]


def test_the_command_names_what_is_broken(segment):
    from igwire.cli import app

    file, refs = segment
    data = bytearray(file.read_bytes())
    data[refs[2].offset + 60] ^= 0xFF
    file.write_bytes(bytes(data))
    done = CliRunner().invoke(app, ["raw", "verify", str(file), "--json"])
    assert done.exit_code == 1
    assert json.loads(done.stdout.splitlines()[0])["offset"] == refs[2].offset


def test_a_length_of_thousands_of_digits_is_a_fault_and_no_error():
    found = verify(io.BytesIO(b"WARC/1.1\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\nbody\r\n\r\n"))
    assert [fault.record for fault in found.faults] == [1]
