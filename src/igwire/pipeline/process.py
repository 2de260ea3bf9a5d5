"""From stored captures to indexed documents, for a list of items.

captured ─ extract ─▶ extracted ─ enrich ─▶ enriched ─ index ─▶ indexed
             ╰▶ rejected, quarantined, duplicate                  ╰▶ pending_index (Elasticsearch away: the next run goes on here)

Each step takes its items in chunks: it reads from the ledger, computes outside of any transaction, and commits state and outcome
together. While a chunk is settled the next one is computed already (`_one_ahead`): by worker processes, or by Elasticsearch.
Run twice it does nothing the second time; `redo` makes it work on items that had got further (rebuild).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import TypeVar

import sqlalchemy as sa

from igwire.errors import StoreError, Unavailable
from igwire.fetch import usage
from igwire.index.document import document_hash
from igwire.index.revision import project_revision, revision_id
from igwire.isolate import Done, Killed, Pool
from igwire.ledger import copies as copy_memory
from igwire.ledger import documents, erasures, hosts, items, revisits
from igwire.ledger.documents import StoredDocument, Text
from igwire.ledger.items import Item
from igwire.model import Article, Capture, Outcome, WriteAction, WriteResult
from igwire.pipeline import boilerplate, copies, identity
from igwire.pipeline.erase import go_on_erasing, remove_late
from igwire.pipeline.minutes import Minutes
from igwire.pipeline.parts import Parts
from igwire.pipeline.projecting import Surroundings, document_of, surroundings
from igwire.pipeline.purge import purge_raw
from igwire.pipeline.workers import FOR_PAGES, FOR_TEXTS, Page, PageTask, Reading, TextTask, read_page, read_text, without_text
from igwire.text import content_hash
from igwire.urls import document_id, origin_of

T = TypeVar("T")
D = TypeVar("D", StoredDocument, Text)
# Pages a chunk: at 245 kB a page about 12 MB in memory, and a crash repeats at most this much work.
CHUNK = 50
# A page that takes longer is built to; the slowest honest page seen took under 3 s.
PAGE_S = 15.0
# Fewer texts are tagged here: that takes less processor time than loading the names in yet another process does.
_WORTH_WORKERS = 300
# What Elasticsearch says of a write when it holds that version or a newer one.
_TAKEN = ("acked", "superseded")
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


def readers(parts: Parts, count: int) -> Pool:
    """Workers for both `extract_items` and `enrich_items` of so many items."""
    return Pool(parts.knobs.parser_workers, loaded=(*FOR_PAGES, *_for_texts(parts)) if count >= _WORTH_WORKERS else FOR_PAGES)


def _for_texts(parts: Parts) -> Sequence[str]:
    # Whoever is asked for the tagger reads settings, whose reader takes a while to load as well.
    return *FOR_TEXTS, parts.tagger.__module__


def extract_items(work: Work, ids: Sequence[str], pool: Pool | None = None) -> None:
    """Extract the captures of the items `ids` in killable workers: those of the open `pool`, or its own."""
    with nullcontext(pool) if pool else Pool(work.parts.knobs.parser_workers, loaded=FOR_PAGES) as pool:
        for begun in _one_ahead(partial(_begin_pages, work, pool), ids):
            _settle_pages(work, begun)
            # A rebuild learns nothing: run twice it must give the same.
            if not work.redo:
                boilerplate.learn(work.parts, begun.ids)
    if work.displaced:
        # What is away now is removed by the weekly care: the ledger knows no such document.
        with suppress(Unavailable):
            work.parts.index().remove(work.displaced)
    purge_raw(work.parts)
    go_on_erasing(work.parts)


def enrich_items(work: Work, ids: Sequence[str], pool: Pool | None = None) -> None:
    """Tag the extracted texts of the items `ids`, and find their copies; by workers (see `extract_items`) where there are many."""
    many = len(ids) >= _WORTH_WORKERS
    with nullcontext(pool) if pool and many else Pool(work.parts.knobs.parser_workers if many else 0, loaded=_for_texts(work.parts)) as pool:
        for begun in _one_ahead(partial(_begin_texts, work, pool), ids):
            _settle_texts(work, begun)


def place_copies(work: Work, ids: Sequence[str]) -> None:
    """Find the copies of the tagged documents of the items `ids`."""
    for chunk in _chunks(ids):
        _place_chunk(work, chunk)


def index_items(work: Work, ids: Sequence[str]) -> None:
    """Project and write the documents of the items `ids`; what the server does not take now stays pending."""
    with ThreadPoolExecutor(1) as sender:
        for sent in _one_ahead(partial(_send_chunk, work, sender), ids):
            _settle_sent(work, sent)


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


def _one_ahead(begin: Callable[[list[str]], T], ids: Iterable[str]) -> Iterator[T]:
    """The items in chunks as they were begun; with each the next one has begun as well, so that nobody waits for the ledger."""
    last: list[T] = []
    for chunk in _chunks(ids):
        begun = begin(chunk)
        yield from last
        last = [begun]
    yield from last


# ── extract ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunPages:
    """A chunk of items whose raw copies workers have begun to read, and an answer for each copy, in their order."""

    ids: list[str]
    tasks: list[PageTask]
    answers: Iterator[Done[Page | StoreError | Unavailable] | Killed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """What the transaction that settles a chunk of pages works with; of what all pages ask for, it has read the answers at once."""

    work: Work
    conn: sa.Connection
    minutes: Minutes
    remover: boilerplate.Remover
    # Origin → (status, body) of its robots file, and of its tdmrep.json.
    robots: Mapping[str, tuple[int, bytes]]
    # Of the addresses that the pages may have, the erased ones.
    erased: set[str]


def _begin_pages(work: Work, pool: Pool, ids: list[str]) -> BegunPages:
    with work.parts.ledger.reading() as conn:
        found = _to_extract(work, conn, ids)
    tasks = [
        PageTask(item_id=item.id, store=work.parts.store, raw=item.raw, entry=item.entry, timezone=work.parts.source(item.source_id).timezone)
        for item in found
        if item.raw
    ]
    return BegunPages(ids=ids, tasks=tasks, answers=pool.start(read_page, tasks, timeout_s=PAGE_S))


def _to_extract(work: Work, conn: sa.Connection, ids: list[str]) -> list[Item]:
    return [item for item in items.get(conn, ids) if item.raw and (work.redo or item.state == "captured")]


def _settle_pages(work: Work, begun: BegunPages) -> None:
    pages = {task.item_id: _page(task, answer) for task, answer in zip(begun.tasks, begun.answers, strict=True)}
    with work.parts.ledger.transaction() as conn:
        # Read again: what was settled since may have changed an item.
        ready = {item.id: item for item in _to_extract(work, conn, list(pages))}
        read = [(ready[name], page) for name, page in pages.items() if name in ready]
        settling = _settling(work, conn, [(item, page) for item, page in read if isinstance(page, Page)])
        for item, page in read:
            if isinstance(page, Page):
                _settle_page(settling, item, page)
            else:
                settling.minutes.quarantine(conn, item, reason="raw_unreadable", detail=str(page))
        settling.minutes.write(conn)


def _page(task: PageTask, answer: Done[Page | StoreError | Unavailable] | Killed) -> Page | StoreError:
    found = without_text(task, answer.reason) if isinstance(answer, Killed) else answer.value
    if isinstance(found, Unavailable):
        raise found
    return found


def _settling(work: Work, conn: sa.Connection, read: Sequence[tuple[Item, Page]]) -> Settling:
    origins = {origin_of(page.capture.final_url) for _, page in read}
    addresses = {page.capture.final_url for _, page in read} | {page.extraction.article.url for _, page in read if page.extraction.article}
    names = {name for item, _ in read for name in (item.id, item.doc_id) if name}
    return Settling(
        work=work, conn=conn, minutes=Minutes(work.run_id, "extract", work.parts.clock.now()), remover=boilerplate.Remover(conn),
        robots=hosts.robots_of_all(conn, [*origins, *(origin + usage.TDMREP for origin in origins)]),
        erased=erasures.held(conn, names.union(map(document_id, addresses))),
    )  # fmt: skip


def _settle_page(settling: Settling, item: Item, page: Page) -> None:
    work, conn, minutes, said, result = settling.work, settling.conn, settling.minutes, page.said, page.extraction
    words = tuple(dict.fromkeys((*said.words, *_of_origin(settling, page))))
    reserved = work.parts.knobs.tdm_general and usage.reserves(words)
    # A page that this code could not read stays until another could: noarchive asks for no copy beyond the use.
    unwanted = (said.noarchive or reserved) and result.status != "failed"
    minutes.usage(item.id, words, raw_unwanted=unwanted)
    if reserved:
        items.keep_bare_entry(conn, item.id)
    if result.status == "failed":
        minutes.quarantine(conn, item, reason=result.reason or "failed")
    elif said.noindex or said.expired(work.parts.clock.now()):
        minutes.reject(item.id, "noindex" if said.noindex else "unavailable_after")
    elif result.article is None:
        minutes.reject(item.id, result.reason)
    else:
        _settle_article(settling, item, page.capture, result.article, reserved=reserved)


def _settle_article(settling: Settling, item: Item, capture: Capture, found: Article, *, reserved: bool) -> None:
    conn, minutes = settling.conn, settling.minutes
    # Identity is settled by the first extraction: a better extractor must not turn one article into two documents.
    article, doc_id, gone = identity.settle(conn, item, found, capture.final_url)
    settling.work.displaced.update(gone)
    if settling.erased & {item.id, doc_id}:
        _refuse_erased(settling, item, doc_id)
        return
    clean = metadata_of if reserved else partial(settling.remover.clean, source_id=item.source_id)
    mine = documents.save_article(
        conn, doc_id, clean(article), item_id=item.id, source_id=item.source_id, first_seen_at=item.first_seen_at, fetched_at=capture.fetched_at,
        clean=clean,
    )  # fmt: skip
    items.move(conn, item.id, "extracted" if mine else "duplicate", reason=item.again, doc_id=doc_id)
    minutes.answer(item.id)
    if mine and item.mode == "live":
        revisits.schedule(conn, item.id, first_at=capture.fetched_at)
    if mine and reserved:
        documents.clean_history(conn, doc_id, metadata_of)
    if mine:
        minutes.note(item.id, f"document {doc_id}")
    else:
        minutes.end(item.id, Outcome.DUPLICATE, reason="same_document", detail=doc_id)


def metadata_of(article: Article) -> Article:
    """The article without a word of its text or a publisher's summary of it: what may be kept where mining it is reserved."""
    quality = replace(article.quality, flags=tuple(sorted({*article.quality.flags, "reserved"})))
    bare_hash = content_hash(article.title, "")
    return replace(article, text="", summary=None, image=None, structure=(), links=(), quality=quality, content_hash=bare_hash)


def _refuse_erased(settling: Settling, item: Item, doc_id: str) -> None:
    """Another address of an erased article, or one that a run was fetching when it was erased: this address goes as well."""
    erasures.intend(settling.conn, [erasures.heir_of(item.id, doc_id, now=settling.work.parts.clock.now())])
    erasures.reopen(settling.conn, [item.id])
    settling.erased.add(item.id)
    settling.minutes.reject(item.id, "erased")


def _of_origin(settling: Settling, page: Page) -> tuple[str, ...]:
    """What the robots file of the page's origin says about use (where it is not known any more, what it said when the page was fetched), and tdmrep.json."""
    origin = origin_of(page.capture.final_url)
    stored, reserving = settling.robots.get(origin), settling.robots.get(origin + usage.TDMREP)
    mining = usage.of_tdmrep(reserving[1], page.capture.final_url) if reserving else ()
    if stored is None:
        return (*page.wishes, *mining)
    return (*usage.of_robots(stored[1]), *mining) if stored[0] == 200 else mining


# ── enrich ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunTexts:
    """A chunk of items whose texts workers have begun to tag, and an answer for each, in their order."""

    items: list[Item]
    tasks: list[TextTask]
    answers: Iterator[Done[Reading] | Killed]


def _begin_texts(work: Work, pool: Pool, ids: list[str]) -> BegunTexts:
    with work.parts.ledger.reading() as conn:
        pairs = _shown(work, conn, ids, documents.texts, ready="extracted")
    tasks = [TextTask(text=text, tagger=work.parts.tagger) for _, text in pairs]
    return BegunTexts(items=[item for item, _ in pairs], tasks=tasks, answers=pool.start(read_text, tasks, timeout_s=PAGE_S))


def _settle_texts(work: Work, begun: BegunTexts) -> None:
    # A worker that died took its text with it: it is tagged here.
    readings = [read_text(task) if isinstance(answer, Killed) else answer.value for task, answer in zip(begun.tasks, begun.answers, strict=True)]
    minutes, rows = Minutes(work.run_id, "enrich", work.parts.clock.now()), []
    with work.parts.ledger.transaction() as conn:
        # Before any row is written: who waits for it must not hold what its holder needs.
        copy_memory.lock(conn)
        for item, task, reading in zip(begun.items, begun.tasks, readings, strict=True):
            # False: the text or the tags changed while this worker was busy; who changed them takes the item on.
            if documents.save_tags(conn, task.text, reading.tags, reading.stamp):
                minutes.move(item.id, "enriched", item.again)
                minutes.note(item.id, f"{reading.mentions} mentions")
                rows.append(reading.row)
        minutes.write(conn)
        copies.place_documents(conn, rows)


def _place_chunk(work: Work, ids: list[str]) -> None:
    with work.parts.ledger.reading() as conn:
        pairs = _shown(work, conn, ids, documents.get, ready="enriched")
    rows = copies.rows_of(document for _, document in pairs)
    with work.parts.ledger.transaction() as conn:
        copies.place_documents(conn, rows)


def _shown(work: Work, conn: sa.Connection, ids: list[str], read: Callable[[sa.Connection, list[str]], list[D]], *, ready: str) -> list[tuple[Item, D]]:
    """Items in state `ready` (any state with `redo`) with the documents that show them, as `read` gives these."""
    found = {i.id: i for i in items.get(conn, ids) if i.doc_id and (work.redo or i.state == ready)}
    return [(found[d.item_id], d) for d in read(conn, [i.doc_id for i in found.values() if i.doc_id]) if d.item_id in found]


# ── index ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A chunk of documents, as they were when they were projected, that is on its way to Elasticsearch."""

    # By the documents' ids.
    items: dict[str, Item]
    documents: dict[str, StoredDocument]
    around: dict[str, Surroundings]
    results: Future[list[WriteResult]]


def _send_chunk(work: Work, sender: ThreadPoolExecutor, ids: list[str]) -> Sent:
    # All in one transaction: what is projected is what the ledger holds now, never what a slow worker remembers.
    with work.parts.ledger.transaction() as conn:
        pairs = _shown(work, conn, ids, documents.get, ready="enriched")
        around = surroundings(conn, [d.id for _, d in pairs])
        actions = [a for item, d in pairs if (a := _action(work, conn, item, d, around[d.id])) is not None]
    results = sender.submit(lambda: list(_write(work, actions, work.target)))
    return Sent(items={d.id: item for item, d in pairs}, documents={d.id: d for _, d in pairs}, around=around, results=results)


def _settle_sent(work: Work, sent: Sent) -> None:
    results = sent.results.result()
    remove_late(work.parts, sent.documents)
    minutes = Minutes(work.run_id, "index", work.parts.clock.now())
    with work.parts.ledger.transaction() as conn:
        # Nobody places a copy between the last look around and this transaction's end.
        copy_memory.lock(conn)
        if work.target is None:
            documents.acknowledged(conn, [(result.doc_id, result.version) for result in results if result.outcome in _TAKEN])
        for result in results:
            _settle_write(work, conn, minutes, sent.items[result.doc_id], sent.documents[result.doc_id], result)
        written = {result.doc_id for result in results}
        for item in (item for doc_id, item in sent.items.items() if doc_id not in written):
            minutes.move(item.id, "indexed")
            minutes.end(item.id, Outcome.UNCHANGED)
        minutes.write(conn)
        _note_late_changes(conn, sent.around)
    if work.target is None:
        _index_revisions(work, [document for document in sent.documents.values() if document.revision > 1])


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
    written = [result.doc_id for result in _write(work, [action for _, action in actions.values()], "revisions") if result.outcome in _TAKEN]
    with work.parts.ledger.transaction() as conn:
        for name in written:
            documents.revision_indexed(conn, actions[name][0].doc_id, actions[name][0].revision)


def _action(work: Work, conn: sa.Connection, item: Item, document: StoredDocument, around: Surroundings) -> WriteAction | None:
    body = document_of(work.parts, item, document, around)
    seq = documents.raise_seq(conn, document, document_hash(body))
    unchanged = seq == document.indexed_seq and work.target is None and not work.redo
    return None if unchanged else WriteAction(doc_id=document.id, version=seq, body=body)


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


def _settle_write(work: Work, conn: sa.Connection, minutes: Minutes, item: Item, before: StoredDocument, result: WriteResult) -> None:
    if result.outcome in _TAKEN:
        if work.target is None:
            minutes.answer(item.id)
        minutes.move(item.id, "indexed")
        outcome = Outcome.UNCHANGED if result.version == before.indexed_seq else Outcome.INDEXED
        minutes.end(item.id, outcome, detail=f"version {result.version}")
    elif result.outcome == "refused":
        minutes.quarantine(conn, item, reason="refused", detail=result.reason)
    else:
        minutes.end(item.id, Outcome.PENDING_INDEX, reason="elasticsearch_away", detail=result.reason[:300])
