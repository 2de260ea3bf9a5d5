"""From the bytes of a page (or a PDF, see `documents`) to an article: a trained model of blocks decides, asks trafilatura where it is unsure, fall-backs where both fail.

bytes ─ refusal? ─▶ page ─▶ blocks ─▶ model ─ unsure? ─▶ trafilatura ─▶ model with its hint ─┬─▶ text ─ short? ─▶ articleBody, feed ─▶ metadata ─▶ Article
                                       ╰─ sure ───────────────────────────────────────────╯
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from importlib.metadata import version
from typing import Any

from igwire.extract import blockmodel, dates, documents, judge, languages, metadata, rules
from igwire.extract.blocks import Block, Frame, cut, cut_with_depth, tokens_of
from igwire.extract.features import Hints, with_engine
from igwire.extract.given import Given
from igwire.extract.page import Page, decode
from igwire.model import Article, Extraction, FeedEntry, Mark, Quality
from igwire.text import clean, clean_line, content_hash, word_count

# Raised when the same page may come out differently; with the library's version it tells what is stale.
_GENERATION = 5
# A fall-back must bring clearly more than what was found, or the page's own text is kept.
_CLEARLY_MORE = 1.5
# A block is kept when it belongs to the article more likely than this; measured, see docs/decisions/0007.
KEEP = 0.45
# Where the model expects more of itself (token F1), it needs no engine: asking costs more than all else together and wins nothing (docs/decisions/0007).
_CERTAIN = 0.92
# Where it expects less, or keeps less than half of what the engine found, the engine is right more often.
_SURE = 0.7
_HALF = 0.5
# Shorter lines may be said twice on one page without one being the copy of the other.
_COPY_WORDS = 8


@lru_cache(maxsize=1)
def stamp() -> str:
    """Version of the extracting code, its model and its engine."""
    site_rules = rules.load().version
    return f"igwire-extract/{_GENERATION}.{blockmodel.load().version} trafilatura/{version('trafilatura')}" + (f" rules/{site_rules}" if site_rules else "")


def extract(
    body: bytes, *, url: str, content_type: str | None = None, entry: FeedEntry | None = None, fetched_at: datetime, timezone: str | None = None
) -> Extraction:
    """Extract one page. `timezone` (IANA) is for dates printed without a zone. Never raises for what the bytes hold."""
    given = Given(url, entry, fetched_at, timezone)
    if judge.is_pdf(body):
        return documents.extract(body, given, stamp())
    if refused := judge.refusal(body, content_type):
        return Extraction(status=refused[0], reason=refused[1])
    languages.loading()
    page, rule = Page(decode(body, content_type)), rules.load().find(url, fetched_at.date())
    chosen = _by_rule(page, rule) if rule else None
    read = Reading(page)
    if read.depth > judge.MAX_DEPTH:
        # libxml2 drops what lies deeper without a word, so that the engine would read another page than the one that came.
        return Extraction(status="failed", reason="too_deep")
    text = chosen or _best_text(read, entry)
    if not text.text:
        return Extraction(status="rejected", reason="no_text")
    return Extraction(status="ok", article=_article(text, read, given))


@dataclass(frozen=True, slots=True)
class Found:
    """A text with the extractor that found it, how sure it is (0..1), and the blocks it was made of (none for a fall-back)."""

    text: str
    extractor: str
    confidence: float
    kept: tuple[Block, ...] = ()
    marks: tuple[Mark, ...] = field(default=())


class Reading:
    """One page, cut into blocks; the engine reads it only where somebody asks."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.blocks, self.depth = cut_with_depth(page.root)
        page.prune()

    def tree(self) -> Any:
        """The page as a new lxml tree without scripts and styles; who gets it may change it."""
        from lxml.html import HTMLParser, document_fromstring

        parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
        return document_fromstring(self.page.html().encode("utf-8", "replace") or b"<p>", parser=parser)

    @cached_property
    def engine_text(self) -> str:
        """What trafilatura takes for the article."""
        from trafilatura import bare_extraction

        read: Any = bare_extraction(self.tree(), favor_recall=True, include_comments=False, with_metadata=False)
        return (read.text if read else None) or ""

    def hints(self) -> Hints:
        """What the model is told beside the blocks."""
        page = self.page
        return Hints(title=page.metas.get("og:title") or page.title, body=page.body_text, description=page.description)


def decided(read: Reading, table: Any, chances_of: Callable[[Any], Any]) -> Found:
    """The blocks that the model keeps, in reading order, or the engine's text where the model is not to be trusted.

    `table`: the blocks' features (`features.matrix`); `chances_of`: from such a table to each block's chance.
    """
    found = _kept(read, chances_of(table)) if read.blocks else None
    if found and found.confidence >= _CERTAIN:
        return found
    if found:
        found = _kept(read, chances_of(with_engine(table, read.blocks, read.engine_text)))
    if found is None or found.confidence < _SURE or sum(len(b.tokens) for b in found.kept) < _HALF * len(tokens_of(read.engine_text)):
        return Found(tidy(read.engine_text), "trafilatura", judge.FALL_BACK)
    return found


def _kept(read: Reading, chances: Any) -> Found:
    kept = tuple(without_copies([block for block, chance in zip(read.blocks, chances, strict=True) if chance >= KEEP and not judge.invites(block)]))
    text, marks = composed(kept)
    return Found(text, "blocks", judge.expected_f1([len(b.tokens) for b in read.blocks], chances, KEEP), kept, marks)


def without_copies(kept: list[Block]) -> Iterator[Block]:
    """The blocks without those that another part of the page said before; a refrain inside one part of the page stays."""
    first: dict[str, Frame | None] = {}
    for block in kept:
        if len(block.tokens) < _COPY_WORDS or first.setdefault(block.text, block.frame.parent) is block.frame.parent:
            yield block


def composed(kept: tuple[Block, ...]) -> tuple[str, tuple[Mark, ...]]:
    """The text, one block a line, and what its lines were."""
    lines, marks, start = [], [], 0
    for block in kept:
        if not (line := tidy(block.text)):
            continue
        if mark := judge.mark_of(block.frame):
            marks.append(Mark(kind=mark[0], start=start, end=start + len(line), level=mark[1]))
        lines.append(line)
        start += len(line) + 1
    return "\n".join(lines), tuple(marks)


def _by_rule(page: Page, rule: rules.Rule) -> Found | None:
    """What a site's rule chooses; None where it chooses nothing, then the general way is gone. What it drops is gone for both."""
    for node in page.tree.css(rule.drop) if rule.drop else ():
        node.decompose()
    kept = tuple(block for node in (page.tree.css(rule.keep) if rule.keep else ()) for block in cut(node))
    text, marks = composed(kept)
    return Found(text, "rules", judge.RULED, kept, marks) if text else None


def _best_text(read: Reading, entry: FeedEntry | None) -> Found:
    model = blockmodel.load()
    best = decided(read, model.table(read.blocks, read.hints()) if read.blocks else None, model.chances)
    for name, other in (("json_ld", read.page.body_text), ("feed", entry.content if entry else None), ("feed", entry.summary if entry else None)):
        if word_count(best.text) >= judge.SHORT_WORDS:
            break
        candidate = tidy(other)
        if word_count(candidate) > word_count(best.text) * _CLEARLY_MORE:
            best = Found(candidate, name, judge.FALL_BACK)
    return best


def tidy(text: str | None) -> str:
    """Clean text with one paragraph a line."""
    lines = (" ".join(line.split()) for line in clean(text or "").split("\n"))
    return "\n".join(line for line in lines if line)


def _article(found: Found, read: Reading, given: Given) -> Article:
    page, entry, text = read.page, given.entry, found.text
    title = metadata.title(page, entry)
    language, sure = metadata.language(text, title, page.declared_language)
    date = dates.published(page, url=given.url, entry=entry, fetched_at=given.fetched_at, timezone=given.timezone, blocks=read.blocks, tree=read.tree)
    flags = judge.flags_of(text, found.kept, page, has_date=date is not None, has_title=title is not None)
    return Article(
        url=metadata.canonical_url(page, given.url), title=title, text=text, authors=metadata.authors(page, entry), published=date,
        modified=dates.modified(page, fetched_at=given.fetched_at, timezone=given.timezone), language=language, language_confidence=sure,
        summary=clean_line(page.description or (entry and entry.summary) or "", 1000) or None, keywords=metadata.keywords(page), section=metadata.section(page),
        image=metadata.image(page, given.url), licence=metadata.licence(page), structure=found.marks, links=links_of(found.kept, given.url),
        quality=Quality(confidence=judge.confidence(found.confidence, flags), flags=flags, extractor=found.extractor), stamp=stamp(),
        content_hash=content_hash(title, text),
    )  # fmt: skip


def links_of(kept: tuple[Block, ...], url: str) -> tuple[str, ...]:
    """Links out of the kept blocks, each address once, in reading order."""
    addresses = (metadata.absolute(href, url) for block in kept for href in block.links)
    return tuple(address for address in dict.fromkeys(addresses) if address)
