"""Which pages are looked at again, when, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from igwire.ledger.database import chunked, upsert
from igwire.ledger.tables import items, revisits

# Most corrections are made within the first day; after a month an article is history.
VISITS = (timedelta(hours=1), timedelta(days=1), timedelta(days=7), timedelta(days=30))


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisit:
    """One page's row; see `tables.revisits`."""

    item_id: str
    first_at: datetime
    due_at: datetime | None
    state: str = "online"
    since: datetime | None = None
    moved_to: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    misses: int = 0
    taken_until: datetime | None = None


def _revisit(row: Any) -> Revisit:
    return Revisit(**row._mapping)


def next_visit(first_at: datetime, now: datetime) -> datetime | None:
    """When a page that was fetched first at `first_at` is looked at after `now`; missed visits are not made up for."""
    return min((first_at + span for span in VISITS if first_at + span > now), default=None)


def schedule(conn: sa.Connection, item_id: str, *, first_at: datetime) -> None:
    """Look again at the item's page, which was fetched at `first_at`; a page that is scheduled already keeps its place."""
    values = asdict(Revisit(item_id=item_id, first_at=first_at, due_at=next_visit(first_at, first_at)))
    conn.execute(upsert(conn, revisits).values(values).on_conflict_do_nothing())


def hasten(conn: sa.Connection, item_ids: Iterable[str], *, now: datetime) -> None:
    """Look at these items' pages in the next round: something says that they were edited."""
    later = sa.or_(revisits.c.due_at.is_(None), revisits.c.due_at > now)
    for chunk in chunked(item_ids):
        conn.execute(revisits.update().where(revisits.c.item_id.in_(chunk), later, revisits.c.state == "online").values(due_at=now))


def due(conn: sa.Connection, now: datetime, limit: int) -> list[Revisit]:
    """At most `limit` pages that are due, the longest waiting first; only of items that are complete and nobody works on.

    None while another round is at work: together they would ask a host for more than each leaves to its polls and new pages.
    """
    free = sa.or_(items.c.claimed_until.is_(None), items.c.claimed_until < now)
    wanted = sa.select(revisits).join(items, items.c.id == revisits.c.item_id).where(revisits.c.due_at <= now, items.c.state == "indexed", free)
    # On PostgreSQL whoever comes second waits here, and sees what the first has taken.
    found = [_revisit(row) for row in conn.execute(wanted.order_by(revisits.c.due_at, revisits.c.item_id).limit(limit).with_for_update(of=revisits))]
    taken = conn.execute(sa.select(sa.func.count()).select_from(revisits).where(revisits.c.taken_until > now)).scalar_one()
    return [] if taken else found


def take(conn: sa.Connection, item_ids: Iterable[str], *, until: datetime) -> None:
    """Hold the pages for a round of visits that ends at `until`; what a visit showed frees its page."""
    for chunk in chunked(item_ids):
        conn.execute(revisits.update().where(revisits.c.item_id.in_(chunk)).values(taken_until=until))


def save(conn: sa.Connection, row: Revisit) -> None:
    """Keep what a visit showed."""
    conn.execute(revisits.update().where(revisits.c.item_id == row.item_id).values(asdict(row) | {"taken_until": None}))


def get(conn: sa.Connection, item_ids: Sequence[str]) -> Iterator[Revisit]:
    """The rows of these items, those that have one."""
    for chunk in chunked(item_ids):
        for row in conn.execute(sa.select(revisits).where(revisits.c.item_id.in_(chunk))).fetchall():
            yield _revisit(row)


def changed_pages(conn: sa.Connection, doc_ids: Sequence[str]) -> dict[str, Revisit]:
    """By document id: those whose page is gone or moved."""
    found: dict[str, Revisit] = {}
    for chunk in chunked(doc_ids):
        join = revisits.join(items, items.c.id == revisits.c.item_id)
        wanted = sa.select(items.c.doc_id, revisits).select_from(join).where(items.c.doc_id.in_(chunk), revisits.c.state != "online")
        for row in conn.execute(wanted.order_by(revisits.c.item_id)):
            fields = dict(row._mapping)
            doc_id = fields.pop("doc_id")
            found[doc_id] = Revisit(**fields)
    return found
