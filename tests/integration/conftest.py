"""One real Elasticsearch for the whole test run, and names of its own for each test."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests

from igwire.runtime.elasticsearch import LocalElasticsearch
from igwire.runtime.processes import free_port
from igwire.settings import Settings


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
