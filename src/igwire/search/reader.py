"""Reading from the index: searches and what belongs beside them, single documents, exports, the last good run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from elasticsearch import ApiError, Elasticsearch, TransportError

from igwire.errors import QueryError, Unavailable
from igwire.search.called import Called, Titles
from igwire.search.names import Names, folded
from igwire.search.query import TIMEOUT, About, Built, body_of, build_query, counts_of, sorting, widened, written_values
from igwire.search.request import SearchRequest
from igwire.search.results import Hit, Results, Span, Unusual, facets_of, names_only, stories_of
from igwire.search.words import unique

if TYPE_CHECKING:
    from igwire.kb import Entity, KnowledgeBase

_TIMEOUT_S = 10.0
# Documents a request of an export; 1,000 articles of 10 KB are 10 MB in memory.
_EXPORT_CHUNK = 500
_KEEP_ALIVE = "2m"
# Fewer hits than these, and names that resemble the query are offered.
_FEW_HITS = 3
# Words of a query that are looked up as misspelt names, and how many letters such a one has at least: shorter ones resemble too many.
_MOST_WORDS, _SHORTEST_NAME = 8, 4
_WORD = re.compile(r"\w+")
_INTERVALS = ("day", "week", "month", "quarter", "year")


class Reader:
    """Asks one Elasticsearch by the read aliases. `kb` gives the knowledge base, for entities that a query names and names by which a hit was found; `topics` the topics that a query names; `titles` what sources and topics are called."""

    def __init__(
        self,
        client: Elasticsearch,
        prefix: str,
        kb: Callable[[], KnowledgeBase] | None = None,
        topics: Callable[[str], Sequence[str]] | None = None,
        titles: Callable[[], Titles] = dict,
    ) -> None:
        self._client = client.options(request_timeout=_TIMEOUT_S, max_retries=0)
        self._prefix = prefix
        self._kb = kb
        self._topics = topics
        self._titles = titles
        self._looked_up: tuple[Names, Called] | None = None

    @property
    def articles(self) -> str:
        """The read alias."""
        return f"{self._prefix}-articles"

    def search(self, request: SearchRequest, *, texts: bool = False) -> Results:
        """Run a search; where it does not fill its first page, `further` holds articles with some of the words.

        `texts`: the hits bring their body, of which `search.rights` cuts an excerpt. Raises QueryError for what cannot be read,
        Unavailable when the server is away.
        """
        about = self._about(request)
        found = self._search(request, about, texts=texts)
        if found.total >= request.size or request.page > 1 or request.sort != "relevance" or request.any_word or not request.text:
            return found
        return replace(found, further=tuple(self._further(request, about, found.hits, texts=texts)))

    def _further(self, request: SearchRequest, about: About, found: tuple[Hit, ...], *, texts: bool) -> list[Hit]:
        """What fills the page: the best that has one of the words and is not shown already; without facets and totals."""
        loose = replace(request, any_word=True)
        built = build_query(loose, about)
        body = body_of(loose, built, texts=texts)
        answer = self._send(body)
        shown = {hit.doc_id for hit in found}
        others = [self._hit(hit, built) for hit in answer["hits"]["hits"] if hit["_id"] not in shown]
        return self._with_copies(others[: request.size - len(found)])

    def _search(self, request: SearchRequest, about: About, *, texts: bool) -> Results:
        built = build_query(request, about)
        answer, counts, *wider = self._send_all(body_of(request, built, texts=texts), counts_of(built), *widened(request, about))
        facets = facets_of({name: agg for one in (counts, *wider) for name, agg in one["aggregations"].items()})
        hits = self._with_copies([self._hit(hit, built) for hit in answer["hits"]["hits"]])
        total = counts["hits"]["total"]
        few = total["value"] < _FEW_HITS and request.text
        return Results(
            total=total["value"], total_exact=total["relation"] == "eq", hits=tuple(hits), facets=facets,
            interpreted=built.interpreted, took_ms=max(answer["took"], counts["took"]), stories=stories_of(counts["aggregations"]),
            partial=answer["timed_out"] or counts["timed_out"],
            suggestions=tuple(self.suggest(request.text)) if few else (), index=next((hit["_index"] for hit in answer["hits"]["hits"]), ""),
        )  # fmt: skip

    def _about(self, request: SearchRequest) -> About:
        """What the search names; nothing without a knowledge base."""
        if self._looked_up is None:
            entities = self._kb().by_id.values() if self._kb else ()
            self._looked_up = Names(entities), Called(entities, self._titles())
        named, called = self._looked_up
        topics = self._topics(request.text) if self._topics else ()
        meant = {written: values for written in written_values(request) if (values := called.values(*written))}
        return About(entities=tuple(named.in_query(request.text)), topics=tuple(topics), called=meant)

    def _send(self, body: dict[str, Any]) -> Any:
        return self._ask(lambda: self._client.search(index=self.articles, **{_PYTHON.get(k, k): v for k, v in body.items()}))

    def _send_all(self, *bodies: dict[str, Any]) -> list[Any]:
        """The answers to several searches, which the server works on side by side."""
        searches = [part for body in bodies for part in ({}, body)]
        answers = self._ask(lambda: self._client.msearch(index=self.articles, searches=searches))["responses"]
        if bad := next((answer for answer in answers if "error" in answer), None):
            raise self._fault(bad["status"], f"{bad['error'].get('type')}: {bad['error'].get('reason')}")
        return list(answers)

    def _hit(self, hit: dict[str, Any], built: Built) -> Hit:
        words = [built.words[number] for number in names_only(hit.get("matched_queries", []))]
        matched_as = self._names(hit["_source"], words) if words else ""
        return Hit(doc_id=hit["_id"], score=hit.get("_score"), document=hit["_source"], snippets=hit.get("highlight", {}), matched_as=matched_as)

    def _names(self, document: dict[str, Any], words: list[str]) -> str:
        """Canonical names of the document's entities that have a name with such a word in it; the words themselves without a knowledge base."""
        known = self._kb().by_id if self._kb else {}
        wanted = [folded(word) for word in words]
        linked = [known[entity] for entity in document.get("entities", {}).get("id", []) if entity in known]
        counts = {e.name: max(sum(w in folded(name) for w in wanted) for name in e.names()) for e in linked}
        best = max(counts.values(), default=0)
        # Where one entity's name holds all the words, others that share one of them say nothing.
        return ", ".join(name for name, count in counts.items() if count and count == best) or ", ".join(words)

    def _with_copies(self, hits: list[Hit]) -> list[Hit]:
        clusters = [cluster["id"] for hit in hits if (cluster := hit.document.get("cluster")) and cluster.get("role") != "single"]
        if not clusters:
            return hits
        aggs = {"sizes": {"terms": {"field": "cluster.id", "size": len(clusters)}}}
        answer = self._send({"query": {"terms": {"cluster.id": clusters}}, "size": 0, "timeout": TIMEOUT, "aggs": aggs})
        sizes = {bucket["key"]: bucket["doc_count"] for bucket in answer["aggregations"]["sizes"]["buckets"]}
        return [replace(hit, copies=sizes.get(hit.document.get("cluster", {}).get("id"), 1) - 1) for hit in hits]

    def similar(self, doc_id: str, size: int = 5) -> list[Hit]:
        """Articles about the same, copies left out: by their words (more_like_this) and their entities."""
        document = self.get(doc_id)
        if document is None:
            return []
        like = {
            "more_like_this": {
                "fields": ["title", "summary", "body"],
                "like": [{"_index": self.articles, "_id": doc_id}],
                "min_term_freq": 1,
                "min_doc_freq": 2,
            }
        }
        entities = [{"term": {"entities.id": {"value": entity}}} for entity in document.get("entities", {}).get("id", [])[:50]]
        copies = {"term": {"cluster.id": document.get("cluster", {}).get("id", doc_id)}}
        query = {"bool": {"must": [like], "should": entities, "must_not": [copies, {"ids": {"values": [doc_id]}}]}}
        body = {"query": query, "size": size, "timeout": TIMEOUT, "_source": _LISTED, "collapse": {"field": "cluster.id"}}
        return [self._hit(hit, Built(query=query, interpreted="")) for hit in self._send(body)["hits"]["hits"]]

    def copies_of(self, document: dict[str, Any], size: int = 50) -> list[Hit]:
        """The other articles of its cluster, oldest first."""
        others = {"bool": {"filter": [{"term": {"cluster.id": document["cluster"]["id"]}}], "must_not": [{"ids": {"values": [document["doc_id"]]}}]}}
        body = {"query": others, "size": size, "sort": [{"@timestamp": "asc"}, {"doc_id": "asc"}], "timeout": TIMEOUT, "_source": _LISTED}
        return [self._hit(hit, Built(query=others, interpreted="")) for hit in self._send(body)["hits"]["hits"]]

    def unusual(self, request: SearchRequest, size: int = 15) -> list[Unusual]:
        """Entities that the found articles name more often than the whole archive does (significant_terms), but for those that were asked for."""
        about = self._about(request)
        built = build_query(request, about)
        meant = [value for (facet, _), values in about.called.items() if facet == "entity" for value in values]
        asked = [entity.name for key in (*request.entities, *meant, *(one for ids in about.entities for one in ids)) if (entity := self.entity(key))]
        terms = {"field": "entities.all", "size": size, "min_doc_count": 2, "exclude": [*asked, *request.entities]}
        body = {"query": built.matching, "size": 0, "timeout": TIMEOUT, "aggs": {"unusual": {"significant_terms": terms}}}
        found = self._send(body)["aggregations"]["unusual"]["buckets"]
        return [Unusual(name=b["key"], found=b["doc_count"], overall=b["bg_count"], score=b["score"]) for b in found]

    def volume(self, request: SearchRequest, interval: str = "month") -> list[Span]:
        """Found articles over time beside all that the archive covers there, so that a growing archive does not look like a growing topic."""
        if interval not in _INTERVALS:
            raise QueryError(f"there is no interval {interval[:20]!r}", hint=f"There are {', '.join(_INTERVALS)}.")
        covered = replace(request, text="", entities=(), topics=(), countries=(), page=1)
        found, everything = self._per_span(request, interval), self._per_span(covered, interval)
        return [Span(start=start, found=found.get(start, 0), covered=count) for start, count in everything.items()]

    def _per_span(self, request: SearchRequest, interval: str) -> dict[str, int]:
        histogram: dict[str, Any] = {"field": "published_day", "calendar_interval": interval, "format": "yyyy-MM-dd", "min_doc_count": 0}
        if bounds := {name: day.isoformat() for name, day in (("min", request.since), ("max", request.until)) if day}:
            # Stretches in which nothing was published are part of what was asked for.
            histogram["extended_bounds"] = bounds
        body = {"query": build_query(request, self._about(request)).matching, "size": 0, "timeout": TIMEOUT, "aggs": {"spans": {"date_histogram": histogram}}}
        return {bucket["key_as_string"]: bucket["doc_count"] for bucket in self._send(body)["aggregations"]["spans"]["buckets"]}

    def suggest(self, text: str, size: int = 5) -> list[tuple[str, str]]:
        """Entities with a name that begins like the text, or else like one of its words that no article has, small misspellings allowed.

        (canonical name, local id), the most written about first.
        """
        try:
            return self._named_like([text], size) or self._named_like(self._unheard(_WORD.findall(text)), size)
        except (Unavailable, QueryError):
            # Suggestions are a help: a search must not fail with them.
            return []

    def _named_like(self, texts: Sequence[str], size: int) -> list[tuple[str, str]]:
        if not texts:
            return []
        completion = {"field": "suggest", "size": size, "skip_duplicates": True, "fuzzy": {"fuzziness": "AUTO"}}
        asked = {str(number): {"prefix": text[:100], "completion": completion} for number, text in enumerate(texts)}
        answer = self._ask(lambda: self._client.search(index=f"{self._prefix}-entities", suggest=asked, source_includes=["name", "id"]))
        options = [option["_source"] for number in asked for option in answer["suggest"][number][0]["options"]]
        return list(dict.fromkeys((option["name"], option["id"]) for option in options))[:size]

    def _unheard(self, words: Sequence[str]) -> list[str]:
        """Of several words those that stand in no article: one of them may be a misspelt name."""
        words = [word for word in unique(words) if len(word) >= _SHORTEST_NAME][:_MOST_WORDS] if len(words) > 1 else []
        bodies = [{"query": build_query(SearchRequest(text=word)).matching, "size": 0, "timeout": TIMEOUT, "terminate_after": 1} for word in words]
        answers = self._send_all(*bodies) if bodies else []
        return [word for word, answer in zip(words, answers, strict=True) if not answer["hits"]["total"]["value"]]

    def export(self, request: SearchRequest) -> Iterator[dict[str, Any]]:
        """Every found document, whole, copies included, in an order that stays the same while it is read (point in time)."""
        built = build_query(request, self._about(request))
        order = sorting(request, scored=built.scored) or [{"_score": "desc"}, {"doc_id": "asc"}]
        pit = self._ask(lambda: self._client.open_point_in_time(index=self.articles, keep_alive=_KEEP_ALIVE))["id"]
        after: list[Any] | None = None
        try:
            while hits := self._chunk(built.query, order, pit, after):
                yield from ({"score": hit.get("_score"), **hit["_source"]} for hit in hits)
                after = hits[-1]["sort"]
        finally:
            self._ask(lambda: self._client.close_point_in_time(id=pit))

    def _chunk(self, query: dict[str, Any], order: list[dict[str, str]], pit: str, after: list[Any] | None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask(
            lambda: self._client.search(
                query=query, sort=order, pit={"id": pit, "keep_alive": _KEEP_ALIVE}, search_after=after, size=_EXPORT_CHUNK, track_total_hits=False
            )
        )["hits"]["hits"]
        return found

    def get(self, doc_id: str) -> dict[str, Any] | None:
        """The document `doc_id`, whole, or None."""
        try:
            found = self._ask(lambda: self._client.get(index=self.articles, id=doc_id))
        except (_Missing, UnicodeEncodeError):
            # No document has an id that cannot be sent.
            return None
        document: dict[str, Any] = found["_source"]
        return document

    def entity(self, key: str) -> Entity | None:
        """The entity of the knowledge base with this local id or QID, or None."""
        known = self._kb().by_id if self._kb else {}
        return known.get(key) or next((entity for entity in known.values() if entity.qid == key), None)

    def countries(self) -> dict[str, str]:
        """ISO 3166-1 alpha-2 code → name."""
        known = self._kb().by_id.values() if self._kb else ()
        return {entity.country: entity.name for entity in known if entity.country and entity.level == "country"}

    def starting_with(self, beginnings: Sequence[str]) -> list[Hit]:
        """The documents whose ids begin so: for citations, which hold no whole ids."""
        query = {"bool": {"should": [{"prefix": {"doc_id": {"value": beginning}}} for beginning in beginnings], "minimum_should_match": 1}}
        body = {"query": query, "size": 100, "sort": [{"doc_id": "asc"}], "timeout": TIMEOUT, "_source": _LISTED}
        return [self._hit(hit, Built(query=query, interpreted="")) for hit in self._send(body)["hits"]["hits"]] if beginnings else []

    def revisions_of(self, doc_id: str, size: int = 50) -> list[dict[str, Any]]:
        """Every version of an article's text that was seen, the first one first."""
        return self._beside("revisions", {"term": {"doc_id": doc_id}}, [{"revision": "asc"}], size)

    def source(self, source_id: str) -> dict[str, Any] | None:
        """How a source does, as it was looked at last; None where that has not happened yet."""
        found = self._beside("sources", {"term": {"source_id": source_id}}, [{"@timestamp": "desc"}], 1)
        return found[0] if found else None

    def _beside(self, kind: str, query: dict[str, Any], order: list[dict[str, str]], size: int) -> list[dict[str, Any]]:
        """Documents of another index than the articles'; none where it does not exist."""
        index = f"{self._prefix}-{kind}"
        answer = self._ask(lambda: self._client.search(index=index, query=query, sort=order, size=size, ignore_unavailable=True))
        return [hit["_source"] for hit in answer["hits"]["hits"]]

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
        except ApiError as error:
            raise self._fault(error.status_code, str(error)) from error
        except TransportError as error:
            raise Unavailable(f"Elasticsearch does not answer: {error}. Start it with `igwire es up`.") from error

    def _fault(self, status: int, told: str) -> Exception:
        """What an error of the server means for whoever asked."""
        if status == 404:
            return Unavailable(f"there is no index {self.articles} yet; run `igwire index apply` or an ingest") if "index_not_found" in told else _Missing(told)
        if status == 400:
            return QueryError("Elasticsearch cannot run this search", hint="Try fewer or simpler words.")
        if status in (401, 403):
            hint = "Check IGWIRE_ES_API_KEY_FILE; `igwire security apply` brings keys up to date."
            return Unavailable(f"Elasticsearch does not let these credentials read: {told}. {hint}")
        return Unavailable(f"Elasticsearch answers with an error: {told}")


class _Missing(Exception):  # not an error for anybody: `get` turns it into None
    pass


_LISTED = ["doc_id", "title", "url", "published_day", "@timestamp", "source", "language", "cluster"]
# `from` is a word of Python's own.
_PYTHON = {"from": "from_", "_source": "source"}
