"""The text layer of a PDF, page by page, through pdfium. Runs in a worker process that can be killed."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import Any

from igwire.errors import ContentError
from igwire.text import clean, clean_line

# Regulators' decisions of several hundred pages have annexes of tables; what is longer is a book or an archive.
MAX_BYTES = 20 * 1024 * 1024
MAX_PAGES = 300
# A line that opens or closes this many pages is a running title, not text.
_RUNNING = 3
# A line much shorter than the usual one ends its paragraph.
_SHORT = 0.7
_SENTENCE_END = re.compile(r"[.!?:;。！？][\"'”’»)]*$")
_DIGITS = re.compile(r"\d+")
# D:20210915143000+02'00' (ISO 32000-1, 7.9.4)
_STAMP = re.compile(r"D:(\d{4})(\d\d)(\d\d)")


@dataclass(frozen=True, slots=True)
class PdfText:
    """Paragraphs of each page, one a line, first page first; what the document says of itself ("" and None when unsaid)."""

    pages: tuple[str, ...]
    title: str
    author: str
    created: str | None


def read(body: bytes) -> PdfText:
    """The text of a PDF. Raises ContentError: too_large, too_many_pages, encrypted, broken_pdf, no_text_layer."""
    import pypdfium2 as pdfium

    if len(body) > MAX_BYTES:
        raise ContentError("too_large", f"{len(body)} bytes")
    try:
        document = pdfium.PdfDocument(body)
    except pdfium.PdfiumError as error:
        raise ContentError("encrypted" if "password" in str(error).lower() else "broken_pdf", str(error)) from error
    with document:
        if len(document) > MAX_PAGES:
            raise ContentError("too_many_pages", f"{len(document)} pages")
        pages = [_lines(document[number]) for number in range(len(document))]
        about = document.get_metadata_dict()
    running = _running(pages)
    texts = tuple(_paragraphs(_without_running(page, running)) for page in pages)
    if not any(texts):
        raise ContentError("no_text_layer", "its pages are pictures")
    stamp = _STAMP.match(about.get("CreationDate", ""))
    return PdfText(texts, clean_line(about.get("Title", ""), 1000), clean_line(about.get("Author", ""), 300), "-".join(stamp.groups()) if stamp else None)


def _lines(page: Any) -> list[str]:
    text_page = page.get_textpage()
    # U+FFFE is pdfium's mark of a hyphen at the end of a line.
    text = clean(text_page.get_text_bounded().replace("\ufffe", "-\n"))
    text_page.close()
    page.close()
    return [line for printed in text.split("\n") if (line := " ".join(printed.split()))]


def _running(pages: list[list[str]]) -> frozenset[str]:
    edges = Counter(line for lines in pages for line in {_DIGITS.sub("#", edge) for edge in (*lines[:1], *lines[-1:])})
    return frozenset(line for line, count in edges.items() if count >= _RUNNING or line.strip("# -–/") == "")


def _without_running(lines: list[str], running: frozenset[str]) -> list[str]:
    start, end = 0, len(lines)
    while start < end and _DIGITS.sub("#", lines[start]) in running:
        start += 1
    while end > start and _DIGITS.sub("#", lines[end - 1]) in running:
        end -= 1
    return lines[start:end]


def _paragraphs(lines: list[str]) -> str:
    """Lines joined to paragraphs: a paragraph ends where a line ends a sentence, or is much shorter than usual."""
    if not lines:
        return ""
    usual = median(map(len, lines))
    out = [lines[0]]
    for before, line in itertools.pairwise(lines):
        if before.endswith("-") and line[0].islower():
            out[-1] = out[-1][:-1] + line
        elif len(before) < usual * _SHORT or (_SENTENCE_END.search(before) and len(before) < usual):
            out.append(line)
        else:
            out[-1] += " " + line
    return "\n".join(out)
