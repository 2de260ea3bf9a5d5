"""The history of one document, from the ledger: who named it when, every version of its text, what became of its page."""

from __future__ import annotations

from typing import Any

from igwire.ledger import documents, items, revisits
from igwire.ledger.database import Ledger
from igwire.worddiff import ends, word_diff


def history_of(ledger: Ledger, key: str) -> dict[str, Any] | None:
    """The history as JSON-like data; `key`: id of a document or an item, or its URL. None when there is no such document.

    `changes` of a revision are [kind, text] pairs (same, added, removed) from the one before; same parts are cut to their ends.
    """
    with ledger.reading() as conn:
        item = items.find(conn, key)
        if item is None or item.doc_id is None:
            return None
        versions = documents.history(conn, [item.doc_id]).get(item.doc_id, [])
        sightings = items.sightings_of(conn, item.doc_id)
        page = revisits.changed_pages(conn, [item.doc_id]).get(item.doc_id)
    return {
        "doc_id": item.doc_id, "source": item.source_id, "usage": list(item.usage), "url": versions[-1].article.url if versions else item.url,
        "sightings": [{"source": source, "first_seen_at": first.isoformat(), "last_seen_at": last.isoformat()} for source, first, last in sightings],
        "page": {"state": page.state, "since": page.since.isoformat() if page.since else None, "moved_to": page.moved_to} if page else None,
        "revisions": [_version(version, before) for before, version in zip([None, *versions], versions, strict=False)],
    }  # fmt: skip


def _version(version: documents.Revision, before: documents.Revision | None) -> dict[str, Any]:
    article = version.article
    changes = word_diff(_whole(before), _whole(version)) if before else []
    return {
        "revision": version.revision, "seen_at": version.seen_at.isoformat(), "title": article.title, "content_hash": article.content_hash,
        "changes": [[part.kind, ends(part.text) if part.kind == "same" else part.text] for part in changes],
    }  # fmt: skip


def _whole(version: documents.Revision) -> str:
    return f"{version.article.title or ''}\n{version.article.text}"
