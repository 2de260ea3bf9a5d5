"""Taking out of the raw store what publishers do not let us keep (noarchive), as `erase` does it for what is erased.

marked by extraction ─ nobody refers to the body any more ─ bodies of others that referred to it stored anew ─ blanked ─▶ forgotten
Killed anywhere it goes on with the next call.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from igwire.errors import Unavailable
from igwire.ledger import items, payloads, runs
from igwire.ledger.items import Item
from igwire.model import RawRef
from igwire.pipeline.erase import rehome
from igwire.pipeline.parts import Parts

# A segment that was begun earlier than the one of a body may still refer to it: no writer lives longer (a task has ten minutes).
_WRITER = timedelta(hours=6)


def purge_raw(parts: Parts) -> int:
    """Take marked raw copies out; how many. What cannot be done now is done next time."""
    with parts.ledger.reading() as conn:
        found = items.unwanted(conn)
    refs = {item.raw for item in found if item.raw}
    with parts.ledger.transaction() as conn:
        for ref in refs:
            payloads.forget(conn, ref)
    # A writer that is at work may have decided just before to refer to one of the bodies.
    if not refs or parts.store.being_written():
        return 0
    with contextlib.suppress(Unavailable):
        own, others = _dependents(parts, refs, {item.id for item in found})
        rehome(parts, others)
        parts.store.blank_all([*refs, *own, *others], "noarchive", whole=True)
        _forget(parts, found)
        return len(found)
    return 0


def _dependents(parts: Parts, refs: Collection[RawRef], unwanted: Collection[str]) -> tuple[list[RawRef], list[RawRef]]:
    """Captures that refer to one of the bodies: those of the same pages, and those of others."""
    first = datetime.strptime(min(ref.segment for ref in refs)[:15], "%Y%m%d-%H%M%S") - _WRITER
    later = [name for name in parts.store.names() if name >= f"{first:%Y%m%d-%H%M%S}"]
    own, others = list[RawRef](), list[RawRef]()
    for ref, pair in parts.store.scan(later):
        if pair is not None and pair.refers_to in refs and ref not in refs:
            (own if pair.facts.get("item") in unwanted else others).append(ref)
    return own, others


def _forget(parts: Parts, found: Sequence[Item]) -> None:
    with parts.ledger.transaction() as conn:
        for item in found:
            items.raw_gone(conn, item.id)
            runs.note(conn, "purge", now=parts.clock.now(), item_id=item.id, detail="the publisher lets nobody keep a copy: the raw copy is gone")
