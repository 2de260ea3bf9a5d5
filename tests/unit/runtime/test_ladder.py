"""Which Elasticsearch: the decision for every kind of settings, and the command lines made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from igwire.errors import ConfigError
from igwire.runtime import ladder
from igwire.runtime.elasticsearch import ArchiveElasticsearch, LocalElasticsearch
from igwire.runtime.ladder import Rung
from igwire.settings import Settings


def settings(**given: Any) -> Settings:
    """Settings that neither this machine's environment nor a file changes."""
    plain: dict[str, Any] = {
        "es_url": "",
        "kibana_url": "",
        "es_home": "",
        "kibana_home": "",
        "engine": "",
        "es_port": 9200,
        "es_heap": "512m",
    }
    return Settings(**{**plain, **given})


@pytest.mark.parametrize(
    ("given", "engine", "prefer_local", "rung", "word"),
    [
        ({"es_url": "http://e:9200", "es_home": "/es", "engine": "compose"}, "docker", False, Rung.GIVEN, "IGWIRE_ES_URL"),
        ({"es_url": "http://e:9200"}, "", True, Rung.GIVEN, "nothing is started"),
        ({"es_home": "/es", "engine": "compose"}, "docker", False, Rung.ARCHIVE, "ES_HOME"),
        ({"es_home": "/es"}, "", True, Rung.ARCHIVE, "ES_HOME"),
        ({"engine": "compose"}, "podman", False, Rung.COMPOSE, "podman"),
        ({}, "docker", False, Rung.COMPOSE, "docker answers"),
        ({"engine": "local"}, "docker", False, Rung.LOCAL, "ENGINE=local"),
        ({"engine": "compose"}, "docker", True, Rung.LOCAL, "demo"),
        ({}, "", False, Rung.LOCAL, "no address, archive or container engine"),
    ],
)
def test_the_first_rung_that_holds_is_taken_and_explained(given: dict[str, Any], engine: str, prefer_local: bool, rung: Rung, word: str) -> None:
    choice = ladder.decide(settings(**given), engine=engine, prefer_local=prefer_local)
    assert choice.rung is rung
    assert word in choice.why
    assert choice.why.endswith(".")


def test_containers_asked_for_without_an_engine_are_refused() -> None:
    with pytest.raises(ConfigError, match="neither docker nor podman answers"):
        ladder.decide(settings(engine="compose"), engine="")


def test_only_local_node_and_archive_are_started_by_igwire(tmp_path: Path) -> None:
    chosen = settings(state=tmp_path, es_home="/es")
    choices = {rung: ladder.node(ladder.Choice(rung=rung, why=""), chosen) for rung in Rung}
    assert isinstance(choices[Rung.LOCAL], LocalElasticsearch)
    assert isinstance(choices[Rung.ARCHIVE], ArchiveElasticsearch)
    assert choices[Rung.GIVEN] is choices[Rung.COMPOSE] is None
    assert choices[Rung.LOCAL].folder != choices[Rung.ARCHIVE].folder


def script(file: Path) -> Path:
    """An executable that writes its arguments and one variable, one a line: what a start really hands over."""
    file.parent.mkdir(parents=True)
    file.write_text('#!/bin/sh\nprintf "%s\\n" "$ES_JAVA_OPTS" "$@"\n', encoding="utf-8")
    file.chmod(0o755)
    return file


def test_the_archive_gets_its_settings_on_the_command_line(tmp_path: Path) -> None:
    made = script(tmp_path / "archive" / "bin" / "elasticsearch")
    node = ArchiveElasticsearch.from_settings(settings(state=tmp_path / "state", es_home=str(made.parents[1]), es_port=9321, es_heap="700m"))
    command, variables = node.command()
    assert command[0] == str(made)
    process = node.process
    process.start(command, variables=variables)
    while process.running():
        pass
    heap, *arguments = process.log.read_text(encoding="utf-8").splitlines()
    assert heap == "-Xms700m -Xmx700m"
    assert set(arguments[::2]) == {"-E"}
    assert {
        f"path.data={tmp_path}/state/elasticsearch-archive/data",
        "discovery.type=single-node",
        "network.host=127.0.0.1",
        "http.port=9321",
    } <= set(arguments[1::2])


def test_a_folder_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ES_HOME=.* is no unpacked Elasticsearch archive"):
        ArchiveElasticsearch.from_settings(settings(state=tmp_path, es_home=str(tmp_path))).command()
    with pytest.raises(ConfigError, match=r"KIBANA_HOME=.* is no unpacked Kibana archive"):
        ladder.kibana_command(settings(state=tmp_path, kibana_home=str(tmp_path)), "http://127.0.0.1:9200")


def test_kibana_listens_on_loopback_and_knows_its_elasticsearch(tmp_path: Path) -> None:
    made = script(tmp_path / "kibana" / "bin" / "kibana")
    command = ladder.kibana_command(settings(state=tmp_path, kibana_home=str(made.parents[1]), kibana_port=5700), "http://127.0.0.1:9321")
    assert command[0] == str(made)
    assert {"--server.host=127.0.0.1", "--server.port=5700", "--elasticsearch.hosts=http://127.0.0.1:9321"} <= set(command)


def test_stopping_where_nothing_was_started_stops_nothing_and_writes_nothing(tmp_path: Path) -> None:
    assert ladder.stop(settings(state=tmp_path / "state")) == []
    assert not (tmp_path / "state").exists()
