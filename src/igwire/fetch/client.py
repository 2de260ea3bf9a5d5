"""The HTTP client: requests with a guarded adapter, a deadline that holds, caps on sizes, and redirects followed on the same host.

url ─ resolve once ─ guard every answer ─ connect ─ TLS ─ headers ─▶ redirect? (same host, ≤ 5, body unread) ─▶ body ─ caps ─ decode ─▶ Capture
     ╰───────────────────────── one watchdog shuts the socket down at the deadline ─────────────────────────╯
"""

from __future__ import annotations

import concurrent.futures
import http.client
import ipaddress
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from igwire import __version__
from igwire.decoding import decode
from igwire.errors import FetchError
from igwire.fetch.guard import Guard
from igwire.fetch.redirects import STATUSES, Hops, next_hop
from igwire.model import Capture
from igwire.text import whole_number
from igwire.urls import fetch_url

# Python refuses more than 100 header lines; real sites send more (two large news aggregators had to raise it as well).
http.client._MAXHEADERS = 1000  # type: ignore[attr-defined]

# Decoded size of a page; larger ones are no articles.
MAX_BYTES = 5 * 1024 * 1024
# getaddrinfo knows no timeout of its own.
_RESOLVE_S = 5.0
# As `socket.getaddrinfo`: all addresses of a name.
Resolve = Callable[..., Sequence[Any]]
_PIECE = 64 * 1024
# Hosts whose connection is kept open; one each, because no host is asked twice at once.
_OPEN_HOSTS = 128
# How exactly deadlines are kept.
_TICK_S = 0.1
_RESOLVER = concurrent.futures.ThreadPoolExecutor(8, thread_name_prefix="resolve")


def user_agent(contact: str) -> str:
    """Who asks, honestly: name, version, and how to reach the person who runs it."""
    return f"igwire/{__version__} (+{contact})" if contact else f"igwire/{__version__}"


class _Blocked(Exception):  # carries a FetchError past urllib3, which would take an OSError for a network fault and retry
    def __init__(self, error: FetchError) -> None:
        super().__init__(str(error))
        self.error = error


class Client:
    """See `ports.Fetcher`. One instance serves many threads; nothing is remembered between requests but open connections."""

    def __init__(
        self, *, agent: str, guard: Guard, connect_s: float = 10, read_s: float = 15, total_s: float = 60, max_bytes: int = MAX_BYTES,
        clock: Callable[[], datetime] | None = None, resolve: Resolve = socket.getaddrinfo,
    ) -> None:  # fmt: skip
        self._agent, self._guard, self._connect_s, self._read_s = agent, guard, connect_s, read_s
        self._total_s, self._max_bytes = total_s, max_bytes
        self._now = clock or (lambda: datetime.now(UTC))
        self._local = threading.local()
        # One for all threads: whoever asks a host next finds the connection that the last one left open.
        self._adapter = _GuardedAdapter(guard, resolve, self._local)
        self._watchdog = _Watchdog()

    def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, max_bytes: int = 0, deadline_s: float = 0, came: Hops = (), across: bool = False,
        https_only: bool = False,
    ) -> Capture:  # fmt: skip
        """The final answer, whatever its status. Raises FetchError (Elsewhere among them) or BadUrl."""
        started = time.monotonic()
        deadline = _Deadline(started + (deadline_s or self._total_s), self._watchdog)
        target = fetch_url(url)
        requested, hops = (came[0][1] if came else url), came
        with deadline:
            while True:
                response = self._send(target, headers or {}, deadline)
                location = response.headers.get("location")
                if response.status_code not in STATUSES or not location:
                    return self._capture(requested, target, response, hops, max_bytes or self._max_bytes, deadline, started)
                response.close()
                hops = (*hops, (response.status_code, target))
                target = next_hop(hops, location, across=across, https_only=https_only)

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = _new_session(self._agent, self._adapter)
        session: requests.Session = self._local.session
        session.cookies.clear()
        return session

    def _send(self, url: str, headers: Mapping[str, str], deadline: _Deadline) -> requests.Response:
        try:
            return self._once(url, headers, deadline)
        except _Blocked as blocked:
            raise blocked.error from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError) as error:
            if self._local.reused and _hung_up(error) and not deadline.passed:
                # The server closed a connection that was kept open, as it may at any time: nothing of this request was served.
                return self._send(url, headers, deadline)
            raise _explain(url, error, deadline) from error

    def _once(self, url: str, headers: Mapping[str, str], deadline: _Deadline) -> requests.Response:
        session = self._session()
        self._local.deadline, self._local.url, self._local.address, self._local.reused = deadline, url, None, False
        left = max(deadline.left(), 0.001)
        timeout = (min(self._connect_s, left), min(self._read_s, left))
        return session.get(url, headers=dict(headers), stream=True, allow_redirects=False, timeout=timeout)

    def _capture(self, url: str, final: str, response: requests.Response, hops: Hops, max_bytes: int, deadline: _Deadline, started: float) -> Capture:
        try:
            wire = _read_body(response, max_bytes, final, deadline)
        finally:
            response.close()
        headers = tuple(response.raw.headers.items())
        body = decode(wire, response.headers.get("content-encoding"), max_bytes=max_bytes, url=final)
        return Capture(
            requested_url=url, final_url=final, fetched_at=self._now(), status=response.status_code, headers=headers, body=body, wire=wire,
            redirects=hops, address=self._local.address, seconds=round(time.monotonic() - started, 3),
        )  # fmt: skip


def _read_body(response: requests.Response, max_bytes: int, url: str, deadline: _Deadline) -> bytes:
    """The body as sent (chunking removed). The cap on the wire equals the cap on the page: encoding only makes bodies smaller."""
    pieces, size = [], 0
    try:
        while piece := response.raw.read1(_PIECE, decode_content=False):
            size += len(piece)
            if size > max_bytes:
                raise FetchError(url, "too_large", f"more than {max_bytes} bytes")
            pieces.append(piece)
            deadline.check(url)
    except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError) as error:
        raise _explain(url, error, deadline) from error
    deadline.check(url)
    promised = whole_number(response.headers.get("content-length", ""))
    if promised is not None and promised != size and "transfer-encoding" not in response.headers:
        raise FetchError(url, "short_body", f"{promised} bytes promised, {size} came")
    return b"".join(pieces)


def _explain(url: str, error: Exception, deadline: _Deadline) -> FetchError:
    """Our word for a fault of the layers below."""
    if deadline.passed:
        return FetchError(url, "deadline", "not finished in time")
    text = f"{type(error).__name__}: {error}"
    words = (
        (("SSLError", "CertificateError", "SSL:"), "tls"),
        (("IncompleteRead",), "short_body"),
        (("Timeout", "timed out"), "deadline"),
        (("NameResolutionError", "gaierror"), "dns"),
        (("BadStatusLine", "LineTooLong", "InvalidHeader", "got more than", "InvalidChunkLength", "RemoteDisconnected"), "bad_response"),
    )
    reason = next((reason for marks, reason in words if any(mark in text for mark in marks)), "connection")
    return FetchError(url, reason, text[:300])


def _hung_up(error: Exception) -> bool:
    """Whether the connection ended before the first byte of an answer."""
    return any(mark in f"{type(error).__name__}: {error}" for mark in ("RemoteDisconnected", "ConnectionResetError", "BrokenPipeError", "not connected"))


class _Deadline:
    """Shuts the watched sockets down when the time is up: nothing else stops a server that drips one byte a second."""

    def __init__(self, at: float, watchdog: _Watchdog) -> None:
        self.at = at
        self.passed = False
        self._watchdog = watchdog
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()

    def __enter__(self) -> _Deadline:
        self._watchdog.add(self)
        return self

    def __exit__(self, *_exc: object) -> None:
        self._watchdog.remove(self)
        with self._lock:
            for sock in self._sockets:
                sock.close()
            self._sockets.clear()

    def left(self) -> float:
        """Seconds left."""
        return self.at - time.monotonic()

    def watch(self, sock: socket.socket) -> None:
        """Shut this socket down too when the time is up."""
        # A descriptor of our own: wrapping a socket for TLS takes its descriptor away, and the handshake could stall for ever.
        twin = socket.socket(fileno=os.dup(sock.fileno()))
        with self._lock:
            self._sockets.append(twin)
            if self.passed:
                _shut(twin)

    def check(self, url: str) -> None:
        """Raises FetchError `deadline` when the time is up."""
        if self.passed or self.left() <= 0:
            raise FetchError(url, "deadline", "not finished in time")

    def expire(self) -> None:
        """The time is up."""
        with self._lock:
            self.passed = True
            for sock in self._sockets:
                _shut(sock)


class _Watchdog:
    """One thread that looks at all open deadlines; it ends when there are none."""

    def __init__(self) -> None:
        self._open: set[_Deadline] = set()
        self._lock = threading.Lock()
        self._runs = False

    def add(self, deadline: _Deadline) -> None:
        """Watch it from now on."""
        with self._lock:
            self._open.add(deadline)
            if not self._runs:
                self._runs = True
                threading.Thread(target=self._run, name="deadlines", daemon=True).start()

    def remove(self, deadline: _Deadline) -> None:
        """Its request is over."""
        with self._lock:
            self._open.discard(deadline)

    def _run(self) -> None:
        while True:
            time.sleep(_TICK_S)
            with self._lock:
                if not self._open:
                    self._runs = False
                    return
                late = [deadline for deadline in self._open if deadline.left() <= 0 and not deadline.passed]
            for deadline in late:
                deadline.expire()


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        # Closed already: that is what was wanted.
        return


# ── the guarded connection ──────────────────────────────────────────────────────────────────────────────────────────


def _new_session(agent: str, adapter: HTTPAdapter) -> requests.Session:
    session = requests.Session()
    # No netrc, no proxies from the environment: the address that was checked must be the one that is asked.
    session.trust_env = False
    session.headers = requests.structures.CaseInsensitiveDict({"User-Agent": agent, "Accept": "*/*", "Accept-Encoding": "gzip, deflate, br, zstd"})
    # requests would read a redirect's body otherwise, however large.
    session.get_redirect_target = lambda _response: None  # type: ignore[assignment,method-assign]
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


class _GuardedAdapter(HTTPAdapter):
    def __init__(self, guard: Guard, resolve: Resolve, local: threading.local) -> None:
        self._guard, self._resolve, self._thread = guard, resolve, local
        super().__init__(pool_connections=_OPEN_HOSTS, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        plain, tls = _connection_classes(self._guard, self._resolve, self._thread)
        pools = {"http": (HTTPConnectionPool, plain), "https": (HTTPSConnectionPool, tls)}
        self.poolmanager.pool_classes_by_scheme = {
            scheme: type(f"Guarded{base.__name__}", (base,), {"ConnectionCls": connection}) for scheme, (base, connection) in pools.items()
        }


def _connection_classes(guard: Guard, resolve: Resolve, local: threading.local) -> tuple[type[HTTPConnection], type[HTTPSConnection]]:
    def connect(self: HTTPConnection) -> socket.socket:
        answers = _resolve(resolve, self.host, self.port or 80, local)
        return _connect(answers, self.port or 80, guard, local, self.timeout)

    def keep_watched(self: HTTPConnection, *args: Any, **kwargs: Any) -> None:
        # A connection that was kept open from an earlier request has a socket that this request's deadline must know.
        if self.sock is not None:
            local.reused = True
            local.deadline.watch(self.sock)
            local.address = self.sock.getpeername()[0]
        HTTPConnection.request(self, *args, **kwargs)

    members = {"_new_conn": connect, "request": keep_watched}
    return type("GuardedHTTP", (HTTPConnection,), dict(members)), type("GuardedHTTPS", (HTTPSConnection,), dict(members))


def _connect(answers: Sequence[Any], port: int, guard: Guard, local: threading.local, timeout: Any) -> socket.socket:
    """Refuse the name if any of its answers is forbidden, connect to what was checked: no name is resolved twice."""
    url, deadline = local.url, local.deadline
    try:
        for *_, sockaddr in answers:
            guard.check(str(sockaddr[0]), port, url)
    except FetchError as error:
        raise _Blocked(error) from None
    problem: OSError | None = None
    for family, kind, protocol, _, sockaddr in answers:
        sock = socket.socket(family, kind, protocol)
        deadline.watch(sock)
        sock.settimeout(timeout if isinstance(timeout, int | float) else 10)
        try:
            sock.connect(sockaddr)
        except OSError as error:
            sock.close()
            problem = error
            continue
        local.address = str(sockaddr[0])
        return sock
    raise problem or OSError("no address")


def _resolve(resolve: Resolve, host: str, port: int, local: threading.local) -> Sequence[Any]:
    if _is_literal(host):
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    asked = _RESOLVER.submit(resolve, host, port, type=socket.SOCK_STREAM)
    try:
        return asked.result(timeout=max(min(_RESOLVE_S, local.deadline.left()), 0.001))
    except (OSError, UnicodeError, TimeoutError) as error:
        raise _Blocked(FetchError(local.url, "dns", f"the name {host} does not resolve: {error}")) from None


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
