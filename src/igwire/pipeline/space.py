"""How much room igwire takes, by kind and by source, and when the disk will be full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from igwire.errors import StoreError
from igwire.ledger import items
from igwire.pipeline.parts import Parts
from igwire.store import space


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """Bytes; `days_left` until the floor is reached at the pace of the last month, None when nothing grows."""

    kinds: Mapping[str, int]
    # Source → pages, and bytes of their newest captures as they lie in the raw store.
    sources: Mapping[str, tuple[int, int]]
    free: int
    floor: int
    per_day: float
    days_left: float | None


def measure(parts: Parts, state: Path) -> Space:
    """Look at the state folder and the ledger."""
    kinds = space.used(state)
    with parts.ledger.reading() as conn:
        by_source = items.raw_by_source(conn)
    growth = space.raw_growth(state / "raw", parts.clock.now().date())
    # Ledger and index grow with what is stored raw.
    follows = sum(kinds.get(kind, 0) for kind in ("ledger", "index"))
    raw = kinds.get("raw store", 0)
    per_day = growth * (1 + follows / raw) if raw else 0.0
    free, floor = parts.free_bytes(), parts.knobs.free_floor
    return Space(
        kinds=kinds, sources=by_source, free=free, floor=floor, per_day=per_day, days_left=max(free - floor, 0) / per_day if per_day else None
    )  # fmt: skip


def full(parts: Parts) -> bool:
    """Whether so little room is left that nothing may be fetched."""
    return parts.free_bytes() < parts.knobs.free_floor


def require(parts: Parts) -> None:
    """Raises StoreError when so little room is left that nothing may be fetched."""
    if full(parts):
        free, floor = parts.free_bytes() / 1024**3, parts.knobs.free_floor / 1024**3
        raise StoreError(
            f"{free:.1f} GiB are free on the disk, less than the {floor:.1f} of IGWIRE_FREE_FLOOR_GB: nothing is fetched. Make room or lower the floor."
        )
