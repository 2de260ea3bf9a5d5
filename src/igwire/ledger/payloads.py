"""Which bodies the raw store holds, and where: what is stored once is not stored again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from igwire.ledger.database import chunked, upsert
from igwire.ledger.tables import payloads
from igwire.model import RawRef
from igwire.ports import Stored


def known(conn: sa.Connection, digests: Iterable[str]) -> dict[str, Stored]:
    """Of these digests (SHA-256, hex) the ones that are stored."""
    found = {}
    for chunk in chunked(digests):
        for row in conn.execute(sa.select(payloads).where(payloads.c.digest.in_(chunk))):
            ref = RawRef(segment=row.segment, offset=row.raw_offset, length=row.raw_length)
            found[row.digest] = Stored(ref=ref, url=row.url, at=row.fetched_at)
    return found


def add(conn: sa.Connection, stored: Mapping[str, Stored], *, instead: bool = False) -> None:
    """Remember new bodies; of two workers who stored the same one the first stays, or the last with `instead`."""
    rows = [
        {"digest": digest, "segment": b.ref.segment, "raw_offset": b.ref.offset, "raw_length": b.ref.length, "url": b.url, "fetched_at": b.at}
        for digest, b in stored.items()
    ]
    if rows:
        made = upsert(conn, payloads)
        newest = {column.name: made.excluded[column.name] for column in payloads.c}
        conn.execute(made.on_conflict_do_update(index_elements=["digest"], set_=newest) if instead else made.on_conflict_do_nothing(), rows)


def forget(conn: sa.Connection, ref: RawRef) -> None:
    """The body at this place is gone: a later capture is stored whole again."""
    conn.execute(payloads.delete().where(payloads.c.segment == ref.segment, payloads.c.raw_offset == ref.offset))
