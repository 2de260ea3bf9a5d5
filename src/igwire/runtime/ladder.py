"""Which Elasticsearch, and which Kibana: decided in a pure function, then acted upon.

The rungs, the first that holds is taken: an address that was given → an unpacked archive → containers → the local node.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from igwire.errors import ConfigError, Unavailable
from igwire.runtime.elasticsearch import HOST, ArchiveElasticsearch, LocalElasticsearch, Node, Say, Status, authorization, probe
from igwire.runtime.processes import Background, port_in_use
from igwire.settings import Settings

# An engine that is there answers within a second; one that hangs must not hold up the start.
ENGINE_S = 10.0
# Images have to be fetched at the first start.
COMPOSE_S = 1800.0


class Rung(StrEnum):
    """Where Elasticsearch comes from."""

    GIVEN = "given"
    ARCHIVE = "archive"
    COMPOSE = "compose"
    LOCAL = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The rung that was taken and, as a sentence for people, why."""

    rung: Rung
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What is running after a start; `kibana_url` is empty when there is no Kibana."""

    choice: Choice
    es_url: str
    kibana_url: str


def decide(settings: Settings, *, engine: str, prefer_local: bool = False) -> Choice:
    """The rung for these settings; `engine` is the reachable container engine's command, empty when none.

    `prefer_local` leaves out the containers (demo and tests). Pure.
    """
    if settings.es_url:
        return Choice(rung=Rung.GIVEN, why=f"Elasticsearch at {settings.es_url} is used as it is, since IGWIRE_ES_URL is set; nothing is started.")
    if settings.es_home:
        return Choice(rung=Rung.ARCHIVE, why=f"The Elasticsearch archive in {settings.es_home} is used, since ES_HOME is set.")
    if prefer_local:
        return Choice(rung=Rung.LOCAL, why="The local Elasticsearch node is used, as always for the demo, tests and `igwire es`.")
    if settings.engine == "local":
        return Choice(rung=Rung.LOCAL, why="The local Elasticsearch node is used, since ENGINE=local is set.")
    if settings.engine == "compose" and not engine:
        raise ConfigError("ENGINE=compose is set, but neither docker nor podman answers; start one, or unset ENGINE to use the local node.")
    if settings.engine == "compose":
        return Choice(rung=Rung.COMPOSE, why=f"Elasticsearch runs in containers of {engine}, since ENGINE=compose is set.")
    if engine:
        return Choice(rung=Rung.COMPOSE, why=f"Elasticsearch runs in containers, since {engine} answers (ENGINE=local prevents it).")
    return Choice(rung=Rung.LOCAL, why="The local Elasticsearch node is used, since no address, archive or container engine was found.")


def reachable_engine() -> str:
    """`docker` or `podman` if its engine answers and it knows `compose`; else empty."""
    return next((name for name in ("docker", "podman") if _answers([name, "info"]) and _answers([name, "compose", "version"])), "")


def _answers(command: list[str]) -> bool:
    if shutil.which(command[0]) is None:
        return False
    try:
        return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=ENGINE_S, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def node(choice: Choice, settings: Settings) -> Node | None:
    """The node that igwire itself starts and stops on this rung; None on those where it doesn't."""
    if choice.rung is Rung.ARCHIVE:
        return ArchiveElasticsearch.from_settings(settings)
    return LocalElasticsearch.from_settings(settings) if choice.rung is Rung.LOCAL else None


def start(settings: Settings, *, prefer_local: bool = False, say: Say) -> Services:
    """Choose, say why, start what has to be started and wait until Elasticsearch serves.

    Raises ConfigError or Unavailable with a sentence that says what to do.
    """
    engine = "" if prefer_local or settings.es_url or settings.es_home else reachable_engine()
    choice = decide(settings, engine=engine, prefer_local=prefer_local)
    say(choice.why)
    if choice.rung is Rung.COMPOSE:
        return _compose(choice, settings, engine)
    own = node(choice, settings)
    status = own.up(say) if own else given(settings)
    if not status.up:
        raise Unavailable(status.detail)
    return Services(choice=choice, es_url=status.url, kibana_url=_kibana(settings, status.url, say))


def given(settings: Settings) -> Status:
    """How the Elasticsearch of IGWIRE_ES_URL is, asked with its credentials."""
    return probe(settings.es_url, credentials=authorization(settings), ca_certs=settings.es_ca_certs)


def _compose(choice: Choice, settings: Settings, engine: str) -> Services:
    if not (settings.home / "docker-compose.yml").is_file():
        raise ConfigError(f"{settings.home} holds no docker-compose.yml: run igwire from its source folder or set IGWIRE_HOME to it.")
    command = [*_compose_command(settings, engine), "up", "--build", "--detach", "--wait"]
    # To standard error, where people see images being fetched; standard output belongs to data.
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, timeout=COMPOSE_S, check=False)
    if done.returncode != 0:
        raise Unavailable(f"`{' '.join(command)}` ended with {done.returncode}; `{engine} compose logs` says more.")
    return Services(choice=choice, es_url=f"http://{HOST}:{settings.es_port}", kibana_url=f"http://{HOST}:{settings.kibana_port}")


def _compose_command(settings: Settings, engine: str) -> list[str]:
    return [engine, "compose", "--project-directory", str(settings.home)]


def _stop_containers(settings: Settings) -> list[str]:
    """End the containers, if an engine has any of this project; their volumes stay."""
    engine = "" if settings.engine == "local" or settings.es_url or settings.es_home else reachable_engine()
    if not engine or not (settings.home / ".env").is_file():
        return []
    command = _compose_command(settings, engine)
    listed = subprocess.run([*command, "ps", "--all", "--quiet"], capture_output=True, stdin=subprocess.DEVNULL, timeout=ENGINE_S, check=False)
    if listed.returncode or not listed.stdout.strip():
        return []
    done = subprocess.run([*command, "down"], stdin=subprocess.DEVNULL, stdout=sys.stderr, timeout=COMPOSE_S, check=False)
    if done.returncode:
        raise Unavailable(f"`{' '.join(command)} down` ended with {done.returncode}.")
    return ["the containers"]


def kibana_process(settings: Settings) -> Background:
    """The Kibana of KIBANA_HOME as a background process."""
    return Background(name="kibana", folder=(settings.state / "kibana").absolute())


def kibana_command(settings: Settings, es_url: str) -> list[str]:
    """Command line of the archive in KIBANA_HOME, listening on loopback; its own files stay as they are."""
    script = Path(settings.kibana_home).absolute() / "bin" / "kibana"
    if not script.is_file():
        raise ConfigError(f"KIBANA_HOME={settings.kibana_home} is no unpacked Kibana archive: {script} is missing.")
    data = (settings.state / "kibana" / "data").absolute()
    return [
        str(script),
        f"--server.host={HOST}",
        f"--server.port={settings.kibana_port}",
        f"--elasticsearch.hosts={es_url}",
        f"--path.data={data}",
    ]


def _kibana(settings: Settings, es_url: str, say: Say) -> str:
    """Address of Kibana: given, or started from KIBANA_HOME (it needs a minute, nobody waits for it); else empty."""
    if settings.kibana_url or not settings.kibana_home:
        return settings.kibana_url
    process, command = kibana_process(settings), kibana_command(settings, es_url)
    if process.running() is None:
        if port_in_use(settings.kibana_port):
            raise ConfigError(f"Port {settings.kibana_port} is in use by another program: choose another with IGWIRE_KIBANA_PORT.")
        Path(process.folder / "data").mkdir(parents=True, exist_ok=True)
        process.start(command)
        say(f"Starting Kibana from {settings.kibana_home}, since KIBANA_HOME is set; its log is {process.log}.")
    return f"http://{HOST}:{settings.kibana_port}"


def stop(settings: Settings) -> list[str]:
    """Stop whatever igwire itself started here (containers, Kibana, archive, local node); names of what was running."""
    own: list[Node] = [LocalElasticsearch.from_settings(settings), ArchiveElasticsearch.from_settings(settings)]
    stopped = _stop_containers(settings)
    stopped += ["Kibana"] if kibana_process(settings).stop() else []
    return stopped + [f"Elasticsearch at {url}" for node, url in [(each, each.url) for each in own] if node.down()]
