"""Articles and tags as compact bytes: JSON, deflated. A year of daily news then stays far under a gigabyte."""

from __future__ import annotations

import dataclasses
import hashlib
import zlib
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import orjson

from igwire.model import Article, DateFound, FeedEntry, Mark, Mention, Quality, Tags

# Level 6 packs news text to about a third; higher levels cost time and win 1 %.
_LEVEL = 6


def _pack(value: Any, default: Callable[[Any], Any] | None = None) -> bytes:
    return zlib.compress(orjson.dumps(value, default=default), _LEVEL)


def _unpack(blob: bytes) -> dict[str, Any]:
    loaded: dict[str, Any] = orjson.loads(zlib.decompress(blob))
    return {key: tuple(value) if isinstance(value, list) else value for key, value in loaded.items()}


def pack_article(article: Article) -> bytes:
    """The article as bytes for the ledger."""
    return _pack(article)


def unpack_article(blob: bytes) -> Article:
    """The article that `pack_article` packed."""
    fields = _unpack(blob)
    for name in ("published", "modified"):
        if (found := fields[name]) is not None:
            fields[name] = DateFound(**{**found, "day": date.fromisoformat(found["day"])})
    quality = fields["quality"]
    fields["quality"] = Quality(**{**quality, "flags": tuple(quality["flags"])})
    # Absent in what was packed before articles had them.
    fields["structure"] = tuple(Mark(**mark) for mark in fields.get("structure", ()))
    return Article(**fields)


def pack_tags(tags: Tags) -> bytes:
    """The tags as bytes for the ledger."""
    return _pack(tags, Mention._asdict)


def unpack_tags(blob: bytes) -> Tags:
    """The tags that `pack_tags` packed."""
    fields = _unpack(blob)
    return Tags(**{**fields, "mentions": tuple(Mention(**m) for m in fields["mentions"])})


def entry_to_json(entry: FeedEntry) -> dict[str, Any]:
    """A feed entry as a JSON object."""
    return {k: v for k, v in dataclasses.asdict(entry).items() if v not in (None, ())}


def entry_from_json(fields: dict[str, Any]) -> FeedEntry:
    """The feed entry that `entry_to_json` gave."""
    return FeedEntry(**{"guid": None, **fields, "authors": tuple(fields.get("authors", ()))})


def instant(printed: str | None) -> datetime | None:
    """The UTC instant of an RFC 3339 text (a bare day or local time is read as UTC), None when there is none."""
    if not printed:
        return None
    try:
        parsed = datetime.fromisoformat(printed)
    except ValueError:
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def printed_at(entry: FeedEntry) -> datetime | None:
    """The instant by which a feed dates an entry: when it was published, else updated."""
    return instant(entry.published) or instant(entry.updated)


def text_hash(entry: FeedEntry) -> str | None:
    """SHA-256 (hex) of the entry's summary and content, None when it has neither."""
    texts = (entry.summary or "", entry.content or "")
    return hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest() if any(texts) else None


def fingerprint(entry: FeedEntry) -> str:
    """SHA-256 (hex) of what the feed says of an article: tells whether it says something else now."""
    texts = (entry.title, entry.updated, entry.published, entry.summary, entry.content, *entry.authors)
    return hashlib.sha256("\0".join(text or "" for text in texts).encode("utf-8", "replace")).hexdigest()
