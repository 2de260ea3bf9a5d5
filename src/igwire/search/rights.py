"""What of a document may be shown to whom: the one place that decides, for page, exports and feeds.

| the document's rights | owner | public |
|---|---|---|
| full (the licence allows it) | full | full |
| excerpt | full | excerpt |
| metadata, unknown, or the page says nosnippet | metadata | metadata |

The owner reads what they have fetched on a machine of their own; the public is everybody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

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
    if level == "excerpt" and len(body) <= EXCERPT:
        # A third of a short text is an excerpt, the whole of it is not.
        return Visible(level, _beginning(body, len(body) // 3))
    return Visible(level, {"full": body, "excerpt": _beginning(body, EXCERPT)}.get(level, ""))


def visible(document: Mapping[str, Any], viewer: Viewer) -> dict[str, Any]:
    """The document as this viewer may see it: `body` cut, and everything that lies beyond the cut or repeats the text left out."""
    shown = visible_text(document, viewer)
    kept = {name: value for name, value in document.items() if name not in _INTERNAL}
    if "body" in kept:
        kept["body"] = shown.text
    for name in _PLACED:
        if name in kept:
            kept[name] = [part for part in kept[name] if _in_sight(part, len(shown.text))]
    if shown.level == "metadata":
        kept.pop("summary", None)
        kept["topic_scores"] = [{k: v for k, v in topic.items() if k != "evidence"} for topic in kept.get("topic_scores", [])]
    return {name: value for name, value in kept.items() if value not in ("", [], None)}


def visible_snippets(snippets: Mapping[str, list[str]], document: Mapping[str, Any], viewer: Viewer) -> dict[str, list[str]]:
    """Of what was found around the words of a query: title only, where no more than metadata may be shown."""
    whole = level_of(document, viewer) != "metadata"
    return {name: found for name, found in snippets.items() if whole or name == "title"}


def _in_sight(part: Mapping[str, Any], length: int) -> bool:
    return part.get("field") == "title" or int(part.get("end", length + 1)) <= length


def _beginning(text: str, limit: int) -> str:
    """The first whole words."""
    if len(text) <= limit:
        return text
    cut = text[:limit]
    return cut.rsplit(None, 1)[0] if len(cut.split()) > 1 else cut
