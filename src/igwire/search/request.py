"""The one type that says what is looked for: page, command line, export, alerts and evaluation make it, and nothing else is searched."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from igwire.errors import QueryError

SORTS = ("relevance", "newest", "oldest")
SIZES = (10, 25, 50, 100)
# Values of filters in all: nobody chooses more by hand, and each one costs time on the page, which makes a link of it beside every other.
MAX_VALUES = 200
# A half of a pair of UTF-16: it is in no text, and nothing that sends or stores texts takes it.
_SURROGATE = re.compile("[\ud800-\udfff]")
# Elasticsearch's own window; deeper reading is an export's business.
MAX_WINDOW = 10_000
# Attribute → name in addresses, on the command line and in saved searches.
FACETS = {"sources": "source", "kinds": "kind", "countries": "country", "languages": "language", "entities": "entity", "topics": "topic"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """A search. Values of facets that begin with "-" are shut out; of the others one must fit, of entities and topics all.

    Raises QueryError when it is made with what cannot be searched for.
    """

    text: str = ""
    # First and last day, the publisher's own.
    since: date | None = None
    until: date | None = None
    # Ids of sources.
    sources: tuple[str, ...] = ()
    # Kinds of sources. These and all that follow may also be written as people call them; see `search.called`.
    kinds: tuple[str, ...] = ()
    # ISO 3166-1 alpha-2 codes of the countries that an article is about.
    countries: tuple[str, ...] = ()
    # BCP-47 primary tags.
    languages: tuple[str, ...] = ()
    # Local ids, QIDs or names.
    entities: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    # Only what came or changed after this instant: for alerts.
    changed_after: datetime | None = None
    # One of SORTS.
    sort: str = "relevance"
    # Newer articles rank a little higher among equals; only when sorted by relevance.
    recency: bool = True
    # Whether one of the plain words is enough; otherwise the rule of `query` holds. Asked so for what is shown below few hits.
    any_word: bool = False
    # One hit for all copies of a text.
    collapse: bool = True
    page: int = 1
    size: int = 10

    def __post_init__(self) -> None:
        if self.sort not in SORTS:
            raise QueryError(f"there is no order {self.sort[:20]!r}", hint=f"There are {', '.join(SORTS)}.")
        if not 1 <= self.size <= max(SIZES):
            raise QueryError(f"{self.size} hits a page cannot be shown", hint=f"A page has 1 to {max(SIZES)}.")
        if self.page < 1:
            raise QueryError("there is no such page of hits", hint="Pages begin with 1.")
        if any(_SURROGATE.search(text) for text in (self.text, *(value for facet in FACETS for value in getattr(self, facet)))):
            raise QueryError("the search holds half a character", hint="Type it again; a terminal must speak UTF-8.")
        if self.since and self.until and self.since > self.until:
            raise QueryError(f"the first day, {self.since}, is after the last one, {self.until}", hint="Exchange them.")
        if (values := sum(len(getattr(self, facet)) for facet in FACETS)) > MAX_VALUES:
            raise QueryError(f"{values} values to filter by are too many", hint=f"Choose {MAX_VALUES} at most.")
        if self.page * self.size > MAX_WINDOW:
            raise QueryError(f"only the first {MAX_WINDOW} hits can be paged through", hint="Narrow the search, or export it.")

    def as_params(self) -> dict[str, Any]:
        """The search as parameters of an address or a saved search: only what differs from the defaults."""
        changed = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}
        return {_NAMES.get(name, name): _written(value) for name, value in changed.items()}


_NAMES = {**FACETS, "text": "q", "since": "from", "until": "to"}


def _written(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date | datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


_SWITCHES = ("recency", "any_word", "collapse")
# YAML reads a bare yes or no as a truth value.
_SWITCH = {"yes": True, "no": False, True: True, False: False}
_HINTS = {
    **dict.fromkeys(_SWITCHES, "Write yes or no."), **dict.fromkeys(("page", "size"), "Write a number."),
    **dict.fromkeys(("since", "until", "changed_after"), "Write days as 2015-12-16."),
}  # fmt: skip
_WORDS = "Write words, between quotation marks where YAML takes them for a number, yes or no."


def from_params(given: Mapping[str, Any]) -> SearchRequest:
    """The reverse of `as_params`: values are texts or lists of texts, as an address gives them. Raises QueryError."""
    known = {name: attribute for attribute, name in _NAMES.items()} | {n: n for n in ("changed_after", "sort", *_SWITCHES, "page", "size")}
    if unknown := sorted(map(str, set(given) - set(known))):
        raise QueryError(f"there is no parameter {unknown[0][:20]!r}", hint=f"There are {', '.join(sorted(known))}.")
    return SearchRequest(**{known[name]: _read(known[name], value) for name, value in given.items() if value not in ("", None, [])})


def _read(attribute: str, value: Any) -> Any:
    try:
        if attribute in FACETS:
            return _listed(value)
        if attribute in ("since", "until"):
            return date.fromisoformat(str(value))
        if attribute == "changed_after":
            return datetime.fromisoformat(str(value))
        if attribute in ("page", "size"):
            return int(value)
        return _SWITCH[value] if attribute in _SWITCHES else str(value)
    except (ValueError, TypeError, KeyError) as error:
        name = _NAMES.get(attribute, attribute)
        raise QueryError(f"{str(value)[:20]!r} cannot be read as {name}", hint=_HINTS.get(attribute, _WORDS)) from error


def _listed(value: Any) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
        raise ValueError("neither a text nor a list of texts")
    return tuple(filter(None, values))


def split_values(values: Sequence[str]) -> tuple[list[str], list[str]]:
    """(wanted, shut out)."""
    return [v for v in values if not v.startswith("-")], [v[1:] for v in values if v.startswith("-") and len(v) > 1]
