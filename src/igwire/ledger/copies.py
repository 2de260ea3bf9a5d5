"""The memory of copies: who had which text, band and sentence first. Read for a chunk of documents at once, written back at once."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa

from igwire.ledger.database import chunked, replacing, upsert
from igwire.ledger.tables import copies, copy_keys, copy_sentences, copy_sources

# One unit: key, tokens, start, end (see enrich.fingerprints.Unit).
_UNIT = struct.Struct("<qIII")
# Whole numbers in one statement: a few thousand make a text of 100 kB, far under every database's limit.
_AT_ONCE = 4000
# Of a cluster up to this size all members are compared with a newcomer; of a larger one (a wire story on a hundred pages) the first.
SMALL = 30


@dataclass(slots=True, kw_only=True)
class CopyRow:
    """One document in the memory of copies; see `tables.copies`. `units` are (key, tokens, start, end)."""

    number: int
    doc_id: str
    seen: int
    arrived: int
    text_key: int | None
    shingles: int
    signature: bytes
    units: tuple[tuple[int, int, int, int], ...]
    figures: tuple[str, ...]
    cluster: int
    followers: int = 0
    copy_of: int | None = None
    share: float = 0.0
    stamp: str = ""
    # The keys under which near-copies find it; with a document that is to be placed, not with one that is read.
    keys: tuple[int, ...] = ()

    @property
    def order(self) -> tuple[int, int, int]:
        """Who has the least was first: by publication, then by arrival, then in a fixed order."""
        return self.seen, self.arrived, self.number


@dataclass(slots=True, kw_only=True)
class Holder:
    """Who had a sentence first, and how many documents have it."""

    number: int
    holders: int


@dataclass(slots=True)
class View:
    """The part of the memory that concerns one chunk of documents; changes are noted in it and written by `flush`."""

    rows: dict[int, CopyRow] = field(default_factory=dict)
    # Cluster → its members, as far as they are in `rows`.
    clusters: dict[int, set[int]] = field(default_factory=dict)
    keys: dict[int, int] = field(default_factory=dict)
    sentences: dict[int, Holder] = field(default_factory=dict)
    changed_rows: set[int] = field(default_factory=set)
    new_keys: dict[int, int] = field(default_factory=dict)
    changed_sentences: set[int] = field(default_factory=set)
    # (document, those that had sentences of it first)
    sources: dict[int, set[int]] = field(default_factory=dict)
    # Clusters that went into others, in this order: (old, new).
    merged: list[tuple[int, int]] = field(default_factory=list)
    # Documents that stopped being the first with some sentence, with those that are it now.
    outdated: dict[int, set[int]] = field(default_factory=dict)
    # Documents whose place changed; their documents are projected again.
    touched: set[int] = field(default_factory=set)

    def change(self, row: CopyRow) -> None:
        """The row is new or was changed."""
        self.rows[row.number] = row
        self.clusters.setdefault(row.cluster, set()).add(row.number)
        self.changed_rows.add(row.number)
        self.touched.add(row.number)


def number_of(doc_id: str) -> int:
    """The number of a document: 63 bits of the hash of its id."""
    return int.from_bytes(blake2b(doc_id.encode(errors="surrogatepass"), digest_size=8).digest(), "big") >> 1


def lock(conn: sa.Connection) -> None:
    """Let no other transaction place documents until this one ends: two copies placed at once would not see each other.

    SQLite has one writer anyway.
    """
    if conn.dialect.name == "postgresql":
        # Any fixed number will do that nothing else uses.
        conn.execute(sa.text("select pg_advisory_xact_lock(6907768)"))


def load(conn: sa.Connection, numbers: Iterable[int], keys: Iterable[int], unit_keys: Iterable[int]) -> View:
    """The memory of these documents, keys and sentences, with the rows of all owners, the roots of their clusters, and small clusters whole."""
    view = View()
    for chunk in chunked(set(keys), _AT_ONCE):
        view.keys.update(map(tuple, conn.exec_driver_sql(f"select key, number from copy_keys where key in ({_list(chunk)})").all()))
    view.sentences = holders(conn, unit_keys)
    load_rows(conn, view, [*numbers, *view.keys.values(), *(h.number for h in view.sentences.values())])
    load_rows(conn, view, [row.cluster for row in view.rows.values()])
    small = [row.number for row in view.rows.values() if 0 < row.followers <= SMALL and row.cluster == row.number]
    for chunk in chunked(small):
        for row in _read(conn, copies.c.cluster.in_(chunk)):
            view.rows.setdefault(row.number, row)
    for row in view.rows.values():
        view.clusters.setdefault(row.cluster, set()).add(row.number)
    return view


def holders(conn: sa.Connection, unit_keys: Iterable[int]) -> dict[int, Holder]:
    """Who had these sentences first."""
    found: dict[int, Holder] = {}
    for chunk in chunked(set(unit_keys), _AT_ONCE):
        for key, number, count in conn.exec_driver_sql(f"select key, number, holders from copy_sentences where key in ({_list(chunk)})").all():
            found[key] = Holder(number=number, holders=count)
    return found


def load_rows(conn: sa.Connection, view: View, numbers: Iterable[int]) -> None:
    """Bring the rows of these documents into the view, those that are not there yet."""
    for row in rows(conn, set(numbers) - view.rows.keys()):
        view.rows[row.number] = row


def rows(conn: sa.Connection, numbers: Iterable[int]) -> Iterator[CopyRow]:
    """The rows of these documents, in no particular order."""
    for chunk in chunked(numbers):
        yield from _read(conn, copies.c.number.in_(chunk))


def members(conn: sa.Connection, cluster: int) -> list[CopyRow]:
    """The rows of a cluster, its root included, earliest first."""
    return sorted(_read(conn, copies.c.cluster == cluster), key=lambda row: row.order)


def dependents(conn: sa.Connection, number: int) -> list[CopyRow]:
    """The rows of those documents that hold sentences which this one had first, earliest first."""
    wanted = sa.select(copy_sources.c.number).where(copy_sources.c.source == number)
    return sorted(_read(conn, copies.c.number.in_(wanted)), key=lambda row: row.order)


def _read(conn: sa.Connection, which: sa.ColumnElement[bool]) -> list[CopyRow]:
    """Through the table's types: PostgreSQL's driver hands binary columns out as views, not as bytes."""
    return [_row(*row) for row in conn.execute(sa.select(copies).where(which)).all()]


def remove(conn: sa.Connection, number: int, *, keys: Iterable[int], unit_keys: Iterable[int]) -> None:
    """Take a document out, with the keys and sentences that are still its own; of the others it is a holder less."""
    conn.execute(copies.delete().where(copies.c.number == number))
    conn.execute(copy_sources.delete().where(sa.or_(copy_sources.c.number == number, copy_sources.c.source == number)))
    for chunk in chunked(keys):
        conn.execute(copy_keys.delete().where(copy_keys.c.key.in_(chunk), copy_keys.c.number == number))
    for chunk in chunked(unit_keys):
        conn.execute(copy_sentences.delete().where(copy_sentences.c.key.in_(chunk), copy_sentences.c.number == number))
        conn.execute(copy_sentences.update().where(copy_sentences.c.key.in_(chunk)).values(holders=copy_sentences.c.holders - 1))


def wipe(conn: sa.Connection) -> None:
    """Forget everything: a rebuild of all documents starts anew."""
    for table in (copies, copy_keys, copy_sentences, copy_sources):
        conn.execute(table.delete())


def names(conn: sa.Connection, numbers: Iterable[int]) -> dict[int, str]:
    """Number → document id."""
    found: dict[int, str] = {}
    for chunk in chunked(set(numbers)):
        found.update((row.number, row.doc_id) for row in conn.execute(sa.select(copies.c.number, copies.c.doc_id).where(copies.c.number.in_(chunk))))
    return found


def flush(conn: sa.Connection, view: View) -> list[str]:
    """Write what changed; ids of the documents whose place is another now."""
    _put_sources(conn, view.sources)
    touched = view.touched | _sources_of_dependents(conn, view.outdated)
    for old, new in view.merged:
        touched |= set(conn.execute(sa.select(copies.c.number).where(copies.c.cluster == old)).scalars())
        conn.execute(copies.update().where(copies.c.cluster == old).values(cluster=new))
    _put_rows(conn, [view.rows[number] for number in sorted(view.changed_rows)])
    _put(conn, "copy_keys", ("key", "number"), view.new_keys.items())
    sentences = ((key, view.sentences[key].number, view.sentences[key].holders) for key in view.changed_sentences)
    _put(conn, "copy_sentences", ("key", "number", "holders"), sentences)
    known = [view.rows[number].doc_id for number in touched if number in view.rows]
    return [*known, *names(conn, touched - view.rows.keys()).values()]


def _sources_of_dependents(conn: sa.Connection, outdated: dict[int, set[int]]) -> set[int]:
    """Those who had sentences from a former first one have them from the new one as well: it is asked for them when it goes. All that this concerns."""
    found = set(outdated)
    for former, firsts in sorted(outdated.items()):
        holders = set(conn.execute(sa.select(copy_sources.c.number).where(copy_sources.c.source == former)).scalars())
        _put_sources(conn, {holder: firsts - {holder} for holder in holders})
        found |= holders
    return found


def _put_rows(conn: sa.Connection, changed: Sequence[CopyRow]) -> None:
    if changed:
        others = [column.name for column in copies.columns if column.name != "number"]
        conn.execute(replacing(conn, copies, ("number",), others), [_values(row) for row in changed])


def _put(conn: sa.Connection, table: str, columns: tuple[str, ...], values: Iterable[tuple[int, ...]]) -> None:
    """Rows of whole numbers, in order of their key (neighbours on disk are written together)."""
    into = f"insert into {table} ({', '.join(columns)}) values"
    instead = f"on conflict ({columns[0]}) do update set {', '.join(f'{name} = excluded.{name}' for name in columns[1:])}"
    ordered = sorted(values)
    if conn.dialect.name == "sqlite":
        # Prepared once; an article has fifty such rows, and reading a statement that has them written out takes longer than the insert.
        if ordered:
            conn.exec_driver_sql(f"{into} ({', '.join('?' * len(columns))}) {instead}", ordered)
        return
    # Written out for a server: each row that is bound by itself would be a message of its own.
    for chunk in chunked(ordered, _AT_ONCE):
        conn.exec_driver_sql(f"{into} {','.join(f'({_list(row)})' for row in chunk)} {instead}")


def _list(numbers: Iterable[int]) -> str:
    """Whole numbers for a statement; anything else is a TypeError."""
    return ",".join(map(int.__repr__, numbers))


def _put_sources(conn: sa.Connection, sources: dict[int, set[int]]) -> None:
    if pairs := [{"number": number, "source": source} for number, found in sorted(sources.items()) for source in sorted(found)]:
        conn.execute(upsert(conn, copy_sources).on_conflict_do_nothing(), pairs)


def _values(row: CopyRow) -> dict[str, Any]:
    packed = b"".join(_UNIT.pack(*unit) for unit in row.units)
    return {
        "number": row.number, "doc_id": row.doc_id, "seen": row.seen, "arrived": row.arrived, "text_key": row.text_key, "shingles": row.shingles, "signature": row.signature,
        "units": packed, "figures": " ".join(row.figures), "cluster": row.cluster, "followers": row.followers, "copy_of": row.copy_of, "share": row.share, "stamp": row.stamp,
    }  # fmt: skip


def _row(
    number: int, doc_id: str, seen: int, arrived: int, text_key: int | None, shingles: int, signature: bytes, units: bytes, figures: str, cluster: int,
    followers: int, copy_of: int | None, share: float, stamp: str,
) -> CopyRow:  # fmt: skip
    """The columns in their order in the table."""
    return CopyRow(
        number=number, doc_id=doc_id, seen=seen, arrived=arrived, text_key=text_key, shingles=shingles, signature=signature,
        units=tuple(_UNIT.iter_unpack(units)), figures=tuple(figures.split()), cluster=cluster, followers=followers, copy_of=copy_of, share=share, stamp=stamp,
    )  # fmt: skip
