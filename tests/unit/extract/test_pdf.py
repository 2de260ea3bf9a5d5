"""PDFs, written here by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from igwire.errors import ContentError
from igwire.extract import pdf
from igwire.extract.article import extract
from igwire.model import FeedEntry

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def make(pages: list[list[str]], info: str = "") -> bytes:
    """A PDF with one line of Helvetica after the other."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for lines in pages:
        drawn = "BT /F1 11 Tf 50 780 Td " + " ".join(f"({line}) Tj 0 -14 Td" for line in lines) + " ET"
        objects.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream")
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {len(objects)} 0 R /Resources << /Font << /F1 3 0 R >> >> >>")
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Count {len(pages)} /Kids [{' '.join(kids)}] >>"
    objects.append(f"<< {info} >>")
    out, offsets = "%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info {len(objects)} 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return out.encode("latin-1")


LINES = ["The authority opens a proceeding on the numbering plan and asks all the", "operators of the country to answer its questions before the end of May."]


def test_pages_are_kept_for_citing():
    body = make(
        [[*LINES, "Second page follows."], ["Answers are published on the site of the authority as they come in."]],
        "/Title (Decision 12) /CreationDate (D:20210503120000Z)",
    )
    found = extract(body, url="https://r.example/d12.pdf", content_type="application/pdf", fetched_at=NOW).article
    assert found is not None
    assert (found.document_type, found.title, found.language, found.quality.extractor) == ("pdf", "Decision 12", "en", "pdfium")
    assert [(m.kind, m.level, found.text[m.start : m.end].split()[0]) for m in found.structure] == [("page", 1, "The"), ("page", 2, "Answers")]
    assert found.published is not None
    assert (found.published.value, found.published.origin) == ("2021-05-03", "pdf")


def test_lines_become_paragraphs_and_running_titles_go():
    pages = [["Decision 12", *LINES, f"{n}"] for n in (1, 2, 3)]
    found = pdf.read(make(pages))
    assert found.pages[0] == " ".join(LINES)


@pytest.mark.parametrize(("body", "reason"), [(b"%PDF-1.4 rubbish", "broken_pdf"), (make([[]]), "no_text_layer"), (make([["x"]] * 301), "too_many_pages")])
def test_what_cannot_be_read_says_why(body, reason):
    with pytest.raises(ContentError) as caught:
        pdf.read(body)
    assert caught.value.reason == reason


def test_too_large_is_refused_before_it_is_read():
    with pytest.raises(ContentError, match="too_large"):
        pdf.read(b"%PDF-" + b"x" * pdf.MAX_BYTES)


def test_without_a_text_layer_the_feed_stands_in():
    entry = FeedEntry(
        source_id="r", guid=None, url="https://r.example/d.pdf", title="Decision 12", summary="The authority opens a proceeding on the numbering plan."
    )
    found = extract(make([[]]), url="https://r.example/d.pdf", entry=entry, fetched_at=NOW).article
    assert found is not None
    assert (found.title, found.quality.extractor) == ("Decision 12", "feed")
    assert "no_text_layer" in found.quality.flags
    assert extract(make([[]]), url="https://r.example/d.pdf", fetched_at=NOW).reason == "no_text_layer"
