"""From a PDF to an article: regulators publish documents. Without a text layer the feed's own words stand in."""

from __future__ import annotations

from igwire.errors import ContentError
from igwire.extract import dates, judge, metadata, pdf
from igwire.extract.given import Given
from igwire.model import Article, DateFound, Extraction, Mark, Quality
from igwire.text import clean, clean_line, content_hash

# Reasons that a feed's title and summary can stand in for: the document is real, its text cannot be read.
_STAND_IN = {"no_text_layer", "encrypted", "too_many_pages"}


def extract(body: bytes, given: Given, stamp: str) -> Extraction:
    """The article of one PDF; the page numbers are marks of kind "page"."""
    try:
        found = pdf.read(body)
    except ContentError as error:
        return _stand_in(error.reason, given, stamp)
    text, marks = _joined(found.pages)
    entry = given.entry
    title = (entry and entry.title) or found.title or None
    authors = (found.author,) if found.author else (entry.authors if entry else ())
    return _extraction(given, stamp, title, text, marks=marks, authors=authors, created=found.created)


def _joined(pages: tuple[str, ...]) -> tuple[str, tuple[Mark, ...]]:
    marks, start = [], 0
    for number, page in enumerate(pages, 1):
        if page:
            marks.append(Mark(kind="page", start=start, end=start + len(page), level=number))
            start += len(page) + 1
    return "\n".join(page for page in pages if page), tuple(marks)


def _stand_in(reason: str, given: Given, stamp: str) -> Extraction:
    entry = given.entry
    summary = clean((entry and (entry.content or entry.summary)) or "")
    if reason not in _STAND_IN or entry is None or not (summary or entry.title):
        status = "failed" if reason == "broken_pdf" else "rejected"
        return Extraction(status=status, reason=reason)
    return _extraction(given, stamp, entry.title, summary or entry.title or "", authors=entry.authors, flags=(reason,))


def _extraction(
    given: Given,
    stamp: str,
    title: str | None,
    text: str,
    *,
    marks: tuple[Mark, ...] = (),
    authors: tuple[str, ...] = (),
    created: str | None = None,
    flags: tuple[str, ...] = (),
) -> Extraction:
    language, sure = metadata.language(text, title, None)
    date = _published(given, created)
    flags += judge.plain_flags(text, has_date=date is not None, has_title=title is not None)
    return Extraction(
        status="ok",
        article=Article(
            url=given.url, title=title, text=text, authors=authors, published=date, language=language, language_confidence=sure,
            summary=clean_line((given.entry and given.entry.summary) or "", 1000) or None, document_type="pdf", structure=marks,
            quality=Quality(confidence=judge.confidence(1.0 if marks else judge.FALL_BACK, flags), flags=flags, extractor="pdfium" if marks else "feed"),
            stamp=stamp, content_hash=content_hash(title, text),
        ),
    )  # fmt: skip


def _published(given: Given, created: str | None) -> DateFound | None:
    """The feed's date, the address's day, else the day that the document says it was made."""
    entry = given.entry
    claims = [(entry.published, "feed")] if entry and entry.published else []
    claims += [(day, "url")] if (day := dates.url_day(given.url)) else []
    claims += [(created, "pdf")] if created else []
    found = (dates.read_date(printed, origin, fetched_at=given.fetched_at, timezone=given.timezone) for printed, origin in claims)
    return next((date for date in found if date), None)
