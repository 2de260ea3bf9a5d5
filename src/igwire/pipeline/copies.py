"""Copies: near-copies in clusters with the earliest named, and for each sentence the article that had it first.

enriched documents ─ fingerprint ─▶ rows ─ place (one transaction a chunk) ─▶ memory of copies ─ facts ─▶ documents
                                                    ╰▶ documents whose place changed are projected again

Nothing is dropped: who reprinted what is data. Placing a document again changes nothing; a changed text is forgotten first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from igwire.enrich.fingerprints import STAMP, Fingerprint, fingerprint, keys_of
from igwire.ledger import copies, items
from igwire.ledger.copies import CopyRow, Holder
from igwire.ledger.documents import StoredDocument
from igwire.ledger.packing import instant
from igwire.model import Article, CopiedSentence, CopyFacts, DateFound
from igwire.pipeline.placing import copied, place

# A sentence that so many documents have is a formula ("This is a developing story."), unless its first holder has more of the text.
_FORMULA = 20


def row_of(doc_id: str, article: Article, first_seen_at: datetime) -> CopyRow:
    """The document as the memory of copies takes it: fingerprints of its text, and when it was seen first."""
    return make_row(doc_id, fingerprint(article.text, article.title), seen=first_moment(article.published, first_seen_at), arrived=first_seen_at)


def make_row(doc_id: str, made: Fingerprint, *, seen: datetime, arrived: datetime) -> CopyRow:
    """A row that is not placed yet."""
    number = copies.number_of(doc_id)
    return CopyRow(
        number=number, doc_id=doc_id, seen=int(seen.timestamp()), arrived=int(arrived.timestamp()), text_key=made.text_key, shingles=made.shingles,
        signature=made.signature, keys=made.keys, units=tuple((u.key, u.tokens, u.start, u.end) for u in made.units), figures=made.figures, cluster=number, stamp=STAMP,
    )  # fmt: skip


def first_moment(published: DateFound | None, first_seen_at: datetime) -> datetime:
    """When an article counts as seen: its publication, a bare day at its end (it claims no hour), and never after our first sight."""
    moment = instant(published.value) if published else None
    if published is None or moment is None:
        return first_seen_at
    if published.precision in ("day", "month"):
        moment += timedelta(days=1, seconds=-1)
    return min(moment, first_seen_at)


def place_all(conn: sa.Connection, rows: Sequence[CopyRow]) -> list[str]:
    """Place documents, in their order in time; ids of all documents whose place changed. Must run in a write transaction."""
    copies.lock(conn)
    known = {row.number: row for row in copies.rows(conn, [row.number for row in rows])}
    fresh = sorted((row for row in rows if not _same(row, known.get(row.number))), key=lambda row: row.order)
    touched = {doc_id for row in fresh if row.number in known for doc_id in forget(conn, row.number)}
    units = {key for row in fresh for key, *_ in row.units}
    view = copies.load(conn, [], {key for row in fresh for key in row.keys}, units)
    for row in fresh:
        place(view, row)
    return sorted(touched.union(copies.flush(conn, view)))


def _same(row: CopyRow, known: CopyRow | None) -> bool:
    if known is None:
        return False
    return (row.seen, row.arrived, row.text_key, row.units, row.stamp) == (known.seen, known.arrived, known.text_key, known.units, known.stamp)


def forget(conn: sa.Connection, number: int) -> list[str]:
    """Take a document out of the memory; what it had first goes to the next that has it. Ids of the documents that this concerns."""
    row = next(copies.rows(conn, [number]), None)
    if row is None:
        return []
    members = [member for member in copies.members(conn, row.cluster) if member.number != number]
    heirs = {heir.number: heir for heir in [*members, *copies.dependents(conn, number)]}
    keys, unit_keys = _keys(row), [key for key, *_ in row.units]
    copies.remove(conn, number, keys=keys, unit_keys=unit_keys)
    view = copies.load(conn, heirs, keys, unit_keys)
    _inherit(view, row, sorted(heirs.values(), key=lambda heir: heir.order))
    _reign(view, row, [view.rows[member.number] for member in members])
    return copies.flush(conn, view)


def _keys(row: CopyRow) -> list[int]:
    return keys_of(row.text_key, row.signature)


def _inherit(view: copies.View, gone: CopyRow, heirs: Sequence[CopyRow]) -> None:
    """Give keys and sentences that nobody owns now to the earliest heir that has them."""
    wanted, sentences = set(_keys(gone)) - view.keys.keys(), {key for key, *_ in gone.units} - view.sentences.keys()
    for heir in heirs:
        for key in wanted.intersection(_keys(heir)):
            view.new_keys[key] = heir.number
        wanted -= view.new_keys.keys()
        for key in sentences.intersection(key for key, *_ in heir.units):
            view.sentences[key] = Holder(number=heir.number, holders=0)
            view.changed_sentences.add(key)
            view.touched.add(heir.number)
        sentences -= view.sentences.keys()
        for key in view.changed_sentences.intersection(key for key, *_ in heir.units):
            view.sentences[key].holders += 1
            if view.sentences[key].number != heir.number:
                view.sources.setdefault(heir.number, set()).add(view.sentences[key].number)
                view.touched.add(heir.number)


def _reign(view: copies.View, gone: CopyRow, members: Sequence[CopyRow]) -> None:
    """The members of the cluster without the one that is gone: the earliest is its first now."""
    if not members:
        return
    first = min(members, key=lambda row: row.order)
    for member in members:
        member.cluster, member.followers = first.number, len(members) - 1 if member is first else 0
        if member.copy_of == gone.number:
            share = copied(member, first) if member is not first else None
            member.copy_of, member.share = (first.number, share) if share is not None else (None, 0.0)
        view.change(member)


def facts(conn: sa.Connection, doc_ids: Sequence[str]) -> dict[str, CopyFacts]:
    """What is known of each document's copies; documents that were never placed are left out."""
    return dict(facts_by_number(conn, [copies.number_of(doc_id) for doc_id in doc_ids]).values())


def facts_by_number(conn: sa.Connection, wanted: Iterable[int]) -> dict[int, tuple[str, CopyFacts]]:
    """As `facts`, by the documents' numbers: (document id, facts)."""
    rows = list(copies.rows(conn, wanted))
    holders = copies.holders(conn, {key for row in rows for key, *_ in row.units})
    sentences = {row.number: _first_holders(row, holders) for row in rows}
    numbers = {n for row in rows for n in (row.cluster, row.copy_of, *(found for _, _, found, _ in sentences[row.number])) if n is not None}
    names = copies.names(conn, numbers)
    return {row.number: (row.doc_id, _facts(row, sentences[row.number], names)) for row in rows}


def _first_holders(row: CopyRow, holders: dict[int, Holder]) -> list[tuple[int, int, int, int]]:
    """The sentences (start, end) that another document had first, its number, and how many of the tokens it has."""
    owned = {key: holders[key] for key, *_ in row.units if key in holders and holders[key].number != row.number}
    total: Counter[int] = Counter()
    by_sentence: dict[tuple[int, int], Counter[int]] = {}
    length: Counter[tuple[int, int]] = Counter()
    for key, tokens, start, end in row.units:
        length[start, end] += tokens
        if key in owned:
            total[owned[key].number] += tokens
            by_sentence.setdefault((start, end), Counter())[owned[key].number] += tokens
    common = {owned[key].number for key, tokens, *_ in row.units if key in owned and owned[key].holders >= _FORMULA and total[owned[key].number] == tokens}
    found = []
    for (start, end), parts in sorted(by_sentence.items()):
        number, tokens = min(parts.items(), key=lambda pair: (-pair[1], pair[0]))
        if number not in common and 2 * sum(parts.values()) >= length[start, end]:
            found.append((start, end, number, tokens))
    return found


def _facts(row: CopyRow, sentences: Sequence[tuple[int, int, int, int]], names: dict[int, str]) -> CopyFacts:
    by_source: Counter[str] = Counter()
    for _, _, number, tokens in sentences:
        by_source[names[number]] += tokens
    total = sum(tokens for _, tokens, *_ in row.units)
    share = max(row.share if row.copy_of is not None else 0.0, by_source.total() / total if total else 0.0)
    role = "copy" if row.cluster != row.number else "first" if row.followers else "single"
    return CopyFacts(
        cluster=names[row.cluster], role=role, of=names.get(row.copy_of) if row.copy_of is not None else None, share=round(min(share, 1.0), 3),
        copied_from=tuple(name for name, _ in sorted(by_source.items(), key=lambda pair: (-pair[1], pair[0]))),
        sentences=tuple(CopiedSentence(start=start, end=end, first=names[number]) for start, end, number, _ in sentences),
    )  # fmt: skip


def place_documents(conn: sa.Connection, rows: Sequence[CopyRow]) -> None:
    """Place documents and let those that this changed be projected again."""
    items.project_again(conn, place_all(conn, rows))


def forget_document(conn: sa.Connection, doc_id: str) -> None:
    """Take an erased document out of the memory of copies; those that it concerned are projected again."""
    items.project_again(conn, forget(conn, copies.number_of(doc_id)))


def rows_of(documents: Iterable[StoredDocument]) -> list[CopyRow]:
    """The documents as rows; the slow part, to be done outside of a transaction."""
    return [row_of(document.id, document.article, document.first_seen_at) for document in documents]
