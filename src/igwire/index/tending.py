"""The live index as the weekly care looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from elasticsearch import ApiError, Elasticsearch, TransportError

from igwire.errors import Unavailable
from igwire.index import entities, migrate
from igwire.kb import KnowledgeBase

# A large archive's segments take minutes to write anew.
_MERGE_S = 600.0


class Tended:
    """See `pipeline.tend.Index`."""

    def __init__(self, client: Elasticsearch, prefix: str, kb: Callable[[], KnowledgeBase]) -> None:
        self._client, self._prefix, self._kb = client, prefix, kb

    def held(self) -> Iterator[tuple[str, str]]:
        """Id and hash of every document of the live index. Raises Unavailable."""
        try:
            migrate.check_server(self._client)
            yield from migrate.Versions(self._client, self._prefix).hashes(migrate.live_index(self._client, self._prefix))
        except (ApiError, TransportError) as error:
            raise Unavailable(f"the index cannot be read: {str(error)[:300]}") from error

    def expunge(self) -> None:
        """Have the server write its files anew where they still hold deleted documents. Raises Unavailable."""
        try:
            for kind in ("articles", "revisions"):
                index = f"{self._prefix}-{kind}-v*"
                self._client.indices.flush(index=index, force=True)
                self._client.options(request_timeout=_MERGE_S).indices.forcemerge(index=index, only_expunge_deletes=True)
        except (ApiError, TransportError) as error:
            raise Unavailable(f"the index cannot be merged: {str(error)[:300]}") from error

    def finds(self, title: str) -> bool:
        """Whether a search for the title finds anything. Raises Unavailable."""
        try:
            found = self._client.search(index=f"{self._prefix}-articles", query={"match": {"title": title}}, size=1, source=False)
        except (ApiError, TransportError) as error:
            raise Unavailable(f"the index cannot be searched: {str(error)[:300]}") from error
        return bool(found["hits"]["hits"])

    def name(self) -> int:
        """Write the names of all entities anew, weighed by their articles; how many entities. Raises Unavailable."""
        try:
            return entities.refresh(self._client, self._prefix, self._kb())
        except (ApiError, TransportError) as error:
            raise Unavailable(f"the names of entities cannot be written: {str(error)[:300]}") from error

    def room(self) -> str | None:
        """What the server's disk watermarks stop, in words; None when nothing. Raises Unavailable."""
        try:
            return watermark(self._client)[1]
        except (ApiError, TransportError) as error:
            raise Unavailable(f"the server does not tell of its disk: {str(error)[:300]}") from error


def watermark(client: Elasticsearch) -> tuple[float, str | None]:
    """Share of its disk that the fullest node uses (0 to 1), and what that stops in words.

    The server places no new shards above its low watermark, moves them away above the high one, and takes no writes at flood stage.
    """
    stats = client.nodes.stats(metric="fs")["nodes"].values()
    used = max((1 - node["fs"]["total"]["available_in_bytes"] / node["fs"]["total"]["total_in_bytes"] for node in stats), default=0.0)
    flat = client.cluster.get_settings(include_defaults=True, flat_settings=True)
    settings = {**flat["defaults"], **flat["persistent"], **flat["transient"]}
    blocks = client.indices.get_settings(index="_all", name="index.blocks.read_only_allow_delete", flat_settings=True)
    if blocked := [name for name, found in blocks.items() if found["settings"]]:
        return used, f"{len(blocked)} indices are read-only: the flood stage was reached. Make room; Elasticsearch lifts the block by itself"
    for name, means in (("high", "it moves shards away"), ("low", "it places no new shards")):
        if (limit := _share(settings.get(f"cluster.routing.allocation.disk.watermark.{name}"))) is not None and used >= limit:
            return used, f"Elasticsearch's disk is {used:.0%} full, above its {name} watermark: {means}"
    return used, None


def _share(setting: str | None) -> float | None:
    """A watermark as a share; None when it is given in bytes."""
    return float(setting.rstrip("%")) / 100 if setting and setting.endswith("%") else None
