"""What several suites share: the pipeline on a folder of its own, the newsroom, one real Elasticsearch node for the whole run."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import requests
from elasticsearch import Elasticsearch
from fakes import FakeClock, FakeFetcher, MemoryIndex
from postgres import Postgres, programs

from igwire.enrich.tagger import Tagger
from igwire.feeds.catalogue import Catalogue
from igwire.fetch.client import Client, user_agent
from igwire.fetch.guard import Guard
from igwire.index import entities, migrate
from igwire.index.writer import BulkWriter
from igwire.kb import load
from igwire.ledger.database import Ledger
from igwire.model import Source, WebArchive
from igwire.newsroom.server import Newsroom
from igwire.orchestrate import resolve_window
from igwire.pipeline.parts import Knobs, Parts
from igwire.pipeline.run import run_all
from igwire.runtime.elasticsearch import LocalElasticsearch
from igwire.runtime.processes import free_port
from igwire.search.reader import Reader
from igwire.settings import Settings
from igwire.store.warc import WarcStore

# What scripts/test and people hand to the tests themselves.
_FOR_TESTS = {"IGWIRE_CHROMIUM", "IGWIRE_COMPOSE", "IGWIRE_CORPUS", "IGWIRE_SCREENSHOTS", "IGWIRE_TEST_ES_URL", "IGWIRE_TEST_LEDGER"}


@pytest.fixture(scope="session")
def tagger() -> Tagger:
    return Tagger(load())


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    with Newsroom() as room:
        yield room


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server of this run."""
    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL server on this machine; scripts/postgres installs it where it may")
    server = Postgres(found)
    yield server
    server.stop()


@pytest.fixture
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a new ledger, on SQLite; with `postgres.ON_BOTH` on PostgreSQL as well; with IGWIRE_TEST_LEDGER=postgresql there only."""
    kind = getattr(request, "param", os.environ.get("IGWIRE_TEST_LEDGER", "sqlite"))
    return str(request.getfixturevalue("postgres").new_database()) if kind == "postgresql" else f"sqlite:///{tmp_path / 'ledger.db'}"


class Bench:
    """A pipeline with real ledger, store and parsers, and fakes for the web, the index and the clock where wanted."""

    def __init__(self, folder: Path, tagger: Tagger, sources: list[Source], ledger_url: str, *, clock: object = None, room: Newsroom | None = None) -> None:
        self.folder, self.tagger = folder, tagger
        self.clock = clock or FakeClock()
        self.index = MemoryIndex()
        self.fetcher = FakeFetcher(self.clock)
        self.sources = sources
        self.room = room
        self.web_archives: tuple[WebArchive, ...] = ()
        self.ledger = Ledger.open(ledger_url)
        self.store = WarcStore(folder / "raw", self.clock)

    def parts(self, **knobs: float) -> Parts:
        values = {"gap_s": 5.0, "budget_s": 480.0, "threads": 8, "parser_workers": 0, "batches": 4, **knobs}
        client = Client(agent=user_agent("tests@example.org"), guard=Guard(("127.0.0.0/24",)), total_s=10) if self.room else self.fetcher
        return Parts(
            ledger=self.ledger,
            store=self.store,
            catalogue=Catalogue({s.id: s for s in self.sources}),
            clock=self.clock,
            knobs=Knobs(**values),
            fetcher=lambda: client,
            tagger=lambda: self.tagger,
            index=lambda: self.index,
            web_archives=self.web_archives,
        )


@pytest.fixture
def bench(tmp_path: Path, tagger: Tagger, ledger_url: str) -> Iterator[Bench]:
    """A pipeline over one invented source, http://news.example/feed."""
    source = Source(id="example", title="Example", site="http://news.example/", feed_url="http://news.example/feed", timezone="Europe/Paris")
    made = Bench(tmp_path, tagger, [source], ledger_url)
    yield made
    made.ledger.close()


def newsroom_sources(room: Newsroom) -> list[Source]:
    return [Source(**{k: tuple(v) if isinstance(v, list) else v for k, v in raw.items()}) for raw in room.catalogue()]


@pytest.fixture
def newsroom_bench(tmp_path: Path, tagger: Tagger, newsroom: Newsroom, ledger_url: str) -> Iterator[Bench]:
    """A pipeline over the newsroom, through the real HTTP client, in real time."""
    from igwire.wiring import SystemClock

    made = Bench(tmp_path, tagger, newsroom_sources(newsroom), ledger_url, clock=SystemClock(), room=newsroom)
    yield made
    made.ledger.close()


@pytest.fixture(autouse=True, scope="session")
def _no_foreign_settings() -> Iterator[None]:
    """Settings of the machine must not leak into tests."""
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("IGWIRE_") and name not in _FOR_TESTS}
    # Nor those of a .env that `make up` left in this folder.
    Settings.model_config["env_file"] = None
    yield
    os.environ.update(kept)


@pytest.fixture(scope="session")
def local_node(tmp_path_factory: pytest.TempPathFactory) -> LocalElasticsearch:
    """A local node in a folder and on a port of its own; not started."""
    return replace(LocalElasticsearch.from_settings(Settings()), folder=tmp_path_factory.mktemp("elasticsearch"), port=free_port())


@pytest.fixture(scope="session")
def elasticsearch_url(local_node: LocalElasticsearch) -> Iterator[str]:
    """Address of the run's Elasticsearch: the one of IGWIRE_TEST_ES_URL, else a local node that is stopped at the end."""
    shared = os.environ.get("IGWIRE_TEST_ES_URL", "")
    if shared:
        yield shared
        return
    yield local_node.up(print).url
    local_node.down()


@pytest.fixture
def index_prefix(elasticsearch_url: str) -> Iterator[str]:
    """A prefix for index, alias and template names that nobody else uses; what carries it is deleted afterwards."""
    prefix = f"test-{uuid.uuid4().hex[:12]}"
    yield prefix
    # The server refuses to delete by pattern, so the names are asked for first.
    for name in requests.get(f"{elasticsearch_url}/{prefix}*", timeout=30).json():
        requests.delete(f"{elasticsearch_url}/{name}", timeout=30).raise_for_status()
    for kind in ("_index_template", "_component_template"):
        requests.delete(f"{elasticsearch_url}/{kind}/{prefix}*", timeout=30)


@dataclass(frozen=True)
class IndexedNewsroom:
    """The whole newsroom in the real index, for tests that only read."""

    client: Elasticsearch
    prefix: str

    def reader(self) -> Reader:
        return Reader(self.client, self.prefix, load)


@pytest.fixture(scope="session")
def indexed_newsroom(elasticsearch_url: str, tagger: Tagger, tmp_path_factory: pytest.TempPathFactory) -> Iterator[IndexedNewsroom]:
    """Ingested once a run, through the real HTTP client and every stage."""
    from igwire.wiring import SystemClock

    client, prefix, folder = Elasticsearch(elasticsearch_url), f"test-{uuid.uuid4().hex[:12]}", tmp_path_factory.mktemp("newsroom")
    migrate.apply(client, prefix)
    with Newsroom() as room:
        bench = Bench(folder, tagger, newsroom_sources(room), f"sqlite:///{folder / 'ledger.db'}", clock=SystemClock(), room=room)
        bench.index = BulkWriter(client, prefix, SystemClock())
        window = resolve_window(run_type="manual", params={"since": "2015-01-01"}, interval=None, run_after=None, now=SystemClock().now())
        assert run_all(bench.parts(), "newsroom", window).ok
        bench.ledger.close()
    client.indices.refresh(index=f"{prefix}-*")
    entities.refresh(client, prefix, load())
    yield IndexedNewsroom(client, prefix)
    migrate.drop(client, prefix)
    client.close()
