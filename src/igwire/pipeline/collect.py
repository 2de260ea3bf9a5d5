"""Fetching the pages of one batch: robots first, one request at a time per host, raw bytes stored before anything reads them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa

from igwire.errors import BadUrl, FetchError
from igwire.fetch import policy, usage
from igwire.ledger import hosts, items, runs
from igwire.ledger.items import Item
from igwire.model import Capture, Disposition, Outcome, RawRef
from igwire.pipeline import space
from igwire.pipeline.pages import Held, PageRequests
from igwire.pipeline.parts import Parts
from igwire.pipeline.raw import Keeper

# A page that failed in this many runs is a dead letter; a rebuild or a person can call it back.
_ATTEMPTS = 5
# Failures of the request that a later try may mend; all others are the page's own fault.
_PASSING = {"deadline", "connection", "tls", "dns", "short_body", "bad_response"}


def collect(parts: Parts, run_id: str, batch: int) -> None:
    """Fetch what the batch's items still lack, within the time budget; the rest is deferred with its reason."""
    with parts.ledger.reading() as conn:
        wanted = [i for i in items.get(conn, runs.batch_items(conn, run_id, batch)) if i.state == "new"]
        run = runs.get(conn, run_id)
    if not wanted:
        return
    if space.full(parts):
        with parts.store.writer() as writer:
            _Collecting(parts, run_id, Keeper(parts.ledger, writer)).defer((item, "disk") for item in wanted)
        return
    until = parts.clock.now() + timedelta(seconds=parts.knobs.budget_s)
    lane = "past" if run and run.mode == "past" else "daily"
    with parts.store.writer() as writer:
        session = _Collecting(parts, run_id, Keeper(parts.ledger, writer))
        asker = hosts.Asker(holder=f"{run_id}#{batch}"[-120:], lane=lane, budget=parts.knobs.host_requests)
        session.defer(session.work(wanted, asker=asker, until=until))


class _Collecting(PageRequests):
    """One batch's first requests for its pages."""

    def __init__(self, parts: Parts, run_id: str, keeper: Keeper) -> None:
        super().__init__(parts, run_id, keeper)
        self.pages: list[tuple[str, RawRef, datetime]] = []
        self.details: dict[str, str] = {}

    def write(self, conn: sa.Connection) -> None:
        """The captured pages in one statement, then the rest."""
        items.captured_all(conn, self.pages, run_id=self.run_id)
        runs.note_all(conn, "fetch", self.details, now=self.parts.clock.now(), run_id=self.run_id)
        self.pages, self.details = [], {}
        super().write(conn)

    def held(self, item: Item, held: Held) -> None:
        """Forbidden by robots, or it could not be asked."""
        self._end(item, held.outcome, held.reason, state="rejected" if held.outcome is Outcome.REJECTED else None)

    def keep_raw(self) -> None:
        """Bring the answers that came together to the disk; the ledger learns of them in the next transaction."""
        kept = [(item, packed) for item, packed in self.captures if not usage.of_headers(packed.capture).forbids_everything]
        refs = self.keeper.keep([packed for _, packed in kept])
        by_item = {item.id: ref for (item, _), ref in zip(kept, refs, strict=True)}
        for item, packed in self.captures:
            self._answered(item, packed.capture, by_item.get(item.id))
        self.captures = []

    def _answered(self, item: Item, capture: Capture, raw: RawRef | None) -> None:
        if capture.status in policy.REFUSING:
            self._end(item, Outcome.REJECTED, policy.REFUSING[capture.status], state="rejected", detail=f"HTTP status {capture.status}")
        elif capture.status != 200:
            self._try_later(item, f"http_{capture.status}", f"HTTP status {capture.status}")
        elif raw is None or usage.of_headers(capture).noindex:
            self._end(item, Outcome.REJECTED, "noindex", state="rejected", detail="X-Robots-Tag")
        else:
            self.pages.append((item.id, raw, capture.fetched_at))
            clear = ", led there from https" if capture.downgraded else ""
            self.details[item.id] = f"{len(capture.body)} bytes from {capture.final_url}{clear}"

    def failed(self, item: Item, error: FetchError | BadUrl) -> None:
        """Try again later what a later try may mend."""
        if error.reason in _PASSING:
            self._try_later(item, error.reason, str(error))
        else:
            self._end(item, Outcome.REJECTED, error.reason, state="rejected", detail=str(error))

    def _try_later(self, item: Item, reason: str, detail: str) -> None:
        if item.attempts + 1 < _ATTEMPTS:
            self.writes.append(partial(items.tried, item_id=item.id))
            self._end(item, Outcome.DEFERRED, reason, detail=detail)
            return
        self.writes.append(partial(runs.bury, item=item, stage="fetch", reason=reason, detail=detail, now=self.parts.clock.now()))
        self._end(item, Outcome.QUARANTINED, reason, state="quarantined", detail=detail)

    def _end(self, item: Item, outcome: Outcome, reason: str, *, state: str | None = None, detail: str = "") -> None:
        if state:
            self.writes.append(partial(items.move, item_id=item.id, state=state, reason=reason))
        self.writes.append(partial(self._dispose, item=item, outcome=outcome, reason=reason, detail=detail))

    def _dispose(self, conn: sa.Connection, item: Item, outcome: Outcome, reason: str, detail: str) -> None:
        now = self.parts.clock.now()
        runs.dispose(conn, self.run_id, [Disposition(item_id=item.id, outcome=outcome, reason=reason, stage="fetch", detail=detail)], now=now)
        runs.note(conn, "fetch", now=now, run_id=self.run_id, item_id=item.id, detail=f"{outcome.value} ({reason}) {detail}".strip())

    def defer(self, left: Iterable[tuple[Item, str]]) -> None:
        """What found no time in this run goes first in the next."""
        with self.parts.ledger.transaction() as conn:
            for item, reason in left:
                self._dispose(conn, item, Outcome.DEFERRED, reason, "")
