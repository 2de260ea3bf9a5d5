"""What a search gives back: one set of types for page, command line, export and alerts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One found article: its document without the text, and the snippets around what was found (HTML, escaped but `<mark>`)."""

    doc_id: str
    score: float | None
    document: dict[str, Any]
    snippets: dict[str, list[str]]
    # Canonical names through which it was found when the text itself holds none of the query's words; "" = found in the text.
    matched_as: str = ""
    # Further articles with the same text, known by its cluster.
    copies: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """The answer to a search. `total` counts articles, copies included; it is not exact when there are more than were counted."""

    total: int
    total_exact: bool
    hits: tuple[Hit, ...]
    # facet → value → count; of facets of which any value is enough, as if none were chosen.
    facets: dict[str, dict[str, int]]
    interpreted: str
    took_ms: int
    # Groups of copies count once; approximate above some thousands (HyperLogLog++).
    stories: int = 0
    # The time ran out: what is shown is not all.
    partial: bool = False
    # Where few articles have what was asked for: others, best first, that have some of the words. Not counted in `total` and facets.
    further: tuple[Hit, ...] = ()
    # Entities whose names resemble the query, when little was found: (canonical name, local id).
    suggestions: tuple[tuple[str, str], ...] = ()
    # The index that answered, behind its alias; empty when nothing was found.
    index: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One stretch of time: articles found, and all articles that the same sources, languages and dates hold."""

    start: str
    found: int
    covered: int

    @property
    def share(self) -> float:
        """Found per covered article; 0 where nothing was covered."""
        return self.found / self.covered if self.covered else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusual:
    """An entity that stands in the found articles more often than elsewhere: counts among the found and among all, and its score (JLH)."""

    name: str
    found: int
    overall: int
    score: float


def facets_of(aggregations: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """facet → value → count."""
    return {name: {str(b.get("key_as_string", b["key"])): b["doc_count"] for b in agg["buckets"]} for name, agg in aggregations.items() if "buckets" in agg}


def stories_of(aggregations: Mapping[str, Any]) -> int:
    """Groups of copies, one for each article that has none."""
    return int(aggregations["alone"]["doc_count"] + aggregations["copied"]["groups"]["value"])


def names_only(matched: list[str]) -> list[int]:
    """Numbers of the query's words that were found among the names of entities alone; empty when one stands in the text."""
    in_text = {int(name.partition(":")[2]) for name in matched if name.startswith("text:")}
    return [] if in_text else sorted(int(name.partition(":")[2]) for name in matched if name.startswith("names:"))
