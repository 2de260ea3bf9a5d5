"""What was found, as files: Atom (RFC 4287), JSON Feed 1.1, CSV (RFC 4180) and lines of JSON.

Pure functions from documents to pieces of text, so that an export of any size takes the memory of one document. Documents come as
`rights.visible` leaves them.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from xml.etree import ElementTree

from igwire.text import clean

ATOM = "http://www.w3.org/2005/Atom"
# A feed is for following; whoever wants everything takes CSV or lines of JSON.
FEED_ENTRIES = 500
# A spreadsheet takes a cell that begins so for a formula (OWASP, "CSV injection"; the last ones are full-width forms).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_COLUMNS = (
    "doc_id", "published_day", "title", "url", "source_id", "source_title", "source_kind", "language", "authors", "entities", "qids", "topics", "countries",
    "cluster_id", "cluster_role", "revision", "revised_at", "content_hash", "licence", "rights", "text",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The head of a file: the query as it was understood, the address of the file and of the search, and when it was made."""

    title: str
    address: str
    page: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file."""

    media_type: str
    extension: str
    title: str


FORMATS = {
    "atom": Format("application/atom+xml; charset=utf-8", "atom", "Atom"),
    "feed": Format("application/feed+json; charset=utf-8", "json", "JSON Feed"),
    "csv": Format("text/csv; charset=utf-8", "csv", "CSV"),
    "ndjson": Format("application/x-ndjson; charset=utf-8", "ndjson", "lines of JSON"),
}


def written(kind: str, documents: Iterable[dict[str, Any]], about: About) -> Iterator[str]:
    """The file in pieces; `kind` is one of FORMATS."""
    return {"atom": atom, "feed": json_feed, "csv": csv_rows, "ndjson": json_lines}[kind](documents, about)


def atom(documents: Iterable[dict[str, Any]], about: About) -> Iterator[str]:
    """An Atom feed of the first FEED_ENTRIES."""
    head = [("id", about.page), ("title", about.title), ("updated", about.at.isoformat()), ("generator", "igwire")]
    yield f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="{ATOM}">'
    yield from (_xml(name, text) for name, text in head)
    yield _xml("link", rel="self", href=about.address) + _xml("link", href=about.page) + "<author><name>igwire</name></author>\n"
    for document in islice(documents, FEED_ENTRIES):
        yield _entry(document) + "\n"
    yield "</feed>\n"


def _entry(document: dict[str, Any]) -> str:
    parts = [
        _xml("id", f"urn:igwire:{document['doc_id']}"), _xml("title", document.get("title") or document["url"]), _xml("link", href=_address(document)),
        _xml("updated", _changed(document)), *([_xml("published", published)] if (published := _published(document)) else []),
        *(f"<author>{_xml('name', name)}</author>" for name in document.get("authors") or [document["source"]["title"]]),
        _xml("summary", text) if (text := _words(document)) else "",
        *(_xml("category", term=name) for name in [*document.get("topics", []), *document.get("entities", {}).get("all", [])]),
    ]  # fmt: skip
    language = clean(document.get("language") or "und")
    return f"<entry xml:lang={_quoted(language)}>{''.join(parts)}</entry>"


def _xml(name: str, text: str = "", **attributes: str) -> str:
    element = ElementTree.Element(name, {key: clean(value) for key, value in attributes.items()})
    element.text = clean(text) or None
    return ElementTree.tostring(element, encoding="unicode")


def _quoted(text: str) -> str:
    return '"' + "".join(c for c in text if c.isalnum() or c == "-") + '"'


def json_feed(documents: Iterable[dict[str, Any]], about: About) -> Iterator[str]:
    """A JSON Feed of the first FEED_ENTRIES."""
    head = {"version": "https://jsonfeed.org/version/1.1", "title": about.title, "home_page_url": about.page, "feed_url": about.address}
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "items": ['
    for number, document in enumerate(islice(documents, FEED_ENTRIES)):
        yield (",\n" if number else "\n") + json.dumps(_item(document), ensure_ascii=False)
    yield "]}\n"


def _item(document: dict[str, Any]) -> dict[str, Any]:
    authors = document.get("authors") or [document["source"]["title"]]
    item = {
        "id": f"urn:igwire:{document['doc_id']}", "url": _address(document), "title": document.get("title"), "summary": document.get("summary"),
        "date_published": _published(document), "date_modified": _changed(document), "authors": [{"name": name} for name in authors],
        "tags": [*document.get("topics", []), *document.get("entities", {}).get("all", [])], "language": document.get("language"),
    }  # fmt: skip
    # The format demands a content; it is empty where nothing of the text may be shown.
    return {name: value for name, value in item.items() if value not in (None, [])} | {"content_text": document.get("body") or _words(document)}


def csv_rows(documents: Iterable[dict[str, Any]], about: About) -> Iterator[str]:
    """A table with a line of names; lists are joined by "; ", and no cell is a formula."""
    # The mark at the start makes spreadsheets read UTF-8.
    yield "\ufeff" + _line(_COLUMNS)
    for document in documents:
        yield _line([_cell(value) for value in _row(document).values()])


def _row(document: dict[str, Any]) -> dict[str, Any]:
    source, entities, cluster = document["source"], document.get("entities", {}), document.get("cluster", {})
    nested = {
        "source_id": source.get("id"), "source_title": source.get("title"), "source_kind": source.get("kind"), "entities": entities.get("all"),
        "qids": entities.get("qid"), "cluster_id": cluster.get("id"), "cluster_role": cluster.get("role"), "text": document.get("body"),
    }  # fmt: skip
    return {name: nested[name] if name in nested else document.get(name) for name in _COLUMNS}


def _cell(value: Any) -> str:
    text = "; ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    return safe_cell(clean(text))


def safe_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe is put in front of one that it would."""
    return "'" + text if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text


def _line(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()


def json_lines(documents: Iterable[dict[str, Any]], about: About) -> Iterator[str]:
    """Every document whole, one a line."""
    for document in documents:
        yield json.dumps(document, ensure_ascii=False) + "\n"


def _address(document: dict[str, Any]) -> str:
    """Feed readers follow what they are given: only the web's own schemes."""
    url = str(document["url"])
    return url if url.startswith(("http://", "https://")) else "about:blank"


def _words(document: dict[str, Any]) -> str:
    return str(document.get("summary") or document.get("body") or "")[:1000]


def _published(document: dict[str, Any]) -> str:
    """Instants only: feeds know no bare days, so a day begins at midnight UTC."""
    return _instant(document.get("published_at") or document.get("published_day") or "")


def _changed(document: dict[str, Any]) -> str:
    return _instant(document.get("revised_at") or document.get("@timestamp") or "") or _published(document)


def _instant(text: str) -> str:
    text = text if "T" in text or not text else f"{text}T00:00:00"
    return text if not text or text.endswith("Z") or "+" in text or "-" in text[19:] else f"{text}+00:00"
