"""The plan of a run: find what is to be fetched, claim what is unfinished, cut it into batches by host.

live: poll the feeds that are due ─ archives for what they may have dropped ─ pages to look at again ─┐
past: list the archives, as far as nobody has yet ─ take what they list for the interval ─────────────┴▶ claim ─▶ batches
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from igwire.ledger import items, runs
from igwire.ledger.items import Item
from igwire.model import Source, Window
from igwire.pipeline import space
from igwire.pipeline.erase import go_on_erasing
from igwire.pipeline.gaps import fill_gaps
from igwire.pipeline.inventory import list_archives, take_listed
from igwire.pipeline.parts import Parts
from igwire.pipeline.poll import poll_due
from igwire.pipeline.probation import followed
from igwire.pipeline.revisits import revisit_due


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One share of a run: its number and how many items it holds."""

    number: int
    items: int


def plan(parts: Parts, run_id: str, window: Window, *, wanted: Sequence[str] = (), limit: int | None = None, poll: bool = True) -> list[Batch]:
    """Open the run and cut its work. Called again for the same run it takes up what has no final outcome yet.

    `wanted`: ids or collections of sources, all active ones when empty. `poll` False asks neither feeds nor archives.
    """
    chosen = followed(parts).choose(wanted)
    parts.store.salvage()
    go_on_erasing(parts)
    now = parts.clock.now()
    with parts.ledger.transaction() as conn:
        runs.start(conn, run_id, mode=window.mode, window=window, now=now)
    if poll and space.full(parts):
        with parts.ledger.transaction() as conn:
            runs.add_polls(conn, run_id, {"disk": len(chosen)})
    elif poll:
        until = now + timedelta(seconds=parts.knobs.budget_s)
        counts = _from_archives(parts, run_id, chosen, window, until) if window.mode == "past" else _from_feeds(parts, run_id, chosen, window, until)
        with parts.ledger.transaction() as conn:
            runs.add_polls(conn, run_id, counts, [source.id for source in chosen])
    ids = [s.id for s in chosen] if wanted else None
    with parts.ledger.transaction() as conn:
        claimed = items.claim(conn, run_id, window, now=parts.clock.now(), sources=ids, limit=limit)
        batches = cut(claimed, {i.source_id: _gap(parts, i) for i in claimed}, parts.knobs.batches)
        runs.assign(conn, run_id, [[item.id for item in batch] for batch in batches])
    return [Batch(number=number, items=len(batch)) for number, batch in enumerate(batches)]


def _from_feeds(parts: Parts, run_id: str, chosen: Sequence[Source], window: Window, until: datetime) -> dict[str, int]:
    counts = poll_due(parts, run_id, chosen, mode=window.mode, until=until) | fill_gaps(parts, run_id, chosen, until=until)
    return counts | revisit_due(parts, run_id, until=until)


def _from_archives(parts: Parts, run_id: str, chosen: Sequence[Source], window: Window, until: datetime) -> dict[str, int]:
    """A feed cannot be asked for the past: the archives are. Pages that are new to igwire count as `from_archive`."""
    counts = list_archives(parts, run_id, chosen, window, until=until)
    return counts | {"from_archive": take_listed(parts, chosen, window)}


def _gap(parts: Parts, item: Item) -> float:
    gap = parts.source(item.source_id).gap_s
    return parts.knobs.gap_s if gap is None else gap


def cut(claimed: Sequence[Item], gaps: dict[str, float], count: int) -> list[list[Item]]:
    """Distribute items over at most `count` batches so that each host is in one batch and the slowest batch is short.

    Longest processing time first (Graham 1969): hosts by falling duration, each to the batch that is least loaded.
    """
    by_host: dict[str, list[Item]] = {}
    for item in claimed:
        by_host.setdefault(item.host, []).append(item)
    # A request itself takes about a second, whatever the gap.
    seconds = {host: sum(gaps[i.source_id] + 1 for i in group) for host, group in by_host.items()}
    batches: list[list[Item]] = [[] for _ in range(min(count, len(by_host)))]
    loads = [(0.0, number) for number in range(len(batches))]
    for host in sorted(by_host, key=lambda h: (-seconds[h], h)):
        load, number = heapq.heappop(loads)
        batches[number].extend(by_host[host])
        heapq.heappush(loads, (load + seconds[host], number))
    return batches
