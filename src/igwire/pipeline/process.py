"""From stored captures to indexed documents, for a list of items.

captured ─ extract ─▶ extracted ─ enrich ─▶ enriched ─ index ─▶ indexed
             ╰▶ rejected, quarantined, duplicate                  ╰▶ pending_index (Elasticsearch away: the next run goes on here)

Each step reads from the ledger, computes outside of any transaction, and commits state and outcome together, a chunk at a time.
Run twice it does nothing the second time; `redo` makes it work on items that had got further (rebuild).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import Any

import sqlalchemy as sa

from igwire.enrich.syndication import credit_of
from igwire.errors import StoreError, Unavailable
from igwire.extract.article import extract
from igwire.fetch import usage
from igwire.index.document import document_hash, project
from igwire.index.revision import project_revision, revision_id
from igwire.isolate import Done, Killed, Pool
from igwire.ledger import copies as copy_memory
from igwire.ledger import documents, erasures, hosts, items, revisits, runs
from igwire.ledger.documents import StoredDocument
from igwire.ledger.items import Item
from igwire.model import (
    Article,
    Capture,
    CopyFacts,
    Disposition,
    DocumentContext,
    EnrichedArticle,
    Extraction,
    FeedEntry,
    Outcome,
    PageState,
    Tags,
    WriteAction,
    WriteResult,
)
from igwire.pipeline import boilerplate, copies, identity
from igwire.pipeline.erase import go_on_erasing, remove_late
from igwire.pipeline.parts import Parts
from igwire.pipeline.purge import purge_raw
from igwire.search.rights import reduced
from igwire.text import content_hash
from igwire.urls import origin_of

# Pages a chunk: at 245 kB a page about 12 MB in memory, and a crash repeats at most this much work.
CHUNK = 50
# A page that takes longer is built to; the slowest honest page seen took under 3 s.
PAGE_S = 15.0
# Neighbours that one batch projects again at most, and how often it looks for further ones: a text that is made again may
# change what its own neighbours show. The rest is taken up by the next batch or run.
_NEIGHBOURS, _ROUNDS = 2000, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One run's hold on the pipeline. `redo`: also items that are past the step; `target`: index to write to, None = live."""

    parts: Parts
    run_id: str
    redo: bool = False
    target: str | None = None
    # Documents that got another id on the way: old id → version above all that were sent.
    displaced: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a document shows beside its own text: the sources that named it, its copies, what became of its page."""

    feeds: tuple[str, ...] = ()
    copies: CopyFacts | None = None
    page: PageState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A chunk of items whose extraction has begun: its stored pages (item id, capture, facts), and an answer for each, in their order."""

    ids: list[str]
    pages: list[tuple[str, Capture, Mapping[str, Any]]]
    answers: Iterator[Done[Extraction] | Killed]


def extract_items(work: Work, ids: Sequence[str]) -> None:
    """Extract the captures of the items `ids` in killable workers."""
    with Pool(work.parts.knobs.parser_workers) as pool:
        for begun in _one_ahead(work, pool, ids):
            _settle_chunk(work, begun)
            # A rebuild learns nothing: run twice it must give the same.
            if not work.redo:
                boilerplate.learn(work.parts, begun.ids)
    if work.displaced:
        # What is away now is removed by the weekly care: the ledger knows no such document.
        with contextlib.suppress(Unavailable):
            work.parts.index().remove(work.displaced)
    purge_raw(work.parts)
    go_on_erasing(work.parts)


def enrich_items(work: Work, ids: Sequence[str]) -> None:
    """Tag the extracted texts of the items `ids`, and find their copies."""
    for chunk in _chunks(ids):
        _enrich_chunk(work, chunk)
        _place_chunk(work, chunk)


def place_copies(work: Work, ids: Sequence[str]) -> None:
    """Find the copies of the tagged documents of the items `ids`."""
    for chunk in _chunks(ids):
        _place_chunk(work, chunk)


def index_items(work: Work, ids: Sequence[str]) -> None:
    """Project and write the documents of the items `ids`; what the server does not take now stays pending."""
    for chunk in _chunks(ids):
        _index_chunk(work, chunk)


def settle_neighbours(work: Work, batch: int) -> None:
    """Make those documents again whose text or surroundings (copies) this run's batch changed; they are no items of the run.

    Called when the batch is indexed: of two runs at once, the one that ends last sees what both have learnt and made.
    """
    if not work.redo:
        boilerplate.mark_outdated(work.parts, work.run_id, batch)
    settled: list[str] = []
    for _ in range(_ROUNDS):
        with work.parts.ledger.reading() as conn:
            waiting = items.waiting_again(conn, _NEIGHBOURS)
            # Of the others only the surroundings changed.
            texts = [item.id for item in items.get(conn, waiting) if item.state != "enriched"]
        # The same ones once more: Elasticsearch is away.
        if waiting == settled:
            return
        if texts:
            extract_items(work, texts)
            enrich_items(work, texts)
        index_items(work, waiting)
        settled = waiting


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(ids)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


# ── extract ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _one_ahead(work: Work, pool: Pool, ids: Iterable[str]) -> Iterator[Begun]:
    """The items in chunks; the next chunk's extraction has begun as well, so that no worker waits for the ledger."""
    last: Begun | None = None
    for chunk in _chunks(ids):
        begun = _begin_chunk(work, pool, chunk)
        if last is not None:
            yield last
        last = begun
    if last is not None:
        yield last


def _begin_chunk(work: Work, pool: Pool, ids: list[str]) -> Begun:
    with work.parts.ledger.reading() as conn:
        found = _to_extract(work, conn, ids)
    pages = [(item, page) for item in found if (page := _read(work, item)) is not None]
    tasks = [(capture, item.entry, work.parts.source(item.source_id).timezone) for item, (capture, _) in pages]
    answers = pool.start(extract_capture, tasks, timeout_s=PAGE_S)
    return Begun(ids=ids, pages=[(item.id, *page) for item, page in pages], answers=answers)


def _to_extract(work: Work, conn: sa.Connection, ids: list[str]) -> list[Item]:
    return [item for item in items.get(conn, ids) if item.raw and (work.redo or item.state == "captured")]


def _settle_chunk(work: Work, begun: Begun) -> None:
    results = list(begun.answers)
    with work.parts.ledger.transaction() as conn:
        remover = boilerplate.Remover(conn)
        # Read again: what was settled since may have changed an item.
        ready = {item.id: item for item in _to_extract(work, conn, begun.ids)}
        for (item_id, capture, facts), result in zip(begun.pages, results, strict=True):
            outcome = Extraction(status="failed", reason=result.reason) if isinstance(result, Killed) else result.value
            if (item := ready.get(item_id)) is not None:
                _settle_extraction(work, conn, item, capture, outcome, _of_origin(conn, capture, facts), remover)


def extract_capture(task: tuple[Capture, FeedEntry, str | None]) -> Extraction:
    """Extract one capture; runs in a worker process."""
    capture, entry, timezone = task
    return extract(
        capture.body, url=capture.final_url, content_type=capture.header("content-type"), entry=entry, fetched_at=capture.fetched_at, timezone=timezone
    )


def _read(work: Work, item: Item) -> tuple[Capture, dict[str, Any]] | None:
    assert item.raw is not None
    try:
        return work.parts.store.read(item.raw)
    except StoreError as error:
        with work.parts.ledger.transaction() as conn:
            _quarantine(work, conn, item, stage="extract", reason="raw_unreadable", detail=str(error))
        return None


def _settle_extraction(
    work: Work, conn: sa.Connection, item: Item, capture: Capture, result: Extraction, wishes: Sequence[str], remover: boilerplate.Remover
) -> None:
    said = usage.of_page(capture)
    words = tuple(dict.fromkeys((*said.words, *wishes)))
    reserved = work.parts.knobs.tdm_general and usage.reserves(words)
    # A page that this code could not read stays until another could: noarchive asks for no copy beyond the use.
    unwanted = (said.noarchive or reserved) and result.status != "failed"
    items.note_usage(conn, item.id, words, raw_unwanted=unwanted)
    if reserved:
        items.keep_bare_entry(conn, item.id)
    if result.status == "failed":
        _quarantine(work, conn, item, stage="extract", reason=result.reason or "failed")
    elif said.noindex or said.expired(work.parts.clock.now()):
        reason = "noindex" if said.noindex else "unavailable_after"
        items.move(conn, item.id, "rejected", reason=reason)
        _end(work, conn, item, Outcome.REJECTED, stage="extract", reason=reason)
    elif result.article is None:
        items.move(conn, item.id, "rejected", reason=result.reason)
        _end(work, conn, item, Outcome.REJECTED, stage="extract", reason=result.reason)
    else:
        # Identity is settled by the first extraction: a better extractor must not turn one article into two documents.
        article, doc_id, gone = identity.settle(conn, item, result.article, capture.final_url)
        work.displaced.update(gone)
        if erasures.held(conn, [item.id, doc_id]):
            _refuse_erased(work, conn, item, doc_id)
            return
        clean = metadata_of if reserved else partial(remover.clean, source_id=item.source_id)
        mine = documents.save_article(
            conn, doc_id, clean(article), item_id=item.id, source_id=item.source_id, first_seen_at=item.first_seen_at, fetched_at=capture.fetched_at,
            clean=clean,
        )  # fmt: skip
        items.move_on(conn, item, "extracted" if mine else "duplicate", doc_id=doc_id)
        runs.resolve(conn, item.id, now=work.parts.clock.now())
        if mine and item.mode == "live":
            revisits.schedule(conn, item.id, first_at=capture.fetched_at)
        if mine and reserved:
            documents.clean_history(conn, doc_id, metadata_of)
        if mine:
            runs.note(conn, "extract", now=work.parts.clock.now(), run_id=work.run_id, item_id=item.id, detail=f"document {doc_id}")
        else:
            _end(work, conn, item, Outcome.DUPLICATE, stage="extract", reason="same_document", detail=doc_id)


def metadata_of(article: Article) -> Article:
    """The article without a word of its text or a publisher's summary of it: what may be kept where mining it is reserved."""
    quality = replace(article.quality, flags=tuple(sorted({*article.quality.flags, "reserved"})))
    bare_hash = content_hash(article.title, "")
    return replace(article, text="", summary=None, image=None, structure=(), links=(), quality=quality, content_hash=bare_hash)


def _refuse_erased(work: Work, conn: sa.Connection, item: Item, doc_id: str) -> None:
    """Another address of an erased article, or one that a run was fetching when it was erased: this address goes as well."""
    found = erasures.heir_of(item.id, doc_id, now=work.parts.clock.now())
    erasures.intend(conn, [found])
    erasures.reopen(conn, [item.id])
    items.move(conn, item.id, "rejected", reason="erased")
    _end(work, conn, item, Outcome.REJECTED, stage="extract", reason="erased")


def _of_origin(conn: sa.Connection, capture: Capture, facts: Mapping[str, Any]) -> tuple[str, ...]:
    """What the robots file of the page's origin says about use (where it is not known any more, what it said when the page was fetched), and tdmrep.json."""
    origin = origin_of(capture.final_url)
    stored, reserving = hosts.robots_of(conn, origin), hosts.robots_of(conn, origin + usage.TDMREP)
    mining = usage.of_tdmrep(reserving[2], capture.final_url) if reserving else ()
    if stored is None:
        return (*facts.get("wishes", ()), *mining)
    return (*usage.of_robots(stored[2]), *mining) if stored[1] == 200 else mining


def _quarantine(work: Work, conn: sa.Connection, item: Item, *, stage: str, reason: str, detail: str = "") -> None:
    items.move(conn, item.id, "quarantined", reason=reason)
    runs.bury(conn, item, stage=stage, reason=reason, detail=detail, now=work.parts.clock.now())
    _end(work, conn, item, Outcome.QUARANTINED, stage=stage, reason=reason, detail=detail)


def _end(work: Work, conn: sa.Connection, item: Item, outcome: Outcome, *, stage: str, reason: str | None = None, detail: str = "") -> None:
    now = work.parts.clock.now()
    runs.dispose(conn, work.run_id, [Disposition(item_id=item.id, outcome=outcome, reason=reason, stage=stage, detail=detail)], now=now)
    words = outcome.value if reason is None else f"{outcome.value} ({reason}) {detail}".strip()
    runs.note(conn, stage, now=now, run_id=work.run_id, item_id=item.id, detail=words)


# ── enrich ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _enrich_chunk(work: Work, ids: list[str]) -> None:
    tagged = [(item, document, tag_document(work.parts, document)) for item, document in _documents_of(work, ids, ready="extracted")]
    now = work.parts.clock.now()
    with work.parts.ledger.transaction() as conn:
        for item, document, tags in tagged:
            # False: the text or the tags changed while this worker was busy; who changed them takes the item on.
            if documents.save_tags(conn, document, tags):
                items.move_on(conn, item, "enriched")
                runs.note(conn, "enrich", now=now, run_id=work.run_id, item_id=item.id, detail=f"{len(tags.mentions)} mentions")


def tag_document(parts: Parts, document: StoredDocument) -> Tags:
    """The tags of a stored document's text by the present knowledge base."""
    article = document.article
    published = article.published.value if article.published else None
    return parts.tagger().tag(title=article.title, text=article.text, language=article.language, source=document.source_id, published=published)


def _place_chunk(work: Work, ids: list[str]) -> None:
    rows = copies.rows_of(document for _, document in _documents_of(work, ids, ready="enriched"))
    with work.parts.ledger.transaction() as conn:
        copies.place_documents(conn, rows)


def _documents_of(work: Work, ids: list[str], *, ready: str) -> list[tuple[Item, StoredDocument]]:
    """Items in state `ready` (any state with `redo`) with the documents that show them."""
    with work.parts.ledger.reading() as conn:
        found = {i.id: i for i in items.get(conn, ids) if i.doc_id and (work.redo or i.state == ready)}
        stored = documents.get(conn, [i.doc_id for i in found.values() if i.doc_id])
    return [(found[d.item_id], d) for d in stored if d.item_id in found]


# ── index ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _index_chunk(work: Work, ids: list[str]) -> None:
    pairs = _documents_of(work, ids, ready="enriched")
    with work.parts.ledger.transaction() as conn:
        # Read again inside the transaction: what is projected is what the ledger holds now, never what a slow worker remembers.
        fresh = {d.id: d for d in documents.get(conn, [d.id for _, d in pairs])}
        around = surroundings(conn, list(fresh))
        actions = [a for item, d in pairs if (a := _action(work, conn, item, fresh[d.id], around[d.id])) is not None]
    by_doc = {document.id: item for item, document in pairs}
    results = list(_write(work, actions, work.target))
    remove_late(work.parts, fresh)
    with work.parts.ledger.transaction() as conn:
        # Nobody places a copy between the last look around and this transaction's end.
        copy_memory.lock(conn)
        for result in results:
            _settle_write(work, conn, by_doc.pop(result.doc_id), fresh[result.doc_id], result)
        for item in by_doc.values():
            items.move(conn, item.id, "indexed")
            _end(work, conn, item, Outcome.UNCHANGED, stage="index")
        _note_late_changes(conn, around)
    if work.target is None:
        _index_revisions(work, [document for document in fresh.values() if document.revision > 1])


def _note_late_changes(conn: sa.Connection, sent: Mapping[str, Surroundings]) -> None:
    """Documents whose surroundings changed while they were written are projected again: who changed them took them for unfinished."""
    held = surroundings(conn, list(sent))
    items.project_again(conn, [doc_id for doc_id in sent if held[doc_id] != sent[doc_id]])


def _index_revisions(work: Work, changed: Sequence[StoredDocument]) -> None:
    """Send the versions of documents that have more than one; what is not taken goes with the document's next write."""
    with work.parts.ledger.reading() as conn:
        histories = documents.history(conn, [document.id for document in changed])
    sources = {document.id: document.source_id for document in changed}
    actions = {}
    for doc_id, versions in histories.items():
        for before, version in zip([None, *versions], versions, strict=False):
            if not version.indexed:
                body = project_revision(
                    version.article, before.article if before else None, doc_id=doc_id, revision=version.revision, source_id=sources[doc_id],
                    seen_at=version.seen_at,
                )  # fmt: skip
                if work.parts.knobs.index_excerpts:
                    del body["body"]
                actions[revision_id(doc_id, version.revision)] = (version, WriteAction(doc_id=body["revision_id"], version=version.revision, body=body))
    written = [result.doc_id for result in _write(work, [action for _, action in actions.values()], "revisions") if result.outcome in ("acked", "superseded")]
    with work.parts.ledger.transaction() as conn:
        for name in written:
            documents.revision_indexed(conn, actions[name][0].doc_id, actions[name][0].revision)


def _action(work: Work, conn: sa.Connection, item: Item, document: StoredDocument, around: Surroundings) -> WriteAction | None:
    body = document_of(work.parts, item, document, around)
    seq = documents.raise_seq(conn, document, document_hash(body))
    unchanged = seq == document.indexed_seq and work.target is None and not work.redo
    return None if unchanged else WriteAction(doc_id=document.id, version=seq, body=body)


def surroundings(conn: sa.Connection, doc_ids: Sequence[str]) -> dict[str, Surroundings]:
    """What the ledger knows around each of the documents."""
    feeds, found, pages = items.feeds_of(conn, doc_ids), copies.facts(conn, doc_ids), revisits.changed_pages(conn, doc_ids)
    states = {doc_id: PageState(state=row.state, since=row.since, moved_to=row.moved_to) for doc_id, row in pages.items()}
    return {doc_id: Surroundings(feeds=feeds.get(doc_id, ()), copies=found.get(doc_id), page=states.get(doc_id)) for doc_id in doc_ids}


def document_of(parts: Parts, item: Item, document: StoredDocument, around: Surroundings) -> dict[str, Any]:
    """What Elasticsearch gets for a stored document: a pure function of ledger, catalogue and knowledge base."""
    assert document.tags is not None
    body = project(EnrichedArticle(article=document.article, tags=document.tags), _context(parts, item, document, around))
    return reduced(body, "public") if parts.knobs.index_excerpts else body


def _context(parts: Parts, item: Item, document: StoredDocument, around: Surroundings) -> DocumentContext:
    assert document.tags is not None
    linked = sorted({m.entity for m in document.tags.mentions if m.entity})
    return DocumentContext(
        doc_id=document.id, source=parts.source(document.source_id), feeds=around.feeds or (document.source_id,), requested_url=item.url,
        first_seen_at=document.first_seen_at, fetched_at=item.fetched_at or document.first_seen_at, revised_at=document.revised_at,
        usage=item.usage, revision=document.revision, mode=item.mode, run_id=item.run_id or "", raw=item.raw, aliases=parts.tagger().aliases_of(linked),
        copies=around.copies, page=around.page, syndication=credit_of(document.article.text, document.article.authors),
    )  # fmt: skip


def _write(work: Work, actions: list[WriteAction], target: str | None) -> Iterator[WriteResult]:
    """Results of writing; after `Unavailable` the rest is undecided."""
    left = {action.doc_id: action for action in actions}
    try:
        for result in work.parts.index().write(actions, target) if actions else ():
            left.pop(result.doc_id, None)
            yield result
    except Unavailable as error:
        for action in left.values():
            yield WriteResult(doc_id=action.doc_id, version=action.version, outcome="undecided", reason=str(error))


def _settle_write(work: Work, conn: sa.Connection, item: Item, before: StoredDocument, result: WriteResult) -> None:
    if result.outcome in ("acked", "superseded"):
        if work.target is None:
            documents.acknowledged(conn, result.doc_id, result.version)
            runs.resolve(conn, item.id, now=work.parts.clock.now(), stage="index")
        items.move(conn, item.id, "indexed")
        outcome = Outcome.UNCHANGED if result.version == before.indexed_seq else Outcome.INDEXED
        _end(work, conn, item, outcome, stage="index", detail=f"version {result.version}")
    elif result.outcome == "refused":
        _quarantine(work, conn, item, stage="index", reason="refused", detail=result.reason)
    else:
        _end(work, conn, item, Outcome.PENDING_INDEX, stage="index", reason="elasticsearch_away", detail=result.reason[:300])
