"""What is noted of a chunk's items: gathered while they are settled, written at the end of the transaction, one statement a kind.

Only what nobody reads within the same transaction is gathered; which document an item belongs to is written at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from igwire.ledger import items, runs
from igwire.ledger.items import Item
from igwire.model import Disposition, Outcome


class Minutes:
    """Of one chunk and stage (extract, enrich, index) of a run, at one instant."""

    def __init__(self, run_id: str, stage: str, now: datetime) -> None:
        self._run_id, self._stage, self._now = run_id, stage, now
        self._usage: list[tuple[str, Sequence[str], bool]] = []
        self._moves: list[tuple[str, str, str | None]] = []
        self._answered: list[str] = []
        self._ends: list[Disposition] = []
        self._notes: dict[str, str] = {}

    def usage(self, item_id: str, words: Sequence[str], *, raw_unwanted: bool) -> None:
        """See `items.note_usage`."""
        self._usage.append((item_id, words, raw_unwanted))

    def move(self, item_id: str, state: str, reason: str | None = None) -> None:
        """The item reached `state`."""
        self._moves.append((item_id, state, reason))

    def answer(self, item_id: str) -> None:
        """The item's open dead letters are answered; at the index stage only those of that stage."""
        self._answered.append(item_id)

    def note(self, item_id: str, detail: str) -> None:
        """A line of the trace."""
        self._notes[item_id] = detail

    def end(self, item_id: str, outcome: Outcome, *, reason: str | None = None, detail: str = "") -> None:
        """How the item ended in this run, with a line of the trace."""
        self._ends.append(Disposition(item_id=item_id, outcome=outcome, reason=reason, stage=self._stage, detail=detail))
        self.note(item_id, outcome.value if reason is None else f"{outcome.value} ({reason}) {detail}".strip())

    def reject(self, item_id: str, reason: str | None) -> None:
        """The item ends as no article."""
        self.move(item_id, "rejected", reason)
        self.end(item_id, Outcome.REJECTED, reason=reason)

    def quarantine(self, conn: sa.Connection, item: Item, *, reason: str, detail: str = "") -> None:
        """The item becomes a dead letter."""
        runs.bury(conn, item, stage=self._stage, reason=reason, detail=detail, now=self._now)
        self.move(item.id, "quarantined", reason)
        self.end(item.id, Outcome.QUARANTINED, reason=reason, detail=detail)

    def write(self, conn: sa.Connection) -> None:
        """Write everything."""
        items.note_usage(conn, self._usage)
        items.move_all(conn, self._moves)
        runs.resolve(conn, self._answered, now=self._now, stage="index" if self._stage == "index" else None)
        runs.dispose(conn, self._run_id, self._ends, now=self._now)
        runs.note_all(conn, self._stage, self._notes, now=self._now, run_id=self._run_id)
