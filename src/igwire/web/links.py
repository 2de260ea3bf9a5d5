"""Addresses of searches: the same search with something changed, as relative references."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from igwire.search.request import FACETS, SearchRequest

# Name in addresses → attribute.
_ATTRIBUTES = {name: attribute for attribute, name in FACETS.items()}
# What a feed reader follows is what is new.
_FOLLOWED = ("atom", "feed")


def query_of(request: SearchRequest) -> str:
    """The search as the part behind the path of an address, question mark included."""
    return "?" + urlencode(request.as_params(), doseq=True)


class Links:
    """Addresses made from one search; `base` leads from the page to the root."""

    def __init__(self, request: SearchRequest, base: str = ".") -> None:
        self._request = request
        self._base = base

    def page(self, number: int) -> str:
        """Another page of the hits."""
        return self._with(page=number)

    def added(self, facet: str, value: str) -> str:
        """With this value of a facet asked for (shut out, with a - in front); its opposite is dropped."""
        return self._with(**{_ATTRIBUTES[facet]: (*self._without(facet, value), value)})

    def removed(self, facet: str, value: str) -> str:
        """Without this value of a facet."""
        return self._with(**{_ATTRIBUTES[facet]: self._without(facet, value)})

    def between(self, since: Any, until: Any) -> str:
        """The same search in other days (None = open)."""
        return self._with(since=since, until=until)

    def worded(self, text: str) -> str:
        """The same search with other words."""
        return self._with(text=text)

    def everywhere(self) -> str:
        """The same words without filters and days."""
        return self._with(since=None, until=None, **dict.fromkeys(FACETS, ()))

    def sorted(self, order: str) -> str:
        """In another order."""
        return self._with(sort=order)

    def search(self) -> str:
        """The search itself."""
        return f"{self._base}/{query_of(self._request)}"

    def export(self, kind: str) -> str:
        """All that is found, as a file."""
        request = replace(self._request, page=1, size=10, sort="newest" if kind in _FOLLOWED else self._request.sort)
        return f"{self._base}/export/{kind}{query_of(request)}"

    def citation(self) -> str:
        """Where a link to cite is made."""
        return f"{self._base}/cite{query_of(replace(self._request, page=1, size=10))}"

    def _without(self, facet: str, value: str) -> tuple[str, ...]:
        same = {value, value.removeprefix("-"), "-" + value.removeprefix("-")}
        return tuple(v for v in getattr(self._request, _ATTRIBUTES[facet]) if v not in same)

    def _with(self, **changes: Any) -> str:
        return self._base + "/" + query_of(replace(self._request, **{"page": 1, **changes}))


def of_entity(key: str) -> SearchRequest:
    """All articles that are linked to an entity, the newest first."""
    return SearchRequest(entities=(key,), sort="newest")


def of_source(source_id: str) -> SearchRequest:
    """All articles of a source, the newest first."""
    return SearchRequest(sources=(source_id,), sort="newest")
