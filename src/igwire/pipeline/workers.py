"""What the worker processes do (see `isolate`): pages and texts are read there, and the process that keeps the ledger only notes what came of it.

raw copy ─ read, extract ─▶ Page          stored text ─ tag, fingerprint ─▶ Reading

Whatever is handed over is small: places in the raw store instead of bodies, texts as the ledger packs them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from igwire.enrich import LOADED as TAGGER
from igwire.enrich.tagger import Tagger
from igwire.errors import StoreError, Unavailable
from igwire.extract import LOADED as PARSERS
from igwire.extract.article import extract
from igwire.fetch import usage
from igwire.ledger import packing
from igwire.ledger.copies import CopyRow
from igwire.ledger.documents import Text
from igwire.model import Article, Capture, Extraction, FeedEntry, RawRef, Tags
from igwire.pipeline import copies
from igwire.ports import RawStore

# What is loaded before workers that read pages, or texts, are forked.
FOR_PAGES, FOR_TEXTS = (PARSERS, __name__), (TAGGER, __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTask:
    """One item's raw copy, and what its feed says of it."""

    item_id: str
    store: RawStore
    raw: RawRef
    entry: FeedEntry
    timezone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What was read of one raw copy."""

    # Without the body.
    capture: Capture
    said: usage.Usage
    # What the robots file of the page's origin said about use when the page was fetched.
    wishes: tuple[str, ...]
    extraction: Extraction


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTask:
    """One stored text; `tagger` gives the worker's own, loaded once."""

    text: Text
    tagger: Callable[[], Tagger]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The tags of one text, packed for the ledger, and its row in the memory of copies."""

    tags: bytes
    stamp: str
    mentions: int
    row: CopyRow


def read_page(task: PageTask) -> Page | StoreError | Unavailable:
    """Read one raw copy and extract it; an error of the store is a value, so that it is not taken for the page's fault."""
    return _read(task, lambda capture: extract_capture((capture, task.entry, task.timezone)))


def without_text(task: PageTask, reason: str) -> Page | StoreError | Unavailable:
    """As `read_page`, for a page that broke its worker: read, and not parsed."""
    return _read(task, lambda _: Extraction(status="failed", reason=reason))


def _read(task: PageTask, extraction: Callable[[Capture], Extraction]) -> Page | StoreError | Unavailable:
    facts: Mapping[str, Any]
    try:
        capture, facts = task.store.read(task.raw)
    except (StoreError, Unavailable) as error:
        return error
    return Page(
        capture=replace(capture, body=b"", wire=b""), said=usage.of_page(capture), wishes=tuple(facts.get("wishes", ())), extraction=extraction(capture)
    )


def extract_capture(task: tuple[Capture, FeedEntry, str | None]) -> Extraction:
    """Extract one capture."""
    capture, entry, timezone = task
    return extract(
        capture.body, url=capture.final_url, content_type=capture.header("content-type"), entry=entry, fetched_at=capture.fetched_at, timezone=timezone
    )


def read_text(task: TextTask) -> Reading:
    """Tag one text and take its fingerprint."""
    text, article = task.text, packing.unpack_article(task.text.article)
    tags = tags_of(task.tagger(), article, text.source_id)
    row = copies.row_of(text.id, article, text.first_seen_at)
    return Reading(tags=packing.pack_tags(tags), stamp=tags.stamp, mentions=len(tags.mentions), row=row)


def tags_of(tagger: Tagger, article: Article, source_id: str) -> Tags:
    """The tags of a stored document's text by the tagger's knowledge base."""
    published = article.published.value if article.published else None
    return tagger.tag(title=article.title, text=article.text, language=article.language, source=source_id, published=published)
