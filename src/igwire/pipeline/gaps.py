"""Filling gaps: where a feed may have dropped entries between two polls, the source's archive is asked for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from igwire.feeds.archives import Found, archive_walk
from igwire.feeds.select import select
from igwire.ledger import items, runs, sources
from igwire.ledger.sources import Coverage
from igwire.model import Source, Window
from igwire.pipeline.parts import Parts
from igwire.pipeline.visits import Visits, open_visits

# Articles appear in feeds somewhat after the time that is printed on them.
_MARGIN = timedelta(hours=1)
# An archive that did not answer is tried by every plan for a week.
_TRIED_FOR = timedelta(days=7)


def fill_gaps(parts: Parts, run_id: str, wanted: Sequence[Source], *, until: datetime) -> dict[str, int]:
    """Look into the open gaps of the `wanted` sources; counts of gaps by new state, and `from_archive` = items found."""
    by_id = {source.id: source for source in wanted}
    with parts.ledger.reading() as conn:
        gaps = [gap for gap in sources.gaps(conn) if gap.source_id in by_id]
    counts: dict[str, int] = {}
    if not gaps:
        return counts
    with open_visits(parts, run_id, until=until) as visits:
        for gap in gaps:
            if parts.clock.now() >= until:
                break
            state, found = _fill(parts, visits, by_id[gap.source_id], gap)
            word = "gap_open" if state == "possible_gap" else f"gap_{state}"
            counts[word] = counts.get(word, 0) + 1
            counts["from_archive"] = counts.get("from_archive", 0) + found
    return counts


def _fill(parts: Parts, visits: Visits, source: Source, gap: Coverage) -> tuple[str, int]:
    """New state of the gap, and how many new items its span gave."""
    window = Window(start=gap.from_at - _MARGIN, end=gap.to_at + _MARGIN)
    found: list[str] = []
    dropped: dict[str, int] = {}

    def take(part: Found) -> None:
        chosen = select(part.entries)
        with parts.ledger.transaction() as conn:
            found.extend(items.add(conn, chosen.entries, now=parts.clock.now(), mode="live"))
        for reason, count in (*part.dropped.items(), *chosen.dropped.items()):
            dropped[reason] = dropped.get(reason, 0) + count

    verdict = visits.drive(source, archive_walk(source, window), take)
    now = parts.clock.now()
    open_still = verdict.passing and now - gap.noted_at < _TRIED_FOR
    state = "filled" if verdict.complete else "possible_gap" if open_still else "unfillable"
    left_out = ", ".join(f"{count} {reason}" for reason, count in dropped.items())
    detail = f"{len(found)} new items; {verdict.reason}" + (f"; left out: {left_out}" if left_out else "")
    with parts.ledger.transaction() as conn:
        sources.close_gap(conn, gap.id, state, detail=detail, now=now)
        runs.note(
            conn, "gap", now=now, run_id=visits.run_id, source_id=source.id, detail=f"{gap.from_at:%Y-%m-%d %H:%M} to {gap.to_at:%H:%M}: {state}: {detail}"
        )
    return state, len(found)
