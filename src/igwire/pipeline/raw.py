"""Answers into the raw store: each body once, later captures of the same bytes as revisit records that point to it.

pack (in the thread that fetched) ─ digest known? ─▶ append (revisit or whole) ─ … ─ one sync for all ─▶ ledger learns the new bodies
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from igwire.ledger import payloads
from igwire.ledger.database import Ledger
from igwire.model import Capture, RawRef
from igwire.ports import RawWriter, Stored

# A revisit record takes about as much room as a response with so short a body.
_WORTH_IT = 1024
# Answers of feeds and archives are pruned after a while (see `pipeline.prune`), so nobody refers to one of them for longer than this,
# and pages, which stay for ever, never do.
LISTING_REFERRED = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A capture with its metadata, and both as records, ready to be appended; `digest` None: too small to be worth a look."""

    capture: Capture
    facts: Mapping[str, Any]
    digest: str | None
    records: bytes


class Keeper:
    """One writer with the ledger's memory of bodies. `pack`, `keep`, then `note` inside the transaction that uses the references."""

    def __init__(self, ledger: Ledger, writer: RawWriter, *, listings: bool = False) -> None:
        """`listings`: it keeps answers of feeds and archives, and knows no others."""
        self._ledger, self._writer, self._listings = ledger, writer, listings
        self._new: dict[str, Stored] = {}

    def pack(self, capture: Capture, facts: Mapping[str, Any]) -> Packed:
        """What costs time (hashes, compression) and touches nothing: any thread may do it."""
        return Packed(capture=capture, facts=facts, digest=self._digest_of(capture), records=self._writer.pack(capture, facts))

    def _digest_of(self, capture: Capture) -> str | None:
        digest = digest_of(capture)
        return hashlib.sha256(f"listing {digest}".encode()).hexdigest() if digest and self._listings else digest

    def keep(self, packed: Sequence[Packed]) -> list[RawRef]:
        """Store the captures with their metadata; all are on disk when this returns. Raises StoreError."""
        if not packed:
            return []
        with self._ledger.reading() as conn:
            known = payloads.known(conn, [p.digest for p in packed if p.digest and p.digest not in self._new])
        refs = [self._append(p, known) for p in packed]
        self._writer.sync()
        return refs

    def _append(self, packed: Packed, known: Mapping[str, Stored]) -> RawRef:
        digest = packed.digest
        before = self._new.get(digest or "") or known.get(digest or "")
        if before and not (self._listings and packed.capture.fetched_at - before.at > LISTING_REFERRED):
            return self._writer.put(self._writer.pack(packed.capture, packed.facts, same_as=before))
        ref = self._writer.put(packed.records)
        if digest:
            self._new[digest] = Stored(ref=ref, url=packed.capture.final_url, at=packed.capture.fetched_at)
        return ref

    def note(self, conn: sa.Connection) -> None:
        """Remember the bodies that were stored whole."""
        payloads.add(conn, self._new, instead=self._listings)
        self._new = {}


def digest_of(capture: Capture) -> str | None:
    """The key under which a body is remembered; None when it is too short to be worth it."""
    content = capture.wire or capture.body
    return hashlib.sha256(content).hexdigest() if len(content) >= _WORTH_IT else None
