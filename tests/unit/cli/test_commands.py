"""Every noun answers, and ends with 0 (fine), 1 (work failed) or 2 (wrong use), without a server and without a traceback."""

from __future__ import annotations

import pytest
import typer
import yaml
from cli import Shell

from igwire.cli import app


@pytest.fixture
def shell(tmp_path, monkeypatch, capfd):
    source = {"id": "one", "title": "One", "site": "http://one.example/", "feed_url": "http://one.example/feed", "language": "en"}
    (tmp_path / "catalogue.yaml").write_text(yaml.safe_dump({"group": "g", "sources": [source]}))
    monkeypatch.chdir(tmp_path)
    return Shell(
        monkeypatch, capfd, IGWIRE_STATE=str(tmp_path / "state"), IGWIRE_CATALOGUE=str(tmp_path / "catalogue.yaml"), IGWIRE_ES_URL="http://127.0.0.1:9",
        IGWIRE_ES_TRIES="1",
    )  # fmt: skip


def paths(command, words=()):
    """Every command and group, as words."""
    yield words
    for name, inner in getattr(command, "commands", {}).items():
        yield from paths(inner, (*words, name))


@pytest.mark.parametrize("words", list(paths(typer.main.get_command(app))), ids=" ".join)
def test_every_command_explains_itself(shell, words):
    ended = shell.run(*words, "--help")
    assert ended.code == 0
    assert "Usage" in ended.out


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["nonsense"], 2, "No such command"),
        (["ingest", "--limit", "0"], 2, "--limit"),
        (["ingest", "--window", "yesterday"], 2, "no day such as"),
        (["ingest", "--window", "2026-02-01..2026-01-01"], 2, "no day between"),
        (["ingest", "--source", "nobody"], 2, "nobody"),
        (["search", "title:("], 2, "character"),
        (["search", "ICANN", "--from", "tomorrow"], 2, "tomorrow"),
        (["search", "ICANN"], 1, "Elasticsearch"),
        (["show", "1abc"], 1, "Elasticsearch"),
        (["trace", "http://nobody.example/"], 2, "no article"),
        (["raw", "show", "http://nobody.example/"], 2, "nothing is stored"),
        (["rebuild", "--from", "cellar"], 2, "--from must be one of"),
        (["rebuild", "--select", "colour=blue"], 2, "colour"),
        (["rebuild", "--into", "void"], 2, "--into"),
        (["index", "apply"], 1, "Elasticsearch"),
        (["es", "status"], 1, "http://127.0.0.1:9"),
        (["es", "up"], 1, "http://127.0.0.1:9"),
        (["kb", "show", "org:nobody"], 2, "org:nobody"),
        (["stage", "nonsense", "--in", "a", "--out", "b"], 2, "nonsense"),
        (["stage", "tag", "--in", "missing.jsonl", "--out", "b"], 2, "missing.jsonl"),
        (["import", "texts", "missing"], 2, "missing"),
        (["newsroom", "--replay", "missing.jsonl"], 2, "missing.jsonl"),
        (["serve", "--host", "0.0.0.0"], 2, "reverse proxy"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_goes_wrong_is_said_with_its_exit_code(shell, words, code, says):
    ended = shell.run(*words)
    assert says in ended.err + ended.out
    assert ended.code == code
    assert "Traceback" not in ended.err


def test_a_new_archive_has_had_no_good_run(shell):
    ended = shell.run("status", "--json")
    assert ended.code == 1
    assert (ended.records[0]["ok"], ended.records[0]["last_good_run"]) == (False, None)


def test_entities_are_found_and_shown(shell):
    found = shell.run("kb", "search", "Kaspersky", "--json")
    assert found.code == 0
    ids = {record["id"] for record in found.records}
    assert len(ids) >= 2
    (shown,) = shell.run("kb", "show", sorted(ids)[0]).records
    assert shown["id"] in ids


def test_the_doctor_names_what_is_missing_and_what_is_needed(shell, monkeypatch):
    ended = shell.run("doctor", "--json")
    checks = {record["what"]: record for record in ended.records}
    assert ended.code == 0, ended.out
    assert checks["ledger"]["ok"]
    assert checks["catalogue"]["ok"]
    assert not checks["Elasticsearch"]["ok"]
    assert "IGWIRE_CONTACT" in checks["contact"]["how"]
    assert not checks["Maven"]["needed"]


def test_the_doctor_fails_where_the_local_node_is_needed_and_cannot_be(shell, tmp_path):
    shell.set(IGWIRE_ES_URL="", PATH=str(tmp_path))
    ended = shell.run("doctor", "--json")
    assert ended.code == 1
    assert "IGWIRE_ES_URL" in next(record["how"] for record in ended.records if record["what"] == "Maven")


def test_a_malformed_catalogue_is_named_by_file_and_line(shell, tmp_path):
    (tmp_path / "catalogue.yaml").write_text("group: g\nsources:\n- id: one\n  colour: blue\n")
    ended = shell.run("ingest")
    assert ended.code == 2
    assert "catalogue.yaml:3" in ended.err or "catalogue.yaml:4" in ended.err


def test_a_decision_is_added_to_the_file_and_listed(shell):
    said = shell.run(
        "curation", "add", "link", "--surface", "the Bureau", "--into", "org:icann", "--source", "one", "--by", "a reader", "--reason", "house style"
    )
    assert (said.code, "curation.yaml:2: link" in said.err) == (0, True)
    assert shell.run("curation", "add", "hide", "--surface", "the Bureau Two", "--by", "a reader").code == 0
    listed = shell.run("curation", "list", "--json").records
    assert [(row["line"], row["decision"], row["surface"], row["into"]) for row in listed] == [
        (2, "link", "the Bureau", "org:icann"),
        (3, "hide", "the Bureau Two", None),
    ]
    assert "2 decisions" in shell.run("curation", "check").err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["link", "--surface", "the Bureau", "--into", "org:nobody"], "org:nobody"),
        (["promote", "--surface", "the Bureau"], "promote"),
        (["merge", "--surface", "the Bureau"], "merge"),
    ],
)
def test_a_faulty_decision_is_refused_and_leaves_no_file(shell, tmp_path, words, says):
    ended = shell.run("curation", "add", *words)
    assert ended.code == 2
    assert says in ended.err
    assert not (tmp_path / "state" / "curation.yaml").exists()


def test_why_without_an_index_says_so(shell):
    ended = shell.run("why", "1abc", "ICANN")
    assert ended.code == 1
    assert "Elasticsearch" in ended.err
