"""`igwire search` and `igwire show`."""

from __future__ import annotations

from datetime import datetime
from html import unescape
from typing import TYPE_CHECKING, Annotated, Any

import typer

from igwire.cli import output

if TYPE_CHECKING:
    from igwire.search.results import Hit


_Facet = Annotated[list[str] | None, typer.Option(help="Only these; with a - in front: all but these.")]


def search(
    query: Annotated[str, typer.Argument(help='Words, "phrases", AND OR NOT, word*, title:word.')] = "",
    since: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")] = None,
    until: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day.")] = None,
    source: _Facet = None, kind: _Facet = None, country: _Facet = None, language: _Facet = None, topic: _Facet = None,
    entity: Annotated[list[str] | None, typer.Option(help="Only articles with all these entities (id, QID or name); -X: without X.")] = None,
    sort: Annotated[str, typer.Option(help="relevance, newest or oldest.")] = "relevance",
    limit: Annotated[int, typer.Option(min=1, max=100)] = 10,
    export: Annotated[bool, typer.Option("--export", help="Every hit with its text, as JSON lines in an order that holds.")] = False,
    json: output.JsonFlag = False,
) -> None:  # fmt: skip
    """Search the index."""
    from igwire import wiring
    from igwire.search.request import SearchRequest
    from igwire.search.rights import visible, visible_hits

    request = SearchRequest(
        text=query, since=since.date() if since else None, until=until.date() if until else None, sources=tuple(source or ()), kinds=tuple(kind or ()),
        countries=tuple(country or ()), languages=tuple(language or ()), entities=tuple(entity or ()), topics=tuple(topic or ()), sort=sort, size=limit,
    )  # fmt: skip
    viewer = wiring.viewer()
    if export:
        for document in wiring.reader().export(request):
            output.record(visible(document, viewer))
        return
    results = wiring.reader().search(request, texts=viewer != "owner")
    rows = [_row(hit) for hit in visible_hits(results.hits, viewer)]
    if output.as_json(json):
        output.rows(rows, [], json_flag=True)
        return
    output.rows(rows, ["day", "source", "language", "title"], json_flag=False, title=f"{results.total} articles for {results.interpreted}")
    for row in rows:
        output.say(f"{row['id'][:12]}… {row['url']}\n    {row['snippet']}")


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
