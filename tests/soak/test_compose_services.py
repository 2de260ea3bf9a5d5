"""The compose file without containers: each of our services as a plain process, by its own command, environment and health check.

They are started in the order of `depends_on`, over a real PostgreSQL. Elasticsearch's and Kibana's images cannot be run as processes:
the local node stands in for the first, and services that need Kibana are left out. What stays unproved is the images and the mounts.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
import yaml
from postgres import Postgres, programs

from igwire.index import security
from igwire.ledger import runs
from igwire.ledger.database import Ledger
from igwire.runtime.processes import free_port
from igwire.runtime.secrets import complete_env

pytestmark = [pytest.mark.integration, pytest.mark.airflow]
ROOT = Path(__file__).parents[2]
_OURS = "igwire:local"
# Of other people's images; and what talks to Kibana only.
_NOT_RUN = {"elasticsearch", "kibana-user", "kibana", "kibana-objects"}
_ONCE_S, _RUN_S, _STOP_S = 300, 300, 60


class Host:
    """One machine on which the services run: the compose file's names, ports and folders translated to what is here."""

    def __init__(self, folder: Path, postgres: Postgres, es_url: str, more: dict[str, str]) -> None:
        self.folder, self.postgres, self.more = folder, postgres, more
        self.airflow_url = f"http://127.0.0.1:{free_port()}"
        self.here = {
            "@postgres/": f"@127.0.0.1:{postgres.port}/", "http://elasticsearch:9200": es_url, "http://airflow-api-server:8080": self.airflow_url,
            "http://localhost:8080": self.airflow_url, "/state": f"{folder}/state", "/opt/airflow": f"{folder}/airflow", "/opt/igwire": str(ROOT),
        }  # fmt: skip
        for name in ("state", "airflow"):
            (folder / name).mkdir()
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def translated(self, service: dict) -> dict:
        text = json.dumps(service)
        for theirs, ours in self.here.items():
            text = text.replace(theirs, ours)
        return json.loads(text.replace("$$", "$"))

    def environment(self, service: dict) -> dict[str, str]:
        own = {"PATH": f"{Path(sys.executable).parent}:{self.postgres.bin_folder}:{os.environ['PATH']}", "HOME": str(self.folder)}
        # In a container the port is the image's own, and every address is the container's.
        port = self.airflow_url.rpartition(":")[2]
        server = {"AIRFLOW__API__HOST": "127.0.0.1", "AIRFLOW__API__PORT": port, "PGHOST": "127.0.0.1", "PGPORT": str(self.postgres.port)}
        return {**own, **server, **service["environment"], **self.more}

    def run(self, service: dict, words: list[str], **options) -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, env=self.environment(service), cwd=self.folder, capture_output=True, text=True, check=False, **options)

    def start(self, name: str, service: dict) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                service["command"], env=self.environment(service), cwd=self.folder, stdout=log, stderr=log, start_new_session=True
            )

    def wait_healthy(self, name: str, service: dict) -> None:
        """Ask by the service's own health check, as often as it says."""
        check = service["healthcheck"]
        kind, *words = check["test"]
        command = words if kind == "CMD" else ["/bin/sh", "-c", words[0]]
        deadline = time.monotonic() + check["retries"] * float(check["interval"].removesuffix("s"))
        while (done := self.run(service, command, timeout=60)).returncode:
            process = self.running.get(name)
            ended = process is not None and process.poll() is not None
            assert not ended, f"{name} ended: {(self.folder / f'{name}.log').read_text()[-3000:]}"
            assert time.monotonic() < deadline, f"{name} is not healthy: {done.stdout} {done.stderr}"
            time.sleep(1)

    def stop(self) -> None:
        for process in reversed(self.running.values()):
            os.killpg(process.pid, signal.SIGTERM)
        for process in self.running.values():
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.fixture(scope="module")
def env(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("compose")
    (folder / ".env.example").write_text((ROOT / ".env.example").read_text(encoding="utf-8"))
    complete_env(folder)
    return folder / ".env"


@pytest.fixture(scope="module")
def services(env) -> dict[str, dict]:
    """The services as compose itself understands the file."""
    program = subprocess.run([ROOT / "scripts" / "compose"], capture_output=True, text=True, check=False)
    if program.returncode:
        pytest.skip(f"the compose file cannot be read: {program.stderr.strip()}")
    command = [program.stdout.strip(), "--env-file", env, "--file", ROOT / "docker-compose.yml", "config", "--format", "json"]
    done = subprocess.run(command, env={**os.environ, "IGWIRE_CONTACT": "tests@example.org"}, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["services"]


@pytest.fixture
def host(tmp_path, services, newsroom, elasticsearch_url, index_prefix):
    if programs() is None:
        pytest.skip("no PostgreSQL server on this machine; scripts/postgres installs it where it may")
    catalogue = tmp_path / "newsroom.yaml"
    catalogue.write_text(yaml.safe_dump({"group": "newsroom", "sources": newsroom.catalogue()}, allow_unicode=True), encoding="utf-8")
    more = {"IGWIRE_CATALOGUE": str(catalogue), "IGWIRE_ALLOW_LOOPBACK": "127.0.0.0/24", "IGWIRE_INDEX_PREFIX": index_prefix}
    server = services["postgres"]["environment"]
    postgres = Postgres(programs(), password=server["POSTGRES_PASSWORD"])
    postgres.new_database(server["POSTGRES_DB"])
    made = Host(tmp_path, postgres, elasticsearch_url, more)
    yield made
    made.stop()
    postgres.stop()


def in_order(services: dict[str, dict]) -> list[str]:
    """Names of the services that are run, each behind those it depends on."""
    done: list[str] = []
    left = [name for name in services if name not in _NOT_RUN]
    while left:
        ready = [n for n in left if all(d in done or d in _NOT_RUN for d in services[n].get("depends_on") or {})]
        assert ready, f"{left} wait for each other"
        done += ready
        left = [name for name in left if name not in ready]
    return done


def bring_up(host: Host, services: dict[str, dict]) -> None:
    for name in in_order(services):
        service = host.translated(services[name])
        for other, wanted in (service.get("depends_on") or {}).items():
            if wanted["condition"] == "service_healthy" and other not in _NOT_RUN:
                host.wait_healthy(other, host.translated(services[other]))
        if service["image"] == _OURS and service["restart"] == "no":
            done = host.run(service, service["command"], timeout=_ONCE_S)
            assert done.returncode == 0, f"{name}: {done.stdout[-2000:]} {done.stderr[-2000:]}"
        elif service["image"] == _OURS:
            host.start(name, service)


def finished_run(url: str, password: str) -> dict:
    """The first scheduled run of ingest_news once it has ended; Airflow starts it by itself."""
    answer = requests.post(f"{url}/auth/token", json={"username": "admin", "password": password}, timeout=30)
    assert answer.status_code == 201, answer.text
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    deadline = time.monotonic() + _RUN_S
    while True:
        found = requests.get(f"{url}/api/v2/dags/ingest_news/dagRuns", headers=headers, timeout=60).json().get("dag_runs", [])
        ended = [run for run in found if run["state"] in ("success", "failed")]
        if ended:
            return ended[0]
        assert time.monotonic() < deadline, found
        time.sleep(2)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_services_come_up_run_and_go_down(host, services, newsroom, elasticsearch_url, index_prefix):
    assert set(in_order(services)) >= {"postgres", "bootstrap", "airflow-api-server", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer"}
    bring_up(host, services)
    for name in host.running:
        host.wait_healthy(name, host.translated(services[name]))

    environment = host.environment(host.translated(services["airflow-scheduler"]))
    assert requests.get(f"{host.airflow_url}/igwire/", timeout=30).status_code == 401
    run = finished_run(host.airflow_url, environment["IGWIRE_AIRFLOW_PASSWORD"])
    assert (run["run_type"], run["state"]) == ("scheduled", "success")
    requests.post(f"{elasticsearch_url}/{index_prefix}-*/_refresh", timeout=30)
    assert requests.get(f"{elasticsearch_url}/{index_prefix}-articles/_count", timeout=30).json()["count"] == len(newsroom.stories)
    ledger = Ledger.open(environment["IGWIRE_LEDGER_URL"])
    with ledger.reading() as conn:
        assert runs.last_good(conn) is not None
    ledger.close()

    # A second `up` runs the bootstrap again over what is there.
    bootstrap = host.translated(services["bootstrap"])
    again = host.run(bootstrap, bootstrap["command"], timeout=_ONCE_S)
    assert again.returncode == 0, again.stderr[-2000:]
    assert "is there already" in again.stdout
    # The node that stands in for Elasticsearch's image asks nobody who they are: the bootstrap says so, and the keys are empty.
    assert "has no security" in again.stderr
    assert [(host.folder / "state" / "keys" / name).read_text() for name in security.KEYS] == ["", "", ""]

    host.stop()
    assert all(process.poll() is not None for process in host.running.values())
    host.running.clear()
