"""Where a document belongs among those that are known: a pure decision on the part of the memory that a `View` holds.

keys, sentences ─▶ candidates ─▶ compared on the full signature ─▶ earliest copy, cluster ─▶ first holder of each sentence
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from igwire.enrich.fingerprints import contained, resemblance
from igwire.ledger.copies import SMALL, CopyRow, Holder, View

# Two texts that share half of all their shingles are copies; so is a text of which an earlier one has four fifths of the sentences
# (cut reprints, whose resemblance is low because most of the earlier one is missing).
_RESEMBLING, _CONTAINED = 0.5, 0.8
# A notice that is made by filling in a form is short, and figures are what is filled in: half of them are other ones, or a quarter
# when the notices are days apart. A correction, which changes figures as well, comes within a day or two.
_NOTICE, _FILLED_IN, _FILLED_IN_LATER, _DAYS_APART = 150, 0.5, 0.25, 2 * 86_400
# A few lines in the same words a week later are the next notice ("The bank left its rates unchanged"); reprints come within days.
_FEW_LINES, _A_WEEK = 60, 7 * 86_400
# A candidate by its sentences must have at least this share of the text's; each comparison costs time.
_WORTH_A_LOOK = 0.2
# The best so many candidates by shared sentences are compared: a text cannot have four fifths of its sentences from more than a few.
_CANDIDATES = 20


def place(view: View, row: CopyRow) -> None:
    """Put a new document into the view: who it is a copy of, its cluster, the keys and sentences that it has first.

    Whatever the order in which documents come, the earliest by `CopyRow.order` ends as the first.
    """
    found = [(other, share) for other in _candidates(view, row) if (share := copied(row, other)) is not None]
    row.cluster = row.number
    view.change(row)
    _find_earliest(view, row, found)
    _join(view, row, [other for other, _ in found])
    for key in row.keys:
        if view.keys.setdefault(key, row.number) == row.number:
            view.new_keys[key] = row.number
    _take_sentences(view, row)


def copied(one: CopyRow, other: CopyRow) -> float | None:
    """The share (0 to 1) of the later text that the earlier one has, or None when the two are no copies of each other."""
    later, earlier = (one, other) if other.order < one.order else (other, one)
    if one.text_key is None or other.text_key is None:
        return None
    if one.text_key == other.text_key:
        return None if _is_said_again(later, earlier) else 1.0
    resembling = resemblance(one.signature, other.signature)
    by_sentences = _shared_sentences(later, earlier)
    if _is_template(later, earlier):
        return None
    if resembling >= _RESEMBLING:
        return max(by_sentences, contained(resembling, later.shingles, earlier.shingles))
    # Short texts are copies only when all words are the same: a sentence or two may well be common property.
    return by_sentences if by_sentences >= _CONTAINED and later.signature else None


def _is_said_again(later: CopyRow, earlier: CopyRow) -> bool:
    return later.shingles <= _FEW_LINES and later.seen - earlier.seen > _A_WEEK


def _is_template(later: CopyRow, earlier: CopyRow) -> bool:
    """True for two short notices of the same form with other figures (rates of the day, dividends): each is news of its own."""
    if later.shingles > _NOTICE or not later.figures:
        return False
    other = len(set(later.figures) - set(earlier.figures)) / len(later.figures)
    return other >= (_FILLED_IN_LATER if later.seen - earlier.seen > _DAYS_APART else _FILLED_IN)


def _shared_sentences(later: CopyRow, earlier: CopyRow) -> float:
    known = {key for key, *_ in earlier.units}
    total = sum(tokens for _, tokens, *_ in later.units)
    return sum(tokens for key, tokens, *_ in later.units if key in known) / total if total else 0.0


def _candidates(view: View, row: CopyRow) -> list[CopyRow]:
    by_keys = {view.keys[key] for key in row.keys if key in view.keys}
    shared: Counter[int] = Counter()
    for key, tokens, *_ in row.units:
        if (holder := view.sentences.get(key)) is not None:
            shared[holder.number] += tokens
    enough = _WORTH_A_LOOK * sum(tokens for _, tokens, *_ in row.units)
    by_sentences = [number for number, tokens in shared.most_common(_CANDIDATES) if tokens >= enough]
    numbers = {*by_keys, *by_sentences}
    for root in {view.rows[number].cluster for number in numbers}:
        # Whoever resembles one may resemble an earlier one still more, which shares no band with it.
        numbers |= {root} if view.rows[root].followers > SMALL else {root, *view.clusters[root]}
    return [view.rows[number] for number in sorted(numbers - {row.number})]


def _find_earliest(view: View, row: CopyRow, found: Sequence[tuple[CopyRow, float]]) -> None:
    """Set the earliest copy of the new document, and set it as the earliest of those later ones that had no earlier."""
    earlier = [(other, share) for other, share in found if other.order < row.order]
    if earlier:
        first, row.share = min(earlier, key=lambda pair: pair[0].order)
        row.copy_of = first.number
    for other, share in found:
        known = view.rows.get(other.copy_of) if other.copy_of is not None else None
        if row.order < other.order and (other.copy_of is None or (known is not None and row.order < known.order)):
            other.copy_of, other.share = row.number, share
            view.change(other)


def _join(view: View, row: CopyRow, others: Sequence[CopyRow]) -> None:
    """One cluster of all copies, named by the earliest of them; the clusters of the others go into it."""
    roots = {number: view.rows[number] for number in (row.number, *(other.cluster for other in others))}
    first = min(roots.values(), key=lambda root: root.order)
    for root in roots.values():
        if root is first:
            continue
        first.followers += root.followers + 1
        if root.followers:
            view.merged.append((root.number, first.number))
        for number in view.clusters.pop(root.number, set()):
            view.rows[number].cluster = first.number
            view.change(view.rows[number])
        root.followers = 0
        view.change(first)


def _take_sentences(view: View, row: CopyRow) -> None:
    for key in {key for key, *_ in row.units}:
        holder = view.sentences.setdefault(key, Holder(number=row.number, holders=0))
        holder.holders += 1
        view.changed_sentences.add(key)
        if holder.number == row.number:
            continue
        if row.order < view.rows[holder.number].order:
            view.outdated.setdefault(holder.number, set()).add(row.number)
            view.sources.setdefault(holder.number, set()).add(row.number)
            holder.number = row.number
        else:
            view.sources.setdefault(row.number, set()).add(holder.number)
