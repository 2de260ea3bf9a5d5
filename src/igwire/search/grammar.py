"""How a query is read.

Grammar (operators in capitals):   or := and (OR and)* ;  and := unary (AND? unary)* ;  unary := NOT unary | -unary | ( or ) | term
                                   term := "a phrase" | word | word* | field:word | field:"a phrase"

A text of more than SENTENCE words without operators is a sentence: there quotation marks, parentheses and dashes are punctuation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from igwire.errors import QueryError

MAX_LENGTH = 512
# Whoever writes more words than this, and no operator, tells and does not compose a query.
SENTENCE = 8
# No sentence has more; each term is a clause in many fields.
MAX_TERMS = 128
# Shorter beginnings match half of the vocabulary.
_SHORTEST_PREFIX = 3
# What a word in front of a colon asks in: field → paths of the index.
TEXT_FIELDS = {"title": ("title",), "text": ("body",), "author": ("authors.text",)}
KEYWORD_FIELDS = {
    "source": ("source.id", "source.title", "feeds"), "entity": ("entities.all", "entities.id", "entities.qid"), "kind": ("source.kind",),
    "country": ("countries",), "language": ("language",), "topic": ("topics",), "site": ("domain", "hostname"), "speaker": ("speakers",),
}  # fmt: skip
FIELDS = sorted({*TEXT_FIELDS, *KEYWORD_FIELDS})
_OPERATOR = re.compile(r"(?<!\S)(?:AND|OR|NOT)(?!\S)")
_LOWER_OPERATOR = re.compile(r'"[^"]*"|(?<!\S)(?:and|or|not)(?!\S)')
_QUOTED = re.compile(r'"[^"]*"')
_PUNCTUATION = re.compile(r'["()]|(?<!\S)-')
_TOKEN = re.compile(r'\s*(?:(?P<field>[a-z]+):(?=[^\s/])|(?P<quote>"(?P<phrase>[^"]*)")|(?P<open>\()|(?P<close>\))|(?P<minus>-(?=[^\s-]))|(?P<word>[^\s()"]+))')


@dataclass(frozen=True, slots=True)
class Node:
    """A parsed query: `kind` is word, prefix, phrase, and, or, not; leaves have `text` and perhaps a `name` (field)."""

    kind: str
    text: str = ""
    name: str = ""
    parts: tuple[Node, ...] = ()

    def leaves(self) -> Iterator[Node]:
        """Its words, prefixes and phrases."""
        if self.parts:
            for part in self.parts:
                yield from part.leaves()
        else:
            yield self

    def shown(self) -> str:
        """The query as it was understood."""
        if self.kind in ("and", "or"):
            return "(" + f" {self.kind.upper()} ".join(part.shown() for part in self.parts) + ")"
        if self.kind == "not":
            return f"NOT {self.parts[0].shown()}"
        body = f'"{self.text}"' if self.kind == "phrase" else self.text + ("*" if self.kind == "prefix" else "")
        return f"{self.name}:{body}" if self.name else body


@dataclass(frozen=True, slots=True)
class Parsed:
    """A query: its tree (None when it is empty), and whether AND, OR or NOT were written."""

    tree: Node | None
    explicit: bool = False


def parse(text: str) -> Parsed:
    """Read a query. Raises QueryError."""
    if len(text) > MAX_LENGTH:
        raise QueryError(f"the query is longer than {MAX_LENGTH} characters", position=MAX_LENGTH, hint="Shorten it.")
    if is_sentence(text):
        # A blank for each, so that positions stay true.
        text = _PUNCTUATION.sub(" ", text)
    tokens = _tokens(text)
    explicit = any(kind in ("AND", "OR", "NOT") for kind, _, _ in tokens)
    if not explicit and not _balanced(tokens):
        # Without operators a parenthesis is punctuation, as in "a) first, b) second".
        tokens = [token for token in tokens if token[0] not in ("open", "close")]
    if not tokens:
        return Parsed(None)
    parser = _Parser(text, tokens)
    tree = parser.either()
    if parser.peek() != "end":
        raise QueryError("there is a closing parenthesis without an opening one", position=parser.position(), hint="Remove it.")
    return Parsed(tree, explicit)


def is_sentence(text: str) -> bool:
    """Whether a text is told rather than composed."""
    return not _OPERATOR.search(text) and len(_QUOTED.sub(" ", text).split()) > SENTENCE


def with_operators(text: str) -> str:
    """The query with its "and", "or" and "not" as operators, where it was perhaps meant so: "" where there are none, or it is told rather than composed."""
    if _OPERATOR.search(text) or is_sentence(text):
        return ""
    meant = _LOWER_OPERATOR.sub(lambda found: found[0] if found[0].startswith('"') else found[0].upper(), text)
    try:
        return meant if meant != text and parse(meant).explicit else ""
    except QueryError:
        return ""


@dataclass(slots=True)
class _Parser:
    source: str
    tokens: list[tuple[str, str, int]] = field(default_factory=list)
    at: int = 0

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
            self.take()
            parts.append(self.all())
        return _joined("or", parts)

    def all(self) -> Node:
        parts = [self.one()]
        while self.peek() not in ("OR", "close", "end"):
            if self.peek() == "AND":
                self.take()
            parts.append(self.one())
        return _joined("and", parts)

    def one(self) -> Node:
        kind, position = self.peek(), self.position()
        if kind in ("NOT", "minus"):
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
            name = text
            if self.peek() not in ("word", "phrase"):
                raise QueryError(f"{name}: has nothing to look for", position=position, hint=f'Write {name}:word or {name}:"a phrase".')
            kind, text, position = self.take()
        if kind == "phrase":
            return Node("phrase", text, name)
        return _prefix(text.rstrip("*"), name, position) if text.endswith("*") else Node("word", text, name)


def _joined(kind: str, parts: list[Node]) -> Node:
    if len(parts) == 1:
        return parts[0]
    flat = [inner for part in parts for inner in (part.parts if part.kind == kind else (part,))]
    return Node(kind, parts=tuple(flat))


def _prefix(text: str, name: str, position: int) -> Node:
    if len(text) < _SHORTEST_PREFIX:
        raise QueryError("the beginning of the word is too short", position=position, hint=f"Write at least {_SHORTEST_PREFIX} letters before the *.")
    return Node("prefix", text, name)


def _balanced(tokens: list[tuple[str, str, int]]) -> bool:
    depth, last = 0, ""
    for kind, _, _ in tokens:
        depth += (kind == "open") - (kind == "close")
        if depth < 0 or (last, kind) == ("open", "close"):
            return False
        last = kind
    return depth == 0


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
    if len(found) > MAX_TERMS:
        raise QueryError(f"the query has more than {MAX_TERMS} terms", position=found[MAX_TERMS][2], hint="Leave some out.")
    return found


def _token(match: re.Match[str]) -> list[tuple[str, str, int]]:
    name = next(group for group in ("field", "quote", "open", "close", "minus", "word") if match[group] is not None)
    text, position = match[name], match.start(name)
    if name == "quote":
        return [("phrase", match["phrase"].strip(), position)] if any(c.isalnum() for c in match["phrase"]) else []
    if name == "field":
        if text in FIELDS:
            return [("field", text, position)]
        return [("word", text, position)] if is_sentence(match.string) else _unknown_field(text, position)
    if name != "word":
        return [(name, text, position)]
    if text in ("AND", "OR", "NOT"):
        return [(text, text, position)]
    # A word of punctuation only says nothing to any analyzer.
    if not any(c.isalnum() for c in text):
        return []
    if text[0] in "*?":
        raise QueryError("a word cannot begin with * or ?", position=position, hint="Put the * at its end, as in govern*.")
    return [("word", _trimmed(text), position)]


def _trimmed(word: str) -> str:
    """Without the punctuation around it, which no analyzer keeps; a * at the end stays."""
    first = next(n for n, c in enumerate(word) if c.isalnum())
    last = max(n for n, c in enumerate(word) if c.isalnum())
    return word[first : last + 1] + ("*" if word.endswith("*") else "")


def _unknown_field(name: str, position: int) -> list[tuple[str, str, int]]:
    hint = f"There are {', '.join(FIELDS)}; quote the text to search for it."
    raise QueryError(f"there is no field {name!r}", position=position, hint=hint)
