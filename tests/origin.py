"""A raw-socket web server that misbehaves on purpose: each path is a script of bytes and pauses."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

Script = Callable[[socket.socket], None]


class Origin:
    """Serves `scripts` by path on a free port of a loopback address; counts connections."""

    def __init__(self, scripts: dict[str, Script], address: str = "127.0.0.1") -> None:
        self.address = address
        self.scripts = scripts
        self.connections = 0
        # The heads of all requests, oldest first.
        self.asked: list[bytes] = []
        self._listener = socket.create_server((address, 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Origin:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._listener.close()

    def url(self, path: str) -> str:
        return f"http://{self.address}:{self.port}{path}"

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            try:
                request = b""
                while b"\r\n\r\n" not in request:
                    piece = connection.recv(4096)
                    if not piece:
                        return
                    request += piece
                self.asked.append(request)
                self.scripts[request.split(b" ")[1].decode()](connection)
            except OSError:
                return


def send(*pieces: bytes) -> Script:
    def script(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return script


def drip(head: bytes, count: int = 200, pause: float = 0.1) -> Script:
    def script(connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in range(count):
            connection.sendall(b"x")
            time.sleep(pause)

    return script


def ok(body: bytes, *fields: bytes) -> bytes:
    lines = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), b"Connection: close", *fields]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def moved(location: bytes, status: bytes = b"302 Found") -> bytes:
    return b"HTTP/1.1 " + status + b"\r\nLocation: " + location + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
