"""`igwire es`: what it prints and with which exit code it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from servers import served
from typer.testing import CliRunner

from igwire import settings
from igwire.cli.es import app


class Root(BaseHTTPRequestHandler):
    """The root of an Elasticsearch."""

    def do_GET(self) -> None:
        body = b'{"version": {"number": "9.5.3"}}'
        self.send_response(200)
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("IGWIRE_ES_URL", "ES_HOME", "KIBANA_HOME", "IGWIRE_KIBANA_URL", "ENGINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("IGWIRE_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    settings.get.cache_clear()
    yield
    settings.get.cache_clear()


def test_status_of_a_node_that_is_down_ends_with_1() -> None:
    result = CliRunner().invoke(app, ["status", "--json"])
    assert result.exit_code == 1
    record = json.loads(result.stdout)
    assert (record["up"], record["from"], record["detail"]) == (False, "local", "It was not started.")


def test_down_with_nothing_running_is_fine() -> None:
    result = CliRunner().invoke(app, ["down", "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {"stopped": []}


def test_a_given_address_is_used_as_it_is_and_said_aloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(ThreadingHTTPServer(("127.0.0.1", 0), Root)) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("IGWIRE_ES_URL", url)
        monkeypatch.setenv("IGWIRE_KIBANA_URL", "http://kibana.example")
        up, status = (CliRunner().invoke(app, [command, "--json"]) for command in ("up", "status"))
    assert json.loads(up.stdout) == {"url": url, "kibana_url": "http://kibana.example", "from": "given"}
    assert f"{url} is used as it is, since IGWIRE_ES_URL is set; nothing is started." in up.stderr
    assert status.exit_code == 0
    assert json.loads(status.stdout)["version"] == "9.5.3"
    assert not (tmp_path / "state").exists()
