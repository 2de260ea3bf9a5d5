"""A real Elasticsearch node on this machine, without a container engine: build, up, down, status.

`LocalElasticsearch` runs the Maven project `local-elasticsearch/`, `ArchiveElasticsearch` an unpacked official archive. Both keep
everything they write in one folder, listen on loopback only, and are found again by their pid file.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import ssl
import subprocess
import time
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from igwire.errors import ConfigError, Unavailable
from igwire.runtime import java
from igwire.runtime.processes import LOOK_S, TAIL_LINES, Background, locked, port_in_use, tail
from igwire.settings import Settings, inherited

# 4 to 16 s when nothing else runs; several times that on a machine that is busy with tests.
START_S = 180.0
# A node that is alive answers `GET /` in milliseconds; a stop-the-world collection may take seconds.
PROBE_S = 10.0
HOST = "127.0.0.1"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How Elasticsearch at `url` is: does it answer, its version and, when it doesn't, why (a sentence)."""

    url: str
    up: bool
    version: str = ""
    pid: int | None = None
    detail: str = ""


class Node(ABC):
    """One node that igwire starts and stops; `folder` holds its data, log and pid file, `port` is where it shall listen."""

    folder: Path
    port: int

    @abstractmethod
    def command(self) -> tuple[list[str], dict[str, str]]:
        """Command line and extra environment variables of a start; prepares what these need."""

    def before_start(self) -> str:
        """What a start has to do first and takes a while, as a sentence; empty when nothing."""
        return ""

    @property
    def process(self) -> Background:
        """The node's background process."""
        return Background(name="elasticsearch", folder=self.folder.absolute())

    @property
    def url(self) -> str:
        """Where the running node listens, or where the next one will."""
        running = self.process.running()
        return f"http://{HOST}:{running.facts.get('port', self.port) if running else self.port}"

    def up(self, say: Say) -> Status:
        """Start the node, or find the one that runs, and wait until it serves.

        Raises ConfigError (port taken, nothing to start it with) or Unavailable (died or hangs at start-up), with the log's last lines.
        """
        with locked(self.folder / "start.lock"):
            if self.process.running():
                say(f"Elasticsearch is already running at {self.url}.")
            else:
                self._start(say)
            return self._wait()

    def _start(self, say: Say) -> None:
        if port_in_use(self.port, HOST):
            other = probe(f"http://{HOST}:{self.port}")
            what = f"another Elasticsearch {other.version}" if other.up else "another program"
            raise ConfigError(
                f"Port {self.port} is in use by {what}, which igwire did not start. Stop it, choose another port "
                f"with IGWIRE_ES_PORT, or set IGWIRE_ES_URL=http://{HOST}:{self.port} to use it as it is."
            )
        if self.process.pid_file.exists():
            say(f"The process noted in {self.process.pid_file} is gone without having been stopped; starting anew.")
        if first := self.before_start():
            say(first)
        command, variables = self.command()
        say(f"Starting Elasticsearch at {self.url}; its log is {self.process.log}.")
        self.process.start(command, variables=variables, facts={"port": str(self.port)})

    def _wait(self) -> Status:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            running = self.process.running()
            if running is None:
                raise Unavailable(f"Elasticsearch ended while starting. The last lines of {self.process.log}:\n{self.process.tail()}")
            status = probe(self.url, "/_cluster/health?wait_for_status=yellow&timeout=5s")
            if status.up:
                return self.status()
            time.sleep(LOOK_S)
        raise Unavailable(f"Elasticsearch did not serve within {START_S:.0f} s. The last lines of {self.process.log}:\n{self.process.tail()}")

    def down(self) -> bool:
        """Stop the node and wait until it is gone; False when it was not running."""
        if not self.folder.is_dir():
            return False
        with locked(self.folder / "start.lock"):
            return self.process.stop()

    def status(self) -> Status:
        """Is the node up? When it isn't, `detail` says what was found instead."""
        running = self.process.running()
        if running is None:
            detail = "The process of its pid file is gone." if self.process.pid_file.exists() else "It was not started."
            return Status(url=self.url, up=False, detail=detail)
        found = probe(self.url)
        return Status(url=found.url, up=found.up, version=found.version, pid=running.pid, detail=found.detail)


@dataclass(frozen=True, kw_only=True)
class LocalElasticsearch(Node):
    """The node made of the official jars; `project` is the folder `local-elasticsearch`, `heap` a Java size such as 512m."""

    project: Path
    folder: Path
    port: int
    heap: str
    java_home: str = ""

    @classmethod
    def from_settings(cls, settings: Settings) -> LocalElasticsearch:
        """The node of this project's state folder."""
        return cls(
            project=settings.home / "local-elasticsearch",
            folder=settings.state / "elasticsearch",
            port=settings.es_port,
            heap=settings.es_heap,
            java_home=settings.java_home,
        )

    def before_start(self) -> str:
        """See `Node`."""
        return "" if self._built().is_dir() else "Building the local node from the official jars with Maven: once, some minutes where they have to come first."

    def _built(self) -> Path:
        """Where the node of these sources is, or will be. Raises ConfigError when the sources are missing."""
        if not (self.project / "pom.xml").is_file():
            raise ConfigError(f"{self.project} holds no Maven project: run igwire from its source folder or set IGWIRE_HOME to it.")
        return self.project.absolute() / "target" / f"home-{source_stamp(self.project)}"

    def build(self) -> Path:
        """The node's own folder (lib, modules, plugins, config), built by Maven when sources changed or it is missing.

        Each state of the sources has a folder of its own, so that a build never takes the jars from under a running node.
        """
        built = self._built()
        target = built.parent
        if not built.is_dir():
            with locked(target / "build.lock"):
                if not built.is_dir():
                    self._run_maven(target)
                    (target / "home").rename(built)
        return built

    def _run_maven(self, target: Path) -> None:
        maven = shutil.which("mvn")
        if maven is None:
            raise ConfigError(
                "The local Elasticsearch is built with Maven, and there is no `mvn` on PATH. Install it (package `maven`), or set "
                "IGWIRE_ES_URL to a running Elasticsearch, ES_HOME to an unpacked official archive, or use containers (ENGINE=compose)."
            )
        # Maven adds to these and never removes: what an older source left there would end up in the new node.
        for leftover in ("home", "classes"):
            shutil.rmtree(target / leftover, ignore_errors=True)
        command, variables = [maven, "-q", "-B", "-ntp", "package"], inherited({"JAVA_HOME": str(self._jdk())})
        log = target / "build.log"
        with log.open("wb") as output:
            done = subprocess.run(command, cwd=self.project, env=variables, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            raise Unavailable(f"Maven could not build {self.project}. The last lines of {log}:\n{tail(log, TAIL_LINES)}")

    def _jdk(self) -> Path:
        return java.find(java.candidates(self.java_home))

    def command(self) -> tuple[list[str], dict[str, str]]:
        """Java on the built folder: server jars on the module path, the launcher on the class path."""
        home, folder = self.build(), self.folder.absolute()
        java_command = [str(self._jdk() / "bin" / "java"), *self._java_options(home), "igwire.launcher.Launcher"]
        return [*java_command, *self._node_settings(home, folder)], {}

    def _java_options(self, home: Path) -> list[str]:
        return [
            f"-Xms{self.heap}",
            f"-Xmx{self.heap}",
            # A node out of memory answers wrongly or not at all: better none, which status and doctor see.
            "-XX:+ExitOnOutOfMemoryError",
            # The native libraries of the archive are not among the jars: named a folder without them, the node goes on in Java.
            f"-Des.nativelibs.path={home / 'lib'}",
            "-Dorg.elasticsearch.nativeaccess.enableVectorLibrary=false",
            f"--module-path={home / 'lib'}",
            "--add-modules=ALL-MODULE-PATH,jdk.net,jdk.incubator.vector",
            "--enable-native-access=org.elasticsearch.nativeaccess,org.elasticsearch.foreign,org.apache.lucene.core",
            "-cp",
            str(home / "launcher.jar"),
        ]

    def _node_settings(self, home: Path, folder: Path) -> list[str]:
        return [
            f"path.home={home}",
            *node_settings(folder, self.port),
            # The raw store watches the disk (a floor in the pipeline); a laptop that is 90 % full should still index.
            "cluster.routing.allocation.disk.threshold_enabled=false",
        ]


@dataclass(frozen=True, kw_only=True)
class ArchiveElasticsearch(Node):
    """An unpacked official archive in `home`, started with its own script."""

    home: Path
    folder: Path
    port: int
    heap: str

    @classmethod
    def from_settings(cls, settings: Settings) -> ArchiveElasticsearch:
        """The archive of ES_HOME, with its data in this project's state folder."""
        # A folder of its own: the archive and the local node must never open each other's data.
        folder = settings.state / "elasticsearch-archive"
        return cls(home=Path(settings.es_home), folder=folder, port=settings.es_port, heap=settings.es_heap)

    def command(self) -> tuple[list[str], dict[str, str]]:
        """`bin/elasticsearch` with settings on its command line; the archive's own files stay as they are."""
        script = self.home.absolute() / "bin" / "elasticsearch"
        if not script.is_file():
            raise ConfigError(f"ES_HOME={self.home} is no unpacked Elasticsearch archive: {script} is missing.")
        # Passwords and TLS that a first start makes up could not be known here; the node listens on loopback only, as the local one does.
        chosen = [*node_settings(self.folder.absolute(), self.port), "xpack.security.enabled=false"]
        arguments = [part for setting in chosen for part in ("-E", setting)]
        return [str(script), *arguments], {"ES_JAVA_OPTS": f"-Xms{self.heap} -Xmx{self.heap}"}


def node_settings(folder: Path, port: int) -> list[str]:
    """The settings that every node of igwire gets: alone, on loopback, data under `folder`."""
    return [
        f"path.data={folder / 'data'}",
        f"path.logs={folder / 'logs'}",
        "node.name=local",
        "cluster.name=igwire",
        "discovery.type=single-node",
        f"network.host={HOST}",
        f"http.port={port}",
        # Nobody but the node itself talks to it: the first free port of this range will do.
        "transport.port=9300-9400",
    ]


def source_stamp(project: Path) -> str:
    """16 hex digits that change when pom.xml or anything under src does."""
    digest = hashlib.sha256()
    for file in [project / "pom.xml", *sorted(path for path in (project / "src").rglob("*") if path.is_file())]:
        content = file.read_bytes()
        digest.update(f"{file.relative_to(project)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def authorization(settings: Settings) -> str:
    """The header value for the API key, else for user and password, else empty."""
    if key := settings.es_key:
        return f"ApiKey {key}"
    if not settings.es_user:
        return ""
    return "Basic " + b64encode(f"{settings.es_user}:{settings.es_password.get_secret_value()}".encode()).decode()


def probe(url: str, path: str = "/", *, credentials: str = "", ca_certs: str = "") -> Status:
    """Ask Elasticsearch at `url` who it is; never raises for what the network does."""
    parts = urlsplit(url)
    connection: HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=ca_certs or None)
        connection = HTTPSConnection(parts.hostname or "", parts.port or 443, timeout=PROBE_S, context=context)
    else:
        connection = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=PROBE_S)
    try:
        connection.request("GET", parts.path.rstrip("/") + path, headers={"Authorization": credentials} if credentials else {})
        response = connection.getresponse()
        return _read_answer(url, response.status, response.read(1_000_000), bool(response.getheader("X-Elastic-Product")))
    except (OSError, HTTPException, ValueError) as error:
        return Status(url=url, up=False, detail=f"{url} does not answer ({error or type(error).__name__}).")
    finally:
        connection.close()


def _read_answer(url: str, code: int, body: bytes, is_elasticsearch: bool) -> Status:
    if code != 200 or not is_elasticsearch:
        reason = "refuses the credentials" if code in (401, 403) else "does not answer as Elasticsearch does"
        return Status(url=url, up=False, detail=f"{url} {reason} (HTTP {code}).")
    answer: dict[str, Any] = json.loads(body)
    return Status(url=url, up=True, version=str(answer.get("version", {}).get("number", "")))
