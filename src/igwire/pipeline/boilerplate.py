"""Lines that a source repeats on its pages (newsletter boxes, notices, "read also"): learnt from its stored articles, then left out.

stored articles ─ lines on several pages ─▶ ledger (hashed, versioned) ─▶ taken out of later extractions
                                                      ╰▶ newer texts that hold them are extracted again; rebuild finds the oldest
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

import sqlalchemy as sa

from igwire.extract.article import stamp as extract_stamp
from igwire.ledger import boilerplate, documents, items, runs
from igwire.ledger.boilerplate import Learnt
from igwire.model import Article, Mark
from igwire.pipeline.parts import Parts
from igwire.text import content_hash, word_count

# Pages looked at, the newest first seen: what a site no longer prints needs no learning.
_LOOKED_AT = 200
# A line is furniture when so many pages have it, and this share of those looked at; fewer may be a series or a quotation.
_PAGES, _SHARE = 4, 0.1
# Shorter lines are headings that articles of one kind share ("What happens next"), longer ones a statement that was printed twice.
_SHORTEST, _LONGEST = 5, 80
# Pages with so many lines of an earlier page are its copies, and no second witness.
_COPY = 0.5
# Whatever was learnt: an article is never robbed of more than this share of its words.
_MOST = 0.4


def line_hash(line: str) -> str:
    """A line as it is remembered: its words without regard to case and spacing, hashed."""
    return hashlib.sha256(" ".join(line.casefold().split()).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def repeated(texts: Iterable[str]) -> dict[str, int]:
    """Hashes of the lines that enough of the texts have, with how many texts have them."""
    pages, seen = 0, Counter[str]()
    for text in texts:
        lines = {line_hash(line) for line in text.split("\n") if _SHORTEST <= word_count(line) <= _LONGEST}
        if lines and sum(line in seen for line in lines) <= _COPY * len(lines):
            pages += 1
            seen.update(lines)
    least = max(_PAGES, _SHARE * pages)
    return {line: count for line, count in seen.items() if count >= least}


def without(article: Article, learnt: Learnt) -> Article:
    """The article without the learnt lines, stamped with the list's version."""
    stamp = learnt.stamped(article.stamp)
    if not learnt.lines:
        return replace(article, stamp=stamp)
    kept = [(start, line) for start, line in _lines(article.text) if not _is_learnt(line, learnt)]
    text = "\n".join(line for _, line in kept)
    if article.document_type != "article" or text == article.text or word_count(text) < (1 - _MOST) * word_count(article.text):
        return replace(article, stamp=stamp)
    return replace(article, text=text, structure=_moved(article.structure, kept), content_hash=content_hash(article.title, text), stamp=stamp)


def _is_learnt(line: str, learnt: Learnt) -> bool:
    return word_count(line) >= _SHORTEST and line_hash(line) in learnt.lines


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.split("\n"):
        yield start, line
        start += len(line) + 1


def _moved(marks: tuple[Mark, ...], kept: list[tuple[int, str]]) -> tuple[Mark, ...]:
    """The marks of the lines that stayed, where these stand now."""
    by_start = {mark.start: mark for mark in marks}
    out, start = [], 0
    for old, line in kept:
        if mark := by_start.get(old):
            out.append(replace(mark, start=start, end=start + len(line)))
        start += len(line) + 1
    return tuple(out)


def learn(parts: Parts, item_ids: Iterable[str]) -> int:
    """Look for repeated lines at the sources of the items' documents; how many lines are new in the ledger."""
    with parts.ledger.reading() as conn:
        found = {
            source_id: repeated(article.text for article in documents.newest(conn, source_id, _LOOKED_AT))
            for source_id in boilerplate.sources_of(conn, item_ids)
        }
    if not any(found.values()):
        return 0
    with parts.ledger.transaction() as conn:
        return sum(boilerplate.add(conn, source_id, lines, now=parts.clock.now()) for source_id, lines in found.items())


def mark_outdated(parts: Parts, run_id: str, batch: int) -> None:
    """Let the outdated texts of the batch's sources be extracted again."""
    with parts.ledger.reading() as conn:
        found = outdated(conn, runs.batch_sources(conn, run_id, batch))
    if found:
        with parts.ledger.transaction() as conn:
            items.extract_again(conn, found)


def outdated(conn: sa.Connection, source_ids: Iterable[str]) -> list[str]:
    """Items whose documents still hold lines that were learnt after them; among the pages that are looked at for learning."""
    found = []
    for source_id in source_ids:
        learnt = boilerplate.of_source(conn, source_id)
        for item_id, article in documents.older_texts(conn, source_id, learnt.stamped(extract_stamp()), _LOOKED_AT) if learnt.version else ():
            # Whether they may go is for the whole text to say: this one may have lost others before, and be too short by now.
            if any(_is_learnt(line, learnt) for line in article.text.split("\n")):
                found.append(item_id)
    return found


class Remover:
    """Takes the learnt lines out of articles; each source's list is read once, so that a chunk sees one version."""

    def __init__(self, conn: sa.Connection) -> None:
        self._conn = conn
        self._learnt: dict[str, Learnt] = {}

    def clean(self, article: Article, source_id: str) -> Article:
        """The article without what its source repeats."""
        if source_id not in self._learnt:
            self._learnt[source_id] = boilerplate.of_source(self._conn, source_id)
        return without(article, self._learnt[source_id])
