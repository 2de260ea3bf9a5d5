"""What is decided about a node before and around its start, without one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from servers import served

from igwire.errors import ConfigError, Unavailable
from igwire.runtime.elasticsearch import LocalElasticsearch, authorization, probe, source_stamp
from igwire.runtime.processes import free_port
from igwire.settings import Settings


class Answers(BaseHTTPRequestHandler):
    """`/` as Elasticsearch, `/web` as any web server, `/closed` refusing; anything else asked with a key echoes it as version."""

    def do_GET(self) -> None:
        code = 401 if self.path.startswith("/closed") else 200
        body = f'{{"version": {{"number": "{self.headers.get("Authorization") or "9.5.3"}"}}}}'.encode()
        self.send_response(code)
        if not self.path.startswith("/web"):
            self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@pytest.fixture
def server() -> Iterator[str]:
    with served(ThreadingHTTPServer(("127.0.0.1", 0), Answers)) as made:
        yield f"http://127.0.0.1:{made.server_port}"


def node(folder: Path, port: int, project: Path | None = None) -> LocalElasticsearch:
    return LocalElasticsearch(project=project or folder / "none", folder=folder / "state", port=port, heap="512m")


def test_probe_knows_elasticsearch_from_others(server: str) -> None:
    found = probe(server)
    assert (found.up, found.version) == (True, "9.5.3")
    web = probe(f"{server}/web")
    assert not web.up
    assert "does not answer as Elasticsearch does" in web.detail
    closed = probe(f"{server}/closed")
    assert not closed.up
    assert "refuses the credentials (HTTP 401)" in closed.detail


def test_probe_of_a_closed_port_is_a_sentence() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert probe(url).detail.startswith(f"{url} does not answer (")


def test_credentials_are_sent(server: str) -> None:
    assert probe(server, credentials=authorization(Settings(es_api_key="abc"))).version == "ApiKey abc"
    assert probe(server, credentials=authorization(Settings(es_user="u", es_password="p"))).version == "Basic dTpw"


def test_a_port_in_use_is_refused_before_anything_is_built(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        # Accepts nothing and answers nothing; closed at once so that the look at it does not wait.
        port = taken.getsockname()[1]
        threading.Thread(target=lambda: taken.accept()[0].close(), daemon=True).start()
        with pytest.raises(ConfigError, match=f"Port {port} is in use by another program.*IGWIRE_ES_PORT"):
            node(tmp_path, port).up(lambda text: None)


def test_a_port_of_a_foreign_elasticsearch_is_named_as_such(tmp_path: Path, server: str) -> None:
    port = int(server.rpartition(":")[2])
    with pytest.raises(ConfigError, match=f"another Elasticsearch 9.5.3.*IGWIRE_ES_URL=http://127.0.0.1:{port}"):
        node(tmp_path, port).up(lambda text: None)


def test_a_missing_project_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"holds no Maven project.*IGWIRE_HOME"):
        node(tmp_path, free_port()).build()


def test_the_stamp_changes_with_sources_and_not_with_what_is_built(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "target").mkdir()
    (tmp_path / "pom.xml").write_text("<project/>", encoding="utf-8")
    source = tmp_path / "src" / "A.java"
    source.write_text("class A {}", encoding="utf-8")
    first = source_stamp(tmp_path)
    (tmp_path / "target" / "A.class").write_text("x", encoding="utf-8")
    assert source_stamp(tmp_path) == first
    source.write_text("class B {}", encoding="utf-8")
    assert source_stamp(tmp_path) != first
    source.rename(source.with_name("B.java"))
    assert source_stamp(tmp_path) != first


def test_the_project_is_found_from_the_package_and_built_state_is_taken_as_it_is(tmp_path: Path) -> None:
    project = LocalElasticsearch.from_settings(Settings(state=tmp_path)).project
    assert (project / "pom.xml").is_file()
    copy = tmp_path / "project"
    (copy / "src").mkdir(parents=True)
    (copy / "pom.xml").write_text("<project/>", encoding="utf-8")
    built = copy / "target" / f"home-{source_stamp(copy)}"
    built.mkdir(parents=True)
    assert node(tmp_path, free_port(), copy).build() == built


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a kit beside it, to be built by whatever `mvn` a test puts on PATH."""
    made, kit = tmp_path / "project", tmp_path / "jdk"
    (made / "src").mkdir(parents=True)
    (made / "pom.xml").write_text("<project/>", encoding="utf-8")
    (kit / "bin").mkdir(parents=True)
    for program in ("java", "javac"):
        (kit / "bin" / program).touch(mode=0o755)
    (kit / "release").write_text('JAVA_VERSION="21"\n', encoding="utf-8")
    return made


def put_maven(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    (folder / "mvn").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / "mvn").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def build(project: Path) -> Path:
    return replace(node(project.parent, free_port(), project), java_home=str(project.parent / "jdk")).build()


def test_two_builds_at_once_run_maven_once_with_the_kit_that_was_found(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_maven(project.parent / "tools", 'echo "$JAVA_HOME" >> calls; sleep 0.5; mkdir -p target/home; touch target/home/launcher.jar', monkeypatch)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(build, [project, project])
    assert first == second
    assert (first / "launcher.jar").is_file()
    assert (project / "calls").read_text(encoding="utf-8") == f"{project.parent / 'jdk'}\n"


def test_a_failed_build_shows_mavens_last_lines_and_leaves_nothing_half_built(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_maven(project.parent / "tools", "mkdir -p target/home; echo 'cannot resolve the server'; exit 1", monkeypatch)
    with pytest.raises(Unavailable, match="cannot resolve the server"):
        build(project)
    assert not list((project / "target").glob("home-*"))


def test_without_maven_the_alternatives_are_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(project))
    with pytest.raises(ConfigError, match=r"no `mvn` on PATH.*IGWIRE_ES_URL.*ES_HOME.*ENGINE=compose"):
        build(project)


def test_status_of_what_never_ran(tmp_path: Path) -> None:
    status = node(tmp_path, 9200).status()
    assert not status.up
    assert status.detail == "It was not started."
