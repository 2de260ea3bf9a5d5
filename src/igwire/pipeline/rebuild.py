"""The one way to make documents again: from raw bytes, from stored text or from stored tags; a selection or everything.

select ─▶ chunks ─ extract? ─ enrich? ─ copies? ─ index ─▶ report            dry: the same computation, compared and thrown away
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from igwire.errors import StoreError, Unavailable, UsageError
from igwire.extract.article import stamp as extract_stamp
from igwire.isolate import Killed, Pool
from igwire.ledger import boilerplate, copies, documents, items, runs
from igwire.ledger.boilerplate import Learnt
from igwire.ledger.documents import StoredDocument
from igwire.ledger.items import Item
from igwire.ledger.tables import dead_letters
from igwire.ledger.tables import documents as documents_table
from igwire.ledger.tables import items as items_table
from igwire.model import Extraction
from igwire.pipeline import process
from igwire.pipeline.boilerplate import Remover
from igwire.pipeline.parts import Parts
from igwire.pipeline.plan import Batch
from igwire.pipeline.process import CHUNK, Work
from igwire.pipeline.projecting import document_of, surroundings
from igwire.pipeline.report import Report, report
from igwire.pipeline.workers import FOR_PAGES, extract_capture, tags_of

if TYPE_CHECKING:
    from igwire.index.migrate import Versions

STEPS = ("extract", "enrich", "copies", "index")
# Rounds of making again what changed while a new index was filled.
_CATCH_UP = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which items: all conditions hold together; nothing given = everything that was ever captured."""

    # First seen at or after `since`, before `until`.
    since: datetime | None = None
    until: datetime | None = None
    sources: tuple[str, ...] = ()
    # Reasons of open dead letters or of rejections.
    reasons: tuple[str, ...] = ()
    # Item or document ids.
    ids: tuple[str, ...] = ()
    # Only documents made by other code or another knowledge base than today's.
    only_stale: bool = False


@dataclass(slots=True)
class Changes:
    """What a dry run found: documents looked at, documents that would change, and the fields by how often they would."""

    looked_at: int = 0
    changed: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    samples: list[dict[str, Any]] = field(default_factory=list)


def parse_selection(text: str, *, only_stale: bool = False) -> Selection:
    """`since=2026-01-01,source=a,source=b,reason=too_deep,id=…` as a selection. Raises UsageError."""
    found: dict[str, list[str]] = {"since": [], "source": [], "reason": [], "id": []}
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, equals, value = part.partition("=")
        if name not in found or not equals or not value:
            raise UsageError(f"--select cannot read {part!r}: write {', '.join(f'{n}=…' for n in found)}, separated by commas")
        found[name].append(value)
    try:
        since = datetime.fromisoformat(found["since"][-1]) if found["since"] else None
    except ValueError as error:
        raise UsageError(f"--select since={found['since'][-1]!r} is no date such as 2026-01-31") from error
    since = since.astimezone() if since else None
    return Selection(since=since, sources=tuple(found["source"]), reasons=tuple(found["reason"]), ids=tuple(found["id"]), only_stale=only_stale)


def select(conn: sa.Connection, selection: Selection, *, first: str, tag_stamp: str) -> list[str]:
    """Ids of the selected items that have what step `first` starts from."""
    wanted = sa.select(items_table.c.id).order_by(items_table.c.first_seen_at, items_table.c.id)
    if first == "extract":
        wanted = wanted.where(items_table.c.segment.is_not(None))
    else:
        # Pages that may not be kept (noarchive) have a document and no raw copy.
        wanted = wanted.where(items_table.c.id.in_(sa.select(documents_table.c.item_id)))
    if selection.since:
        wanted = wanted.where(items_table.c.first_seen_at >= selection.since)
    if selection.until:
        wanted = wanted.where(items_table.c.first_seen_at < selection.until)
    if selection.sources:
        wanted = wanted.where(items_table.c.source_id.in_(selection.sources))
    if selection.ids:
        wanted = wanted.where(sa.or_(items_table.c.id.in_(selection.ids), items_table.c.doc_id.in_(selection.ids)))
    if selection.reasons:
        buried = sa.select(dead_letters.c.item_id).where(dead_letters.c.reason.in_(selection.reasons), dead_letters.c.resolved_at.is_(None))
        wanted = wanted.where(sa.or_(items_table.c.id.in_(buried), items_table.c.reason.in_(selection.reasons)))
    found = list(conn.execute(wanted).scalars())
    if not selection.only_stale:
        return found
    stamp = extract_stamp()
    by_source = {source: Learnt(version=version).stamped(stamp) for source, version in boilerplate.versions(conn).items()}
    stale = documents.stale_stamps(conn, extract_stamp=stamp if first == "extract" else None, by_source=by_source, tag_stamp=tag_stamp)
    of_stale = set(conn.execute(sa.select(items_table.c.id).where(items_table.c.doc_id.in_(list(stale)))).scalars())
    return [item_id for item_id in found if item_id in of_stale]


def rebuild(parts: Parts, run_id: str, *, first: str, selection: Selection, target: str | None = None) -> Report:
    """Make the selected documents again from step `first` on, into the live index or the index `target`."""
    prepare(parts, run_id, first=first, selection=selection)
    rebuild_batch(parts, run_id, 0, first=first, target=target)
    return report(parts, run_id)


def check_step(first: str) -> None:
    """Raises UsageError for what is no step."""
    if first not in STEPS:
        raise UsageError(f"--from must be one of {', '.join(STEPS)}")


def prepare(parts: Parts, run_id: str, *, first: str, selection: Selection, batches: int = 1) -> list[Batch]:
    """Open the run and cut what is selected into at most `batches` shares, which may be worked on at once by `rebuild_batch`."""
    check_step(first)
    tag_stamp = parts.tagger().stamp if selection.only_stale else ""
    with parts.ledger.transaction() as conn:
        ids = select(conn, selection, first=first, tag_stamp=tag_stamp)
        shares = [ids[number::batches] for number in range(min(batches, max(len(ids), 1)))]
        runs.start(conn, run_id, mode="rebuild", window=None, now=parts.clock.now())
        runs.assign(conn, run_id, shares)
        if first != "index" and selection == Selection():
            # Signatures of another version cannot be compared with new ones: a rebuild of everything starts from an empty memory of copies.
            copies.wipe(conn)
    return [Batch(number=number, items=len(share)) for number, share in enumerate(shares)]


def rebuild_batch(parts: Parts, run_id: str, batch: int, *, first: str, target: str | None = None) -> None:
    """Work one share off; called again it goes on with what has no final outcome."""
    work = Work(parts=parts, run_id=run_id, redo=True, target=target)
    if first == "extract":
        ids = _open(parts, run_id, batch)
        with process.readers(parts, len(ids)) as pool:
            process.extract_items(work, ids, pool)
            process.enrich_items(work, _open(parts, run_id, batch), pool)
    elif first == "enrich":
        process.enrich_items(work, _open(parts, run_id, batch))
    elif first == "copies":
        process.place_copies(work, _open(parts, run_id, batch))
    process.index_items(work, _open(parts, run_id, batch))
    if target is None:
        process.settle_neighbours(work, batch)


def into_new(parts: Parts, run_id: str, indices: Versions, *, first: str) -> Report:
    """Rebuild everything into a new index, compare it with the ledger hash by hash, swap it in; the old index is kept.

    Raises Unavailable when documents are missing or differ: the aliases then stay where they are.
    """
    target = indices.new()
    done = rebuild(parts, run_id, first=first, selection=Selection(), target=target)
    swap_in(parts, run_id, indices, target, done)
    return done


def swap_in(parts: Parts, run_id: str, indices: Versions, target: str, done: Report) -> None:
    """Make the index that the run `done` has filled the live one, once it holds what the ledger holds. Raises Unavailable."""
    # Whatever was written meanwhile went to the old index: it is made again, until both are the same.
    for again in range(_CATCH_UP):
        if not (different := differing(parts, indices.hashes(target))):
            break
        rebuild(parts, f"{run_id}_{again}", first="index", selection=Selection(ids=tuple(different)), target=target)
    else:
        raise Unavailable(f"{target} differs from the ledger in {len(different)} documents, such as {different[0]}; it is not swapped in")
    if not done.ok:
        raise Unavailable(f"{target} is not swapped in: {'; '.join(done.faults)}")
    indices.swap(target)
    if late := differing(parts, indices.hashes(target)):
        rebuild(parts, f"{run_id}_late", first="index", selection=Selection(ids=tuple(late)))


def differing(parts: Parts, held: Iterable[tuple[str, str]]) -> list[str]:
    """Ids of documents that an index lacks, or holds in another form than the ledger; `held` is what it holds: id and hash.

    With them those that the ledger itself has to project again: a later share of a rebuild found copies of an earlier one's.
    """
    with parts.ledger.reading() as conn:
        wanted, changed = documents.projected(conn), items.changed_around(conn)
    found = dict(held)
    return sorted({*changed, *(doc_id for doc_id, projected in wanted.items() if found.get(doc_id) != projected)})


def _open(parts: Parts, run_id: str, batch: int) -> list[str]:
    with parts.ledger.reading() as conn:
        return runs.batch_items(conn, run_id, batch)


def dry_run(parts: Parts, *, first: str, selection: Selection, samples: int = 5) -> Changes:
    """What `rebuild` would change, computed and compared, nothing written."""
    tag_stamp = parts.tagger().stamp if selection.only_stale else ""
    with parts.ledger.reading() as conn:
        ids = select(conn, selection, first=first, tag_stamp=tag_stamp)
    changes = Changes()
    with Pool(parts.knobs.parser_workers if first == "extract" else 0, loaded=FOR_PAGES) as pool:
        for start in range(0, len(ids), CHUNK):
            for item, before, after in _recomputed(parts, pool, ids[start : start + CHUNK], first):
                _compare(changes, item, before, after, samples)
    return changes


def _recomputed(parts: Parts, pool: Pool, ids: Sequence[str], first: str) -> Iterator[tuple[Item, dict[str, Any], dict[str, Any]]]:
    with parts.ledger.reading() as conn:
        found = {i.id: i for i in items.get(conn, ids) if i.doc_id}
        stored = [d for d in documents.get(conn, [i.doc_id for i in found.values() if i.doc_id]) if d.item_id in found and d.tags]
        around = surroundings(conn, [d.id for d in stored])
    for document in stored:
        item, beside = found[document.item_id], around[document.id]
        after = _again(parts, pool, item, document, first)
        if after is not None:
            yield item, document_of(parts, item, document, beside), document_of(parts, item, after, beside)


def _again(parts: Parts, pool: Pool, item: Item, document: StoredDocument, first: str) -> StoredDocument | None:
    import dataclasses

    if first == "extract":
        assert item.raw is not None
        try:
            capture, _ = parts.store.read(item.raw)
        except StoreError:
            return None
        task = (capture, item.entry, parts.source(item.source_id).timezone)
        done = pool.run(extract_capture, task, timeout_s=process.PAGE_S)
        result = Extraction(status="failed") if isinstance(done, Killed) else done.value
        if result.article is None:
            return None
        with parts.ledger.reading() as conn:
            article = Remover(conn).clean(result.article, document.source_id)
        document = dataclasses.replace(document, article=article)
    return dataclasses.replace(document, tags=tags_of(parts.tagger(), document.article, document.source_id)) if first in ("extract", "enrich") else document


def _compare(changes: Changes, item: Item, before: dict[str, Any], after: dict[str, Any], samples: int) -> None:
    changes.looked_at += 1
    different = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    if not different:
        return
    changes.changed += 1
    changes.fields.update(different)
    if len(changes.samples) < samples:
        name = different[0]
        changes.samples.append({"url": item.url, "field": name, "before": str(before.get(name))[:200], "after": str(after.get(name))[:200]})
