"""`igwire sources` as people call it, over the newsroom's hosts on probation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from igwire import settings
from igwire.cli.sources import app
from igwire.errors import StoreError
from igwire.feeds.catalogue import load


@pytest.fixture
def igwire(tmp_path, newsroom, monkeypatch):
    """Runs a command; its JSON lines and the exit code."""
    catalogue = tmp_path / "newsroom.yaml"
    catalogue.write_text(yaml.safe_dump({"group": "newsroom", "sources": newsroom.probation_catalogue()[1:]}), encoding="utf-8")
    for name, value in {"STATE": tmp_path / "state", "CATALOGUE": catalogue, "ALLOW_LOOPBACK": "127.0.0.0/24", "GAP_S": "0"}.items():
        monkeypatch.setenv(f"IGWIRE_{name}", str(value))
    settings.get.cache_clear()

    def run(*words: str) -> tuple[list[dict], int]:
        done = CliRunner().invoke(app, list(words))
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")], done.exit_code

    yield run
    settings.get.cache_clear()


def own(tmp_path: Path) -> list[str]:
    return list(load([tmp_path / "state" / "sources.yaml"]).by_id)


def test_add_shows_a_preview_and_writes_to_the_users_own_file(igwire, newsroom, tmp_path):
    (seen,), code = igwire("add", newsroom.origin("127.0.0.31"), "--id", "moved", "--yes")
    assert (code, seen["way"], seen["entries"], seen["robots"], seen["language"]) == (0, "feed", 4, "allows it", "en")
    assert seen["article_title"] == "Root servers get a neighbour"
    assert own(tmp_path) == ["moved"]
    listed, _ = igwire("list", "--json")
    assert [row["id"] for row in listed] == ["sitemap-only", "silent", "moved"]


def test_add_of_a_silent_site_says_why_and_writes_nothing(igwire, newsroom, tmp_path):
    (seen,), code = igwire("add", newsroom.origin("127.0.0.33"), "--id", "quiet", "--yes")
    assert (code, seen["way"]) == (1, None)
    assert "no feed" in seen["reason"]
    assert not (tmp_path / "state" / "sources.yaml").exists()


def test_check_and_health_tell_how_sources_do(igwire):
    rows, code = igwire("check")
    assert code == 0
    assert {row["id"]: (row["grade"], row["way"]) for row in rows} == {"sitemap-only": ("good", "sitemap"), "silent": ("wanted", "feed")}
    (good,), _ = igwire("health", "--grade", "good")
    assert (good["source_id"], good["state"], good["open_gaps"]) == ("sitemap-only", "ok", 0)


def test_opml_goes_in_and_out(igwire, tmp_path):
    opml = tmp_path / "list.opml"
    opml.write_text('<opml version="2.0"><body><outline text="A journal" xmlUrl="https://journal.example/feed"/></body></opml>', encoding="utf-8")
    rows, _ = igwire("import", str(opml))
    assert [row["id"] for row in rows] == own(tmp_path) == ["a-journal"]
    out = tmp_path / "out.opml"
    igwire("export", "a-journal", "--as", "opml", "--out", str(out))
    assert 'xmlUrl="https://journal.example/feed"' in out.read_text(encoding="utf-8")
    igwire("export", "--as", "csv", "--out", str(out))
    assert out.read_text(encoding="utf-8").count("\n") == 4


@pytest.mark.parametrize("words", [("check",), ("add", "http://127.0.0.31/")])
def test_nothing_is_fetched_below_the_floor_of_the_disk(igwire, newsroom, monkeypatch, words):
    monkeypatch.setenv("IGWIRE_FREE_FLOOR_GB", "1000000")
    settings.get.cache_clear()
    with pytest.raises(StoreError, match="IGWIRE_FREE_FLOOR_GB: nothing is fetched"):
        CliRunner().invoke(app, list(words), catch_exceptions=False)
