"""The raw store in a bucket of a real S3-compatible server on loopback."""

from __future__ import annotations

import pytest
import requests
from fakes import FakeClock
from moto.server import ThreadedMotoServer

from igwire.model import Capture
from igwire.store.remote import Remote
from igwire.store.verify import verify
from igwire.store.warc import WarcStore

CAPTURE = Capture(
    requested_url="http://x.example/a", final_url="http://x.example/a", fetched_at=FakeClock().now(), status=200, headers=(), body=b"<html>page</html>" * 99
)
_KEYS = {"key": "testing", "secret": "testing"}


@pytest.fixture
def bucket():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    options = {**_KEYS, "client_kwargs": {"endpoint_url": f"http://{host}:{port}", "region_name": "us-east-1"}, "skip_instance_cache": True}
    requests.put(f"http://{host}:{port}/archive", timeout=10).raise_for_status()
    yield options
    server.stop()


def test_segments_live_in_a_bucket(bucket, tmp_path):
    store = WarcStore(tmp_path, FakeClock(), Remote("s3://archive/raw", **bucket))
    with store.writer() as writer:
        refs = [writer.append(CAPTURE, {"source": "s"}) for _ in range(3)]
    assert list(tmp_path.rglob("*.warc.gz*")) == []
    assert [store.read(ref)[0].body for ref in refs] == [CAPTURE.body] * 3
    assert [ref for ref, _, _ in store.walk()] == refs
    (name,) = store.names()
    with store.open(name) as stream:
        assert verify(stream).records == {"warcinfo": 1, "response": 3, "metadata": 3}
    store.blank(refs[1], "noarchive")
    assert [ref for ref, _, _ in store.walk()] == [refs[0], refs[2]]
