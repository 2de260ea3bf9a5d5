"""The newsroom's HTTP servers: one loopback address a host, one port, conditional requests, faults on request, a log of it all."""

from __future__ import annotations

import errno
import hashlib
import json
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from igwire.newsroom import probation, render
from igwire.newsroom.articles import Site, Story, sites, stories

# Where faults are ordered and the log is read; no site lives here.
ADMIN = "127.0.0.10"
_FAULTS = ("delay", "drip", "status", "truncate", "charset", "redirect", "moved", "loop", "html", "empty", "binary", "huge")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer. `changed`: when the content last changed, for Last-Modified."""

    status: int = 200
    body: bytes = b""
    type: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    changed: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Fault:
    """What goes wrong on a host: for one path or, with "*", for all; `times` answers long (None = always)."""

    kind: str
    path: str = "*"
    # delay, drip: seconds; status: the code; redirect (302), moved (301): the target.
    value: Any = None
    times: int | None = None
    headers: dict[str, str] = field(default_factory=dict)


Respond = Callable[[str, str], Answer]
# Free choices of a port before it is given up: another program on the machine may hold it on one of the addresses.
_PORTS_TRIED = 20


def listen_on_all(addresses: Iterable[str], port: int) -> list[socket.socket]:
    """One listening socket an address, all on the same port; 0 takes what is free on the first. Raises OSError, then with none left open."""
    with ExitStack() as opened:
        listeners: list[socket.socket] = []
        for address in addresses:
            listener = opened.enter_context(socket.create_server((address, port), backlog=64))
            port = listener.getsockname()[1]
            listener.setblocking(False)
            listeners.append(listener)
        opened.pop_all()
    return listeners


class Newsroom:
    """All hosts in one process. Use as a context manager; the port is free to choose (0) and the same on every address."""

    def __init__(self, *, port: int = 0, now: Callable[[], datetime] | None = None, folder: Path | None = None, log: Path | None = None) -> None:
        self.sites = sites()
        self.stories = stories(folder) if folder else stories()
        self.port = port
        self.log: list[dict[str, Any]] = []
        self.crawl_delay: dict[str, int] = {}
        # Newest entries that a feed carries; None = all of them.
        self.feed_depth: int | None = None
        self.now = now or (lambda: datetime.now(UTC))
        self._log_file = log
        self._faults: dict[str, list[Fault]] = {}
        self._hosts: dict[str, Respond] = {site.address: self._responder(site) for site in self.sites.values()}
        self._hosts |= {address: self._probation_responder(name) for name, (address, _) in probation.HOSTS.items()}
        self._sockets: list[socket.socket] = []
        self._stop = threading.Event()
        self._lock = threading.Lock()

    # ── life ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def __enter__(self) -> Newsroom:
        self.open()
        threading.Thread(target=self.serve, name="newsroom", daemon=True).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()

    def add_host(self, address: str, respond: Respond) -> None:
        """Serve another host; before `open`."""
        self._hosts[address] = respond

    def open(self) -> None:
        """Listen on every address. Raises OSError when the port asked for is taken, or no port is free on all of them."""
        for left in reversed(range(1 if self.port else _PORTS_TRIED)):
            try:
                self._sockets = listen_on_all([ADMIN, *self._hosts], self.port)
            except OSError as error:
                # A port that is free on one address may be taken on another.
                if error.errno != errno.EADDRINUSE or not left:
                    raise
            else:
                self.port = self._sockets[0].getsockname()[1]
                return

    def serve(self) -> None:
        """Accept until stopped: one loop for all addresses, one thread a connection."""
        selector = selectors.DefaultSelector()
        for listener in self._sockets:
            selector.register(listener, selectors.EVENT_READ)
        while not self._stop.is_set():
            for key, _ in selector.select(timeout=0.2):
                try:
                    connection, client = key.fileobj.accept()  # type: ignore[union-attr]
                except BlockingIOError:
                    continue
                connection.setblocking(True)
                threading.Thread(target=_Handler, args=(connection, client, self), daemon=True).start()
        for listener in self._sockets:
            listener.close()

    def stop(self) -> None:
        """End `serve`."""
        self._stop.set()

    # ── what tests and the demo ask ─────────────────────────────────────────────────────────────────────────────────

    def origin(self, address: str) -> str:
        """http://ADDRESS:PORT"""
        return f"http://{address}:{self.port}"

    def url(self, site_id: str, path: str) -> str:
        """A full URL on a site."""
        return self.origin(self.sites[site_id].address) + path

    def catalogue(self) -> list[dict[str, Any]]:
        """The sites as catalogue entries; the gap of 0 s is the newsroom's agreement with itself."""
        return [
            {
                "id": s.id, "title": s.title, "site": self.origin(s.address) + "/", "feed_url": self.origin(s.address) + s.feed, "language": s.language,
                "country": s.country, "region": s.region, "kind": s.kind, "timezone": s.timezone, "archive": "wordpress" if s.wordpress else "sitemap",
                "licence": "CC-BY-4.0", "rights": "full", "collections": ["newsroom"], "gap_s": 0, "poll_min_s": 0,
            }
            for s in self.sites.values()
        ]  # fmt: skip

    def probation_catalogue(self) -> list[dict[str, Any]]:
        """Three sources on probation as catalogue entries: see `newsroom.probation`."""
        return probation.catalogue(self.origin)

    def fault(self, site_id: str, kind: str, *, path: str = "*", value: Any = None, times: int | None = None, **headers: str) -> None:
        """Let something go wrong on a site from now on."""
        if kind not in _FAULTS:
            raise ValueError(f"there is no fault {kind!r}; there are {', '.join(_FAULTS)}")
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        with self._lock:
            self._faults.setdefault(self.sites[site_id].address, []).append(Fault(kind=kind, path=path, value=value, times=times, headers=named))

    def mend(self) -> None:
        """Take all faults away."""
        with self._lock:
            self._faults.clear()

    def publish(self, story: Story) -> None:
        """Add an article, or replace the one with the same site and slug."""
        with self._lock:
            kept = [s for s in self.stories if (s.site, s.slug) != (story.site, story.slug)]
            self.stories = sorted([*kept, story], key=lambda s: (s.moment, s.slug))

    def edit(self, site_id: str, slug: str, *, title: str | None = None, swap: tuple[str, str] | None = None) -> None:
        """Let an editor change an article that is out: another title, or one wording for another in all its blocks. Raises ValueError."""
        story = next((s for s in self.stories if (s.site, s.slug) == (site_id, slug)), None)
        if story is None or (swap and swap[0] not in story.text):
            raise ValueError(f"there is no article {slug!r} of {site_id!r} with these words")
        old, new = swap or ("", "")
        blocks = tuple((kind, value.replace(old, new) if swap and isinstance(value, str) else value) for kind, value in story.blocks)
        self.publish(replace(story, title=title or story.title, blocks=blocks, modified=self.now().isoformat()))

    # ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _responder(self, site: Site) -> Respond:
        return lambda path, query: self._site_answer(site, path, query)

    def _probation_responder(self, name: str) -> Respond:
        def respond(path: str, query: str) -> Answer:
            status, kind, body = probation.page(name, path, self.now())
            return Answer(status=status, type=kind, body=body)

        return respond

    def _site_answer(self, site: Site, path: str, query: str) -> Answer:
        now = self.now()
        newest = [s for s in reversed(self.stories) if s.site == site.id and s.moment <= now]
        origin, number = self.origin(site.address), int(parse_qs(query).get("page", parse_qs(query).get("paged", ["1"]))[0])
        changed = max((datetime.fromisoformat(s.modified or s.published) for s in newest), default=None)
        if path in ("/", "/archive"):
            return Answer(body=render.listing(site, newest, number), changed=changed)
        if path == site.feed:
            shown = newest if self.feed_depth is None else newest[(number - 1) * self.feed_depth : number * self.feed_depth]
            return Answer(body=render.feed(site, shown, origin), type=render.FEED_TYPES[site.feed_format], changed=changed)
        if path == "/robots.txt":
            return Answer(body=render.robots(origin, self.crawl_delay.get(site.id)), type="text/plain")
        if path.startswith("/sitemap"):
            return _sitemap_answer(site, newest, path, origin)
        if path == "/wp-json/wp/v2/posts" and site.wordpress:
            status, body, headers = render.rest_posts(site, newest, query, origin)
            return Answer(status=status, body=body, type="application/json", headers=headers)
        for story in newest:
            if render.path_of(site, story) == path:
                return Answer(body=render.page(site, story, newest, origin), changed=datetime.fromisoformat(story.modified or story.published))
        return Answer(status=404, body=b"<h1>Not found</h1>")

    def answer(self, address: str, path: str, query: str) -> tuple[Answer, Fault | None]:
        """The answer of a host, and the fault that it suffers from."""
        fault = self._take_fault(address, path)
        if fault and fault.kind == "status":
            return Answer(status=int(fault.value), body=b"<h1>Sorry</h1>", headers=fault.headers), fault
        respond = self._hosts.get(address)
        answer = respond(path, query) if respond else Answer(status=404)
        return (_spoil(answer, fault, self.origin(address) + path) if fault else answer), fault

    def _take_fault(self, address: str, path: str) -> Fault | None:
        with self._lock:
            for fault in self._faults.get(address, []):
                if fault.path in ("*", path) and (fault.times is None or fault.times > 0):
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
        return None

    def admin(self, method: str, path: str, body: bytes) -> Answer:
        """The control address: POST /faults, DELETE /faults, POST /edits, GET /log."""
        if path == "/log":
            return Answer(body=json.dumps(self.log).encode(), type="application/json")
        if path == "/faults" and method == "POST":
            self.fault(**json.loads(body))
            return Answer(status=204)
        if path == "/edits" and method == "POST":
            self.edit(**json.loads(body))
            return Answer(status=204)
        if path == "/faults" and method == "DELETE":
            self.mend()
            return Answer(status=204)
        return Answer(status=404)

    def note(self, entry: dict[str, Any]) -> None:
        """One request into the log."""
        with self._lock:
            self.log.append(entry)
            if self._log_file:
                with self._log_file.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(entry) + "\n")


def _sitemap_answer(site: Site, newest: list[Story], path: str, origin: str) -> Answer:
    if path == "/sitemap.xml":
        return Answer(body=render.sitemap_index(newest, origin), type="application/xml")
    year = path.removeprefix("/sitemap-").removesuffix(".xml")
    return Answer(body=render.sitemap(site, newest, int(year), origin), type="application/xml") if year.isdigit() else Answer(status=404)


def _spoil(answer: Answer, fault: Fault, url: str) -> Answer:
    if fault.kind == "charset":
        return replace(answer, type="text/html; charset=iso-8859-1")
    if fault.kind in ("redirect", "moved", "loop"):
        return Answer(status=301 if fault.kind == "moved" else 302, headers={"Location": url if fault.kind == "loop" else fault.value})
    bodies = {"html": b"<html><head><title>Log in</title></head><body><form>Please log in to go on.</form></body></html>", "empty": b""}
    if fault.kind in bodies:
        return Answer(body=bodies[fault.kind])
    if fault.kind == "binary":
        return replace(answer, body=bytes(range(256)) * 200, changed=None)
    if fault.kind == "huge":
        return replace(answer, body=answer.body + b"<p>" + b"filler " * (20 * 1024 * 1024 // 7) + b"</p>", changed=None)
    return answer


class _Handler(BaseHTTPRequestHandler):
    """One connection. The host is known by the address that was connected to."""

    protocol_version = "HTTP/1.1"
    server_version = "newsroom"
    timeout = 30

    def __init__(self, connection: socket.socket, client: Any, room: Newsroom) -> None:
        self.room = room
        try:
            super().__init__(connection, client, None)  # type: ignore[arg-type]
        except OSError:
            # The client went away in the middle: its business.
            return
        finally:
            connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """The newsroom keeps a log of its own."""

    def do_GET(self) -> None:
        """Answer a request of any method."""
        address, parts, came = self.connection.getsockname()[0], urlsplit(self.path), self.room.now().timestamp()
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size) if size else b""
        if address == ADMIN:
            return self._send(self.room.admin(self.command, parts.path, body), None)
        answer, fault = self.room.answer(address, parts.path, parts.query)
        if fault and fault.kind == "delay":
            time.sleep(float(fault.value or 1))
        if answer.status == 200:
            answer = self._conditional(answer)
        self.room.note(
            {
                "at": came, "host": address, "path": self.path, "method": self.command, "status": answer.status,
                "agent": self.headers.get("User-Agent"), "conditional": bool(self.headers.get("If-None-Match") or self.headers.get("If-Modified-Since")),
            }
        )  # fmt: skip
        self._send(answer, fault)
        return None

    do_POST = do_DELETE = do_HEAD = do_GET

    def _conditional(self, answer: Answer) -> Answer:
        """304 by RFC 9110 section 13: the entity tag decides, the date only where no tag was sent."""
        tag = f'"{hashlib.sha256(answer.body).hexdigest()[:20]}"'
        headers = {**answer.headers, "ETag": tag}
        if answer.changed:
            headers["Last-Modified"] = format_datetime(answer.changed.astimezone(UTC), usegmt=True)
        asked, since = self.headers.get("If-None-Match"), self.headers.get("If-Modified-Since")
        if asked is not None:
            same = asked == "*" or tag in [t.strip().removeprefix("W/") for t in asked.split(",")]
        else:
            same = bool(since and answer.changed and answer.changed.replace(microsecond=0) <= parsedate_to_datetime(since))
        return Answer(status=304, headers=headers) if same else replace(answer, headers=headers)

    def _send(self, answer: Answer, fault: Fault | None) -> None:
        self.send_response(answer.status)
        if answer.status not in (204, 304):
            self.send_header("Content-Type", answer.type)
            self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        body = b"" if self.command == "HEAD" or answer.status in (204, 304) else answer.body
        if fault and fault.kind == "drip":
            return self._drip(body, float(fault.value or 0.2))
        if fault and fault.kind == "truncate":
            body, self.close_connection = body[: len(body) // 2], True
        self.wfile.write(body)
        return None

    def _drip(self, body: bytes, pause_s: float) -> None:
        for byte in body[:1000]:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(pause_s)
        self.close_connection = True
