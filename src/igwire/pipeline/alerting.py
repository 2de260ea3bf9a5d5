"""Running the alerts: what is new for each target is sent, then noted; what could not be sent is sent the next time.

search since the last success ─ less what the target knows ─▶ message ─ courier ─▶ noted in the ledger

A target is told at least once: a crash between sending and noting repeats one message.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from igwire.errors import IgwireError
from igwire.ledger import alerts as ledger
from igwire.ledger import runs
from igwire.ledger.database import Ledger
from igwire.ports import Clock, Courier
from igwire.search.alerts import Alert, Alerts, Line, Message, message_of
from igwire.search.request import SearchRequest
from igwire.search.results import Hit, Results, Span

# A new alert tells of the last day; what is older is known to whoever wrote it.
_FIRST = timedelta(days=1)
# Articles can reach the index days after they were fetched (Elasticsearch away): this far back is looked again.
_OVERLAP = timedelta(days=7)
# An Atom feed holds what came in this span, for readers that look in rarely.
_ATOM_SPAN = timedelta(days=30)
_PAGE = 100
_MOST_PAGES = 10


class Searcher(Protocol):
    """What alerts need of `search.reader.Reader`."""

    def search(self, request: SearchRequest) -> Results:
        """Run a search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of one target of one alert: how many lines it was sent, or why it was not served."""

    alert: str
    target: str
    sent: int = 0
    fault: str = ""


def run_alerts(found: Alerts, *, ledger_: Ledger, reader: Callable[[], Searcher], courier: Courier, clock: Clock) -> list[Told]:
    """Serve every target of every alert, and the operators; a target that fails holds up no other."""
    work = _Work(ledger_, reader(), courier, clock.now())
    told = [work.guarded(alert.id, target, partial(work.serve, alert, target)) for alert in found.alerts for target in alert.targets]
    return told + [work.guarded("operators", target, partial(work.operators, target)) for target in found.operators]


@dataclass(frozen=True, slots=True)
class _Work:
    """One round."""

    ledger: Ledger
    reader: Searcher
    courier: Courier
    now: datetime

    def guarded(self, alert: str, target: str, serve: Callable[[], int]) -> Told:
        try:
            return Told(alert=alert, target=target, sent=serve())
        except IgwireError as error:
            return Told(alert=alert, target=target, fault=str(error))

    def serve(self, alert: Alert, target: str) -> int:
        return self.atom(alert) if target == "atom" else self.news(alert, target)

    def atom(self, alert: Alert) -> int:
        hits = self._hits(alert.request, self.now - _ATOM_SPAN)
        self.courier.send("atom", message_of(alert, hits, self.now))
        return len(hits)

    def news(self, alert: Alert, target: str) -> int:
        with self.ledger.reading() as conn:
            last = ledger.last_success(conn, alert.id, target)
        hits = self._hits(alert.request, (last or self.now - _FIRST) - _OVERLAP)
        with self.ledger.reading() as conn:
            known = ledger.told(conn, alert.id, target, [hit.doc_id for hit in hits])
        fresh = [hit for hit in hits if hit.doc_id not in known and (last or self._recent(hit))]
        if fresh:
            self.courier.send(target, message_of(alert, fresh, self.now))
        with self.ledger.transaction() as conn:
            ledger.served(conn, alert.id, target, [hit.doc_id for hit in hits], now=self.now)
        return len(fresh)

    def _recent(self, hit: Hit) -> bool:
        return datetime.fromisoformat(hit.document["revised_at"]) > self.now - _FIRST

    def _hits(self, request: SearchRequest, since: datetime) -> list[Hit]:
        found: list[Hit] = []
        for page in range(1, _MOST_PAGES + 1):
            results = self.reader.search(replace(request, changed_after=since, sort="newest", page=page, size=_PAGE))
            found += results.hits
            if len(results.hits) < _PAGE:
                break
        return found

    def operators(self, target: str) -> int:
        with self.ledger.reading() as conn:
            lines = _faults(runs.newest(conn, _PAGE))
            known = ledger.told(conn, "operators", target, [line.key for line in lines])
            last = ledger.last_success(conn, "operators", target)
        since = (last or self.now) - _FIRST
        fresh = [line for line in lines if line.key not in known and datetime.fromisoformat(line.changed_at) > since]
        if fresh:
            self.courier.send(target, Message(id="operators", title="igwire needs a look", at=self.now, lines=tuple(fresh), total=len(fresh)))
        with self.ledger.transaction() as conn:
            ledger.served(conn, "operators", target, [line.key for line in fresh], now=self.now)
        return len(fresh)


def _faults(newest: Sequence[runs.Run]) -> list[Line]:
    """Failed runs with their faults, and what reports noted of sources: one line each."""
    lines = []
    for run in newest:
        totals = run.totals or {}
        at = (run.finished_at or run.started_at).isoformat()
        words = [f"Run {run.id} failed: {fault}" for fault in totals.get("faults", [])] if run.status == "failed" else []
        for number, text in enumerate([*words, *totals.get("notes", [])]):
            lines.append(Line(title=text, key=f"{run.id}#{number}"[-300:], changed_at=at, day=at[:10]))
    return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class BackTest:
    """What an alert would have done: days on which it would have fired, articles, and the days looked at."""

    fired: int
    articles: int
    days: int


def back_test(alert: Alert, volume: Callable[[SearchRequest, str], Sequence[Span]], *, now: datetime, days: int) -> BackTest:
    """Count by the publishers' days what the alert's search finds in the last `days`; `volume` is `Reader.volume`."""
    first = (now - timedelta(days=days)).date()
    spans = volume(replace(alert.request, since=first, until=now.date()), "day")
    counts = [span.found for span in spans]
    return BackTest(fired=sum(count > 0 for count in counts), articles=sum(counts), days=days)
