"""Polling feeds: conditional requests; entries, gaps and validators stored in one transaction, validators last.

What an answer means is decided in `polling`; here it is asked for, kept raw, parsed in a killable process and written down.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from igwire.errors import BadUrl, Elsewhere, FetchError
from igwire.feeds.archives import Body
from igwire.feeds.probing import READ_S, read_source
from igwire.fetch import policy
from igwire.fetch.robots import Robots
from igwire.isolate import Killed, Pool
from igwire.ledger import hosts, items, revisits, runs, sources
from igwire.ledger.sources import Known, SourceState
from igwire.model import Capture, ParsedFeed, Source
from igwire.pipeline import polling, space
from igwire.pipeline.erased import Erased
from igwire.pipeline.hostwork import HostWork, Pause, Trip
from igwire.pipeline.parts import Parts
from igwire.pipeline.polling import Answer, Decision
from igwire.pipeline.probation import followed
from igwire.pipeline.raw import Keeper
from igwire.pipeline.revisits import revisit_due
from igwire.urls import origin_of

# Feeds that carry their whole archive are larger than any page.
_MAX_BYTES = 10 * 1024 * 1024
_ACCEPT = "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml, application/xml;q=0.9, */*;q=0.5"

# None: another worker polled the source meanwhile.
Sent = Capture | FetchError | BadUrl | None


def poll_sources(parts: Parts, run_id: str, *, wanted: Sequence[str] = ()) -> dict[str, int]:
    """Poll what is due of the sources with these ids or in these collections (all active ones when empty), within the time budget.

    With too little room on the disk nothing is asked, everything stays due: {"disk": number of sources}.
    """
    parts.store.salvage()
    chosen = followed(parts).choose(wanted)
    if space.full(parts):
        return {"disk": len(chosen)}
    until = parts.clock.now() + timedelta(seconds=parts.knobs.budget_s)
    polled = poll_due(parts, run_id, chosen, mode="live", until=until)
    # New articles come first; what time is left goes to pages that were fetched before.
    return polled | revisit_due(parts, run_id, until=until)


def poll_due(parts: Parts, run_id: str, wanted: Sequence[Source], *, mode: str, until: datetime) -> dict[str, int]:
    """Poll those of the `wanted` sources that are due; counts by resulting state, and `new` = items found.

    What finds no slot before `until` stays due.
    """
    with parts.ledger.reading() as conn:
        states = sources.states(conn, [s.id for s in wanted])
    now = parts.clock.now()
    due = [s for s in wanted if s.feed_url and ((at := states[s.id].next_poll_at) is None or at <= now)]
    if not due:
        return {}
    with parts.store.writer() as writer, Pool(min(1, parts.knobs.parser_workers)) as pool:
        session = _Polling(parts, run_id, mode, states, Keeper(parts.ledger, writer, listings=True), pool)
        work = HostWork(
            ledger=parts.ledger, clock=parts.clock, asker=hosts.Asker(holder=f"poll:{run_id}"[:120], budget=parts.knobs.host_requests), threads=parts.knobs.threads, until=until,
            send=session.send, settle=session.settle,
        )  # fmt: skip
        left = work.run(Trip(s, polling.address(s, states[s.id])) for s in due)
    session.leave(left)
    return session.counts


class _Polling:
    """One round of polls: what `HostWork` calls."""

    def __init__(self, parts: Parts, run_id: str, mode: str, states: dict[str, SourceState], keeper: Keeper, pool: Pool) -> None:
        self.parts, self.run_id, self.mode, self.states, self.keeper, self.pool = parts, run_id, mode, states, keeper, pool
        self.fetcher = parts.fetcher()
        self.counts: dict[str, int] = {}
        self.erased = Erased.load(parts.ledger)

    def count(self, word: str, number: int = 1) -> None:
        """Add to the totals."""
        self.counts[word] = self.counts.get(word, 0) + number

    def leave(self, left: Sequence[tuple[Trip[Source], str]]) -> None:
        """What found no slot stays due; where only the host of a redirect had none, the first host is left alone for the usual hour."""
        if left:
            self.count("not_polled", len(left))
        if onward := [(trip, reason) for trip, reason in left if trip.came]:
            now = self.parts.clock.now()
            with self.parts.ledger.transaction() as conn:
                for trip, reason in onward:
                    sources.save(conn, replace(self.states[trip.job.id], next_poll_at=now + polling.FLOOR))
                    detail = f"not polled ({reason}): {trip.came[-1][1]} redirects to {trip.url}"
                    runs.note(conn, "poll", now=now, run_id=self.run_id, source_id=trip.job.id, detail=detail)

    def send(self, trip: Trip[Source]) -> Sent:
        """Ask for the feed, with the validators that belong to its address; runs in a thread, while the host's slot is held."""
        source = trip.job
        with self.parts.ledger.reading() as conn:
            state = sources.states(conn, [source.id])[source.id]
        if state.next_poll_at and state.next_poll_at > self.parts.clock.now():
            return None
        self.states[source.id] = state
        headers = {"Accept": _ACCEPT, **polling.validators(source, state, self.parts.clock.now())}
        try:
            return self.fetcher.get(trip.url, headers=headers, max_bytes=_MAX_BYTES, came=trip.came, https_only=source.https_only)
        except (FetchError, BadUrl) as error:
            return error

    def settle(self, trip: Trip[Source], sent: Sent, failures: int) -> Pause:
        """Store what came and decide when the feed and its host are asked again."""
        if sent is None:
            return Pause(gap_s=0, failures=failures)
        gap = policy.gap_s(trip.agreed(trip.job.gap_s), self._crawl_delay(trip.url), self.parts.knobs.gap_s)
        if isinstance(sent, Elsewhere):
            return Pause(gap_s=gap)
        answer = self._answer(trip.job, sent)
        self._keep(trip.job, answer)
        if not isinstance(sent, Capture):
            return Pause(gap_s=gap, failures=failures)
        cooling = policy.cooling_until(sent.status, sent.headers, now=answer.at, failures=failures)
        return Pause(gap_s=gap, cooling_until=cooling, reason=f"http_{sent.status}" if cooling else None, failures=failures + 1 if cooling else 0)

    def _crawl_delay(self, url: str) -> float | None:
        """What the robots file asks for, as it was last read for pages: no feed is asked for without leaving the pages' host alone after it."""
        with self.parts.ledger.reading() as conn:
            stored = hosts.robots_of(conn, origin_of(url))
        return Robots.parse(stored[2], stored[1]).crawl_delay if stored else None

    def _answer(self, source: Source, sent: Capture | FetchError | BadUrl) -> Answer:
        """What came, in the words of `polling`; a body that is not the last one again is stored and parsed."""
        now = self.parts.clock.now()
        if not isinstance(sent, Capture):
            return Answer(at=now, status=0, headers={}, error=f"{sent.reason} ({sent})"[:400])
        body_hash = hashlib.sha256(sent.body).hexdigest()
        fresh = sent.status == 200 and not polling.same_body(source, self.states[source.id], body_hash)
        return Answer(
            at=now, status=sent.status, headers=polling.header_fields(sent.headers), final_url=sent.final_url, body_hash=body_hash,
            permanent_to=sent.final_url if sent.moved_permanently else None, downgraded=sent.downgraded, feed=self._read(source, sent) if fresh else None,
        )  # fmt: skip

    def _read(self, source: Source, capture: Capture) -> ParsedFeed:
        if self.erased.listed_in(capture, source.id):
            self.count("erased")
        else:
            self.keeper.keep([self.keeper.pack(capture, {"kind": "feed", "source": source.id, "run": self.run_id})])
        body = Body(source=source, url=capture.final_url, content_type=capture.header("content-type"), body=capture.body)
        done = self.pool.run(read_source, body, timeout_s=READ_S)
        return ParsedFeed(status="failed", problems=(done.reason,)) if isinstance(done, Killed) else done.value

    def _keep(self, source: Source, answer: Answer) -> None:
        """Decide and write, all in one transaction: a crash before its end leaves everything as it was."""
        before = self.states[source.id]
        with self.parts.ledger.transaction() as conn:
            known = self._known(conn, source, answer.feed) if answer.feed else ()
            decided = polling.decide(source, before, answer, known)
            self.keeper.note(conn)
            found = self._store(conn, source, decided, answer)
            sources.save(conn, decided.after)
        self.count(decided.after.state)
        if decided.after.failures == 0:
            self.count("new", found)
        if decided.gap:
            self.count("possible_gap")

    def _known(self, conn: sa.Connection, source: Source, feed: ParsedFeed) -> list[Known]:
        known = list(sources.known(conn, source.id, *polling.keys(feed)[1:]))
        return [*known, *sources.lately(conn, source.id)] if polling.unfamiliar(feed, known) else known

    def _store(self, conn: sa.Connection, source: Source, decided: Decision, answer: Answer) -> int:
        now = answer.at
        found = len(items.add(conn, decided.new, now=now, mode=self.mode))
        for entry, was in decided.known:
            items.see(conn, was.item_id, entry, now=now)
        # A new headline is a sure sign of an edit; other texts change with every counter in them.
        revisits.hasten(conn, (was.item_id for entry, was in decided.known if was.title and entry.title != was.title), now=now)
        if decided.gap:
            sources.note_gap(conn, source.id, *decided.gap, reason="rolled_over", now=now)
        dropped = "".join(f", {count} {why}" for why, count in (decided.dropped or {}).items())
        clear = f", led from https to {answer.final_url}" if answer.downgraded else ""
        detail = f"{decided.after.state}: {decided.after.state_reason or ''}{dropped}{clear}"
        runs.note(conn, "poll", now=now, run_id=self.run_id, source_id=source.id, detail=detail)
        for alert in decided.alerts:
            runs.note(conn, "alert", now=now, run_id=self.run_id, source_id=source.id, detail=alert)
        return found
