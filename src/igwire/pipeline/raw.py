"""Answers into the raw store: each body once, later captures of the same bytes as revisit records that point to it.

digest known? ─▶ append (revisit or whole) ─ … ─ one sync for all ─▶ ledger learns the new bodies in the caller's transaction
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from igwire.ledger import payloads
from igwire.ledger.database import Ledger
from igwire.model import Capture, RawRef
from igwire.ports import RawWriter, Stored

# A revisit record takes about as much room as a response with so short a body.
_WORTH_IT = 1024


class Keeper:
    """One writer with the ledger's memory of bodies. `keep`, then `note` inside the transaction that uses the references."""

    def __init__(self, ledger: Ledger, writer: RawWriter) -> None:
        self._ledger, self._writer = ledger, writer
        self._new: dict[str, Stored] = {}

    def keep(self, captures: Sequence[tuple[Capture, Mapping[str, Any]]]) -> list[RawRef]:
        """Store the captures with their metadata; all are on disk when this returns. Raises StoreError."""
        if not captures:
            return []
        digests = [digest_of(capture) for capture, _ in captures]
        with self._ledger.reading() as conn:
            known = payloads.known(conn, [d for d in digests if d and d not in self._new])
        refs = [self._append(capture, facts, digest, known) for (capture, facts), digest in zip(captures, digests, strict=True)]
        self._writer.sync()
        return refs

    def _append(self, capture: Capture, facts: Mapping[str, Any], digest: str | None, known: Mapping[str, Stored]) -> RawRef:
        before = known.get(digest or "") or self._new.get(digest or "")
        ref = self._writer.append(capture, facts, same_as=before, durable=False)
        if digest and before is None:
            self._new[digest] = Stored(ref=ref, url=capture.final_url, at=capture.fetched_at)
        return ref

    def note(self, conn: sa.Connection) -> None:
        """Remember the bodies that were stored whole."""
        payloads.add(conn, self._new)
        self._new = {}


def digest_of(capture: Capture) -> str | None:
    """The key under which a body is remembered; None when it is too short to be worth it."""
    content = capture.wire or capture.body
    return hashlib.sha256(content).hexdigest() if len(content) >= _WORTH_IT else None
