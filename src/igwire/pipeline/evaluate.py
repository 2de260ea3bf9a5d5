"""Ranking measured: a judged collection goes through the real document builder, template and query builder, in an index of its own.

Stages: read ─▶ language ─▶ tag ─▶ project ─▶ write ─▶ ask each query as the page does ─▶ drop the index
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from igwire.enrich.tagger import Tagger
from igwire.errors import IgwireError, QueryError, UsageError
from igwire.extract.metadata import language
from igwire.index.document import project
from igwire.index.writer import BulkWriter
from igwire.model import Article, DocumentContext, EnrichedArticle, Source, WriteAction
from igwire.search.grammar import MAX_LENGTH
from igwire.search.reader import Reader
from igwire.search.request import SIZES, SearchRequest
from igwire.text import content_hash

_SOURCE = Source(id="evaluation", title="Evaluation", site="https://evaluation.invalid/")
_AT = datetime(2000, 1, 1, tzinfo=UTC)
# Below it a text is too short or too mixed to say what language it is in.
_SURE = 0.9


def read_rows(path: Path, *needed: str) -> list[dict[str, Any]]:
    """JSON lines that all have `id` and the fields `needed`. Raises UsageError naming file and line."""
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise UsageError(f"{path}:{number}: this is no JSON: {error}") from error
        if not isinstance(row, dict) or not all(isinstance(row.get(name), str) for name in ("id", *needed)):
            raise UsageError(f"{path}:{number}: a line needs the texts {', '.join(('id', *needed))}")
        rows.append(row)
    return rows


def actions(rows: Sequence[dict[str, Any]], tagger: Tagger) -> Iterator[WriteAction]:
    """Each document as the pipeline would index it, without a date.

    A text that does not tell its language is taken to be in the collection's most frequent one, as an article is taken to be in its feed's.
    """
    found = [language(row["text"], row.get("title"), None) for row in rows]
    common = Counter(label for label, sure in found if sure >= _SURE).most_common(1)
    usual = common[0][0] if common else None
    for row, (label, sure) in zip(rows, found, strict=True):
        label, sure = (label, sure) if sure >= _SURE else language(row["text"], row.get("title"), None, usual)
        yield _action(row, label, sure, tagger)


def _action(row: dict[str, Any], label: str, sure: float, tagger: Tagger) -> WriteAction:
    title, text = row.get("title") or None, row["text"]
    article = Article(
        url=f"https://evaluation.invalid/{row['id']}", title=title, text=text, language=label, language_confidence=sure, content_hash=content_hash(title, text)
    )
    tags = tagger.tag(title=title, text=text, language=label)
    linked = sorted({m.entity for m in tags.mentions if m.entity})
    context = DocumentContext(
        doc_id=row["id"], source=_SOURCE, feeds=(_SOURCE.id,), requested_url=article.url, first_seen_at=_AT, fetched_at=_AT, revised_at=_AT,
        aliases=tagger.aliases_of(linked),
    )  # fmt: skip
    return WriteAction(doc_id=row["id"], version=1, body=project(EnrichedArticle(article=article, tags=tags), context))


def fill(writer: BulkWriter, rows: Sequence[dict[str, Any]], tagger: Tagger) -> None:
    """Index the documents. Raises IgwireError when one is not taken."""
    for result in writer.write(actions(rows, tagger)):
        if result.outcome != "acked":
            raise IgwireError(f"document {result.doc_id!r} was not taken: {result.outcome} {result.reason}")


def ask(reader: Reader, queries: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """`{"id", "hits"}` a query: the ids that a page of the largest size shows; `fault` where the page would explain a fault."""
    for row in queries:
        request = SearchRequest(text=typed(row["query"]), size=max(SIZES))
        try:
            found = reader.search(request)
            yield {"id": row["id"], "hits": [hit.doc_id for hit in (*found.hits, *found.further)]}
        except QueryError as error:
            yield {"id": row["id"], "hits": [], "fault": str(error)}


def typed(query: str) -> str:
    """What fits into the page's box: it takes no more than MAX_LENGTH characters, here cut between words."""
    text = " ".join(query.split())
    return text if len(text) <= MAX_LENGTH else text[: MAX_LENGTH + 1].rpartition(" ")[0]
