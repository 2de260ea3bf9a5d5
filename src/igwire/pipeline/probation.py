"""Sources on probation: probed slowly, followed by the way that works, listed as wanted with the reason where none does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from igwire.feeds.catalogue import Catalogue
from igwire.feeds.probing import Finding, probe
from igwire.ledger import runs, sources
from igwire.ledger.sources import Probe, SourceState
from igwire.model import Source
from igwire.pipeline import polling, space
from igwire.pipeline.parts import Parts
from igwire.pipeline.visits import Visits, open_visits

EVERY = timedelta(days=7)
# A probe that found no time, or a host that cooled, goes on in the next round.
_SOON = timedelta(hours=6)
_CUT_SHORT = re.compile(r"[:(] ?(?:time_budget|daily_budget|cooling|held|gap)(?:[);]|$)")


def followed(parts: Parts) -> Catalogue:
    """The catalogue as it is followed now: sources on probation are active by the way that their last probe found."""
    with parts.ledger.reading() as conn:
        found = sources.probes_of(conn)
    return Catalogue({s.id: follow(s, found.get(s.id)) for s in parts.catalogue.by_id.values()})


def follow(source: Source, probe: Probe | None) -> Source:
    """The source with what its probe found; the same where there is nothing to add."""
    if source.status != "probation" or probe is None:
        return source
    if probe.verdict != "enabled":
        return replace(source, status="wanted")
    return replace(source, status="active", way=probe.way or "feed", feed_url=probe.url)


def probe_within_budget(parts: Parts, run_id: str) -> dict[str, int]:
    """Probe what is due for as long as one task may take; the rest, or all with too little room on the disk, is due in the next round."""
    if space.full(parts):
        return {"disk": sum(s.status == "probation" for s in parts.catalogue.by_id.values())}
    return probe_due(parts, run_id, until=parts.clock.now() + timedelta(seconds=parts.knobs.budget_s))


def probe_due(parts: Parts, run_id: str, *, until: datetime, wanted: Sequence[Source] | None = None) -> dict[str, int]:
    """Probe the sources on probation whose week is over (all of `wanted` at once where given); counts by verdict."""
    now = parts.clock.now()
    on_probation = [s for s in parts.catalogue.by_id.values() if s.status == "probation"] if wanted is None else list(wanted)
    with parts.ledger.reading() as conn:
        probes = sources.probes_of(conn)
        states = sources.states(conn, [s.id for s in on_probation])
    due = [s for s in on_probation if wanted is not None or _is_due(probes.get(s.id), states[s.id], now)]
    counts: dict[str, int] = {}
    if not due:
        return counts
    with open_visits(parts, run_id, until=until) as visits:
        for source in sorted(due, key=lambda s: (s.id in probes, s.id)):
            if parts.clock.now() >= until:
                counts["not_probed"] = counts.get("not_probed", 0) + 1
                continue
            verdict = _probe(parts, visits, source, probes.get(source.id)).verdict
            counts[verdict] = counts.get(verdict, 0) + 1
    return counts


def _is_due(before: Probe | None, state: SourceState, now: datetime) -> bool:
    """A feed that answers well needs no second look; sitemaps and listing pages move on (sitemap-2026, sitemap-2027)."""
    if before is None:
        return True
    settled = before.verdict == "enabled" and before.way == "feed" and state.state in polling.HEALTHY
    return before.next_at <= now and not settled


def _probe(parts: Parts, visits: Visits, source: Source, before: Probe | None) -> Probe:
    finding: Finding = visits.drive(source, probe(source, parts.clock.now()))
    now = parts.clock.now()
    cut_short = finding.way is None and bool(_CUT_SHORT.search(finding.reason))
    found = Probe(
        source_id=source.id, at=now, verdict="enabled" if finding.way else "wanted", way=finding.way, url=finding.url, reason=finding.reason[:1000],
        next_at=now + (_SOON if cut_short else EVERY),
    )  # fmt: skip
    if cut_short and before is not None and before.verdict == "enabled":
        found = replace(before, next_at=now + _SOON)
    with parts.ledger.transaction() as conn:
        sources.save_probe(conn, found)
        runs.note(conn, "probe", now=now, run_id=visits.run_id, source_id=source.id, detail=f"{found.verdict}: {found.reason}")
        if (before.verdict if before else "wanted", before.way if before else None) != (found.verdict, found.way):
            told = f"{source.id}: followed by its {found.way} from now on" if found.way else f"{source.id}: can no longer be followed: {found.reason}"
            runs.note(conn, "alert", now=now, run_id=visits.run_id, source_id=source.id, detail=told)
    return found
