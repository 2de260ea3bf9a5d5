"""`/.well-known/tdmrep.json`, where a site says for which of its pages text and data mining is reserved: asked for once a week.

Much rarer than robots.txt, and apart from the pages: most sites have none, and no page should wait for the answer; but under a general basis, where
it decides whether a text may be mined at all, an origin is asked before its first page (`pages.PageRequests`). What it says is read when a page is
extracted (`usage.of_tdmrep`), so pages that another answer is about are extracted again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa

from igwire.feeds.archives import Ask, Body
from igwire.fetch import usage
from igwire.fetch.robots import answered
from igwire.ledger import hosts, items, runs
from igwire.model import Source
from igwire.pipeline import space
from igwire.pipeline.parts import Parts
from igwire.pipeline.probation import followed
from igwire.pipeline.visits import Visits, open_visits
from igwire.urls import origin_of, registrable_domain, slot_host

_EVERY, _AGAIN = timedelta(days=7), timedelta(days=1)
# One round's share of the task that polls; what is left is due in the next.
_ROUND = timedelta(minutes=2)
_MAX_BYTES = 512 * 1024
# No request was sent: nothing is known, and it stays due.
_NOT_ASKED = {"time_budget", "daily_budget", "daily_first", "cooling", "held", "gap", "robots_unreachable"}


def ask_due(parts: Parts, run_id: str, *, wanted: Iterable[Source] | None = None) -> dict[str, int]:
    """Ask the sites of the active (or `wanted`) sources whose answer is older than a week; counts: tdmrep_asked, tdmrep_waiting."""
    now = parts.clock.now()
    due = _due(parts, followed(parts).active() if wanted is None else wanted, now)
    if not due or space.full(parts):
        return {"tdmrep_waiting": len(due)} if due else {}
    with open_visits(parts, run_id, until=now + _ROUND, lane="past") as visits:
        asked = sum(_ask(parts, visits, source, origin) for origin, source in due.items())
    return {"tdmrep_asked": asked, "tdmrep_waiting": len(due) - asked}


def _due(parts: Parts, sources: Iterable[Source], now: datetime) -> dict[str, Source]:
    """By origin: those of the sites, and those of the same domains that pages were fetched from."""
    by_origin: dict[str, Source] = {}
    by_domain: dict[str, Source] = {}
    for source in sources:
        by_origin.setdefault(origin_of(source.site), source)
        by_domain.setdefault(registrable_domain(source.site), source)
    with parts.ledger.reading() as conn:
        answers = hosts.robots_times(conn)
    for origin in answers:
        if not origin.endswith(usage.TDMREP) and (owner := by_domain.get(registrable_domain(origin))):
            by_origin.setdefault(origin, owner)
    return {origin: source for origin, source in by_origin.items() if not fresh(answers.get(origin + usage.TDMREP), now)}


def fresh(answer: tuple[datetime, int] | None, now: datetime) -> bool:
    """Whether an origin's last answer (when, and its status; None: it was never asked) still holds: a week, or a day where none came."""
    return answer is not None and now - answer[0] < (_EVERY if answered(answer[1]) else _AGAIN)


def _ask(parts: Parts, visits: Visits, source: Source, origin: str) -> bool:
    """Whether the site could be asked."""
    got = visits.ask(source, Ask(origin + usage.TDMREP, _whole))
    if got.capture is None and got.problem in _NOT_ASKED:
        return False
    status, body = (got.capture.status, got.value or b"") if got.capture else (403 if got.problem == "robots" else 0, b"")
    with parts.ledger.transaction() as conn:
        keep(conn, origin, source.id, status=status, body=body, now=parts.clock.now(), run_id=visits.run_id)
    return True


def keep(conn: sa.Connection, origin: str, source_id: str, *, status: int, body: bytes, now: datetime, run_id: str) -> None:
    """Keep the answer of an origin (`status` 0 = none came), and let the pages that it treats otherwise than the last one be extracted again."""
    before = hosts.robots_of(conn, origin + usage.TDMREP)
    said = before[2] if before else b""
    if not answered(status) and before and before[1] == 200:
        # What it last said holds until it says something else; it is asked again in a week.
        status, body = before[1:]
    body = body if len(body) <= _MAX_BYTES else b""
    hosts.save_robots(conn, origin + usage.TDMREP, status=status, body=body, now=now)
    if usage.reserving_rules(body) == usage.reserving_rules(said):
        return
    pages = items.indexed_of(conn, slot_host(origin))
    items.extract_again(conn, [item_id for item_id, url in pages if usage.of_tdmrep(body, url) != usage.of_tdmrep(said, url)])
    if not usage.reserving_rules(said):
        told = f"{source_id}: {origin + usage.TDMREP} reserves text and data mining; its pages are treated so with the next run"
        runs.note(conn, "alert", now=now, run_id=run_id, source_id=source_id, detail=told)


def _whole(body: Body) -> bytes:
    return body.body
