"""The pages, one method each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from igwire.errors import QueryError, Unavailable
from igwire.search import citation
from igwire.search.formats import FORMATS
from igwire.search.grammar import with_operators
from igwire.search.request import FACETS, MAX_WINDOW, SIZES, SORTS, SearchRequest
from igwire.search.results import Results
from igwire.search.rights import level_of, visible, visible_hits
from igwire.web import charts, views
from igwire.web.links import Links, of_entity, of_source, query_of
from igwire.web.shelf import Shelf, asked_of, form_of, params_of, root_of

_NEWEST, _SIMILAR = 10, 5
# Names of facets in addresses, and what they are called.
_FACET_TITLES = {
    "source": "Sources", "kind": "Kinds of sources", "country": "Countries", "language": "Languages", "entity": "People, bodies, places", "topic": "Topics",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filter:
    """One value that is asked for, or shut out."""

    facet: str
    value: str
    out: bool


class Pages:
    """The routes that answer with pages."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def results(self, request: Request) -> HTMLResponse:
        """The query box and what was found; the parameters are those of `SearchRequest.as_params`."""
        given = form_of(params_of(request))
        try:
            return self._found(given, asked_of(request))
        except QueryError as error:
            return self._unread(given, error, at=error.position)
        except Unavailable as error:
            return self._unread(given, error, status=503)

    def _found(self, given: dict[str, Any], asked: SearchRequest) -> HTMLResponse:
        reader = self._shelf.reader
        found = self._search(asked)
        first = asked.page == 1 and found.total > 0
        narrowed = bool(_filters(asked) or asked.since or asked.until)
        return self._shelf.page(
            "results.html", base=".", given=given, asked=asked, found=found, run=reader.last_good_run(), links=Links(asked), pages=_pages(found, asked),
            volume=self._volume(asked, found) if asked.page == 1 else None, unusual=reader.unusual(asked) if first and (asked.text or narrowed) else [],
            operators=with_operators(asked.text), narrowed=narrowed, filters=_filters(asked), today=self._open_day(asked), **_CHOICES,
        )  # fmt: skip

    def _unread(self, given: dict[str, Any], error: Exception, *, at: int | None = None, status: int = 400) -> HTMLResponse:
        return self._shelf.page("results.html", status, base=".", given=given, fault=error, at=at, **_CHOICES)

    def _search(self, asked: SearchRequest) -> Results:
        """What is found, as this viewer may see it."""
        found = self._shelf.reader.search(asked, texts=self._shelf.viewer != "owner")
        return replace(found, hits=visible_hits(found.hits, self._shelf.viewer), further=visible_hits(found.further, self._shelf.viewer))

    def _volume(self, asked: SearchRequest, found: Results) -> charts.Volume | None:
        shown = charts.within_years(asked, list(found.facets.get("years", {})), self._shelf.today)
        if shown is None:
            return None
        interval = charts.interval_for(shown, self._shelf.today)
        return charts.volume(self._shelf.reader.volume(shown, interval), interval)

    def _open_day(self, asked: SearchRequest) -> str:
        """Today, when the search includes it: it is not over yet."""
        today = self._shelf.today
        return today.isoformat() if asked.until is None or asked.until >= today else ""

    def article(self, doc_id: str) -> HTMLResponse:
        """One article: its text with entities marked, and all that is known of it."""
        try:
            document = self._shelf.reader.get(doc_id)
            if document is None:
                return self._shelf.missing("There is no such article in the index.", "..")
            return self._shown(document)
        except (QueryError, Unavailable) as error:
            return self._shelf.fault(error, "..")

    def _shown(self, document: dict[str, Any]) -> HTMLResponse:
        reader, viewer, doc_id = self._shelf.reader, self._shelf.viewer, document["doc_id"]
        level = level_of(document, viewer)
        history = views.versions(reader.revisions_of(doc_id), text_visible=level == "full")
        return self._shelf.page(
            "article.html", base="..", a=visible(document, viewer), level=level, run=reader.last_good_run(), named=views.named(document),
            copies=reader.copies_of(document) if document.get("cluster") else [], similar=reader.similar(doc_id, _SIMILAR), history=history,
        )  # fmt: skip

    def entity(self, key: str) -> HTMLResponse:
        """One entity: its names, when it was written about, by whom, and with whom."""
        try:
            entity = self._shelf.reader.entity(key)
            if entity is None:
                return self._shelf.missing("The knowledge base has no such entity.", "..")
            facts = self._about(of_entity(entity.id))
        except (QueryError, Unavailable) as error:
            return self._shelf.fault(error, "..")
        others = {name: count for name, count in facts["found"].facets.get("entities", {}).items() if name != entity.name}
        return self._shelf.page("entity.html", base="..", e=entity, others=others, **facts)

    def source(self, source_id: str) -> HTMLResponse:
        """One source: how it does, how much it brings, and what is newest."""
        try:
            health = self._shelf.reader.source(source_id)
            facts = self._about(of_source(source_id))
        except (QueryError, Unavailable) as error:
            return self._shelf.fault(error, "..")
        found = facts["found"]
        if health is None and not found.hits:
            return self._shelf.missing("No source of this name has brought an article.", "..")
        title = health["title"] if health else found.hits[0].document["source"]["title"]
        return self._shelf.page("source.html", base="..", s=health, source_id=source_id, title=title, **facts)

    def _about(self, asked: SearchRequest) -> dict[str, Any]:
        found = self._search(replace(asked, size=_NEWEST))
        return {"found": found, "volume": self._volume(asked, found), "links": Links(asked, ".."), "run": self._shelf.reader.last_good_run(), **_CHOICES}

    def cite(self, request: Request) -> HTMLResponse:
        """A link that holds this search and what it finds now."""
        try:
            asked = citation.held_request(asked_of(request))
            found = self._search(asked)
        except (QueryError, Unavailable) as error:
            return self._shelf.fault(error, ".")
        made = citation.cite(asked, found, self._shelf.clock.now())
        path = f"cited/{citation.to_token(made)}"
        return self._shelf.page("cite.html", base=".", c=made, path=path, address=root_of(request) + path, found=found, digest=citation.digest(made.held))

    def cited(self, token: str) -> HTMLResponse:
        """What a citation link holds, and what has changed since."""
        reader = self._shelf.reader
        try:
            held = citation.from_token(token)
            found = self._search(held.request)
            since = citation.compare(held, found)
            lost = reader.starting_with(since.gone)
        except (QueryError, Unavailable) as error:
            return self._shelf.fault(error, "..")
        search = "../" + query_of(replace(held.request, size=SearchRequest().size))
        return self._shelf.page("cited.html", base="..", c=held, found=found, since=since, lost=lost, search=search, digest=citation.digest(held.held))


_CHOICES: dict[str, Any] = {"sorts": SORTS, "sizes": SIZES, "facet_titles": _FACET_TITLES, "formats": FORMATS}


def _pages(found: Results, asked: SearchRequest) -> int:
    hits = found.stories if asked.collapse else found.total
    return max(1, min(-(-hits // asked.size), MAX_WINDOW // asked.size))


def _filters(asked: SearchRequest) -> list[Filter]:
    values = ((name, value) for attribute, name in FACETS.items() for value in getattr(asked, attribute))
    return [Filter(name, value, value.startswith("-")) for name, value in values]
