"""Names that resolve to inner addresses, and servers that cannot prove who they are."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from origin import Origin, moved, ok, send

from igwire.errors import FetchError
from igwire.fetch.client import Client, user_agent
from igwire.fetch.guard import Guard


class Names:
    """A resolver whose answers for each question are written down beforehand; the last one stays."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self.answers, self.asked = list(answers), 0

    def __call__(self, host: str, port: int, **_how: object) -> list[tuple]:
        self.asked += 1
        addresses = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]


@pytest.fixture
def outer():
    with Origin({"/fine": send(ok(b"hello")), "/again": send(moved(b"/fine"))}, "127.0.0.31") as server:
        yield server


@pytest.fixture
def inner(outer):
    """Counts who comes to the same port of an address that is not allowed."""
    listener = socket.create_server(("127.0.0.1", outer.port))
    listener.settimeout(0.2)
    with listener:
        yield listener


def named(outer, names):
    return Client(agent=user_agent("tests@example.org"), guard=Guard((f"127.0.0.31:{outer.port}",)), total_s=2, resolve=names)


def nobody_came(listener):
    with pytest.raises(TimeoutError):
        listener.accept()


def test_what_was_checked_is_what_is_connected_to(outer, inner):
    names = Names(("127.0.0.31",), ("127.0.0.1",))
    assert named(outer, names).get(f"http://press.example:{outer.port}/fine").address == "127.0.0.31"
    assert names.asked == 1
    nobody_came(inner)


def test_a_name_that_changes_its_answer_between_two_hops_is_refused(outer, inner):
    with pytest.raises(FetchError) as raised:
        named(outer, Names(("127.0.0.31",), ("127.0.0.1",))).get(f"http://press.example:{outer.port}/again")
    assert raised.value.reason == "blocked_address"
    nobody_came(inner)


@pytest.mark.parametrize("answers", [("127.0.0.31", "127.0.0.1"), ("127.0.0.1", "127.0.0.31"), ("169.254.169.254",), ("10.0.0.1", "127.0.0.31")])
def test_one_inner_address_among_the_answers_is_enough(outer, inner, answers):
    with pytest.raises(FetchError) as raised:
        named(outer, Names(answers)).get(f"http://press.example:{outer.port}/fine")
    assert (raised.value.reason, outer.connections) == ("blocked_address", 0)
    nobody_came(inner)


def test_a_server_that_cannot_prove_its_name_is_not_asked(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        served: list[bytes] = []
        threading.Thread(target=serve_tls, args=(listener, self_signed(tmp_path), served), daemon=True).start()
        port = listener.getsockname()[1]
        client = Client(agent=user_agent("tests@example.org"), guard=Guard((f"127.0.0.1:{port}",)), total_s=3)
        with pytest.raises(FetchError) as raised:
            client.get(f"https://127.0.0.1:{port}/")
        assert (raised.value.reason, served) == ("tls", [])


def test_a_handshake_that_stalls_ends_at_the_deadline():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        client = Client(agent=user_agent("tests@example.org"), guard=Guard((f"127.0.0.1:{port}",)), total_s=1, read_s=30)
        started = time.monotonic()
        with pytest.raises(FetchError) as raised:
            client.get(f"https://127.0.0.1:{port}/")
        assert raised.value.reason == "deadline"
        assert time.monotonic() - started < 2


def self_signed(folder):
    """A certificate that nobody vouches for."""
    key, name, now = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")]), datetime.now(UTC)
    builder = x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key(), serial_number=x509.random_serial_number())
    cert = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "server.pem"
    path.write_bytes(private + cert.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def serve_tls(listener, context, served):
    connection, _ = listener.accept()
    try:
        with context.wrap_socket(connection, server_side=True) as secure:
            served.append(secure.recv(100))
    except OSError:
        # The client hung up, as it should.
        return
