"""kill -9 while an index is made or swapped: whoever searches finds one whole index behind the aliases, and the command run again completes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
import yaml
from elasticsearch import Elasticsearch
from invented import LIVE, page, serve

from igwire import schema
from igwire.index import migrate
from igwire.index.writer import BulkWriter
from igwire.pipeline.run import run_all

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore::ResourceWarning")]
_PAGES = ("one", "two", "three")
# The command line, ended by the failpoint that is named before its arguments.
_COMMAND = """
import sys
from igwire import failpoints
from igwire.cli import main
point, passes = sys.argv.pop(1), int(sys.argv.pop(1))
if point:
    failpoints.arm(point, passes)
main()
"""


@pytest.fixture
def client(elasticsearch_url):
    with Elasticsearch(elasticsearch_url) as made:
        yield made


@pytest.fixture
def command(bench, elasticsearch_url, index_prefix):
    (source,) = bench.sources
    row = {"id": source.id, "title": source.title, "site": source.site, "feed_url": source.feed_url, "timezone": source.timezone}
    catalogue = bench.folder / "catalogue.yaml"
    catalogue.write_text(yaml.safe_dump({"group": "example", "sources": [row]}), encoding="utf-8")
    variables = {"IGWIRE_STATE": str(bench.folder), "IGWIRE_CATALOGUE": str(catalogue), "IGWIRE_ES_URL": elasticsearch_url, "IGWIRE_INDEX_PREFIX": index_prefix}

    def run(*arguments: str, point: str = "", passes: int = 0) -> int:
        words = [sys.executable, "-c", _COMMAND, point, str(passes), *arguments]
        return subprocess.run(words, env={**os.environ, **variables}, cwd=bench.folder, timeout=300, check=False).returncode

    return run


@pytest.mark.parametrize(("point", "live"), [("bulk_sent", 1), ("swapping", 1), ("swapped", 2)])
def test_a_rebuild_that_is_killed_leaves_one_whole_index_and_the_next_one_completes(bench, command, client, index_prefix, point, live):
    serve(bench, **{name: (200, page(name)) for name in _PAGES})
    migrate.apply(client, index_prefix)
    bench.index = BulkWriter(client, index_prefix, bench.clock)
    assert run_all(bench.parts(gap_s=0), "fill", LIVE).ok
    before = found(client, index_prefix)
    assert len(before) == len(_PAGES)

    assert command("rebuild", "--into", "new", point=point) == -signal.SIGKILL
    assert behind(client, index_prefix) == {f"{index_prefix}-articles-v{schema.VERSION}-{live:06}"}
    assert found(client, index_prefix) == before

    assert command("rebuild", "--into", "new") == 0
    assert behind(client, index_prefix) == {f"{index_prefix}-articles-v{schema.VERSION}-000003"}
    assert found(client, index_prefix) == before
    # The way back leads to what was live, never to what the killed rebuild left unfinished.
    assert migrate.roll_back(client, index_prefix)[0].endswith(f"-{live:06}")
    assert found(client, index_prefix) == before


@pytest.mark.parametrize("passes", [0, 1])
def test_an_apply_that_is_killed_leaves_whole_indices_only_and_the_next_one_completes(command, client, index_prefix, passes):
    assert command("index", "apply", point="applying", passes=passes) == -signal.SIGKILL
    made = {name: set(entry["aliases"]) for name, entry in client.indices.get(index=f"{index_prefix}-*").items()}
    assert [len(aliases) for aliases in made.values()] == [2] * passes
    assert command("index", "apply") == 0
    assert migrate.diff(client, index_prefix) == []
    assert behind(client, index_prefix) == {f"{index_prefix}-articles-v{schema.VERSION}-000001"}


def behind(client: Elasticsearch, prefix: str) -> set[str]:
    """The index behind the aliases that are read and written."""
    return {name for alias in (f"{prefix}-articles", f"{prefix}-articles-write") for name in client.indices.get_alias(name=alias)}


def found(client: Elasticsearch, prefix: str) -> dict[str, dict]:
    """What a search for everything answers, by id."""
    client.indices.refresh(index=f"{prefix}-articles")
    return {hit["_id"]: hit["_source"] for hit in client.search(index=f"{prefix}-articles", size=100)["hits"]["hits"]}
