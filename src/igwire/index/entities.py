"""The index of entities: names for suggestions, weighed by how often articles are linked to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from elasticsearch import Elasticsearch, helpers

from igwire.errors import Unavailable
from igwire.kb import Entity, KnowledgeBase

# Entities counted by one request; the knowledge base is far smaller.
_MOST = 50_000
# What the completion field takes of one name, in characters.
_LONGEST_NAME = 50


def refresh(client: Elasticsearch, prefix: str, kb: KnowledgeBase) -> int:
    """Write every entity with its present number of articles, and take out what has left the knowledge base; how many there are.

    Raises Unavailable when an entity is not taken; faults of the server as they come.
    """
    counts = _counts(client, prefix)
    alias = f"{prefix}-entities-write"
    _send(client, _actions(kb, counts), alias)
    gone = [hit["_id"] for hit in helpers.scan(client, index=alias, _source=False) if hit["_id"] not in kb.by_id]
    _send(client, ({"_op_type": "delete", "_id": entity} for entity in gone), alias)
    return len(kb.by_id)


def _send(client: Elasticsearch, actions: Iterator[dict[str, Any]], alias: str) -> None:
    try:
        # Where the alias is missing, the server would make an index of that name, with a mapping of its own.
        helpers.bulk(client, actions, index=alias, refresh=True, require_alias=True)
    except helpers.BulkIndexError as error:
        raise Unavailable(f"the names of entities cannot be written: {str(error.errors[0])[:300]}. Run `igwire index apply`.") from error


def _counts(client: Elasticsearch, prefix: str) -> dict[str, int]:
    aggs = {"ids": {"terms": {"field": "entities.id", "size": _MOST}}}
    answer = client.search(index=f"{prefix}-articles", size=0, aggs=aggs)
    return {bucket["key"]: bucket["doc_count"] for bucket in answer["aggregations"]["ids"]["buckets"]}


def _actions(kb: KnowledgeBase, counts: dict[str, int]) -> Iterator[dict[str, Any]]:
    for entity in kb.by_id.values():
        yield {"_id": entity.id, "_source": document(entity, counts.get(entity.id, 0))}


def document(entity: Entity, articles: int) -> dict[str, Any]:
    """The entity as it is indexed; the more articles, the earlier it is suggested."""
    names = list(entity.names())
    found = {
        "id": entity.id, "type": entity.type, "name": entity.name, "names": names, "qid": entity.qid, "country": entity.country, "articles": articles,
        "suggest": {"input": [name[:_LONGEST_NAME] for name in names], "weight": articles + 1},
    }  # fmt: skip
    return {name: value for name, value in found.items() if value is not None}
