"""Items: one per entry URL, from first sight in a feed to the document that came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from igwire.ledger import erasures, packing, sources
from igwire.ledger.database import chunked, upsert
from igwire.ledger.tables import inventory, item_sources, items
from igwire.model import FeedEntry, RawRef, Window
from igwire.urls import document_id, slot_host

UNFINISHED = ("new", "captured", "extracted", "enriched")
# A claim outlives the longest task (10 min) many times over, and a killed run's items are free again within the hour.
CLAIM = timedelta(hours=1)
# Reason of items that are complete and only wait to be made again: projected, or extracted before that.
AGAIN = "surroundings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item's row; see `tables.items`."""

    id: str
    source_id: str
    url: str
    host: str
    state: str
    reason: str | None
    entry: FeedEntry
    published_at: datetime | None
    first_seen_at: datetime
    attempts: int
    mode: str
    run_id: str | None
    fetched_at: datetime | None
    raw: RawRef | None
    doc_id: str | None
    # What the publisher says about use of the page, as words.
    usage: tuple[str, ...] = ()

    @property
    def again(self) -> str | None:
        """The reason to keep on its way to the end: that it is made again."""
        return AGAIN if self.reason == AGAIN else None

    @property
    def asked_url(self) -> str:
        """Where the page is asked for: at a web archive when its copy is meant."""
        return self.entry.archived or self.url


def _item(row: Any) -> Item:
    raw = RawRef(segment=row.segment, offset=row.raw_offset, length=row.raw_length) if row.segment else None
    return Item(
        id=row.id, source_id=row.source_id, url=row.url, host=row.host, state=row.state, reason=row.reason,
        entry=packing.entry_from_json(row.entry), published_at=row.published_at, first_seen_at=row.first_seen_at,
        attempts=row.attempts, mode=row.mode, run_id=row.run_id, fetched_at=row.fetched_at, raw=raw, doc_id=row.doc_id,
        usage=tuple(row.usage or ()),
    )  # fmt: skip


def add(conn: sa.Connection, entries: Iterable[FeedEntry], *, now: datetime, mode: str) -> list[str]:
    """Note the entries of one poll; ids of the items that are new.

    An entry that another source named before adds this source to the item; when its document is indexed already it is
    projected again, because it lists all its feeds. What was erased is refused.
    """
    new: list[str] = []
    for item_id, entry in erasures.admitted(conn, [(document_id(entry.url), entry) for entry in entries], now=now):
        values = {
            "id": item_id, "source_id": entry.source_id, "url": entry.url, "host": slot_host(entry.archived or entry.url), "state": "new", "mode": mode,
            "entry": packing.entry_to_json(entry), "published_at": _dated(entry), "first_seen_at": now,
        }  # fmt: skip
        inserted = conn.execute(upsert(conn, items).values(values).on_conflict_do_nothing())
        if inserted.rowcount:
            new.append(item_id)
        see(conn, item_id, entry, now=now)
    return new


def _dated(entry: FeedEntry) -> datetime | None:
    """The instant by which the item belongs to an interval, until its page tells another."""
    return packing.printed_at(entry) or packing.instant(entry.archived_at)


def redate(conn: sa.Connection, dates: Iterable[tuple[str, datetime]]) -> None:
    """Items (id, instant) that were given another date before their page was fetched."""
    for item_id, moment in dates:
        waiting = (items.c.id == item_id) & (items.c.state == "new") & (items.c.published_at != moment)
        conn.execute(items.update().where(waiting).values(published_at=moment))


def see(conn: sa.Connection, item_id: str, entry: FeedEntry, *, now: datetime) -> None:
    """The entry's source names the item (again); how it prints it now is kept."""
    printed = {"last_seen_at": now, **sources.printed(entry)}
    values = {"item_id": item_id, "source_id": entry.source_id, "first_seen_at": now, **printed}
    first = conn.execute(upsert(conn, item_sources).values(values).on_conflict_do_nothing()).rowcount
    if not first:
        key = (item_sources.c.item_id == item_id) & (item_sources.c.source_id == entry.source_id)
        conn.execute(item_sources.update().where(key).values(**printed))
        return
    indexed = (items.c.id == item_id) & (items.c.state == "indexed")
    conn.execute(items.update().where(indexed).values(state="enriched"))


def project_again(conn: sa.Connection, doc_ids: Iterable[str]) -> None:
    """The documents' surroundings changed (a copy, a feed): those that are indexed are projected again."""
    for chunk in chunked(doc_ids):
        indexed = items.c.doc_id.in_(chunk) & (items.c.state == "indexed")
        conn.execute(items.update().where(indexed).values(state="enriched", reason=AGAIN))


def extract_again(conn: sa.Connection, item_ids: Iterable[str]) -> None:
    """The items' texts are to be taken from their pages again: those that are indexed and have a raw copy."""
    for chunk in chunked(item_ids):
        indexed = items.c.id.in_(chunk) & (items.c.state == "indexed") & items.c.segment.is_not(None)
        conn.execute(items.update().where(indexed).values(state="captured", reason=AGAIN))


def changed_around(conn: sa.Connection) -> list[str]:
    """Ids of all documents that `project_again` named and nobody projected yet."""
    wanted = sa.select(items.c.doc_id).where(items.c.state == "enriched", items.c.reason == AGAIN)
    return [doc_id for doc_id in conn.execute(wanted).scalars() if doc_id]


def indexed_of(conn: sa.Connection, host: str) -> list[tuple[str, str]]:
    """Id and address of the indexed items whose pages lie at a host (see `urls.slot_host`), those that came from a web archive too."""
    found = conn.execute(sa.select(items.c.id, items.c.url).where(items.c.url.contains(host, autoescape=True), items.c.state == "indexed"))
    return [(row.id, row.url) for row in found if slot_host(row.url) == host]


def waiting_again(conn: sa.Connection, limit: int) -> list[str]:
    """Ids of at most `limit` items that `project_again` or `extract_again` named and nobody took to the end yet."""
    wanted = sa.select(items.c.id).where(items.c.state.in_(("captured", "extracted", "enriched")), items.c.reason == AGAIN)
    return list(conn.execute(wanted.order_by(items.c.id).limit(limit)).scalars())


def waiting_by_host(conn: sa.Connection, names: Iterable[str]) -> dict[str, int]:
    """How many new pages wait to be fetched, by host."""
    found: dict[str, int] = {}
    for chunk in chunked(names):
        new = sa.select(items.c.host, sa.func.count()).where(items.c.host.in_(chunk), items.c.state == "new").group_by(items.c.host)
        found |= {row[0]: row[1] for row in conn.execute(new)}
    return found


def claim(conn: sa.Connection, run_id: str, window: Window, *, now: datetime, sources: Sequence[str] | None, limit: int | None) -> list[Item]:
    """The unfinished items that this run takes, oldest first, claimed against other runs until `now + CLAIM`.

    A live window takes everything that is unfinished, whatever its date (deferred and pending items of earlier runs come first
    by their age), but leaves pages that a backfill has still to fetch to backfills; a past window takes only what is dated
    inside it. `sources` None = of any source.
    """
    inside = (items.c.published_at >= window.start) & (items.c.published_at < window.end)
    free = sa.or_(items.c.claimed_until.is_(None), items.c.claimed_until < now, items.c.claimed_by == run_id)
    wanted = sa.select(items).where(items.c.state.in_(UNFINISHED), free)
    if sources is not None:
        wanted = wanted.where(items.c.source_id.in_(list(sources)))
    wanted = wanted.where(inside if window.mode == "past" else sa.or_(items.c.mode != "past", items.c.state != "new", inside))
    found = [_item(row) for row in conn.execute(wanted.order_by(items.c.first_seen_at, items.c.id).limit(limit))]
    for chunk in chunked(item.id for item in found):
        conn.execute(items.update().where(items.c.id.in_(chunk)).values(claimed_by=run_id, claimed_until=now + CLAIM))
    return found


def release(conn: sa.Connection, run_id: str) -> None:
    """Free what the run had claimed."""
    conn.execute(items.update().where(items.c.claimed_by == run_id).values(claimed_by=None, claimed_until=None))


def get(conn: sa.Connection, ids: Iterable[str]) -> Iterator[Item]:
    """The items `ids`, in no particular order."""
    for chunk in chunked(ids):
        for row in conn.execute(sa.select(items).where(items.c.id.in_(chunk))).fetchall():
            yield _item(row)


def find(conn: sa.Connection, key: str) -> Item | None:
    """An item by its id, its document's id or its URL."""
    matches = sa.or_(items.c.id == key, items.c.doc_id == key, items.c.url == key)
    row = conn.execute(sa.select(items).where(matches).order_by(items.c.first_seen_at).limit(1)).first()
    return _item(row) if row else None


def raw_by_source(conn: sa.Connection) -> dict[str, tuple[int, int]]:
    """Source → pages in the raw store and their bytes there, the largest first."""
    columns = (items.c.source_id, sa.func.count(), sa.func.sum(items.c.raw_length))
    rows = conn.execute(sa.select(*columns).where(items.c.segment.is_not(None)).group_by(items.c.source_id).order_by(columns[2].desc()))
    return {row[0]: (int(row[1]), int(row[2])) for row in rows}


def segments(conn: sa.Connection) -> set[str]:
    """Segments that hold pages."""
    return set(conn.execute(sa.select(items.c.segment).where(items.c.segment.is_not(None)).distinct()).scalars())


def segment_ends(conn: sa.Connection) -> dict[str, int]:
    """Segment → byte behind the last page that the ledger points to."""
    end = sa.func.max(items.c.raw_offset + items.c.raw_length)
    return {row[0]: int(row[1]) for row in conn.execute(sa.select(items.c.segment, end).where(items.c.segment.is_not(None)).group_by(items.c.segment))}


def any_known(conn: sa.Connection) -> bool:
    """Whether the ledger has items at all."""
    return conn.execute(sa.select(items.c.id).limit(1)).first() is not None


def captured(conn: sa.Connection, item_id: str, raw: RawRef, *, run_id: str, at: datetime) -> None:
    """The item's page is in the raw store."""
    captured_all(conn, [(item_id, raw, at)], run_id=run_id)


def captured_all(conn: sa.Connection, pages: Sequence[tuple[str, RawRef, datetime]], *, run_id: str) -> None:
    """The pages of these items (id, place, fetched at) are in the raw store."""
    rows = [
        {"b_id": item_id, "b_run": run_id, "b_at": at, "b_segment": raw.segment, "b_offset": raw.offset, "b_length": raw.length} for item_id, raw, at in pages
    ]
    if rows:
        conn.execute(_CAPTURED, rows)


# Written once: a statement that is put together anew costs more than the database takes for it.
_CAPTURED = (
    items.update()
    .where(items.c.id == sa.bindparam("b_id"))
    .values(
        state="captured", reason=None, run_id=sa.bindparam("b_run"), fetched_at=sa.bindparam("b_at"), segment=sa.bindparam("b_segment"),
        raw_offset=sa.bindparam("b_offset"), raw_length=sa.bindparam("b_length"),
    )
)  # fmt: skip
_WHERE = items.update().where(items.c.id == sa.bindparam("b_id"))
_MOVED = _WHERE.values(state=sa.bindparam("b_state"), reason=sa.bindparam("b_reason"))
_MOVED_TO = _MOVED.values(doc_id=sa.bindparam("b_doc"))
_USAGE = _WHERE.values(usage=sa.bindparam("b_words"), raw_unwanted=sa.bindparam("b_unwanted"))


def move(conn: sa.Connection, item_id: str, state: str, *, reason: str | None = None, doc_id: str | None = None) -> None:
    """The item reached `state`; `doc_id` is set when given."""
    statement, more = (_MOVED, {}) if doc_id is None else (_MOVED_TO, {"b_doc": doc_id})
    conn.execute(statement, {"b_id": item_id, "b_state": state, "b_reason": reason, **more})


def move_all(conn: sa.Connection, moves: Iterable[tuple[str, str, str | None]]) -> None:
    """Items (id, state, reason) reached a state."""
    if rows := [{"b_id": item_id, "b_state": state, "b_reason": reason} for item_id, state, reason in moves]:
        conn.execute(_MOVED, rows)


def note_usage(conn: sa.Connection, found: Iterable[tuple[str, Sequence[str], bool]]) -> None:
    """Keep what publishers say about use: (item id, words, whether the raw copy has to go)."""
    if rows := [{"b_id": item_id, "b_words": list(words), "b_unwanted": unwanted} for item_id, words, unwanted in found]:
        conn.execute(_USAGE, rows)


def keep_bare_entry(conn: sa.Connection, item_id: str) -> None:
    """Of what a feed or an archive says of the item only title, date and address stay."""
    for table, key in ((items, items.c.id), (inventory, inventory.c.item_id)):
        for row in conn.execute(sa.select(key, table.c.entry).where(key == item_id)).fetchall():
            bare = {name: value for name, value in row.entry.items() if name not in ("summary", "content")}
            conn.execute(table.update().where(key == item_id).values(entry=bare))


def unwanted(conn: sa.Connection) -> list[Item]:
    """Items whose raw copy has to go and is still there."""
    return [_item(row) for row in conn.execute(sa.select(items).where(items.c.raw_unwanted, items.c.segment.is_not(None)))]


def raw_gone(conn: sa.Connection, item_id: str) -> None:
    """The item's raw copy is no more."""
    conn.execute(items.update().where(items.c.id == item_id).values(raw_unwanted=False, segment=None, raw_offset=None, raw_length=None))


def tried(conn: sa.Connection, item_id: str) -> None:
    """One fetch of the item failed."""
    conn.execute(items.update().where(items.c.id == item_id).values(attempts=items.c.attempts + 1))


def feeds_of(conn: sa.Connection, doc_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """For each document the sorted ids of the sources that named one of its items."""
    join = items.join(item_sources, items.c.id == item_sources.c.item_id)
    rows = conn.execute(sa.select(items.c.doc_id, item_sources.c.source_id).select_from(join).where(items.c.doc_id.in_(doc_ids)))
    found: dict[str, set[str]] = {}
    for doc_id, source_id in rows:
        found.setdefault(doc_id, set()).add(source_id)
    return {doc_id: tuple(sorted(ids)) for doc_id, ids in found.items()}


def sightings_of(conn: sa.Connection, doc_id: str) -> list[tuple[str, datetime, datetime]]:
    """Which sources named the document: (source id, first seen, last seen), the earliest first."""
    join = items.join(item_sources, items.c.id == item_sources.c.item_id)
    spans = (sa.func.min(item_sources.c.first_seen_at), sa.func.max(item_sources.c.last_seen_at))
    wanted = sa.select(item_sources.c.source_id, *spans).select_from(join).where(items.c.doc_id == doc_id)
    return [(row[0], row[1], row[2]) for row in conn.execute(wanted.group_by(item_sources.c.source_id).order_by(spans[0], item_sources.c.source_id))]
