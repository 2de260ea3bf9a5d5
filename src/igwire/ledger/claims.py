"""Which pages claim an address that is not theirs as their canonical one; what a document's move to another id means for its rows."""

from __future__ import annotations

import sqlalchemy as sa

from igwire.ledger.database import upsert
from igwire.ledger.packing import pack_article
from igwire.ledger.tables import canonical_claims, documents, items, revisions
from igwire.model import Article

# Written once: a statement that is put together anew costs more than the database takes for it.
_HOLDER = sa.select(documents.c.item_id).where(documents.c.id == sa.bindparam("b_id"))


def of(conn: sa.Connection, claimed: str) -> dict[str, str]:
    """Item → its own address, of the items that claim the address with this id and have a text of their own."""
    rows = conn.execute(sa.select(canonical_claims.c.item_id, canonical_claims.c.own_url).where(canonical_claims.c.claimed == claimed))
    return {row.item_id: row.own_url for row in rows}


def add(conn: sa.Connection, claimed: str, item_id: str, own_url: str) -> None:
    """The item's page claims the address; its own one may have changed since it was noted."""
    values = {"claimed": claimed, "item_id": item_id, "own_url": own_url}
    conn.execute(upsert(conn, canonical_claims).values(values).on_conflict_do_update(index_elements=["claimed", "item_id"], set_=values))


def holder_of(conn: sa.Connection, doc_id: str | None) -> str | None:
    """The item that the document shows, None where there is no such document."""
    return conn.execute(_HOLDER, {"b_id": doc_id}).scalar() if doc_id else None


def move_document(conn: sa.Connection, old: str, new: str, article: Article, *, heir: str | None) -> None:
    """Give the document `old` the id `new`, with its history and its items; it counts as never sent. A document that is there already stays as it is.

    `heir`: the item that takes the old id over, and its sequence of versions with it; without one the old row goes.
    """
    row = conn.execute(sa.select(documents).where(documents.c.id == old)).one()
    values = {**row._mapping, "id": new, "article": pack_article(article), "projected_hash": None, "write_seq": 0, "indexed_seq": 0}
    if conn.execute(upsert(conn, documents).values(values).on_conflict_do_nothing()).rowcount:
        conn.execute(revisions.update().where(revisions.c.doc_id == old).values(doc_id=new, indexed=False))
    else:
        conn.execute(revisions.delete().where(revisions.c.doc_id == old))
    conn.execute(items.update().where(items.c.doc_id == old).values(doc_id=new))
    if heir:
        conn.execute(documents.update().where(documents.c.id == old).values(item_id=heir, tags=None, tag_stamp=None))
    else:
        conn.execute(documents.delete().where(documents.c.id == old))
