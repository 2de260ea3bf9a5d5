"""What the index of revisions gets: one document for each version of an article's text that was seen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from igwire.model import Article
from igwire.worddiff import counts, word_diff


def revision_id(doc_id: str, revision: int) -> str:
    """Id of one revision in the index."""
    return f"{doc_id}-{revision}"


def project_revision(article: Article, before: Article | None, *, doc_id: str, revision: int, source_id: str, seen_at: datetime) -> dict[str, Any]:
    """The revision as JSON-like data; `before`: the revision before it, None for the first."""
    document: dict[str, Any] = {
        "@timestamp": seen_at.isoformat(), "revision_id": revision_id(doc_id, revision), "doc_id": doc_id, "revision": revision, "url": article.url,
        "source": {"id": source_id}, "language": article.language, "title": article.title, "body": article.text, "content_hash": article.content_hash,
    }  # fmt: skip
    if before is not None:
        added, removed = counts(word_diff(before.text, article.text))
        document["changes"] = {"title": before.title != article.title, "added": added, "removed": removed}
    return {name: value for name, value in document.items() if value is not None}
