"""The yardstick of evaluations: title and text with Elasticsearch's defaults, asked by a bare multi_match."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from elasticsearch import Elasticsearch, helpers

# As many hits as the page's largest size.
_SIZE = 100


class BareIndex:
    """An index `name` of its own."""

    def __init__(self, client: Elasticsearch, name: str) -> None:
        self._client = client
        self._name = name

    def fill(self, rows: Iterable[dict[str, Any]]) -> None:
        """Create the index with the documents `rows` (id, title, text)."""
        fields = {"title": {"type": "text"}, "text": {"type": "text"}}
        self._client.indices.create(index=self._name, settings={"number_of_shards": 1, "number_of_replicas": 0}, mappings={"properties": fields})
        source = ({"_id": row["id"], "title": row.get("title"), "text": row["text"]} for row in rows)
        helpers.bulk(self._client, source, index=self._name, refresh=True)

    def ask(self, queries: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """`{"id", "hits"}` a query."""
        for row in queries:
            query = {"multi_match": {"query": row["query"], "fields": ["title", "text"]}}
            found = self._client.search(index=self._name, query=query, size=_SIZE, source=False)
            yield {"id": row["id"], "hits": [hit["_id"] for hit in found["hits"]["hits"]]}
