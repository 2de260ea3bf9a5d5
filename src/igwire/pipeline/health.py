"""Health of sources: a grade with its reason in words, the usual volume, and what a report must name. Nothing is switched off here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from igwire.errors import Unavailable
from igwire.ledger import runs, sources
from igwire.ledger.sources import Probe, SourceState
from igwire.model import Source, WriteAction
from igwire.pipeline import polling
from igwire.pipeline.parts import Parts
from igwire.pipeline.probation import follow

# How much one failure of a kind says against a source: a busy server little, a refusal much (after Media Cloud's weights).
_WEIGHT = {"cooling": 0.25, "retrying": 0.5, "moved": 0.5}
# So many weighted failures in a row are no bad luck any more.
_BAD = 3.0
_EMPTY_BAD = 3
# Days that make the usual volume, and how many must have been seen before anything is called unusual.
_DAYS, _ENOUGH_DAYS = 28, 7
# Of a Poisson variable with the usual mean, four standard deviations or the whole mean missing with a chance under 2 %.
_SPREAD, _MISSED = 4.0, 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How one source does. `grade`: good, watch, bad, wanted (not followed), new (never polled)."""

    source: Source
    state: SourceState
    grade: str
    reason: str
    # Entries first seen in the last 24 hours, and the mean of the days before; None while it is too young.
    last_day: int
    usual: float | None
    gaps: int

    @property
    def unusual(self) -> str | None:
        """The sentence for a volume out of the usual range, or None."""
        if self.usual is None:
            return None
        much = self.last_day > self.usual + _SPREAD * (self.usual + 1) ** 0.5
        little = self.last_day == 0 and self.usual >= _MISSED
        return f"{self.last_day} new entries in a day, usually {self.usual:.1f}" if much or little else None


def healths(parts: Parts, conn: sa.Connection) -> list[Health]:
    """Every source of the catalogue."""
    now, catalogue = parts.clock.now(), parts.catalogue.by_id
    states, probes = sources.states(conn, catalogue), sources.probes_of(conn)
    gaps = Counter(gap.source_id for gap in sources.gaps(conn))
    last, usual = volumes(sources.arrivals(conn, now - timedelta(days=_DAYS + 1)), now)
    found = []
    for source in catalogue.values():
        followed = follow(source, probes.get(source.id))
        grade, reason = judge(followed, states[source.id], probes.get(source.id))
        volume: dict[str, Any] = {"last_day": last.get(source.id, 0), "usual": usual.get(source.id)}
        found.append(Health(source=followed, state=states[source.id], grade=grade, reason=reason, gaps=gaps[source.id], **volume))
    return found


def judge(source: Source, state: SourceState, probe: Probe | None = None) -> tuple[str, str]:
    """Grade and reason of a source as it is followed."""
    if source.status != "active":
        return "wanted", probe.reason if probe else "on probation, not probed yet"
    if state.state == "never":
        return "new", polling.STATES["never"]
    reason = state.state_reason or polling.STATES.get(state.state, state.state)
    if state.failures:
        reason += f" ({state.failures} times since {state.failing_since:%Y-%m-%d %H:%M})" if state.failing_since else ""
    if state.state in ("ok", "unchanged"):
        return "good", reason
    if state.state == "empty":
        return ("bad" if state.empties >= _EMPTY_BAD else "watch"), reason
    if state.state in ("frozen", "failing", "gone", "blocked"):
        return "bad", reason
    return ("bad" if state.failures * _WEIGHT.get(state.state, 1.0) >= _BAD else "watch"), reason


def volumes(arrivals: Iterable[tuple[str, datetime]], now: datetime) -> tuple[dict[str, int], dict[str, float]]:
    """New entries of the last 24 hours by source, and the mean of the days before. A source's first day holds its backlog and does not count."""
    days: dict[str, Counter[int]] = {}
    for source_id, at in arrivals:
        days.setdefault(source_id, Counter())[(now - at) // timedelta(days=1)] += 1
    last = {source_id: counted[0] for source_id, counted in days.items()}
    usual = {}
    for source_id, counted in days.items():
        oldest = max(counted)
        if oldest > _ENOUGH_DAYS:
            usual[source_id] = sum(count for day, count in counted.items() if 0 < day < oldest) / (oldest - 1)
    return last, usual


def notes(parts: Parts, conn: sa.Connection, since: datetime) -> list[str]:
    """What a report must say of the sources: what broke, froze or moved since then, unusual volumes, open gaps."""
    told = runs.alerts(conn, since)
    for health in healths(parts, conn):
        if health.source.status == "active" and (volume := health.unusual):
            told.append(f"{health.source.id}: {volume}")
        if health.gaps:
            told.append(f"{health.source.id}: {health.gaps} gaps in its coverage are not filled yet")
    return told


def document(health: Health) -> dict[str, Any]:
    """The source as the index of sources holds it."""
    source, state = health.source, health.state
    return {
        "source_id": source.id, "title": source.title, "site": source.site, "feed_url": state.feed_url or source.feed_url, "way": source.way,
        "kind": source.kind, "language": source.language, "country": source.country, "region": source.region, "collections": list(source.collections),
        "status": source.status, "grade": health.grade, "state": state.state, "reason": health.reason, "failures": state.failures,
        "last_poll_at": _iso(state.last_poll_at), "last_success_at": _iso(state.last_success_at), "last_new_at": _iso(state.last_new_at),
        "newest_at": _iso(state.newest_at), "next_poll_at": _iso(state.next_poll_at), "interval_s": state.interval_s, "entries": state.entries,
        "last_day": health.last_day, "usual_day": health.usual, "unusual": health.unusual, "open_gaps": health.gaps,
    }  # fmt: skip


def _iso(value: datetime | None) -> str | None:
    return value.isoformat() if value else None


def publish(parts: Parts, found: Iterable[Health], now: datetime) -> None:
    """Send the sources to their index; what cannot be sent now is sent whole by the next report."""
    version = int(now.timestamp() * 1000)
    actions = [WriteAction(doc_id=h.source.id, version=version, body={"@timestamp": now.isoformat(), **document(h)}) for h in found]
    try:
        list(parts.index().write(actions, "sources"))
    except Unavailable:
        return


def by_grade(found: Iterable[Health]) -> Mapping[str, int]:
    """How many sources have which grade."""
    return Counter(health.grade for health in found)
