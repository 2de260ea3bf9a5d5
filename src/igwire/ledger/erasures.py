"""Erasures: what was taken out for good, and must not come back. A row is written before anything is removed (the intent)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from igwire.errors import Unavailable
from igwire.ledger.database import Ledger, chunked, upsert
from igwire.ledger.tables import (
    alert_told,
    archive_pages,
    boilerplate,
    canonical_claims,
    dead_letters,
    documents,
    erasures,
    events,
    inventory,
    item_sources,
    items,
    listings,
    payloads,
    revisions,
    revisits,
    run_items,
    runs,
)
from igwire.model import FeedEntry, RawRef

# The row of a whole source: its id behind this.
SOURCE = "source:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """One erased address, or a whole source; see `tables.erasures`. Names no erased text."""

    id: str
    doc_id: str | None
    source_id: str | None
    reason: str
    at: datetime
    write_seq: int
    done: bool = False

    def as_dict(self) -> dict[str, Any]:
        """For the file beside the raw store and for export."""
        row = asdict(self)
        del row["done"]
        return {**row, "at": self.at.isoformat()}


def from_dict(row: Mapping[str, Any]) -> Tombstone:
    """The tombstone that `as_dict` gave."""
    return Tombstone(
        id=row["id"], doc_id=row.get("doc_id"), source_id=row.get("source_id"), reason=str(row.get("reason") or "erased"),
        at=datetime.fromisoformat(row["at"]), write_seq=int(row.get("write_seq") or 0),
    )  # fmt: skip


def intend(conn: sa.Connection, rows: Iterable[Tombstone]) -> int:
    """Write the intent; how many were not known before. From this commit on the addresses are refused."""
    new = 0
    for row in rows:
        new += conn.execute(upsert(conn, erasures).values(asdict(row)).on_conflict_do_nothing()).rowcount
    return new


def all_rows(conn: sa.Connection, *, pending: bool = False) -> list[Tombstone]:
    """Every tombstone, or those whose removal is not finished; oldest first."""
    wanted = sa.select(erasures).order_by(erasures.c.at, erasures.c.id)
    if pending:
        wanted = wanted.where(erasures.c.done.is_(False))
    return [Tombstone(**row._mapping) for row in conn.execute(wanted)]


def heir_of(item_id: str, doc_id: str, *, now: datetime) -> Tombstone:
    """The tombstone of one more address of an erased document."""
    return Tombstone(id=item_id, doc_id=doc_id, source_id=None, reason="another address of an erased article", at=now, write_seq=1)


def reopen(conn: sa.Connection, ids: Iterable[str]) -> None:
    """Something of these turned up again: their removal is not finished."""
    for chunk in chunked(ids):
        conn.execute(erasures.update().where(erasures.c.id.in_(chunk)).values(done=False))


def named(conn: sa.Connection, ids: Iterable[str]) -> list[Tombstone]:
    """The tombstones of these ids."""
    return [Tombstone(**row._mapping) for chunk in chunked(set(ids)) for row in conn.execute(sa.select(erasures).where(erasures.c.id.in_(chunk)))]


def finish(conn: sa.Connection, ids: Iterable[str]) -> None:
    """Nothing of these is left."""
    for chunk in chunked(ids):
        conn.execute(erasures.update().where(erasures.c.id.in_(chunk)).values(done=True))


def held(conn: sa.Connection, ids: Iterable[str]) -> set[str]:
    """Of these ids (items, documents, `source:…`) the erased ones."""
    return {found for chunk in chunked(set(ids)) for found in conn.execute(sa.select(erasures.c.id).where(erasures.c.id.in_(chunk))).scalars()}


def admitted(conn: sa.Connection, entries: Sequence[tuple[str, FeedEntry]], *, now: datetime) -> list[tuple[str, FeedEntry]]:
    """The entries (item id, entry) that may be collected; the others are counted in the trace of their source, reason `erased`."""
    gone = held(conn, (name for item_id, entry in entries for name in (item_id, SOURCE + entry.source_id)))
    kept = [(item_id, entry) for item_id, entry in entries if not gone & {item_id, SOURCE + entry.source_id}]
    if refused := len(entries) - len(kept):
        source_id = entries[0][1].source_id
        conn.execute(events.insert().values(at=now, what="refuse", source_id=source_id, detail=f"erased: {refused} entries refused"))
    return kept


def of_document(conn: sa.Connection, key: str) -> dict[str, str | None]:
    """Item id → document id of everything that belongs to one item or document (by id or URL)."""
    named = sa.or_(items.c.id == key, items.c.doc_id == key, items.c.url == key)
    docs = sa.select(items.c.doc_id).where(named, items.c.doc_id.is_not(None))
    rows = conn.execute(sa.select(items.c.id, items.c.doc_id).where(sa.or_(named, items.c.doc_id.in_(docs))))
    return {row.id: row.doc_id for row in rows}


def of_source(conn: sa.Connection, source_id: str) -> dict[str, str | None]:
    """Item id → document id of everything that one source brought."""
    docs = sa.select(documents.c.id).where(documents.c.source_id == source_id)
    rows = conn.execute(sa.select(items.c.id, items.c.doc_id).where(sa.or_(items.c.source_id == source_id, items.c.doc_id.in_(docs))))
    return {row.id: row.doc_id for row in rows}


def write_seqs(conn: sa.Connection, doc_ids: Iterable[str]) -> dict[str, int]:
    """The sequence numbers of the documents that are there."""
    found: dict[str, int] = {}
    for chunk in chunked(doc_ids):
        found.update((row.id, row.write_seq) for row in conn.execute(sa.select(documents.c.id, documents.c.write_seq).where(documents.c.id.in_(chunk))))
    return found


def revision_ids(conn: sa.Connection, doc_ids: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Document and number of every revision of these documents."""
    for chunk in chunked(doc_ids):
        yield from (
            (row.doc_id, row.revision) for row in conn.execute(sa.select(revisions.c.doc_id, revisions.c.revision).where(revisions.c.doc_id.in_(chunk)))
        )


def addresses(conn: sa.Connection, item_ids: Iterable[str]) -> set[str]:
    """URLs of the items that are still there."""
    return {url for chunk in chunked(item_ids) for url in conn.execute(sa.select(items.c.url).where(items.c.id.in_(chunk))).scalars()}


def under_way(conn: sa.Connection, ids: Iterable[str], since: datetime) -> bool:
    """Whether a run that began after `since` and has not ended holds one of the items: it may still store what it fetched."""
    live = sa.select(runs.c.id).where(runs.c.status == "running", runs.c.started_at > since)
    wanted = sa.select(run_items.c.item_id).where(run_items.c.outcome.is_(None), run_items.c.run_id.in_(live))
    return any(conn.execute(wanted.where(run_items.c.item_id.in_(chunk)).limit(1)).first() for chunk in chunked(ids))


def move_pointer(conn: sa.Connection, old: RawRef, new: RawRef) -> None:
    """A capture lies somewhere else now."""
    place = {"segment": new.segment, "raw_offset": new.offset, "raw_length": new.length}
    for table in (items, dead_letters, payloads):
        conn.execute(table.update().where(table.c.segment == old.segment, table.c.raw_offset == old.offset).values(**place))


def documents_at(conn: sa.Connection, ref: RawRef) -> list[str]:
    """Ids of the documents that are shown from the capture at this place."""
    return list(
        conn.execute(sa.select(items.c.doc_id).where(items.c.segment == ref.segment, items.c.raw_offset == ref.offset, items.c.doc_id.is_not(None))).scalars()
    )


def forget_raw(conn: sa.Connection, ref: RawRef) -> None:
    """Nothing points to the capture at this place any more: no later body, no archive page."""
    for table in (payloads, archive_pages):
        conn.execute(table.delete().where(table.c.segment == ref.segment, table.c.raw_offset == ref.offset))


def forget_segment(conn: sa.Connection, segment: str) -> None:
    """As `forget_raw`, for a whole segment."""
    for table in (payloads, archive_pages):
        conn.execute(table.delete().where(table.c.segment == segment))


def forget(conn: sa.Connection, ids: Iterable[str]) -> None:
    """Remove every row that holds something of these items and documents; how runs ended stays, without words."""
    for chunk in chunked(ids):
        for column in (
            item_sources.c.item_id,
            inventory.c.item_id,
            canonical_claims.c.item_id,
            revisits.c.item_id,
            dead_letters.c.item_id,
            events.c.item_id,
            revisions.c.doc_id,
            alert_told.c.key,
        ):
            conn.execute(sa.delete(column.table).where(column.in_(chunk)))
        conn.execute(run_items.update().where(run_items.c.item_id.in_(chunk)).values(detail=None))
        conn.execute(documents.delete().where(documents.c.id.in_(chunk)))
        conn.execute(items.delete().where(items.c.id.in_(chunk)))


def forget_source(conn: sa.Connection, source_id: str) -> None:
    """Remove what is left of a source's own rows: sightings by its feed, its trace, the hashes of what its pages repeat."""
    for column in (
        item_sources.c.source_id,
        events.c.source_id,
        inventory.c.source_id,
        listings.c.source_id,
        archive_pages.c.source_id,
        boilerplate.c.source_id,
    ):
        conn.execute(sa.delete(column.table).where(column == source_id))


def scrub(ledger: Ledger) -> None:
    """Leave nothing of deleted rows in the database's files. Raises Unavailable when others keep it busy."""
    try:
        with ledger.engine.connect() as conn:
            raw = conn.connection.driver_connection
            assert raw is not None
            if conn.dialect.name == "sqlite":
                # Deleted rows stay in free pages and in the log until both are written anew (sqlite.org/lang_vacuum.html).
                raw.execute("vacuum")
                raw.execute("pragma wal_checkpoint(truncate)")
            else:
                raw.rollback()
                raw.autocommit = True
                raw.cursor().execute("vacuum")
                raw.autocommit = False
    except sa.exc.OperationalError as error:
        raise Unavailable(f"the ledger is busy: {error.orig}") from error
    except Exception as error:
        if "locked" in str(error) or "busy" in str(error):
            raise Unavailable(f"the ledger is busy: {error}") from error
        raise
