"""A real web archive for tests: pywb over WARC files of our own, with its CDX server, on a loopback address."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from real_servers import answers, installed_by, wait_until

from igwire.model import WebArchive
from igwire.runtime.processes import free_port


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One capture: an answer as it came, and when (RFC 3339, in UTC)."""

    url: str
    at: str
    body: bytes
    kind: str = "text/html; charset=UTF-8"
    status: str = "200 OK"


def write_warc(file: Path, seen: Iterable[Seen]) -> None:
    """The captures as a WARC file, gzipped by records (ISO 28500)."""
    file.write_bytes(b"".join(gzip.compress(_record(one)) for one in seen))


def _record(one: Seen) -> bytes:
    block = f"HTTP/1.1 {one.status}\r\nContent-Type: {one.kind}\r\nContent-Length: {len(one.body)}\r\n\r\n".encode() + one.body
    named = {
        "WARC-Type": "response", "WARC-Record-ID": f"<urn:uuid:{uuid.uuid4()}>", "WARC-Target-URI": one.url, "WARC-Date": one.at,
        "Content-Type": "application/http; msgtype=response", "Content-Length": len(block),
    }  # fmt: skip
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"WARC/1.1\r\n{head}\r\n".encode() + block + b"\r\n\r\n"


class Archive:
    """Started when made; `stop` removes everything."""

    def __init__(self, seen: Iterable[Seen]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="igwire-pywb-"))
        self.url = f"http://127.0.0.1:{free_port()}"
        self.programs = installed_by("pywb")
        write_warc(self.folder / "captures.warc.gz", seen)
        for words in (("init", "all"), ("add", "all", "captures.warc.gz")):
            subprocess.run([self.programs / "wb-manager", *words], cwd=self.folder, check=True, capture_output=True)
        self._server = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        log_path = self.folder / "log"
        with log_path.open("wb") as log:
            command = [self.programs / "wayback", "-b", "127.0.0.1", "-p", self.url.rpartition(":")[2]]
            server = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)
        wait_until(lambda: answers(self.url), server, log_path)
        return server

    def place(self) -> WebArchive:
        """How igwire is told of it."""
        return WebArchive(cdx=f"{self.url}/all/cdx", replay=f"{self.url}/all")

    def stop(self) -> None:
        """End the server and remove its files."""
        self._server.kill()
        self._server.wait(30)
        shutil.rmtree(self.folder)
