"""Lists of articles from elsewhere (an editor's export, a library's index): addresses with dates, written into the archive inventory."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from igwire.errors import BadUrl, UsageError
from igwire.feeds.archives import date_of
from igwire.feeds.select import select
from igwire.ledger import archives
from igwire.ledger.archives import Entry
from igwire.ledger.database import chunked
from igwire.model import FeedEntry
from igwire.pipeline.parts import Parts
from igwire.urls import fetch_url


def read_list(path: Path, source_id: str) -> Iterator[FeedEntry]:
    """The entries of a CSV file with the columns url, date (2015-12-16 or RFC 3339) and, if it likes, title. Raises UsageError with file and line."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.DictReader(stream)
        if not {"url", "date"} <= set(rows.fieldnames or ()):
            raise UsageError(f"{path}:1: the first line must name the columns url and date (and title, if there are titles)")
        for row in rows:
            yield _entry(row, f"{path}:{rows.line_num}", source_id)


def _entry(row: dict[str, str], where: str, source_id: str) -> FeedEntry:
    try:
        url = fetch_url((row["url"] or "").strip())
    except BadUrl as error:
        raise UsageError(f"{where}: {error}") from error
    entry = FeedEntry(source_id=source_id, guid=None, url=url, title=(row.get("title") or "").strip() or None, published=(row["date"] or "").strip())
    if date_of(entry) is None:
        raise UsageError(f"{where}: {entry.published!r} is no date such as 2015-12-16")
    return entry


def take_list(parts: Parts, path: Path, source_id: str) -> int:
    """Write the whole list into the inventory, or nothing when a line is bad; how many entries. A backfill over their days fetches them."""
    entries = select(read_list(path, source_id)).entries
    with parts.ledger.transaction() as conn:
        for chunk in chunked(entries):
            dated = [Entry(entry, moment) for entry in chunk if (moment := date_of(entry))]
            archives.keep(conn, source_id, dated, now=parts.clock.now())
    return len(entries)
