"""What each source repeats on its pages: a list of hashed lines that only grows, with a version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from igwire.ledger.database import upsert
from igwire.ledger.tables import boilerplate, documents


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """One source's list; version 0 is the empty one."""

    version: int = 0
    lines: frozenset[str] = frozenset()

    def stamped(self, stamp: str) -> str:
        """The extractor's stamp with the list's version, so that texts made with an older list are found."""
        return f"{stamp} boilerplate/{self.version}" if self.version else stamp


def of_source(conn: sa.Connection, source_id: str) -> Learnt:
    """The list of the source."""
    rows = list(conn.execute(sa.select(boilerplate.c.line_hash, boilerplate.c.version).where(boilerplate.c.source_id == source_id)))
    return Learnt(version=max((row.version for row in rows), default=0), lines=frozenset(row.line_hash for row in rows))


def add(conn: sa.Connection, source_id: str, pages: Mapping[str, int], *, now: datetime) -> int:
    """Add lines (hash → pages that had it) as a new version; how many were new."""
    known = of_source(conn, source_id)
    new = sorted(set(pages) - known.lines)
    if new:
        rows = [{"source_id": source_id, "line_hash": line, "version": known.version + 1, "pages": pages[line], "learnt_at": now} for line in new]
        conn.execute(upsert(conn, boilerplate).values(rows).on_conflict_do_nothing())
    return len(new)


def versions(conn: sa.Connection) -> dict[str, int]:
    """Source → version of its list, for those that have one."""
    wanted = sa.select(boilerplate.c.source_id, sa.func.max(boilerplate.c.version)).group_by(boilerplate.c.source_id)
    return {row[0]: row[1] for row in conn.execute(wanted)}


def sources_of(conn: sa.Connection, item_ids: Iterable[str]) -> list[str]:
    """The sources of the documents that show the items."""
    wanted = sa.select(documents.c.source_id).where(documents.c.item_id.in_(list(item_ids))).distinct()
    return sorted(conn.execute(wanted).scalars())
