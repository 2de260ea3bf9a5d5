"""A search as something to cite: the link holds the query, the index and what was found, and tells later what has changed.

Nothing is stored: the token in the link is the record (compressed JSON in base64url, with a checksum against damage in transit; it
proves nothing about who made it).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from igwire.errors import QueryError
from igwire.search.request import SearchRequest, from_params
from igwire.search.results import Hit, Results

# Articles that a link holds: with 100, it is some 2,000 characters long, which every browser and mail program carries.
HELD = 100
_ID, _HASH = 12, 8
_LONGEST_TOKEN, _LONGEST_RECORD = 8_000, 64_000
_HINT = "Copy the whole link."


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """What a link holds. `held`: (beginning of the document's id, beginning of its content hash) of the first HELD hits, in their order."""

    request: SearchRequest
    at: str
    index: str
    total: int
    held: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What has changed since. `gone`: beginnings of ids that are no longer among the first hits."""

    same: tuple[Hit, ...]
    edited: tuple[Hit, ...]
    new: tuple[Hit, ...]
    gone: tuple[str, ...]

    @property
    def unchanged(self) -> bool:
        """Whether the same articles with the same texts are found."""
        return not (self.edited or self.new or self.gone)


def held_request(request: SearchRequest) -> SearchRequest:
    """The search whose hits a link holds: the first HELD, without what depends on the day of asking."""
    return replace(request, page=1, size=HELD, recency=False)


def cite(request: SearchRequest, found: Results, at: datetime) -> Citation:
    """`found` answers `held_request(request)`."""
    held = tuple(map(_mark, found.hits))
    return Citation(request=held_request(request), at=at.isoformat(timespec="seconds"), index=found.index, total=found.total, held=held)


def compare(citation: Citation, found: Results) -> Since:
    """What differs between what was cited and what is found now."""
    before = dict(citation.held)
    marks = {hit.doc_id: _mark(hit) for hit in found.hits}

    def those(state: str) -> tuple[Hit, ...]:
        return tuple(hit for hit in found.hits if _state(before, *marks[hit.doc_id]) == state)

    gone = tuple(key for key in before if key not in dict(marks.values()))
    return Since(same=those("same"), edited=those("edited"), new=those("new"), gone=gone)


def _state(before: dict[str, str], key: str, content: str) -> str:
    return "new" if key not in before else "same" if before[key] == content else "edited"


def _mark(hit: Hit) -> tuple[str, str]:
    return hit.doc_id[:_ID], str(hit.document.get("content_hash") or "")[:_HASH]


def to_token(citation: Citation) -> str:
    """The citation as letters, digits, - and _."""
    record = [citation.request.as_params(), citation.at, citation.index, citation.total, citation.held]
    packed = zlib.compress(json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode(), 9)
    return base64.urlsafe_b64encode(_checksum(packed) + packed).decode().rstrip("=")


def from_token(token: str) -> Citation:
    """The reverse of `to_token`. Raises QueryError for what is damaged or was never one."""
    try:
        record = json.loads(_unpacked(token))
        params, at, index, total, held = record
        pairs = tuple((str(key), str(content)) for key, content in held)
        return Citation(
            request=held_request(from_params(params)), at=datetime.fromisoformat(at).isoformat(), index=str(index), total=int(total), held=pairs[:HELD]
        )
    except (ValueError, TypeError, AttributeError, RecursionError, binascii.Error, zlib.error) as error:
        raise QueryError("this citation link is damaged", hint=_HINT) from error


def _unpacked(token: str) -> Any:
    if len(token) > _LONGEST_TOKEN:
        raise ValueError("too long")
    raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    checksum, packed = raw[:4], raw[4:]
    if _checksum(packed) != checksum:
        raise ValueError("the checksum differs")
    unpacker = zlib.decompressobj()
    # A few bytes can unpack to gigabytes.
    text = unpacker.decompress(packed, _LONGEST_RECORD)
    if not unpacker.eof:
        raise ValueError("too long")
    return text


def _checksum(packed: bytes) -> bytes:
    return hashlib.sha256(packed).digest()[:4]


def digest(held: Sequence[tuple[str, str]]) -> str:
    """A short number for all that a link holds, to print beside it: 16 hexadecimal digits."""
    return hashlib.sha256(json.dumps(held).encode()).hexdigest()[:16]
