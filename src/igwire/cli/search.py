"""`igwire search` and `igwire show`."""

from __future__ import annotations

from datetime import datetime
from html import unescape
from typing import TYPE_CHECKING, Annotated, Any

import typer

from igwire.cli import output

if TYPE_CHECKING:
    from igwire.search.request import SearchRequest
    from igwire.search.results import Hit


_COLUMNS = ["day", "source", "language", "title"]
_Facet = Annotated[list[str] | None, typer.Option(help="Only these; with a - in front: all but these.")]


def search(
    query: Annotated[list[str] | None, typer.Argument(help='Words, "phrases", AND OR NOT, word*, title:word.')] = None,
    since: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")] = None,
    until: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day.")] = None,
    source: _Facet = None, kind: _Facet = None, country: _Facet = None, language: _Facet = None, topic: _Facet = None,
    entity: Annotated[list[str] | None, typer.Option(help="Only articles with all these entities (id, QID or name); -X: without X.")] = None,
    sort: Annotated[str, typer.Option(help="relevance, newest or oldest.")] = "relevance",
    recency: Annotated[bool, typer.Option(help="Whether newer articles rank a little higher among equals.")] = True,
    collapse: Annotated[bool, typer.Option(help="One hit for all copies of a text, or each of them.")] = True,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 10,
    page: Annotated[int, typer.Option(min=1, help="Which stretch of LIMIT hits.")] = 1,
    export: Annotated[bool, typer.Option("--export", help="Every hit with its text, as JSON lines in an order that holds.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="The same as a table.")] = False,
    json: output.JsonFlag = False,
) -> None:  # fmt: skip
    """Search the index."""
    from igwire.search.request import SearchRequest

    request = SearchRequest(
        text=" ".join(query or ()), since=since.date() if since else None, until=until.date() if until else None, sources=tuple(source or ()), kinds=tuple(kind or ()),
        countries=tuple(country or ()), languages=tuple(language or ()), entities=tuple(entity or ()), topics=tuple(topic or ()), sort=sort, recency=recency,
        collapse=collapse, size=limit, page=page,
    )  # fmt: skip
    if export or csv:
        _export(request, "csv" if csv else "ndjson")
    else:
        _list(request, json)


def _export(request: SearchRequest, kind: str) -> None:
    from igwire import wiring
    from igwire.search.formats import About, written
    from igwire.search.rights import visible

    documents = (visible(document, wiring.viewer()) for document in wiring.reader().export(request))
    for piece in written(kind, documents, About(title="", address="", page="", at=wiring.CLOCK.now())):
        output.piece(piece)


def _list(request: SearchRequest, json: bool) -> None:
    from igwire import wiring
    from igwire.search.grammar import with_operators
    from igwire.search.rights import visible_hits

    viewer = wiring.viewer()
    found = wiring.reader().search(request, texts=viewer != "owner")
    rows = [_row(hit) for hit in visible_hits(found.hits, viewer)]
    title = f"{found.total} articles for {found.interpreted}"
    output.rows(rows, _COLUMNS, json_flag=json, title=title)
    if meant := with_operators(request.text):
        output.say(f'"and", "or" and "not" are operators in capitals: {meant}')
    if found.suggestions:
        output.say(f"Did you mean {', '.join(name for name, _ in found.suggestions)}?")
    if output.as_json(json):
        return
    _say_where(rows)
    if further := [_row(hit) for hit in visible_hits(found.further, viewer)]:
        output.rows(further, _COLUMNS, json_flag=False, title="Further articles have some of the words" if rows else "These have some of the words")
        _say_where(further)


def _say_where(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        notes = [f"matched as {row['matched_as']}" if row["matched_as"] else "", f"{row['copies']} similar reports" if row["copies"] else ""]
        output.say(" · ".join(filter(None, [f"{row['id'][:12]}… {row['url']}", *notes])) + f"\n    {' '.join(row['snippet'].split())}")


def _row(hit: Hit) -> dict[str, Any]:
    found = hit.document
    snippet = " … ".join(hit.snippets.get("body", [])[:2]) or found.get("summary", "")
    return {
        "id": hit.doc_id, "score": hit.score, "title": found.get("title"), "url": found["url"], "day": found.get("published_day"),
        "source": found["source"]["id"], "language": found.get("language"), "entities": found.get("entities", {}).get("all", []),
        "matched_as": hit.matched_as, "copies": hit.copies,
        "snippet": unescape(snippet.replace("<mark>", "").replace("</mark>", "")),
    }  # fmt: skip


def show(
    key: Annotated[str, typer.Argument(help="Id of a document, or its URL.")],
    history: Annotated[bool, typer.Option("--history", help="All versions of the text that were seen, with what changed word by word.")] = False,
    json: output.JsonFlag = False,
) -> None:
    """Print one document."""
    if history:
        _show_history(key, json)
        return
    document = _document(key)
    if output.as_json(json):
        output.record(document)
        return
    day, names = document.get("published_day", "no date"), ", ".join(document.get("entities", {}).get("all", []))
    output.say(f"{document.get('title')}\n{day} · {document['source']['title']} · {document['url']}\n\n{document.get('body', '')}\n\nEntities: {names}")


def _document(key: str) -> dict[str, Any]:
    """The document with this id or URL, as whoever looks may see it."""
    from igwire import wiring
    from igwire.errors import UsageError
    from igwire.search.rights import visible
    from igwire.urls import document_id

    document = wiring.reader().get(document_id(key) if "://" in key else key)
    if document is None:
        raise UsageError(f"there is no document {key!r} in the index; `igwire trace` tells what became of it")
    return visible(document, wiring.viewer())


def _show_history(key: str, json: bool) -> None:
    from igwire import wiring
    from igwire.errors import UsageError
    from igwire.pipeline.history import history_of
    from igwire.search.rights import level_of

    found = history_of(wiring.ledger(), key)
    if found is None:
        raise UsageError(f"the ledger knows no document {key!r}; `igwire trace` tells what became of it")
    source = wiring.catalogue().by_id.get(found["source"])
    if level_of({"rights": source.rights if source else "full", "usage": found["usage"]}, wiring.viewer()) != "full":
        # What was changed quotes the text.
        found["revisions"] = [{**version, "changes": []} for version in found["revisions"]]
    if output.as_json(json):
        output.record(found)
        return
    output.say(f"{found['url']}\nnamed by " + "; ".join(f"{s['source']} from {s['first_seen_at']} to {s['last_seen_at']}" for s in found["sightings"]))
    if page := found["page"]:
        output.say(f"the page is {page['state']} since {page['since']}" + (f", to {page['moved_to']}" if page["moved_to"] else ""))
    for version in found["revisions"]:
        output.say(f"\n── revision {version['revision']}, {version['seen_at']}: {version['title']}")
        marks = {"same": "{}", "added": "{{+{}+}}", "removed": "[-{}-]"}
        output.say("".join(marks[kind].format(text) for kind, text in version["changes"]) or "the first that was seen")


def why(
    key: Annotated[str, typer.Argument(help="Id of a document, or its URL.")],
    mention: Annotated[str, typer.Argument(help="The words as written, an entity's name or id, or a topic.")],
    json: output.JsonFlag = False,
) -> None:
    """Print why a document bears a tag: rule, alias, model or decision of each mention, or the words that carried a topic."""
    from igwire.errors import UsageError

    document = _document(key)
    rows = reasons(document, mention)
    if not rows:
        raise UsageError(f"{key} has no tag {mention!r}; `igwire show {key} --json` lists its tags")
    output.rows(
        rows, ["field", "start", "end", "surface", "type", "entity", "score", "why"], json_flag=json, title=document.get("ingest", {}).get("tagger", "")
    )


def reasons(document: dict[str, Any], wanted: str) -> list[dict[str, Any]]:
    """The document's mentions and topics that go by `wanted` (any case), each with its reason."""
    name = wanted.casefold()
    mentions = [m for m in document.get("entity_mentions", []) if name in {str(m.get(field, "")).casefold() for field in ("surface", "name", "entity", "qid")}]
    topics = [
        {"type": "topic", "surface": topic["topic"], "score": topic["score"], "why": "evidence: " + "; ".join(topic.get("evidence", []))}
        for topic in document.get("topic_scores", [])
        if topic["topic"] == name
    ]
    return [*mentions, *topics]
