"""The archive inventory: which spans of a source's past were listed, what they held, and where the listing pages are stored.

A span is listed by one run at a time and once per lease; every interval reads what is in the inventory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from igwire.ledger import erasures, packing
from igwire.ledger.database import chunked, upsert
from igwire.ledger.tables import archive_pages, inventory, listings
from igwire.model import FeedEntry, RawRef, Window
from igwire.urls import document_id

# A lister that gave no sign of life for so long is dead; every page is one.
LEASE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One row of `tables.listings`."""

    source_id: str
    method: str
    from_at: datetime
    to_at: datetime
    state: str
    detail: str | None
    found: int
    listed_at: datetime | None
    again_at: datetime | None
    holder: str | None
    leased_until: datetime | None

    def covers(self, start: datetime, end: datetime) -> bool:
        """Whether the span holds [start, end)."""
        return self.from_at <= start and end <= self.to_at

    def known(self, now: datetime) -> bool:
        """Whether what it says still counts, so that nobody asks again."""
        return self.state != "listing" and self.again_at is not None and now < self.again_at


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the inventory, with the instant by which it belongs to an interval."""

    entry: FeedEntry
    published_at: datetime


def listings_of(conn: sa.Connection, ids: Iterable[str] | None = None, *, window: Window | None = None) -> list[Listing]:
    """All listings of the sources (None = of all), those that touch the window where one is given."""
    wanted = sa.select(listings).order_by(listings.c.source_id, listings.c.from_at, listings.c.method)
    if ids is not None:
        wanted = wanted.where(listings.c.source_id.in_(list(ids)))
    if window is not None:
        wanted = wanted.where(listings.c.from_at < window.end, listings.c.to_at > window.start)
    return [Listing(**row._mapping) for row in conn.execute(wanted)]


def lease(conn: sa.Connection, source_id: str, method: str, span: Window, *, holder: str, now: datetime, alone: bool = False) -> Listing | None:
    """Take the span for listing: None when it is ours now, else the row that another run holds or has settled meanwhile.

    `alone`: not while another run lists another span of the source by this method, because both would read the same pages.
    """
    if alone and (other := _listed_by_another(conn, source_id, method, holder=holder, now=now)):
        return other
    key = {"source_id": source_id, "method": method, "from_at": span.start}
    fresh = {**key, "to_at": span.end, "state": "listing", "holder": holder, "leased_until": now + LEASE}
    if conn.execute(upsert(conn, listings).values(fresh).on_conflict_do_nothing()).rowcount:
        return None
    mine = sa.and_(*(listings.c[name] == value for name, value in key.items()))
    row = Listing(**conn.execute(sa.select(listings).where(mine).with_for_update()).one()._mapping)
    held = row.holder not in (None, holder) and row.leased_until is not None and row.leased_until > now
    if held or (row.known(now) and row.covers(span.start, span.end)):
        return row
    conn.execute(listings.update().where(mine).values(**fresh))
    return None


def _listed_by_another(conn: sa.Connection, source_id: str, method: str, *, holder: str, now: datetime) -> Listing | None:
    mine = (listings.c.source_id == source_id) & (listings.c.method == method)
    held = (listings.c.state == "listing") & (listings.c.holder != holder) & (listings.c.leased_until > now)
    row = conn.execute(sa.select(listings).where(mine, held).limit(1)).first()
    return Listing(**row._mapping) if row else None


def stay(conn: sa.Connection, source_id: str, method: str, span: Window, *, holder: str, now: datetime) -> None:
    """A sign of life of the run that lists the span."""
    conn.execute(listings.update().where(_of(source_id, method, span), listings.c.holder == holder).values(leased_until=now + LEASE))


def settle(conn: sa.Connection, source_id: str, method: str, span: Window, *, state: str, detail: str, found: int, now: datetime, again_at: datetime) -> None:
    """The span was listed, as far as it could be: to its end, or to the instant at which its oldest page was fetched."""
    values = {
        "to_at": span.end,
        "state": state,
        "detail": detail[:500],
        "found": found,
        "listed_at": now,
        "again_at": again_at,
        "holder": None,
        "leased_until": None,
    }
    conn.execute(listings.update().where(_of(source_id, method, span)).values(**values))


def _of(source_id: str, method: str, span: Window) -> sa.ColumnElement[bool]:
    return (listings.c.source_id == source_id) & (listings.c.method == method) & (listings.c.from_at == span.start)


def keep(conn: sa.Connection, source_id: str, entries: Sequence[Entry], *, now: datetime) -> None:
    """Write entries into the inventory; one that is there already takes its new date and texts. What was erased is refused.

    A capture of a web archive replaces nothing that is dated earlier: a page counts by its first capture, and by its own date before that.
    """
    moments = {id(found.entry): found.published_at for found in entries}
    for item_id, entry in erasures.admitted(conn, [(document_id(found.entry.url), found.entry) for found in entries], now=now):
        said = {"published_at": moments[id(entry)], "entry": packing.entry_to_json(entry), "listed_at": now}
        row = upsert(conn, inventory).values(source_id=source_id, item_id=item_id, **said)
        later = inventory.c.published_at > said["published_at"] if entry.archived else None
        conn.execute(row.on_conflict_do_update(index_elements=["source_id", "item_id"], set_=said, where=later))


def entries_of(conn: sa.Connection, ids: Sequence[str], window: Window) -> Iterator[Entry]:
    """What the archives of the sources list for the window, oldest first."""
    for chunk in chunked(ids):
        wanted = sa.select(inventory.c.entry, inventory.c.published_at).where(
            inventory.c.source_id.in_(chunk), inventory.c.published_at >= window.start, inventory.c.published_at < window.end
        )
        for row in conn.execute(wanted.order_by(inventory.c.published_at, inventory.c.item_id)):
            yield Entry(packing.entry_from_json(row.entry), row.published_at)


def counts(conn: sa.Connection, source_id: str, window: Window) -> int:
    """How many entries the inventory holds for the window."""
    inside = (inventory.c.published_at >= window.start) & (inventory.c.published_at < window.end)
    return int(conn.execute(sa.select(sa.func.count()).where(inventory.c.source_id == source_id, inside)).scalar_one())


def page_of(conn: sa.Connection, source_id: str, url: str, *, since: datetime) -> RawRef | None:
    """Where the page is stored, when it was fetched at or after that instant."""
    key = (archive_pages.c.source_id == source_id) & (archive_pages.c.url_hash == _hash(url))
    row = conn.execute(sa.select(archive_pages).where(key, archive_pages.c.fetched_at >= since)).first()
    return RawRef(segment=row.segment, offset=row.raw_offset, length=row.raw_length) if row else None


def keep_page(conn: sa.Connection, source_id: str, url: str, ref: RawRef, *, now: datetime) -> None:
    """Remember where the page is stored."""
    place = {"fetched_at": now, "segment": ref.segment, "raw_offset": ref.offset, "raw_length": ref.length}
    row = upsert(conn, archive_pages).values(source_id=source_id, url_hash=_hash(url), **place)
    conn.execute(row.on_conflict_do_update(index_elements=["source_id", "url_hash"], set_=place))


def _hash(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()
