"""What a stored document shows: its own text and tags, and what the ledger knows around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from igwire.enrich.syndication import credit_of
from igwire.index.document import project
from igwire.ledger import items, revisits
from igwire.ledger.documents import StoredDocument
from igwire.ledger.items import Item
from igwire.model import CopyFacts, DocumentContext, EnrichedArticle, PageState
from igwire.pipeline import copies
from igwire.pipeline.parts import Parts
from igwire.search.rights import reduced


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a document shows beside its own text: the sources that named it, its copies, what became of its page."""

    feeds: tuple[str, ...] = ()
    copies: CopyFacts | None = None
    page: PageState | None = None


def surroundings(conn: sa.Connection, doc_ids: Sequence[str]) -> dict[str, Surroundings]:
    """What the ledger knows around each of the documents."""
    feeds, found, pages = items.feeds_of(conn, doc_ids), copies.facts(conn, doc_ids), revisits.changed_pages(conn, doc_ids)
    states = {doc_id: PageState(state=row.state, since=row.since, moved_to=row.moved_to) for doc_id, row in pages.items()}
    return {doc_id: Surroundings(feeds=feeds.get(doc_id, ()), copies=found.get(doc_id), page=states.get(doc_id)) for doc_id in doc_ids}


def document_of(parts: Parts, item: Item, document: StoredDocument, around: Surroundings) -> dict[str, Any]:
    """What Elasticsearch gets for a stored document: a pure function of ledger, catalogue and knowledge base."""
    assert document.tags is not None
    body = project(EnrichedArticle(article=document.article, tags=document.tags), _context(parts, item, document, around))
    return reduced(body, "public") if parts.knobs.index_excerpts else body


def _context(parts: Parts, item: Item, document: StoredDocument, around: Surroundings) -> DocumentContext:
    assert document.tags is not None
    linked = sorted({m.entity for m in document.tags.mentions if m.entity})
    return DocumentContext(
        doc_id=document.id, source=parts.source(document.source_id), feeds=around.feeds or (document.source_id,), requested_url=item.url,
        first_seen_at=document.first_seen_at, fetched_at=item.fetched_at or document.first_seen_at, revised_at=document.revised_at,
        usage=item.usage, revision=document.revision, mode=item.mode, run_id=item.run_id or "", raw=item.raw, aliases=parts.tagger().aliases_of(linked),
        copies=around.copies, page=around.page, syndication=credit_of(document.article.text, document.article.authors),
    )  # fmt: skip
