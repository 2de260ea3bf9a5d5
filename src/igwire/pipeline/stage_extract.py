"""`igwire stage extract`: page files in, articles out, each page in a killable worker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from igwire.extract import LOADED
from igwire.isolate import Killed, Pool
from igwire.model import Article, FeedEntry

# A page that takes longer is built to; the slowest honest page seen took under 3 s.
_TIMEOUT_S = 15.0
_ENTRY_FIELDS = ("guid", "title", "published", "updated", "summary", "content")


def run(rows: Iterable[dict[str, Any]], root: Path, workers: int) -> Iterator[dict[str, Any]]:
    """Extract the files named by `rows` (`id`, `file`, `url`?, `content_type`?, `feed_entry`?) under `root`; one answer a row."""
    kept: list[Any] = []

    def tasks() -> Iterator[tuple[str, dict[str, Any]]]:
        for row in rows:
            kept.append(row["id"])
            yield str(root / str(row["file"])), row

    with Pool(workers, loaded=[LOADED]) as pool:
        for number, done in enumerate(pool.map(extract_file, tasks(), timeout_s=_TIMEOUT_S)):
            answer = {"status": "failed", "reason": done.reason} if isinstance(done, Killed) else done.value
            yield {"id": kept[number], **answer}


def extract_file(task: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """Extract one file; runs in a worker process."""
    # Here and not above: the parent process parses nothing, and starts sooner without the parsers.
    from igwire.extract.article import extract

    path, row = task
    url = row.get("url") or ""
    entry = row.get("feed_entry")
    named: dict[str, Any] = {name: entry.get(name) for name in _ENTRY_FIELDS} if isinstance(entry, dict) else {}
    known = FeedEntry(source_id="", url=url, **named) if named else None
    result = extract(Path(path).read_bytes(), url=url, content_type=row.get("content_type"), entry=known, fetched_at=datetime.now(UTC))
    return {"status": result.status, "reason": result.reason, **(_fields(result.article) if result.article else {})}


def _fields(article: Article) -> dict[str, Any]:
    date, changed, quality = article.published, article.modified, article.quality
    return {
        "title": article.title, "text": article.text, "published_at": date.value if date else None, "published_from": date.origin if date else None,
        "precision": date.precision if date else None, "modified_at": changed.value if changed else None, "authors": list(article.authors),
        "language": article.language, "canonical_url": article.url, "section": article.section, "keywords": list(article.keywords), "image": article.image,
        "licence": article.licence, "document_type": article.document_type, "structure": [asdict(mark) for mark in article.structure], "links": list(article.links),
        "quality": {"confidence": quality.confidence, "flags": list(quality.flags), "extractor": quality.extractor},
    }  # fmt: skip
