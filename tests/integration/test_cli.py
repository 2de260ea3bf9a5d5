"""The command line over the newsroom and a real Elasticsearch: one article followed through every command."""

from __future__ import annotations

import csv
import io

import pytest
import yaml
from cli import Shell

from igwire import wiring

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore::ResourceWarning")]


@pytest.fixture
def shell(tmp_path, monkeypatch, capfd, newsroom, elasticsearch_url, index_prefix):
    catalogue = tmp_path / "newsroom.yaml"
    catalogue.write_text(yaml.safe_dump({"group": "newsroom", "sources": newsroom.catalogue()}, allow_unicode=True), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return Shell(
        monkeypatch, capfd, IGWIRE_STATE=str(tmp_path / "state"), IGWIRE_CATALOGUE=str(catalogue), IGWIRE_ALLOW_LOOPBACK="127.0.0.0/24",
        IGWIRE_ES_URL=elasticsearch_url, IGWIRE_INDEX_PREFIX=index_prefix, IGWIRE_PARSER_WORKERS="1",
    )  # fmt: skip


def test_from_ingest_to_search_show_trace_raw_and_rebuild(shell, newsroom, tmp_path):
    source = "wuzhen-courier"
    done = shell.run("ingest", "--source", source, "--window", "2015-01-01..2026-11-01", "--json")
    assert done.code == 0, done.err
    (report,) = done.records
    assert report["outcomes"]["indexed"] == report["planned"] > 3

    status = shell.run("status", "--json")
    assert status.records[0]["dead_letters"] == 0
    hits = shell.run("search", "Kaspersky Wuzhen", "--json").records
    assert "Kaspersky" in hits[0]["title"]
    assert shell.run("search", "Kaspersky", "--source", "nobody", "--json").records == []
    assert [hit["id"] for hit in shell.run("search", "Kaspersky", "Wuzhen", "--no-recency", "--no-collapse", "--page", "2", "--json").records] == []
    # Names can be suggested as soon as something is indexed.
    assert "Did you mean Kaspersky Lab?" in shell.run("search", "Kasparsky", "Wuzhen", "--json").err
    table = list(csv.DictReader(io.StringIO(shell.run("search", "Kaspersky Wuzhen", "--csv").out.removeprefix("\ufeff"))))
    assert [row["doc_id"] for row in table] == [hit["id"] for hit in hits]
    (shown,) = shell.run("show", hits[0]["id"]).records
    assert shown["title"] == hits[0]["title"]

    steps = {event["what"].split()[0] for event in shell.run("trace", shown["requested_url"], "--json").records}
    assert len(steps) >= 3
    assert shell.run("raw", "show", shown["requested_url"]).records[0]["status"] == 200
    assert "<html" in shell.run("raw", "show", shown["requested_url"], "--body").out
    asked = len(newsroom.log)
    (changes,) = shell.run("rebuild", "--from", "extract", "--dry-run").records
    assert (changes["looked_at"], changes["changed"]) == (report["planned"], 0)
    assert shell.run("rebuild", "--from", "enrich", "--select", f"source={source}", "--json").code == 0
    assert len(newsroom.log) == asked, "a rebuild asked the network"

    (tmp_path / "note.txt").write_text("A note on the root zone\nThe registry of the root zone keeps notes of every change that it makes. " * 8)
    assert shell.run("import", "texts", str(tmp_path / "note.txt"), "--json").records[0]["outcomes"]["indexed"] == 1
    (note,) = shell.run("search", '"note on the root zone"', "--json").records
    assert note["day"] is None

    (tmp_path / "no.warc.gz").write_bytes(b"no archive")
    refused = shell.run("import", "warc", str(tmp_path / "no.warc.gz"), "--json")
    assert refused.code != 0
    assert "no.warc.gz: not one WARC record" in refused.err


@pytest.fixture
def fresh_tagger():
    """The tagger is built once a process, and in a shell every command is one."""
    yield wiring.tagger.cache_clear
    wiring.tagger.cache_clear()


def test_a_decision_tags_the_archive_again_from_stored_text(shell, newsroom, fresh_tagger):
    assert shell.run("ingest", "--source", "wuzhen-courier", "--window", "2015-01-01..2026-11-01", "--json").code == 0
    shown = shell.run("search", "Kaspersky Wuzhen", "--json").records[0]["id"]
    before = shell.run("why", shown, "Eugene Kaspersky", "--json").records
    assert {m["entity"] for m in before} == {"person:eugene-kaspersky"}
    assert before[0]["why"].startswith("alias 'Eugene Kaspersky'")
    assert shell.run("why", shown, "nobody at all").code == 2

    asked = len(newsroom.log)
    assert shell.run("rebuild", "--from", "enrich", "--only-stale", "--json").records[0]["planned"] == 0
    said = shell.run("curation", "add", "hide", "--surface", "Eugene Kaspersky", "--by", "a reader", "--reason", "a trial")
    assert said.code == 0
    assert "--only-stale" in said.err
    fresh_tagger()
    done = shell.run("rebuild", "--from", "enrich", "--only-stale", "--json").records[0]
    assert done["planned"] > 3
    assert shell.run("rebuild", "--from", "enrich", "--only-stale", "--json").records[0]["planned"] == 0
    assert len(newsroom.log) == asked, "tagging again asked the network"
    (document,) = shell.run("show", shown).records
    assert "Eugene Kaspersky" not in {m["surface"] for m in document["entity_mentions"]}
