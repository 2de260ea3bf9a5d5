"""The client against a server that misbehaves."""

from __future__ import annotations

import gzip
import time

import pytest
from origin import Origin, drip, moved, ok, send

from igwire.errors import BadUrl, Elsewhere, FetchError
from igwire.fetch.client import Client, user_agent
from igwire.fetch.guard import Guard

SCRIPTS = {
    "/fine": send(ok(b"hello", b"Set-Cookie: a=b", b"X-Many: 1")),
    "/zipped": send(ok(gzip.compress(b"hello" * 100), b"Content-Encoding: gzip")),
    "/bomb": send(ok(gzip.compress(b"\0" * 60_000_000), b"Content-Encoding: gzip")),
    "/unknown": send(ok(b"hello", b"Content-Encoding: rot13")),
    "/chunked": send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    "/short": send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nConnection: close\r\n\r\nabc"),
    "/large": send(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\nConnection: close\r\n\r\n", b"x" * 9_000_000),
    "/endless": send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"8000\r\n" + b"x" * 0x8000 + b"\r\n"] * 400),
    "/drip": drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
    "/drip-headers": drip(b"HTTP/1.1 200 OK\r\nX-Slow: "),
    "/nonsense": send(b"this is no HTTP\r\n\r\n"),
    "/headers": send(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(300)) + b"Content-Length: 2\r\nConnection: close\r\n\r\nok"),
    "/once": send(moved(b"/fine")),
    "/loop": send(moved(b"/loop")),
    "/file": send(moved(b"file:///etc/passwd")),
    "/gopher": send(moved(b"gopher://127.0.0.1/")),
    "/backslash": send(moved(b"http://example.org\\@127.0.0.1/")),
    "/inner": send(moved(b"http://127.0.0.2:9/")),
    "/fat-redirect": send(b"HTTP/1.1 302 Found\r\nLocation: /fine\r\nContent-Length: 250000000\r\n\r\n" + b"x" * 100_000),
}


@pytest.fixture(scope="module")
def origin():
    with Origin(SCRIPTS) as server:
        yield server


@pytest.fixture
def client(origin):
    return Client(agent=user_agent("tests@example.org"), guard=Guard((f"127.0.0.1:{origin.port}",)), total_s=1.5, read_s=1.0)


def test_a_plain_answer(client, origin):
    capture = client.get(origin.url("/fine"))
    assert (capture.status, capture.body, capture.address) == (200, b"hello", "127.0.0.1")
    assert capture.header("x-many") == "1"


def test_a_redirect_to_another_host_is_handed_back_unless_it_may_cross(client, origin):
    with pytest.raises(Elsewhere) as met:
        client.get(origin.url("/inner"))
    assert (met.value.target, met.value.hops) == ("http://127.0.0.2:9/", ((302, origin.url("/inner")),))
    with pytest.raises(FetchError) as refused:
        client.get(origin.url("/inner"), across=True)
    assert refused.value.reason == "blocked_address"


def test_a_chain_goes_on_where_it_was_handed_back(client, origin):
    came = ((301, "http://a.example/"), (302, "http://b.example/"))
    capture = client.get(origin.url("/once"), came=came)
    assert capture.requested_url == "http://a.example/"
    assert (capture.final_url, capture.redirects) == (origin.url("/fine"), (*came, (302, origin.url("/once"))))


@pytest.mark.parametrize(
    ("path", "body"), [("/zipped", b"hello" * 100), ("/chunked", b"hello"), ("/headers", b"ok"), ("/once", b"hello"), ("/fat-redirect", b"hello")]
)
def test_answers_that_need_work(client, origin, path, body):
    assert client.get(origin.url(path)).body == body


def test_the_wire_is_kept_as_it_came(client, origin):
    assert gzip.decompress(client.get(origin.url("/zipped")).wire) == b"hello" * 100


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/bomb", "too_large"), ("/unknown", "decode_error"), ("/short", "short_body"), ("/large", "too_large"), ("/endless", "too_large"),
        ("/drip", "deadline"), ("/drip-headers", "deadline"), ("/nonsense", "bad_response"), ("/loop", "too_many_redirects"), ("/file", "bad_redirect"),
        ("/gopher", "bad_redirect"), ("/backslash", "bad_redirect"),
    ],
)  # fmt: skip
def test_answers_that_are_refused(client, origin, path, reason):
    start = time.monotonic()
    with pytest.raises((FetchError, BadUrl)) as caught:
        client.get(origin.url(path))
    assert caught.value.reason == reason
    # Far above the deadline of 1.5 s, far below what the server would take.
    assert time.monotonic() - start < 6


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "[::ffff:7f00:1]"])
def test_no_connection_to_an_inner_address_is_made(origin, host):
    before = origin.connections
    with pytest.raises((FetchError, BadUrl)) as caught:
        Client(agent="t", guard=Guard()).get(f"http://{host}:{origin.port}/fine")
    assert caught.value.reason == "blocked_address"
    assert origin.connections == before


def test_cookies_are_forgotten_and_the_agent_is_honest(origin):
    seen = []
    origin.scripts["/echo"] = send(ok(b"x", b"Set-Cookie: a=b"))
    client = Client(agent=user_agent("me@example.org"), guard=Guard((f"127.0.0.1:{origin.port}",)))
    client.get(origin.url("/echo"))
    session = client._session()
    assert len(session.cookies) == 0
    assert session.headers["User-Agent"].endswith("(+me@example.org)")
    assert seen == []


def hang_up_later(connection) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    # The next request on this connection is read, and not answered.
    connection.recv(4096)


def test_a_kept_connection_that_the_server_closes_at_its_next_request_is_replaced_once(origin, client):
    origin.scripts["/kept"] = hang_up_later
    before = origin.connections
    assert client.get(origin.url("/kept")).body == b"ok"
    assert client.get(origin.url("/fine")).body == b"hello"
    assert origin.connections == before + 2


def test_a_new_connection_that_is_closed_without_an_answer_is_not_asked_again(origin, client):
    origin.scripts["/silent"] = lambda _connection: None
    before = origin.connections
    with pytest.raises(FetchError) as caught:
        client.get(origin.url("/silent"))
    assert caught.value.reason == "bad_response"
    assert origin.connections == before + 1
