"""The client against a server with Kibana's shape of answers: order, idempotence, refusals that block nobody."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from servers import served

from igwire.errors import ConfigError, Unavailable
from igwire.runtime.kibana import Kibana
from igwire.search.kibana import steps
from igwire.settings import Settings


class KibanaShaped(ThreadingHTTPServer):
    """Keeps what it is given by kind and id; `refuse` names what is answered with 400, `sessions` whether their API is there."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.kept: dict[tuple[str, str], object] = {}
        self.refuse: set[str] = set()
        self.sessions = True
        self.level = "available"
        self.headers_seen: list[dict[str, str]] = []


class _Handler(BaseHTTPRequestHandler):
    server: KibanaShaped

    def log_message(self, *_args: object) -> None:
        pass

    def _answer(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        self._answer(200, {"version": {"number": "9.5.3"}, "status": {"overall": {"level": self.server.level}}})

    def _write(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.headers_seen.append(dict(self.headers))
        if self.path.startswith("/api/saved_objects/_import"):
            line = json.loads(next(part for part in sent.decode().splitlines() if part.startswith('{"type"')))
            self.server.kept["search", line["id"]] = line
            return self._answer(200, {"success": True, "successCount": 1})
        kind, identity = self.path.split("/")[2], self.path.rpartition("/")[2]
        body = json.loads(sent)
        if kind == "discover_sessions" and not self.server.sessions:
            return self._answer(404, {"statusCode": 404, "error": "Not Found"})
        if kind == "data_views" and identity == "data_view":
            identity = body["data_view"]["id"]
        if identity in self.server.refuse:
            return self._answer(400, {"statusCode": 400, "message": "[request body.panels.0]: types that failed validation"})
        self.server.kept[kind, identity] = body
        return self._answer(200, {"id": identity})

    do_POST = do_PUT = _write


@pytest.fixture
def server():
    with served(KibanaShaped()) as made:
        yield made


@pytest.fixture
def kibana(server):
    settings = Settings(kibana_url=f"http://127.0.0.1:{server.server_port}/", es_user="elastic", es_password="secret")
    made = Kibana.from_settings(settings)
    yield made
    made._session.close()


def test_everything_is_applied_and_a_second_time_is_the_same(server, kibana):
    assert kibana.wait() == "9.5.3"
    first = list(kibana.apply(steps("mine")))
    assert all(a.ok for a in first)
    kept = dict(server.kept)
    assert ("dashboards", "igwire-overview") in kept
    assert ("data_views", "default") in kept
    assert list(kibana.apply(steps("mine"))) == first
    assert server.kept == kept
    assert all(h["kbn-xsrf"] == "true" and h["Authorization"].startswith("Basic ") for h in server.headers_seen)


def test_one_refused_dashboard_blocks_no_other_and_is_named(server, kibana):
    server.refuse = {"igwire-entities"}
    done = list(kibana.apply(steps("mine")))
    refused = [a for a in done if not a.ok]
    assert [a.id for a in refused] == ["igwire-entities"]
    assert "types that failed validation" in refused[0].detail
    assert ("dashboards", "igwire-overview") in server.kept


def test_without_an_api_for_sessions_they_are_imported_as_saved_searches(server, kibana):
    server.sessions = False
    assert all(a.ok for a in kibana.apply(steps("mine")))
    assert ("search", "igwire-newest") in server.kept


def test_a_session_whose_preview_api_takes_another_shape_is_imported_too(server, kibana):
    server.refuse = {"igwire-newest"}
    assert all(a.ok for a in kibana.apply(steps("mine")))
    assert ("search", "igwire-newest") in server.kept
    assert ("discover_sessions", "igwire-sources") in server.kept


def test_a_kibana_that_never_comes_up_is_a_sentence(server, kibana):
    server.level = "degraded"
    with pytest.raises(Unavailable, match="not available"):
        kibana.wait(patience_s=0)


def test_without_an_address_nothing_is_guessed():
    with pytest.raises(ConfigError, match="IGWIRE_KIBANA_URL"):
        Kibana.from_settings(Settings())


def test_a_dead_kibana_is_reported_for_each_object():
    with requests.Session() as session:
        done = list(Kibana("http://127.0.0.1:9", session).apply(steps("mine")))
    assert done
    assert not any(a.ok for a in done)
