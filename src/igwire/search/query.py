"""From a search to the request that Elasticsearch gets: a pure function, so that page, exports, alerts and evaluation ask the same.

* What must match is a filter, how well it matches is a sum of scores; both are built from fixed clauses, never from query syntax.
* Plain words: up to three are all required, of more at least MIN_SHOULD_MATCH. Each may stand in any text field, in the twin of any
  language that its script can be in, in the authors or among the names of the linked entities.
* Phrases, prefixes, fields and everything beside AND, OR and NOT are required as written.
* Entities and topics that the query names lift the articles on them, in every language; asked for any word, a topic is enough.
* Score: BM25F over title, summary and text (`combined_fields`; Robertson, Zaragoza, Taylor 2004), in the twins and, lower, unstemmed;
  a bonus for neighbouring words that stand close together; names of entities and authors count little.

The weights are measured: see docs/decisions/0006.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from igwire import schema
from igwire.search.grammar import KEYWORD_FIELDS, TEXT_FIELDS, Node, parse
from igwire.search.request import FACETS, MAX_WINDOW, SearchRequest, split_values
from igwire.search.words import CJK, content_words, language_of, twins_for, unique

MIN_SHOULD_MATCH = "3<50% 6<2"
TIMEOUT = "3s"
# More words of one query add cost and no meaning.
_MAX_WORDS = 32
_TITLE_BOOST = 3
_UNSTEMMED, _NEAR, _NAMES = 0.3, 0.1, 0.5
# For articles that name what the query names, that are mostly about it, and that have its topic.
_NAMED, _MAIN, _TOPIC = 1, 3, 2
_NEAR_SLOP = 4
# A Chinese word of up to four characters (three pairs) is required whole; of a longer run most pairs are.
_CJK_MATCH = "3<75%"
_TEXT = ("title", "summary", "body")
# An article of today counts so much more than one that is very old; half of it is gone after a year.
_RECENCY, _RECENCY_HALF = 0.15, "365d"
# What each facet looks at; the rest of `FACETS` are keyword fields by the same name.
_FACET_FIELDS = {
    "sources": ("source.id", "feeds"), "kinds": ("source.kind",), "countries": ("countries",), "languages": ("language",),
    "entities": ("entities.id", "entities.qid", "entities.all"), "topics": ("topics",),
}  # fmt: skip
# An article has one language and one source, but many of these: all that are chosen must be there.
_ALL_OF = {"entities", "topics"}


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a search names: for each name the ids of the entities that it may mean, ids of topics, and what values of filters are called.

    `called`: (facet, written value) → the values that the index holds for it; without an entry the written one alone.
    """

    entities: tuple[tuple[str, ...], ...] = ()
    topics: tuple[str, ...] = ()
    called: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)


NOTHING = About()


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """The query part of a request, and what people should know of it: how it was understood, its words by the number in `_name`."""

    query: dict[str, Any]
    interpreted: str
    # The same without scores, for what only counts: cheaper, and the server remembers the answer.
    matching: dict[str, Any] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    # Whether there is anything to be relevant to.
    scored: bool = False
    twins: tuple[str, ...] = ()
    # Clauses of what is required as written.
    others: tuple[dict[str, Any], ...] = ()


def build(request: SearchRequest, about: About = NOTHING) -> tuple[dict[str, Any], str]:
    """The body that is sent for a page of hits, and the query as it was understood. Raises QueryError."""
    built = build_query(request, about)
    return body_of(request, built), built.interpreted


def counts_of(built: Built) -> dict[str, Any]:
    """The body that is sent beside it for totals and facets. It says nothing of pages and order, so they share one remembered answer."""
    return {"query": built.matching, "size": 0, "timeout": TIMEOUT, "track_total_hits": MAX_WINDOW, "aggs": _FACET_COUNTS}


def widened(request: SearchRequest, about: About = NOTHING) -> Iterator[dict[str, Any]]:
    """For each facet of which any value is enough, and one is chosen: the body that counts its values without the choice.

    Beside the others then stands what each would bring, and not how many of the articles found have it as well.
    """
    for facet in (name for name in FACETS if name not in _ALL_OF):
        wanted, shut_out = split_values(getattr(request, facet))
        if wanted:
            unchosen: dict[str, Any] = {facet: tuple(f"-{value}" for value in shut_out)}
            yield {**counts_of(build_query(replace(request, **unchosen), about)), "aggs": {facet: _FACET_COUNTS[facet]}}


def body_of(request: SearchRequest, built: Built, *, texts: bool = False) -> dict[str, Any]:
    """The body that is sent for a page of hits; `texts`: hits bring their body."""
    left_out = ["aliases", "entity_mentions", "quotes", "copied_sentences", *([] if texts else ["body"])]
    body: dict[str, Any] = {
        "query": built.query, "from": (request.page - 1) * request.size, "size": request.size, "timeout": TIMEOUT, "track_total_hits": False,
        "highlight": _highlight(built), "_source": {"excludes": left_out},
    }  # fmt: skip
    if request.collapse:
        body["collapse"] = {"field": "cluster.id"}
    if sort := sorting(request, scored=built.scored):
        body["sort"] = sort
    return body


def build_query(request: SearchRequest, about: About = NOTHING) -> Built:
    """What matches, and how well. `about`: what the query names. Raises QueryError."""
    parsed = parse(request.text)
    plain, others = _parts(parsed.tree, explicit=parsed.explicit)
    content = content_words(plain)[:_MAX_WORDS]
    words = unique(content)
    text = " ".join([*words, *(leaf.text for node in others for leaf in node.leaves())])
    twins = tuple(twins_for(text, plain))
    filters = [*([_matching(words, twins, about, any_word=request.any_word)] if words else []), *_filters(request, about)]
    scored = bool(parsed.tree)
    required = tuple(_clause(node, twins, about) for node in others)
    query: dict[str, Any] = {"bool": {"filter": filters, "must": list(required), "should": [*_scores(content, twins, plain), *_about(about)]}}
    matching = {"bool": {"filter": [*filters, *required]}}
    if scored and request.recency and request.sort == "relevance":
        query = _with_recency(query)
    shown = " ".join(filter(None, [_shown(words, any_word=request.any_word), *(node.shown() for node in others)])) or "everything"
    return Built(query=query, interpreted=shown, matching=matching, words=tuple(words), scored=scored, twins=twins, others=required)


def written_values(request: SearchRequest) -> Iterator[tuple[str, str]]:
    """(facet as in addresses, value) for every filter, and for every field of the query that is looked up by value. Raises QueryError."""
    for attribute, facet in FACETS.items():
        yield from ((facet, value) for values in split_values(getattr(request, attribute)) for value in values)
    tree = parse(request.text).tree
    yield from ((leaf.name, leaf.text) for leaf in (tree.leaves() if tree else ()) if leaf.name in KEYWORD_FIELDS)


def sorting(request: SearchRequest, *, scored: bool) -> list[dict[str, str]]:
    """The order of hits; empty = by score."""
    if request.sort == "relevance" and scored:
        return []
    return [{"@timestamp": "asc" if request.sort == "oldest" else "desc"}, {"doc_id": "asc"}]


def _parts(tree: Node | None, *, explicit: bool) -> tuple[list[str], list[Node]]:
    """The plain words, and the parts that are required as written."""
    if tree is None or explicit:
        return [], [tree] if tree else []
    parts = tree.parts if tree.kind == "and" else (tree,)
    plain = [node.text for node in parts if node.kind == "word" and not node.name]
    return plain, [node for node in parts if node.kind != "word" or node.name]


def _shown(words: Sequence[str], *, any_word: bool) -> str:
    if len(words) < 2:
        return "".join(words)
    if any_word:
        return f"any of: {', '.join(words)}"
    if len(words) <= 3:
        return " AND ".join(words)
    return f"at least {_required(len(words))} of: {', '.join(words)}"


def _required(words: int) -> int:
    """What MIN_SHOULD_MATCH means for more than three words, by Elasticsearch's rules."""
    return words // 2 if words <= 6 else 2


# ── what matches ────────────────────────────────────────────────────────────────────────────────────────────────────


def _matching(words: Sequence[str], twins: Sequence[str], about: About, *, any_word: bool) -> dict[str, Any]:
    clauses = [_word(number, word, twins, _whole(word, any_part=any_word)) for number, word in enumerate(words)]
    if any_word:
        clauses += [_best("topics", [topic], 0) for topic in about.topics]
        return {"bool": {"should": clauses, "minimum_should_match": 1}}
    return {"bool": {"should": clauses, "minimum_should_match": MIN_SHOULD_MATCH if len(words) > 3 else len(words)}}


def _word(number: int, word: str, twins: Sequence[str], whole: dict[str, Any]) -> dict[str, Any]:
    """One word in a text or among the names of the entities; which of the two it was is told by the clause's name."""
    fields = [*_TEXT, *_twin_fields(twins), "authors.text"]
    in_text = {"multi_match": {"query": word, "fields": fields, **whole, "_name": f"text:{number}"}}
    in_names = {"match": {"aliases": {"query": word, **whole, "_name": f"names:{number}"}}}
    return {"bool": {"should": [in_text, in_names]}}


def _whole(word: str, *, any_part: bool = False) -> dict[str, Any]:
    """How many terms of one word must be there: a word with a hyphen or of several CJK characters becomes several, and all are meant."""
    if not CJK.search(word):
        return {"operator": "and"}
    return {"minimum_should_match": 1 if any_part else _CJK_MATCH}


def _twin_fields(twins: Sequence[str], names: Sequence[str] = _TEXT) -> list[str]:
    return [f"stemmed.{twin}.{name}" for twin in twins for name in names]


def _clause(node: Node, twins: Sequence[str], about: About) -> dict[str, Any]:
    if node.kind == "and":
        return {"bool": {"must": [_clause(part, twins, about) for part in node.parts]}}
    if node.kind == "or":
        return {"bool": {"should": [_clause(part, twins, about) for part in node.parts], "minimum_should_match": 1}}
    if node.kind == "not":
        return {"bool": {"must_not": [_clause(node.parts[0], twins, about)]}}
    return _keyword(node, about) if node.name in KEYWORD_FIELDS else _leaf(node, twins)


def _keyword(node: Node, about: About) -> dict[str, Any]:
    kind, fields = "prefix" if node.kind == "prefix" else "term", KEYWORD_FIELDS[node.name]
    ways: list[dict[str, Any]] = [{kind: {name: {"value": node.text, "case_insensitive": True}}} for name in fields]
    if kind == "term" and (meant := about.called.get((node.name, node.text))):
        ways += [{"terms": {name: list(meant)}} for name in fields]
    return {"bool": {"should": ways, "minimum_should_match": 1}}


def _leaf(node: Node, twins: Sequence[str]) -> dict[str, Any]:
    names = TEXT_FIELDS.get(node.name, (*_TEXT, "authors.text"))
    exact = [f"{name}^{_TITLE_BOOST}" if name == "title" else name for name in names]
    if node.kind == "phrase":
        return {"multi_match": {"query": node.text, "type": "phrase", "fields": exact}}
    if node.kind == "prefix":
        return {"multi_match": {"query": node.text, "type": "bool_prefix", "operator": "and", "fields": exact}}
    stemmed = [name for name in names if name in _TEXT]
    every = [*exact, *_twin_fields(twins, stemmed), *([] if node.name else [f"aliases^{_NAMES}"])]
    return {"multi_match": {"query": node.text, "type": "best_fields", "tie_breaker": 0.3, "fields": every, **_whole(node.text)}}


def _filters(request: SearchRequest, about: About) -> list[dict[str, Any]]:
    filters: list[dict[str, Any]] = []
    if days := {name: day.isoformat() for name, day in (("gte", request.since), ("lte", request.until)) if day}:
        filters.append({"range": {"published_day": days}})
    if request.changed_after:
        filters.append({"range": {"revised_at": {"gt": request.changed_after.isoformat()}}})
    for facet in FACETS:
        wanted, shut_out = split_values(getattr(request, facet))
        groups = [[value] for value in wanted] if facet in _ALL_OF else [wanted]
        filters += [_any_of(facet, group, about) for group in groups if group]
        if shut_out:
            filters.append({"bool": {"must_not": [_any_of(facet, shut_out, about)]}})
    return filters


def _any_of(facet: str, written: Sequence[str], about: About) -> dict[str, Any]:
    values = [value for one in written for value in (one, *about.called.get((FACETS[facet], one), ()))]
    return {"bool": {"should": [{"terms": {name: values}} for name in _FACET_FIELDS[facet]], "minimum_should_match": 1}}


# ── how well it matches ─────────────────────────────────────────────────────────────────────────────────────────────


def _scores(words: Sequence[str], twins: Sequence[str], sentence: Sequence[str]) -> list[dict[str, Any]]:
    if not words:
        return []
    text = " ".join(words)
    bm25f = [_combined(text, f"stemmed.{twin}.", 1.0) for twin in twins]
    names = {"multi_match": {"query": text, "type": "most_fields", "fields": [f"aliases^{_NAMES}", f"authors.text^{_NAMES}"]}}
    return [_combined(text, "", _UNSTEMMED), *bm25f, names, *_near(words, twins, language_of(sentence))]


def _about(about: About) -> list[dict[str, Any]]:
    """Articles on what the query names, in whatever language: more, the rarer it is, and for those mostly about it."""
    fields = {"entities.id": _NAMED, "entities.main": _MAIN}
    entities = [_best(name, ids, boost) for ids in about.entities for name, boost in fields.items()]
    return [*entities, *(_best("topics", [topic], _TOPIC) for topic in about.topics)]


def _best(name: str, values: Sequence[str], boost: float) -> dict[str, Any]:
    return {"dis_max": {"queries": [{"term": {name: {"value": value, "boost": boost}}} for value in values]}}


def _combined(text: str, prefix: str, boost: float) -> dict[str, Any]:
    fields = [f"{prefix}title^{_TITLE_BOOST}", f"{prefix}summary", f"{prefix}body"]
    return {"combined_fields": {"query": text, "fields": fields, "boost": boost}}


def _near(words: Sequence[str], twins: Sequence[str], language: str | None) -> list[dict[str, Any]]:
    """A bonus for words that are neighbours in the query and stand close together in the text.

    Looked up in the twin of the query's language, or unstemmed where only its script is known.
    """
    twin = twins[0] if len(twins) == 1 else schema.twin_of(language) if language else None
    prefix = f"stemmed.{twin}." if twin else ""
    fields = [f"{prefix}title^2", f"{prefix}summary", f"{prefix}body"]
    pairs = [f"{one} {other}" for one, other in pairwise(words)]
    runs = [word for word in words if CJK.search(word) and len(word) > 2]
    return [{"multi_match": {"query": text, "type": "phrase", "slop": _NEAR_SLOP, "fields": fields, "boost": _NEAR}} for text in [*pairs, *runs]]


def _with_recency(query: dict[str, Any]) -> dict[str, Any]:
    """Multiply by 1 for what is published now, by a little less for what is older; articles without a date keep their score."""
    decay = {"exp": {"published_at": {"origin": "now/d", "scale": _RECENCY_HALF, "decay": 0.5}}, "weight": _RECENCY}
    return {"function_score": {"query": query, "functions": [decay, {"weight": 1 - _RECENCY}], "score_mode": "sum", "boost_mode": "multiply"}}


# ── what is shown beside the hits ───────────────────────────────────────────────────────────────────────────────────


def _highlight(built: Built) -> dict[str, Any]:
    """Snippets. They have a query of their own: all words as plain matches, since the scoring query costs ten times as much per hit."""

    def field(name: str, **more: int) -> dict[str, Any]:
        return {"matched_fields": [name, *_twin_fields(built.twins, [name])], **more}

    looked_at = [*_TEXT, *_twin_fields(built.twins)]
    words = [{"match": {name: {"query": " ".join(built.words)}}} for name in looked_at if built.words]
    return {
        "type": "unified", "encoder": "html", "pre_tags": ["<mark>"], "post_tags": ["</mark>"],
        "highlight_query": {"bool": {"should": [*words, *built.others]}},
        "fields": {
            "title": field("title", number_of_fragments=0), "summary": field("summary", number_of_fragments=0),
            "body": field("body", number_of_fragments=3, fragment_size=160),
        },
    }  # fmt: skip


_FACET_COUNTS: dict[str, Any] = {
    "sources": {"terms": {"field": "source.id", "size": 30}},
    "kinds": {"terms": {"field": "source.kind", "size": 20}},
    "countries": {"terms": {"field": "countries", "size": 30}},
    "languages": {"terms": {"field": "language", "size": 30}},
    "entities": {"terms": {"field": "entities.all", "size": 20}},
    "topics": {"terms": {"field": "topics", "size": 30}},
    "years": {"date_histogram": {"field": "published_day", "calendar_interval": "year", "format": "yyyy", "min_doc_count": 1}},
    # Most articles have no copies; only the groups of the others have to be told apart, which costs more than counting.
    "alone": {"filter": {"term": {"cluster.role": "single"}}},
    "copied": {"filter": {"bool": {"must_not": [{"term": {"cluster.role": "single"}}]}}, "aggs": {"groups": {"cardinality": {"field": "cluster.id"}}}},
}
