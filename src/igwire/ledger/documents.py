"""Documents: extracted text, tags, and the sequence number under which Elasticsearch holds their projection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from igwire.ledger import packing
from igwire.ledger.database import replacing, upsert
from igwire.ledger.tables import documents, revisions
from igwire.model import Article, Tags


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """One document's row, unpacked; see `tables.documents`."""

    id: str
    item_id: str
    source_id: str
    revision: int
    article: Article
    tags: Tags | None
    projected_hash: str | None
    write_seq: int
    indexed_seq: int
    first_seen_at: datetime
    revised_at: datetime


def _document(row: Any) -> StoredDocument:
    return StoredDocument(
        id=row.id, item_id=row.item_id, source_id=row.source_id, revision=row.revision, article=packing.unpack_article(row.article),
        tags=packing.unpack_tags(row.tags) if row.tags else None, projected_hash=row.projected_hash, write_seq=row.write_seq,
        indexed_seq=row.indexed_seq, first_seen_at=row.first_seen_at, revised_at=row.revised_at,
    )  # fmt: skip


def get(conn: sa.Connection, ids: Sequence[str]) -> list[StoredDocument]:
    """The documents `ids`, by id."""
    return [_document(row) for row in conn.execute(sa.select(documents).where(documents.c.id.in_(ids)).order_by(documents.c.id))]


# Written once: a statement that is put together anew costs more than the database takes for it.
_KNOWN = sa.select(documents).where(documents.c.id == sa.bindparam("b_id"))
_ONE = documents.update().where(documents.c.id == sa.bindparam("b_id"))
_TAGGED = _ONE.where(documents.c.content_hash == sa.bindparam("b_hash"), documents.c.tag_stamp.is_not_distinct_from(sa.bindparam("b_stamp")))
_RAISED = _ONE.values(projected_hash=sa.bindparam("b_hash"), write_seq=sa.bindparam("b_seq"))
_ACKNOWLEDGED = _ONE.where(documents.c.indexed_seq < sa.bindparam("b_seq")).values(indexed_seq=sa.bindparam("b_seq"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A document's text as it lies in the ledger, packed, with what tells whether it is still the same."""

    id: str
    item_id: str
    source_id: str
    article: bytes
    content_hash: str
    tag_stamp: str | None
    first_seen_at: datetime


def texts(conn: sa.Connection, ids: Sequence[str]) -> list[Text]:
    """The texts of the documents `ids`, by id."""
    columns = [documents.c[name] for name in Text.__dataclass_fields__]
    return [Text(**row._mapping) for row in conn.execute(sa.select(*columns).where(documents.c.id.in_(ids)).order_by(documents.c.id))]


def save_article(
    conn: sa.Connection,
    doc_id: str,
    article: Article,
    *,
    item_id: str,
    source_id: str,
    first_seen_at: datetime,
    fetched_at: datetime,
    clean: Callable[[Article], Article] = lambda article: article,
) -> bool:
    """Store an extracted article under `doc_id`; False when the document shows another item's capture already.

    A changed content hash is a new revision of the same document; the same hash by a newer extractor replaces the text's metadata,
    and so does a text that differs only by what `clean` takes out of the known one.
    """  # fmt: skip
    known = conn.execute(_KNOWN, {"b_id": doc_id}).first()
    if known and known.item_id != item_id:
        return False
    changed = known is None or known.content_hash != article.content_hash
    if known and changed:
        before = clean(packing.unpack_article(known.article))
        changed = before.content_hash != article.content_hash
        if before.content_hash != known.content_hash:
            _replace_revision(conn, doc_id, known.revision, before)
    revision = (known.revision + changed) if known else 1
    packed = packing.pack_article(article)
    values = {
        "id": doc_id, "item_id": item_id, "source_id": source_id, "revision": revision, "content_hash": article.content_hash, "article": packed,
        "extract_stamp": article.stamp, "published_at": packing.instant(article.published.value if article.published else None),
        "first_seen_at": known.first_seen_at if known else first_seen_at, "revised_at": fetched_at if changed or not known else known.revised_at,
    }  # fmt: skip
    if any(known is None or getattr(known, name) != value for name, value in values.items()):
        conn.execute(replacing(conn, documents, ("id",), values), values)
    if changed:
        row = {"doc_id": doc_id, "revision": revision, "content_hash": article.content_hash, "article": packed, "seen_at": fetched_at}
        conn.execute(upsert(conn, revisions).values(row).on_conflict_do_nothing())
    return True


def _replace_revision(conn: sa.Connection, doc_id: str, revision: int, article: Article) -> None:
    """The version as it would be extracted today, so that the next one's difference tells only what the publisher changed."""
    same = (revisions.c.doc_id == doc_id) & (revisions.c.revision == revision)
    conn.execute(revisions.update().where(same).values(content_hash=article.content_hash, article=packing.pack_article(article)))


def clean_history(conn: sa.Connection, doc_id: str, clean: Callable[[Article], Article]) -> None:
    """Let every version of the document be what `clean` leaves of it; the index of revisions gets them anew."""
    for row in conn.execute(sa.select(revisions).where(revisions.c.doc_id == doc_id)).fetchall():
        _replace_revision(conn, doc_id, row.revision, clean(packing.unpack_article(row.article)))
    conn.execute(revisions.update().where(revisions.c.doc_id == doc_id).values(indexed=False))


def newest(conn: sa.Connection, source_id: str, limit: int) -> list[Article]:
    """The articles of the source that were seen last, the oldest of them first."""
    rows = conn.execute(_seen_last(source_id, limit, documents.c.article)).scalars()
    return [packing.unpack_article(row) for row in reversed(list(rows))]


def older_texts(conn: sa.Connection, source_id: str, stamp: str, limit: int) -> list[tuple[str, Article]]:
    """Item and article of those among the `limit` newest documents of the source that do not bear the extractor's `stamp`."""
    newest = _seen_last(source_id, limit, documents.c.item_id, documents.c.article, documents.c.extract_stamp).subquery()
    rows = conn.execute(sa.select(newest.c.item_id, newest.c.article).where(newest.c.extract_stamp != stamp))
    return [(row.item_id, packing.unpack_article(row.article)) for row in rows]


def _seen_last(source_id: str, limit: int, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return sa.select(*columns).where(documents.c.source_id == source_id).order_by(documents.c.first_seen_at.desc(), documents.c.id).limit(limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One version of a document's text; see `tables.revisions`."""

    doc_id: str
    revision: int
    article: Article
    seen_at: datetime
    indexed: bool


def history(conn: sa.Connection, doc_ids: Sequence[str]) -> dict[str, list[Revision]]:
    """All revisions of the documents, the oldest first."""
    found: dict[str, list[Revision]] = {}
    wanted = sa.select(revisions).where(revisions.c.doc_id.in_(list(doc_ids))).order_by(revisions.c.doc_id, revisions.c.revision)
    for row in conn.execute(wanted):
        article = packing.unpack_article(row.article)
        one = Revision(doc_id=row.doc_id, revision=row.revision, article=article, seen_at=row.seen_at, indexed=row.indexed)
        found.setdefault(row.doc_id, []).append(one)
    return found


def revision_indexed(conn: sa.Connection, doc_id: str, revision: int) -> None:
    """Elasticsearch holds the revision."""
    conn.execute(revisions.update().where(revisions.c.doc_id == doc_id, revisions.c.revision == revision).values(indexed=True))


def save_tags(conn: sa.Connection, read: Text, packed: bytes, stamp: str) -> bool:
    """Store tags (packed) made from the text as it was `read`; False when the text or its tags have changed since."""
    before = {"b_id": read.id, "b_hash": read.content_hash, "b_stamp": read.tag_stamp}
    return bool(conn.execute(_TAGGED, {**before, "tags": packed, "tag_stamp": stamp}).rowcount)


def projected(conn: sa.Connection) -> dict[str, str]:
    """Id → hash of the projection, of every document that Elasticsearch has acknowledged once."""
    held = sa.select(documents.c.id, documents.c.projected_hash).where(documents.c.projected_hash.is_not(None), documents.c.indexed_seq > 0)
    return {row.id: row.projected_hash for row in conn.execute(held)}


def raise_seq(conn: sa.Connection, document: StoredDocument, projected_hash: str) -> int:
    """The sequence number of the projection with that hash: one more than before when the hash is new."""
    if projected_hash == document.projected_hash:
        return document.write_seq
    conn.execute(_RAISED, {"b_id": document.id, "b_hash": projected_hash, "b_seq": document.write_seq + 1})
    return document.write_seq + 1


def all_ids(conn: sa.Connection) -> set[str]:
    """Ids of all documents."""
    return set(conn.execute(sa.select(documents.c.id)).scalars())


def newest_indexed(conn: sa.Connection) -> StoredDocument | None:
    """The newest document that Elasticsearch has acknowledged."""
    row = conn.execute(sa.select(documents).where(documents.c.indexed_seq > 0).order_by(documents.c.first_seen_at.desc(), documents.c.id).limit(1)).first()
    return _document(row) if row else None


def count(conn: sa.Connection) -> int:
    """How many documents there are."""
    return int(conn.execute(sa.select(sa.func.count()).select_from(documents)).scalar() or 0)


def count_from(conn: sa.Connection, seq: int) -> None:
    """Let all documents count from `seq` on: above every version that an index may hold from a ledger that was lost."""
    conn.execute(documents.update().values(write_seq=seq, indexed_seq=0, projected_hash=None))


def acknowledged(conn: sa.Connection, versions: Iterable[tuple[str, int]]) -> None:
    """Elasticsearch holds these versions (id, `write_seq`) of documents, or newer ones."""
    if rows := [{"b_id": doc_id, "b_seq": seq} for doc_id, seq in versions]:
        conn.execute(_ACKNOWLEDGED, rows)


def stale_stamps(conn: sa.Connection, *, extract_stamp: str | None, by_source: Mapping[str, str], tag_stamp: str | None) -> Iterable[str]:
    """Ids of documents that were made by other code or another knowledge base than the given stamps (None = do not ask).

    `by_source`: the extractor's stamps of those sources that have their own.
    """
    conditions = []
    if extract_stamp is not None:
        stamp = sa.case(by_source, value=documents.c.source_id, else_=extract_stamp) if by_source else extract_stamp
        conditions.append(documents.c.extract_stamp != stamp)
    if tag_stamp is not None:
        conditions.append(sa.or_(documents.c.tag_stamp.is_(None), documents.c.tag_stamp != tag_stamp))
    return list(conn.execute(sa.select(documents.c.id).where(sa.or_(*conditions))).scalars())
