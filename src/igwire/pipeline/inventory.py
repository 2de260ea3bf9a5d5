"""What the archives list: each span of a source's past is listed once per lease, every interval reads from the inventory.

spans of the window ─ known? ─ leased? ─ walk ─▶ inventory ─▶ settled as complete, partial, failed or unavailable
the interval ─ inventory ─▶ items

A walk that was cut short goes on where it stopped: the pages that it has read lie in the raw store.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

from igwire.feeds.archives import WEB_ARCHIVE, Found, Got, Verdict, Walk, Way, date_of, spans, ways
from igwire.feeds.select import select
from igwire.ledger import archives, items, runs
from igwire.ledger.archives import Entry, Listing
from igwire.ledger.database import chunked
from igwire.model import FeedEntry, Source, Window
from igwire.pipeline.parts import Parts
from igwire.pipeline.visits import Visits, open_visits
from igwire.urls import document_id, host_of

# What was listed is good for a week: a backfill of ten years takes days, and archives change little.
FRESH = timedelta(days=7)
# A failure may pass; thousands of daily runs must not all find out.
_RETRY = timedelta(hours=1)
_NAP_S = 1.0
# No request came of it: the listing goes on at the next chance.
_CUT_SHORT = re.compile(r"(?:^|[:(] ?)(?:time_budget|daily_first|held|gap)\b")
# The site says that there is no such thing, or that we may not have it: no failure that a later try mends.
_ABSENT = re.compile(r"HTTP status (?:401|403|404|410)\b|no sitemap was found|no list of posts|no article was recognised|no dates in|names no older|leads no further|^\S+ \d+: Disallow|robots", re.IGNORECASE)  # fmt: skip
CUT = "cut"


def state_of(verdict: Verdict) -> str:
    """complete, partial (something was seen of it), unavailable (the site has no such archive for us), failed, or cut (no time)."""
    if verdict.complete:
        return "complete"
    if _CUT_SHORT.search(verdict.reason):
        return CUT
    if verdict.passing:
        return "partial"
    return "unavailable" if _ABSENT.search(verdict.reason) else "failed"


def list_archives(parts: Parts, run_id: str, wanted: Sequence[Source], window: Window, *, until: datetime) -> dict[str, int]:
    """Bring the inventory of the sources up to date for the window; sources by resulting state as `archive_STATE`, and `archive_requests`.

    Sources of one host are listed one after the other, different hosts at once.
    """
    by_host: dict[str, list[Source]] = {}
    for source in wanted:
        by_host.setdefault(host_of(source.site), []).append(source)
    counts: Counter[str] = Counter()
    # A page that was fetched before the window ended cannot tell of all of it.
    reuse = max(parts.clock.now() - FRESH, window.end)
    with open_visits(parts, run_id, until=until, lane="past", reuse=reuse) as visits, ThreadPoolExecutor(parts.knobs.threads) as pool:
        for states in pool.map(lambda group: [_Lister(parts, visits, source, window).run() for source in group], by_host.values()):
            counts.update(f"archive_{state}" for state in states)
        counts["archive_requests"] += visits.requests
    return dict(counts)


class _Lister:
    """Lists one source for one window."""

    def __init__(self, parts: Parts, visits: Visits, source: Source, window: Window) -> None:
        self.parts, self.visits, self.source, self.window = parts, visits, source, window

    def run(self) -> str:
        """The best state that the ways into the past reach for the whole window."""
        state = "unavailable"
        now = self.parts.clock.now()
        for way in self._ways():
            reached = self._by(way, spans(way, self.window, now))
            if reached in ("complete", CUT):
                return reached
            state = reached if state == "unavailable" else state
        return state

    def _ways(self) -> list[Way]:
        """The way that has listed most for this source lately comes first: where REST is closed, not every month asks it again.

        What others captured stays the last resort, however often it served.
        """
        with self.parts.ledger.reading() as conn:
            known = archives.listings_of(conn, [self.source.id])
        worked = Counter(listing.method for listing in known if listing.state == "complete")
        return sorted(ways(self.source, self.parts.web_archives), key=lambda way: (way.name == WEB_ARCHIVE, -worked[way.name]))

    def _by(self, way: Way, wanted: Sequence[Window]) -> str:
        states = []
        for span in wanted:
            states.append(self._span(way, span))
            if states[-1] in ("unavailable", CUT):
                # A door that is closed is closed for all spans.
                break
        worst = ("complete", "partial", "failed", "unavailable", CUT)
        return max(states, key=worst.index, default="complete")

    def _span(self, way: Way, span: Window) -> str:
        """State of the span, once it was listed by this run or another."""
        needed = max(span.start, self.window.start), min(span.end, self.window.end)
        holder = f"{self.visits.run_id}:{self.source.id}"[-250:]
        while (now := self.parts.clock.now()) < self.visits.until:
            if (known := self._known(way, needed, now)) is not None:
                return known.state
            with self.parts.ledger.transaction() as conn:
                busy = archives.lease(conn, self.source.id, way.name, span, holder=holder, now=now, alone=way.unit != "month")
            if busy is None:
                return self._walk(way, span, holder)
            if busy.state != "listing":
                return busy.state
            self.parts.clock.sleep(_NAP_S)
        return CUT

    def _known(self, way: Way, needed: tuple[datetime, datetime], now: datetime) -> Listing | None:
        with self.parts.ledger.reading() as conn:
            listings = archives.listings_of(conn, [self.source.id], window=Window(start=needed[0], end=needed[1]))
        return next((row for row in listings if row.method == way.name and row.covers(*needed) and row.known(now)), None)

    def _walk(self, way: Way, span: Window, holder: str) -> str:
        found: set[str] = set()
        dropped: Counter[str] = Counter()

        def take(part: Found) -> None:
            chosen = select(part.entries)
            found.update(document_id(entry.url) for entry in chosen.entries)
            dropped.update(part.dropped)
            dropped.update(chosen.dropped)
            now = self.parts.clock.now()
            with self.parts.ledger.transaction() as conn:
                archives.stay(conn, self.source.id, way.name, span, holder=holder, now=now)
                archives.keep(conn, self.source.id, list(_dated(chosen.entries)), now=now)

        seen_at = [span.end]
        verdict = self.visits.drive(self.source, _noting(way.walk(self.source, span), seen_at), take)
        self._settle(way, replace(span, end=min(seen_at)), verdict, len(found), dropped)
        return state_of(verdict)

    def _settle(self, way: Way, span: Window, verdict: Verdict, found: int, dropped: Counter[str]) -> None:
        state, now = state_of(verdict), self.parts.clock.now()
        left_out = ", ".join(f"{count} {reason}" for reason, count in sorted(dropped.items()) if count and reason != "outside")
        detail = f"{way.name}: {verdict.reason}" + (f"; left out: {left_out}" if left_out else "")
        again = now + (FRESH if verdict.complete else timedelta(0) if state == CUT else _RETRY)
        with self.parts.ledger.transaction() as conn:
            archives.settle(
                conn, self.source.id, way.name, span, state="partial" if state == CUT else state, detail=detail, found=found, now=now, again_at=again
            )
            told = f"{span.start:%Y-%m-%d} to {span.end:%Y-%m-%d}: {state}, {found} entries; {detail}"
            runs.note(conn, "archive", now=now, run_id=self.visits.run_id, source_id=self.source.id, detail=told)


def _noting(walk: Walk, seen_at: list[datetime]) -> Walk:
    """The same walk; `seen_at` gets the instants at which its pages were fetched."""
    answer: Got | None = None
    while True:
        try:
            step = walk.send(answer)
        except StopIteration as end:
            verdict: Verdict = end.value
            return verdict
        answer = yield step
        if answer is not None and answer.capture is not None:
            seen_at.append(answer.capture.fetched_at)


def _dated(entries: Sequence[FeedEntry]) -> list[Entry]:
    return [Entry(entry, moment) for entry in entries if (moment := date_of(entry))]


def take_listed(parts: Parts, wanted: Sequence[Source], window: Window) -> int:
    """Make items of what the inventory lists for the window; how many are new."""
    with parts.ledger.reading() as conn:
        listed = list(archives.entries_of(conn, [source.id for source in wanted], window))
    new = 0
    for chunk in chunked(listed):
        with parts.ledger.transaction() as conn:
            new += len(items.add(conn, [found.entry for found in chunk], now=parts.clock.now(), mode="past"))
            items.redate(conn, [(document_id(found.entry.url), found.published_at) for found in chunk])
    return new
