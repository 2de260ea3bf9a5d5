"""What a search means: one request type and one builder for page, command line and evaluation.

Grammar (operators in capitals):   or := and (OR and)* ;  and := unary (AND? unary)* ;  unary := NOT unary | -unary | ( or ) | term
                                   term := "a phrase" | word | word* | field:word | field:"a phrase"

Plain words: up to three are all required, of more three quarters. As soon as an operator, a phrase or a field is used, everything
that is written is required. Prefixes are looked up unstemmed. Nothing that a user writes reaches Elasticsearch as query syntax.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from igwire.errors import QueryError

MAX_LENGTH = 512
MAX_TERMS = 32
# Elasticsearch's own window; deeper paging is an export's business.
MAX_WINDOW = 10_000
_SHORTEST_PREFIX = 3
_TIMEOUT = "3s"
_FIELDS = ["title^4", "stemmed.en.title^3", "summary^2", "stemmed.en.summary", "body", "stemmed.en.body", "authors.text", "aliases^0.3"]
_EXACT = ["title^4", "summary^2", "body", "authors.text", "aliases^0.3"]
_NAMED = {
    "title": ["title^2", "stemmed.en.title"], "author": ["authors.text"], "text": ["body", "stemmed.en.body"],
    "source": ["source.id", "source.title"], "entity": ["entities.all", "entities.id", "entities.qid"],
}  # fmt: skip
_KEYWORDS = {"source", "entity"}
_TOKEN = re.compile(r'\s*(?:(?P<field>[a-z]+):(?=\S)|(?P<quote>"(?P<phrase>[^"]*)")|(?P<open>\()|(?P<close>\))|(?P<minus>-(?=[^\s-]))|(?P<word>[^\s()"]+))')
SORTS = {"relevance": [], "newest": [{"@timestamp": "desc"}, {"doc_id": "asc"}], "oldest": [{"@timestamp": "asc"}, {"doc_id": "asc"}]}


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """A search. Days are the publisher's; an entity is a local id, a QID or a canonical name."""

    text: str = ""
    since: date | None = None
    until: date | None = None
    sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    sort: str = "relevance"
    page: int = 1
    size: int = 10


@dataclass(frozen=True, slots=True)
class Node:
    """A parsed query: `kind` is word, prefix, phrase, and, or, not; leaves have `text` and perhaps a `name` (field)."""

    kind: str
    text: str = ""
    name: str = ""
    parts: tuple[Node, ...] = ()

    def shown(self) -> str:
        """The query as it was understood."""
        if self.kind in ("and", "or"):
            return "(" + f" {self.kind.upper()} ".join(part.shown() for part in self.parts) + ")"
        if self.kind == "not":
            return f"NOT {self.parts[0].shown()}"
        body = f'"{self.text}"' if self.kind == "phrase" else self.text + ("*" if self.kind == "prefix" else "")
        return f"{self.name}:{body}" if self.name else body


@dataclass(slots=True)
class _Parser:
    source: str
    tokens: list[tuple[str, str, int]] = field(default_factory=list)
    at: int = 0
    plain: bool = True

    def peek(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else "end"

    def take(self) -> tuple[str, str, int]:
        self.at += 1
        return self.tokens[self.at - 1]

    def position(self) -> int:
        return self.tokens[self.at][2] if self.at < len(self.tokens) else len(self.source)

    def either(self) -> Node:
        parts = [self.all()]
        while self.peek() == "OR":
            self.plain = False
            self.take()
            parts.append(self.all())
        return parts[0] if len(parts) == 1 else Node("or", parts=tuple(parts))

    def all(self) -> Node:
        parts = [self.one()]
        while self.peek() not in ("OR", "close", "end"):
            if self.peek() == "AND":
                self.plain = False
                self.take()
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else Node("and", parts=tuple(parts))

    def one(self) -> Node:
        kind, position = self.peek(), self.position()
        if kind in ("NOT", "minus"):
            self.plain = False
            self.take()
            return Node("not", parts=(self.one(),))
        if kind == "open":
            return self.group(position)
        if kind in ("word", "phrase", "field"):
            return self.term()
        if kind == "close":
            raise QueryError("there is a closing parenthesis without an opening one", position=position, hint="Remove it, or put it into quotes.")
        raise QueryError("a word is missing", position=position, hint="AND, OR, NOT and field names need a word or a phrase behind them.")

    def group(self, position: int) -> Node:
        self.plain = False
        self.take()
        inner = self.either()
        if self.peek() != "close":
            raise QueryError("a parenthesis is not closed", position=position, hint="Add a closing parenthesis.")
        self.take()
        return inner

    def term(self) -> Node:
        kind, text, position = self.take()
        name = ""
        if kind == "field":
            self.plain, name = False, text
            if self.peek() not in ("word", "phrase"):
                raise QueryError(f"{name}: has nothing to look for", position=position, hint=f'Write {name}:word or {name}:"a phrase".')
            kind, text, position = self.take()
        if kind == "phrase":
            self.plain = False
            return Node("phrase", text, name)
        if text.endswith("*"):
            return self.prefix(text.rstrip("*"), name, position)
        return Node("word", text, name)

    def prefix(self, text: str, name: str, position: int) -> Node:
        self.plain = False
        if len(text) < _SHORTEST_PREFIX:
            hint = f"Write at least {_SHORTEST_PREFIX} letters before the *."
            raise QueryError("the beginning of the word is too short", position=position, hint=hint)
        return Node("prefix", text, name)


def parse(text: str) -> tuple[Node | None, bool]:
    """The query as a tree (None when it is empty), and whether it is only plain words. Raises QueryError."""
    if len(text) > MAX_LENGTH:
        raise QueryError(f"the query is longer than {MAX_LENGTH} characters", position=MAX_LENGTH, hint="Shorten it.")
    parser = _Parser(text)
    parser.tokens = _tokens(text)
    if not parser.tokens:
        return None, True
    tree = parser.either()
    if parser.peek() != "end":
        raise QueryError("there is a closing parenthesis without an opening one", position=parser.position(), hint="Remove it.")
    return tree, parser.plain


def _tokens(text: str) -> list[tuple[str, str, int]]:
    found: list[tuple[str, str, int]] = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            position = at + len(text[at:]) - len(text[at:].lstrip())
            raise QueryError("a quotation mark is not closed", position=position, hint='Write "a phrase" with two quotation marks.')
        found += _token(match)
        at = match.end()
    if len(found) > MAX_TERMS * 2:
        raise QueryError(f"the query has more than {MAX_TERMS} terms", position=found[MAX_TERMS][2], hint="Leave some out.")
    return found


def _token(match: re.Match[str]) -> list[tuple[str, str, int]]:
    kind = match.lastgroup if match.lastgroup != "phrase" else "quote"
    name = next(group for group in ("field", "quote", "open", "close", "minus", "word") if match[group] is not None)
    position = match.start(name)
    if name == "quote":
        return [("phrase", match["phrase"].strip(), position)] if match["phrase"].strip() else []
    if name == "field":
        return [("field", match["field"], position)] if match["field"] in _NAMED else _unknown_field(match, position)
    if name == "word" and match["word"] in ("AND", "OR", "NOT"):
        return [(match["word"], match["word"], position)]
    # A word of punctuation only says nothing to any analyzer.
    if name == "word" and not any(c.isalnum() for c in match["word"]):
        return []
    return [(name, match[name], position)] if kind else []


def _unknown_field(match: re.Match[str], position: int) -> list[tuple[str, str, int]]:
    # "http://…" and "RFC:2026" are words to most people; only a bare word before a colon asks for a field.
    raise QueryError(
        f"there is no field {match['field']!r}", position=position, hint=f"There are {', '.join(sorted(_NAMED))}; quote the text to search for it."
    )


def build(request: SearchRequest) -> tuple[dict[str, Any], str]:
    """The Elasticsearch request body, and the query as it was understood. Raises QueryError."""
    tree, plain = parse(request.text)
    if request.page * request.size > MAX_WINDOW:
        raise QueryError(f"only the first {MAX_WINDOW} hits can be paged through", position=0, hint="Narrow the search by dates or sources.")
    query = {"bool": {"must": [_text_query(tree, plain)], "should": _phrases(tree, plain), "filter": _filters(request)}}
    body = {
        "query": query, "from": (request.page - 1) * request.size, "size": request.size, "timeout": _TIMEOUT, "track_total_hits": MAX_WINDOW,
        "highlight": _HIGHLIGHT, "aggs": _FACETS, "_source": {"excludes": ["body", "aliases", "entity_mentions"]},
    }  # fmt: skip
    sort = SORTS.get(request.sort) or ([] if tree else SORTS["newest"])
    return {**body, **({"sort": sort} if sort else {})}, (tree.shown() if tree else "everything")


def _text_query(tree: Node | None, plain: bool) -> dict[str, Any]:
    if tree is None:
        return {"match_all": {}}
    if plain and tree.kind == "and":
        return {"bool": {"should": [_clause(part) for part in tree.parts], "minimum_should_match": "3<75%"}}
    return _clause(tree)


def _phrases(tree: Node | None, plain: bool) -> list[dict[str, Any]]:
    """Words that stand together count more than words that stand apart."""
    if tree is None or not plain or tree.kind != "and":
        return []
    words = " ".join(part.text for part in tree.parts)
    return [{"multi_match": {"query": words, "type": "phrase", "slop": 2, "fields": ["title^4", "summary^2", "body"], "boost": 0.5}}]


def _clause(node: Node) -> dict[str, Any]:
    if node.kind == "and":
        return {"bool": {"must": [_clause(part) for part in node.parts]}}
    if node.kind == "or":
        return {"bool": {"should": [_clause(part) for part in node.parts], "minimum_should_match": 1}}
    if node.kind == "not":
        return {"bool": {"must_not": [_clause(node.parts[0])]}}
    if node.name in _KEYWORDS:
        return _keyword_clause(node)
    fields = _NAMED[node.name] if node.name else (_FIELDS if node.kind == "word" else _EXACT)
    if node.kind == "prefix":
        return {"multi_match": {"query": node.text, "type": "phrase_prefix", "fields": [f for f in fields if "stemmed" not in f], "max_expansions": 100}}
    kind = "phrase" if node.kind == "phrase" else "best_fields"
    # A word with a hyphen or of several CJK characters becomes several terms: all of them are meant.
    extra = {} if kind == "phrase" else {"operator": "and", "tie_breaker": 0.3}
    return {"multi_match": {"query": node.text, "type": kind, "fields": fields, **extra}}


def _keyword_clause(node: Node) -> dict[str, Any]:
    kind = "prefix" if node.kind == "prefix" else "term"
    clauses = [{kind: {name: {"value": node.text, "case_insensitive": True}}} for name in _NAMED[node.name]]
    return {"bool": {"should": clauses, "minimum_should_match": 1}}


def _filters(request: SearchRequest) -> list[dict[str, Any]]:
    filters: list[dict[str, Any]] = []
    days = {name: day.isoformat() for name, day in (("gte", request.since), ("lte", request.until)) if day}
    if days:
        filters.append({"range": {"published_day": days}})
    filters += _terms(["source.id", "feeds"], request.sources)
    filters += _terms(["language"], request.languages)
    for entity in request.entities:
        filters += _terms(["entities.id", "entities.qid", "entities.all"], [entity])
    return filters


def _terms(fields: Sequence[str], values: Sequence[str]) -> list[dict[str, Any]]:
    if not values:
        return []
    return [{"bool": {"should": [{"terms": {name: list(values)}} for name in fields], "minimum_should_match": 1}}]


_HIGHLIGHT: dict[str, Any] = {
    "type": "unified", "encoder": "html", "pre_tags": ["<mark>"], "post_tags": ["</mark>"],
    "fields": {
        "title": {"number_of_fragments": 0, "matched_fields": ["title", "stemmed.en.title"]},
        "summary": {"number_of_fragments": 0, "matched_fields": ["summary", "stemmed.en.summary"]},
        "body": {"number_of_fragments": 3, "fragment_size": 160, "matched_fields": ["body", "stemmed.en.body"]},
    },
}  # fmt: skip
_FACETS: dict[str, Any] = {
    "sources": {"terms": {"field": "source.id", "size": 30}},
    "languages": {"terms": {"field": "language", "size": 30}},
    "entities": {"terms": {"field": "entities.all", "size": 20}},
    "years": {"date_histogram": {"field": "published_day", "calendar_interval": "year", "format": "yyyy", "min_doc_count": 1}},
}
