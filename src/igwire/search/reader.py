"""Reading from the index: searches, single documents, the last good run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from elasticsearch import ApiError, Elasticsearch, NotFoundError, TransportError

from igwire.errors import QueryError, Unavailable
from igwire.search.query import SearchRequest, build

_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One found article: its document without the text, and the snippets around what was found (HTML, escaped but `<mark>`)."""

    doc_id: str
    score: float | None
    document: dict[str, Any]
    snippets: dict[str, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """The answer to a search. `total_exact` is false when there are more than were counted."""

    total: int
    total_exact: bool
    hits: tuple[Hit, ...]
    # facet → value → count
    facets: dict[str, dict[str, int]]
    interpreted: str
    took_ms: int


class Reader:
    """Asks one Elasticsearch by the read aliases."""

    def __init__(self, client: Elasticsearch, prefix: str) -> None:
        self._client = client.options(request_timeout=_TIMEOUT_S, max_retries=0)
        self._prefix = prefix

    def search(self, request: SearchRequest) -> Results:
        """Run a search. Raises QueryError for what cannot be read, Unavailable when the server is away."""
        body, interpreted = build(request)
        answer = self._ask(lambda: self._client.search(index=f"{self._prefix}-articles", **{_PYTHON.get(k, k): v for k, v in body.items()}))
        hits = tuple(
            Hit(doc_id=hit["_id"], score=hit.get("_score"), document=hit["_source"], snippets=hit.get("highlight", {})) for hit in answer["hits"]["hits"]
        )
        facets = {name: {str(b.get("key_as_string", b["key"])): b["doc_count"] for b in agg["buckets"]} for name, agg in answer["aggregations"].items()}
        total = answer["hits"]["total"]
        return Results(total=total["value"], total_exact=total["relation"] == "eq", hits=hits, facets=facets, interpreted=interpreted, took_ms=answer["took"])

    def get(self, doc_id: str) -> dict[str, Any] | None:
        """The document `doc_id`, whole, or None."""
        try:
            found = self._ask(lambda: self._client.get(index=f"{self._prefix}-articles", id=doc_id))
        except _Missing:
            return None
        document: dict[str, Any] = found["_source"]
        return document

    def last_good_run(self) -> dict[str, Any] | None:
        """The newest run that ended well, or None."""
        query = {"term": {"status": "ok"}}
        answer = self._ask(lambda: self._client.search(index=f"{self._prefix}-runs", query=query, sort=[{"finished_at": "desc"}], size=1))
        hits = answer["hits"]["hits"]
        run: dict[str, Any] | None = hits[0]["_source"] if hits else None
        return run

    def _ask(self, call: Any) -> Any:
        try:
            return call()
        except NotFoundError as error:
            if "index_not_found" in str(error):
                raise Unavailable(f"there is no index {self._prefix}-articles yet; run `igwire index apply` or an ingest") from error
            raise _Missing from error
        except ApiError as error:
            if error.status_code == 400:
                hint = "Try fewer or simpler words."
                raise QueryError("Elasticsearch cannot run this search", position=0, hint=hint) from error
            raise Unavailable(f"Elasticsearch answers with an error: {error}") from error
        except TransportError as error:
            raise Unavailable(f"Elasticsearch does not answer: {error}. Start it with `igwire es up`.") from error


class _Missing(Exception):  # not an error for anybody: `get` turns it into None
    pass


# `from` is a word of Python's own.
_PYTHON = {"from": "from_", "_source": "source"}
