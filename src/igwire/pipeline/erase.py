"""Erasing articles and sources for good, and keeping them away.

intent (one commit: from now on refused) ─ tombstones' file ─ index ─ alerts ─ raw store ─ ledger ─ database files written anew ─▶ done
Every step may be repeated; `finish` does all steps again for what is not done, at the start of each run. Killed anywhere nothing is lost
and nothing comes back. What a run was fetching at that moment is looked for again until no segment is open.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from igwire.errors import Unavailable, UsageError
from igwire.failpoints import reach
from igwire.index.revision import revision_id
from igwire.ledger import erasures, items
from igwire.ledger.erasures import SOURCE, Tombstone
from igwire.model import RawRef
from igwire.pipeline import copies
from igwire.pipeline.erased import Erased
from igwire.pipeline.parts import Parts
from igwire.store.tombstones import read as read_log
from igwire.urls import document_id

# A run that began earlier and has not ended is dead: no task lives so long.
_RUN = timedelta(hours=6)


@dataclass(slots=True, kw_only=True)
class Erasure:
    """What an erasure did (or, dry, would do)."""

    # Items and documents, by id.
    ids: list[str] = field(default_factory=list)
    documents: int = 0
    # Captures taken out of the raw store, of which feeds and archive pages that listed the articles.
    captures: int = 0
    listings: int = 0
    # Captures of others that had referred to an erased body, and were stored anew.
    rehomed: int = 0
    # Places of the raw store that cannot be read, and so cannot be searched.
    unreadable: int = 0
    done: bool = True


@dataclass(slots=True)
class _Found:
    """What one pass over the raw store found."""

    unwanted: list[RawRef] = field(default_factory=list)
    listings: int = 0
    dependents: list[RawRef] = field(default_factory=list)
    unreadable: int = 0


def tombstones_for(parts: Parts, *, keys: Sequence[str] = (), source: str | None = None, reason: str, now: datetime) -> list[Tombstone]:
    """The tombstones that erasing URLs, ids or a source would set. Raises UsageError for a key that nothing is known of."""
    with parts.ledger.reading() as conn:
        found: dict[str, str | None] = {}
        for key in keys:
            of_key = erasures.of_document(conn, key) or erasures.of_document(conn, document_id(key) if "://" in key else key)
            if not of_key and not erasures.held(conn, [key, *([document_id(key)] if "://" in key else [])]):
                raise UsageError(f"nothing is known of {key!r}: give the URL or the id that `igwire trace` or the search page shows")
            found |= of_key
        if source is not None:
            of_it = erasures.of_source(conn, source)
            if not of_it and source not in parts.catalogue.by_id:
                raise UsageError(f"there is no source {source!r}, neither in the catalogue nor in the ledger; see `igwire sources list`")
            found |= of_it
        docs = {doc_id for doc_id in found.values() if doc_id}
        seqs = erasures.write_seqs(conn, docs)
    ids = {**{doc_id: doc_id for doc_id in docs}, **found}
    rows = [
        Tombstone(id=name, doc_id=doc_id, source_id=None, reason=reason, at=now, write_seq=seqs.get(doc_id or "", 0) + 1)
        for name, doc_id in sorted(ids.items())
    ]
    if source is not None:
        rows.append(Tombstone(id=f"{SOURCE}{source}", doc_id=None, source_id=source, reason=reason, at=now, write_seq=1))
    return rows


def from_log(parts: Parts, file: Path) -> list[Tombstone]:
    """The tombstones of an exported log, with all addresses that this ledger knows of their documents. Raises StoreError naming the line."""
    rows = [erasures.from_dict(row) for row in read_log(file)]
    with parts.ledger.reading() as conn:
        known = [replace(row, id=item_id) for row in rows if row.doc_id for item_id in erasures.of_document(conn, row.doc_id)]
    return rows + known


def erase(parts: Parts, rows: Sequence[Tombstone]) -> Erasure:
    """Erase what the tombstones name (and what an earlier erasure left unfinished). Raises Unavailable; the rest is then done later."""
    with parts.ledger.transaction() as conn:
        erasures.intend(conn, rows)
    return finish(parts)


def preview(parts: Parts, rows: Sequence[Tombstone]) -> Erasure:
    """What `erase` would do, nothing changed."""
    ids = [row.id for row in rows]
    with parts.ledger.reading() as conn:
        urls = erasures.addresses(conn, ids)
    found = _search(parts, Erased(ids, _sources(rows), urls))
    return _summary(rows, found, done=False)


def finish(parts: Parts) -> Erasure:
    """Carry out what is intended and not done. Raises Unavailable when the index, a remote or the ledger is away or busy."""
    with parts.ledger.reading() as conn:
        rows = erasures.all_rows(conn, pending=True)
        ids = [row.id for row in rows]
        urls = erasures.addresses(conn, ids)
    if not rows:
        return Erasure()
    parts.store.keep_tombstones([row.as_dict() for row in rows])
    reach("erasing")
    remove_from_index(parts, rows)
    parts.forget_told(set(ids) | urls)
    reach("erasing")
    quiet = not parts.store.being_written()
    found = _search(parts, Erased(ids, _sources(rows), urls))
    rehome(parts, found.dependents)
    reach("erasing")
    parts.store.blank_all([*found.unwanted, *found.dependents], "erased", whole=True)
    reach("erasing")
    _forget(parts, rows, found.unwanted)
    reach("erasing")
    with parts.ledger.reading() as conn:
        quiet = quiet and not erasures.under_way(conn, ids, parts.clock.now() - _RUN)
    erasures.scrub(parts.ledger)
    reach("erasing")
    if quiet:
        with parts.ledger.transaction() as conn:
            erasures.finish(conn, ids)
    return _summary(rows, found, done=quiet)


def go_on_erasing(parts: Parts) -> None:
    """`finish`, as far as it goes now: what is away or busy does not keep a run from its work."""
    with contextlib.suppress(Unavailable):
        finish(parts)


def _sources(rows: Sequence[Tombstone]) -> set[str]:
    return {row.source_id for row in rows if row.source_id}


def _summary(rows: Sequence[Tombstone], found: _Found, *, done: bool) -> Erasure:
    return Erasure(
        ids=[row.id for row in rows], documents=len({row.doc_id for row in rows if row.doc_id}), captures=len(found.unwanted), listings=found.listings,
        rehomed=len(found.dependents), unreadable=found.unreadable, done=done,
    )  # fmt: skip


def remove_from_index(parts: Parts, rows: Sequence[Tombstone]) -> None:
    """Take documents and their revisions out of every index."""
    versions = {row.doc_id: row.write_seq for row in rows if row.doc_id}
    with parts.ledger.reading() as conn:
        older = {revision_id(doc_id, number): number + 1 for doc_id, number in erasures.revision_ids(conn, versions)}
    if versions:
        parts.index().remove(versions)
    if older:
        parts.index().remove(older, "revisions")


def remove_late(parts: Parts, doc_ids: Collection[str]) -> None:
    """Documents that were erased while a worker was about to write them go out of the index again."""
    with parts.ledger.reading() as conn:
        late = erasures.named(conn, doc_ids)
    if late:
        remove_from_index(parts, late)


def _search(parts: Parts, erased: Erased) -> _Found:
    """Look through the raw store for captures of the erased, answers that list them, and captures of others that refer to those."""
    found, references = _Found(), dict[RawRef, list[RawRef]]()
    for ref, pair in parts.store.scan():
        if pair is None:
            found.unreadable += 1
            continue
        if pair.refers_to is not None:
            references.setdefault(pair.refers_to, []).append(ref)
        capture, facts = pair.capture, pair.facts
        own = {str(facts.get("item")), document_id(capture.requested_url), document_id(capture.final_url)}
        if own & set(erased.ids) or facts.get("source") in erased.sources:
            found.unwanted.append(ref)
        elif facts.get("kind") not in ("page", "import") and erased.listed_in(capture, str(facts.get("source"))):
            found.unwanted.append(ref)
            found.listings += 1
    gone = set(found.unwanted)
    found.dependents = [ref for payload in found.unwanted for ref in references.get(payload, ()) if ref not in gone]
    return found


def rehome(parts: Parts, dependents: Sequence[RawRef]) -> None:
    """Store bodies anew that these captures of others had only referred to; pointers move in one transaction."""
    if not dependents:
        return
    with parts.store.writer() as writer:
        moved = [(old, writer.append(*parts.store.read(old))) for old in dependents]
    with parts.ledger.transaction() as conn:
        for old, new in moved:
            erasures.move_pointer(conn, old, new)
            # The document names the place of its raw copy.
            items.project_again(conn, erasures.documents_at(conn, new))


def _forget(parts: Parts, rows: Sequence[Tombstone], unwanted: Sequence[RawRef]) -> None:
    """Remove everything of the erased from the ledger, in one transaction."""
    with parts.ledger.transaction() as conn:
        for row in rows:
            if row.doc_id == row.id:
                copies.forget_document(conn, row.id)
        for ref in unwanted:
            erasures.forget_raw(conn, ref)
        erasures.forget(conn, [row.id for row in rows])
        for source_id in _sources(rows):
            erasures.forget_source(conn, source_id)
