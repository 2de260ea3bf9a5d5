"""A scratch index for a benchmark: on the configured server, else on a local node that is stopped again."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from elasticsearch import Elasticsearch

from igwire.index import migrate
from igwire.runtime.elasticsearch import LocalElasticsearch
from igwire.runtime.processes import free_port
from igwire.settings import Settings


@contextmanager
def scratch() -> Iterator[tuple[Elasticsearch, str]]:
    """A client and a prefix with applied templates; what carries the prefix is deleted at the end."""
    given = os.environ.get("IGWIRE_TEST_ES_URL", "")
    with tempfile.TemporaryDirectory() as folder:
        node = replace(LocalElasticsearch.from_settings(Settings()), folder=Path(folder) / "node", port=free_port())
        client = Elasticsearch(given or node.up(lambda text: None).url, request_timeout=120)
        prefix = f"bench-{uuid.uuid4().hex[:12]}"
        try:
            migrate.apply(client, prefix)
            yield client, prefix
        finally:
            migrate.drop(client, prefix)
            client.close()
            if not given:
                node.down()
