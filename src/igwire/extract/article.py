"""From the bytes of a page to an article: trafilatura first, the page's linked data or the feed's own text where it fails.

bytes ─ refusal? ─▶ tree ─ trafilatura ─▶ poor? ─ articleBody ─▶ poor? ─ feed content ─▶ metadata ─▶ Article
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any

from igwire.extract import judge, metadata
from igwire.model import Article, Extraction, FeedEntry, Quality
from igwire.text import clean, clean_line, content_hash, word_count

# Raised when the same page may come out differently; with the library's version it tells what is stale.
_GENERATION = 1
# A fall-back must bring clearly more than the engine found, or the engine's cleaner text is kept.
_CLEARLY_MORE = 1.5


def stamp() -> str:
    """Version of the extracting code and its engine."""
    return f"igwire-extract/{_GENERATION} trafilatura/{version('trafilatura')}"


def extract(
    body: bytes, *, url: str, content_type: str | None = None, entry: FeedEntry | None = None, fetched_at: datetime, timezone: str | None = None
) -> Extraction:
    """Extract one page. `timezone` (IANA) is for dates printed without a zone. Never raises for what the bytes hold."""
    if refused := judge.refusal(body, content_type):
        return Extraction(status=refused[0], reason=refused[1])
    from trafilatura import load_html

    tree = load_html(body)
    if tree is None:
        return Extraction(status="rejected", reason="not_html")
    page = metadata.Page(tree)
    read = _read(tree, body, url)
    text, winner = _best_text(read, page, entry)
    if not text:
        return Extraction(status="rejected", reason="no_text")
    article = _article(text, winner, read, page, tree, _Given(body, url, entry, fetched_at, timezone))
    return Extraction(status="ok", article=article)


@dataclass(frozen=True, slots=True)
class _Given:
    body: bytes
    url: str
    entry: FeedEntry | None
    fetched_at: datetime
    timezone: str | None


def _read(tree: Any, body: bytes, url: str) -> Any:
    """trafilatura's document, or None. Dates are left out here: they take a third of the time and are read elsewhere."""
    from trafilatura import bare_extraction

    read = bare_extraction(tree, url=url, favor_recall=True, include_comments=False, with_metadata=True, date_extraction_params={"extensive_search": False})
    return read or None


def _best_text(read: Any, page: metadata.Page, entry: FeedEntry | None) -> tuple[str, str]:
    text = tidy(read.text if read is not None else None)
    winner = "trafilatura"
    for name, other in (("json_ld", page.body_text()), ("feed", entry.content if entry else None), ("feed", entry.summary if entry else None)):
        if word_count(text) >= judge.SHORT_WORDS:
            break
        candidate = tidy(other)
        if word_count(candidate) > word_count(text) * _CLEARLY_MORE:
            text, winner = candidate, name
    return text, winner


def tidy(text: str | None) -> str:
    """Clean text with one paragraph a line."""
    lines = (" ".join(line.split()) for line in clean(text or "").split("\n"))
    return "\n".join(line for line in lines if line)


def _article(text: str, winner: str, read: Any, page: metadata.Page, tree: Any, given: _Given) -> Article:
    entry = given.entry
    title = _title(read, page, entry)
    language, sure = metadata.language(text, title, page.declared_language)
    date = metadata.published(page, url=given.url, entry=entry, fetched_at=given.fetched_at, timezone=given.timezone, tree=tree)
    flags = judge.flags_of(text, has_date=date is not None, has_title=title is not None, page=given.body)
    return Article(
        url=metadata.canonical_url(page, given.url), title=title, text=text, authors=metadata.authors(page, _of(read, "author"), entry),
        published=date, modified=metadata.modified(page, fetched_at=given.fetched_at, timezone=given.timezone), language=language,
        language_confidence=sure, summary=clean_line(_of(read, "description") or (entry and entry.summary) or "", 1000) or None,
        keywords=_words(_of(read, "tags")), section=next(iter(_words(_of(read, "categories"))), None), image=_of(read, "image"),
        licence=_of(read, "license"), quality=Quality(confidence=judge.confidence(flags, winner), flags=flags, extractor=winner),
        stamp=stamp(), content_hash=content_hash(title, text),
    )  # fmt: skip


def _of(read: Any, name: str) -> Any:
    return getattr(read, name, None) if read is not None else None


def _title(read: Any, page: metadata.Page, entry: FeedEntry | None) -> str | None:
    # The feed's own title, where the page's confirms it, is the one without the site's name.
    if entry and entry.title and entry.title in page.title:
        return entry.title
    names = (_of(read, "sitename"), page.metas.get("og:site_name"), page.metas.get("application-name"))
    headline = next((str(n["headline"]) for n in page.linked_data if isinstance(n.get("headline"), str)), None)
    for candidate in (_of(read, "title"), page.metas.get("og:title"), headline, entry.title if entry else None):
        if cleaned := metadata.title_without_site(clean_line(candidate or "", 1000), names):
            return cleaned
    return None


def _words(values: Any) -> tuple[str, ...]:
    cleaned = (clean_line(str(value), 128) for value in values or ())
    return tuple(dict.fromkeys(word for word in cleaned if word))[:64]
