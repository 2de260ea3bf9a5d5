"""What of a document may be shown to whom: the one place that decides, for page, exports, feeds, command line and snippets.

| the document's rights | owner | public |
|---|---|---|
| full (the licence allows it) | full | full |
| excerpt | full | excerpt |
| metadata, unknown, or the page says nosnippet | metadata | metadata |

The owner reads what they have fetched on a machine of their own; the public is everybody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import unescape
from typing import Any, Literal

from igwire.search.results import Hit
from igwire.text import word_count

Viewer = Literal["owner", "public"]
# Characters of an excerpt: what search engines show at most of pages that set no limit, and enough for two or three sentences.
EXCERPT = 500
_LEVELS = {("full", "owner"): "full", ("full", "public"): "full", ("excerpt", "owner"): "full", ("excerpt", "public"): "excerpt"}
_FORBIDDING = {"nosnippet", "noindex"}
# Parts that lie in the text, each with `start` and `end`.
_PLACED = ("entity_mentions", "quotes", "roles", "copied_sentences")
# The names in every language, and the twins, are for the index; they would only swell what is shown.
_INTERNAL = ("aliases", "stemmed", "suggest")


@dataclass(frozen=True, slots=True)
class Visible:
    """What may be shown of the text. `level`: full, excerpt, metadata (then `text` is empty)."""

    level: str
    text: str


def level_of(document: Mapping[str, Any], viewer: Viewer) -> str:
    """full, excerpt or metadata."""
    if _FORBIDDING & {str(word).lower() for word in document.get("usage") or ()}:
        return "metadata"
    return _LEVELS.get((document.get("rights", "excerpt"), viewer), "metadata")


def visible_text(document: Mapping[str, Any], viewer: Viewer) -> Visible:
    """The text of a document as this viewer may see it: always a beginning of it, so that offsets stay true."""
    level, body = level_of(document, viewer), document.get("body") or ""
    if level != "excerpt":
        return Visible(level, body if level == "full" else "")
    # A third of a short text is an excerpt, the whole of it is not; one that was cut already (an index of excerpts) is not cut again.
    whole = word_count(body) >= int(document.get("word_count") or 0)
    return Visible(level, _beginning(body, min(EXCERPT, len(body) // 3) if whole and len(body) <= EXCERPT else EXCERPT))


def visible(document: Mapping[str, Any], viewer: Viewer) -> dict[str, Any]:
    """The document as this viewer may see it: texts cut, and everything that lies beyond the cut or repeats the text left out."""
    return {name: value for name, value in reduced(document, viewer).items() if name not in _INTERNAL}


def reduced(document: Mapping[str, Any], viewer: Viewer) -> dict[str, Any]:
    """As `visible`, with what only the index needs: for an index that holds no more than this viewer may see."""
    shown, kept = visible_text(document, viewer), dict(document)
    if "body" in kept:
        kept["body"] = shown.text
    for name in _PLACED:
        if name in kept:
            kept[name] = [part for part in kept[name] if _in_sight(part, len(shown.text))]
    if "summary" in kept:
        kept["summary"] = _visible_summary(document, shown)
    if shown.level == "metadata":
        kept["topic_scores"] = [{k: v for k, v in topic.items() if k != "evidence"} for topic in kept.get("topic_scores", [])]
    if "stemmed" in kept:
        texts = {name: kept[name] for name in ("title", "summary", "body") if kept.get(name)}
        kept["stemmed"] = dict.fromkeys(kept["stemmed"], texts)
    return {name: value for name, value in kept.items() if value not in ("", [], None)}


def _visible_summary(document: Mapping[str, Any], shown: Visible) -> str:
    """Publishers write summaries to be shown, but some feeds call the whole text one."""
    summary = document.get("summary") or ""
    return {"full": summary, "excerpt": _beginning(summary, EXCERPT)}.get(shown.level, "")


def visible_snippets(snippets: Mapping[str, Sequence[str]], document: Mapping[str, Any], viewer: Viewer) -> dict[str, list[str]]:
    """Of what was found around the words of a query: what stands in the title, or in what this viewer sees of the text anyway.

    Otherwise a text could be read whole, query after query. `document` holds its `body` where an excerpt is shown.
    """
    shown = visible_text(document, viewer)
    if shown.level == "full":
        return {name: list(found) for name, found in snippets.items()}
    seen = {"body": shown.text, "summary": _visible_summary(document, shown), "title": document.get("title") or ""}
    return {name: kept for name, found in snippets.items() if (kept := [text for text in found if name == "title" or _plain(text) in seen.get(name, "")])}


def visible_hits(hits: Sequence[Hit], viewer: Viewer) -> tuple[Hit, ...]:
    """What a search found, as this viewer may see it; made with `texts` where the viewer is not the owner."""
    return tuple(replace(hit, document=visible(hit.document, viewer), snippets=visible_snippets(hit.snippets, hit.document, viewer)) for hit in hits)


def _plain(snippet: str) -> str:
    return unescape(snippet.replace("<mark>", "").replace("</mark>", ""))


def _in_sight(part: Mapping[str, Any], length: int) -> bool:
    return part.get("field") == "title" or int(part.get("end", length + 1)) <= length


def _beginning(text: str, limit: int) -> str:
    """The first whole words."""
    if len(text) <= limit:
        return text
    cut = text[:limit]
    return cut.rsplit(None, 1)[0] if len(cut.split()) > 1 else cut
