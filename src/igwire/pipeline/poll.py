"""Polling feeds: conditional requests, entries and validators stored in one transaction, validators last."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from igwire.errors import BadUrl, FetchError
from igwire.feeds.parse import parse_feed
from igwire.feeds.select import select
from igwire.fetch import policy
from igwire.isolate import Killed, Pool
from igwire.ledger import items, runs, sources
from igwire.ledger.sources import SourceState
from igwire.model import Capture, ParsedFeed, Source
from igwire.pipeline.hostwork import HostWork, Pause
from igwire.pipeline.parts import Parts
from igwire.ports import RawWriter
from igwire.urls import host_of

# Feeds are asked once an hour at most unless the catalogue notes an agreement (rachelbythebay's and publishers' common demand).
_INTERVAL = timedelta(hours=1)
# A failing feed is asked less and less often, but at least once a day.
_LONGEST = timedelta(hours=24)
# The largest real feeds parse in about a second.
_PARSE_S = 10.0

Sent = Capture | FetchError | BadUrl


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
    with parts.store.writer() as writer, Pool(1) as pool:
        session = _Polling(parts, run_id, mode, states, writer, pool)
        work = HostWork(
            ledger=parts.ledger, clock=parts.clock, holder=f"poll:{run_id}"[:120], threads=parts.knobs.threads, until=until,
            send=session.send, settle=session.settle,
        )  # fmt: skip
        left = work.run((host_of(s.feed_url or ""), s) for s in due)
    if left:
        session.count("not_polled", len(left))
    return session.counts


class _Polling:
    """One round of polls: what `HostWork` calls."""

    def __init__(self, parts: Parts, run_id: str, mode: str, states: Mapping[str, SourceState], writer: RawWriter, pool: Pool) -> None:
        self.parts, self.run_id, self.mode, self.states, self.writer, self.pool = parts, run_id, mode, states, writer, pool
        self.fetcher = parts.fetcher()
        self.counts: dict[str, int] = {}

    def count(self, word: str, number: int = 1) -> None:
        """Add to the totals."""
        self.counts[word] = self.counts.get(word, 0) + number

    def send(self, source: Source) -> Sent:
        """Ask for the feed, with the validators that belong to its address."""
        state = self.states[source.id]
        headers = {"Accept": "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml, application/xml;q=0.9, */*;q=0.5"}
        if state.validators_url == source.feed_url:
            headers |= {"If-None-Match": state.etag} if state.etag else {}
            headers |= {"If-Modified-Since": state.last_modified} if state.last_modified else {}
        try:
            return self.fetcher.get(source.feed_url or "", headers=headers)
        except (FetchError, BadUrl) as error:
            return error

    def settle(self, source: Source, sent: Sent, failures: int) -> Pause:
        """Store what came and decide when the feed and its host are asked again."""
        gap = policy.gap_s(source.gap_s, None, self.parts.knobs.gap_s)
        if not isinstance(sent, Capture):
            self._failed(source, sent.reason, str(sent))
            return Pause(gap_s=gap, failures=failures)
        self._answered(source, sent)
        cooling = policy.cooling_until(sent.status, sent.headers, now=self.parts.clock.now(), failures=failures)
        return Pause(gap_s=gap, cooling_until=cooling, reason=f"http_{sent.status}" if cooling else None, failures=failures + 1 if cooling else 0)

    def _answered(self, source: Source, capture: Capture) -> None:
        if capture.status == 304:
            self._save(source, capture, "unchanged", "304 not modified")
        elif capture.status != 200:
            self._failed(source, f"http_{capture.status}", f"HTTP status {capture.status}")
        elif _hash(capture) == self.states[source.id].body_hash:
            self._save(source, capture, "unchanged", "same body")
        else:
            self._read(source, capture)

    def _read(self, source: Source, capture: Capture) -> None:
        self.writer.append(capture, {"kind": "feed", "source": source.id, "run": self.run_id})
        task = (capture.body, source.id, capture.final_url, capture.header("content-type"))
        done = next(iter(self.pool.map(_parse, [task], timeout_s=_PARSE_S)))
        feed = ParsedFeed(status="failed", problems=(done.reason,)) if isinstance(done, Killed) else done.value
        if feed.status in ("ok", "empty"):
            self._save(source, capture, feed.status, "; ".join(feed.problems), feed)
        else:
            self._failed(source, feed.status, "; ".join(feed.problems))

    def _save(self, source: Source, capture: Capture, word: str, reason: str, feed: ParsedFeed | None = None) -> None:
        now = self.parts.clock.now()
        before = self.states[source.id]
        selection = select(feed.entries if feed else ())
        interval = _INTERVAL if source.poll_min_s is None else timedelta(seconds=source.poll_min_s)
        with self.parts.ledger.transaction() as conn:
            new = items.add(conn, selection.entries, now=now, mode=self.mode)
            state = replace(
                before, state=word, state_reason=reason or None, failures=0, last_poll_at=now, last_success_at=now, next_poll_at=now + interval,
                last_new_at=now if new else before.last_new_at, etag=_kept(capture, "etag", before.etag), validators_url=source.feed_url,
                last_modified=_kept(capture, "last-modified", before.last_modified), body_hash=_hash(capture) if feed else before.body_hash,
            )  # fmt: skip
            dropped = "".join(f", {count} {why}" for why, count in selection.dropped.items())
            detail = f"{word}: {len(selection.entries)} entries, {len(new)} new{dropped}"
            runs.note(conn, "poll", now=now, run_id=self.run_id, source_id=source.id, detail=detail)
            sources.save(conn, state)
        self.count(word)
        self.count("new", len(new))

    def _failed(self, source: Source, reason: str, detail: str) -> None:
        """The poll failed: validators and entries stay as they were, and nothing counts as read."""
        now = self.parts.clock.now()
        failures = self.states[source.id].failures + 1
        wait = min(_INTERVAL * 2 ** min(failures - 1, 10), _LONGEST)
        word = reason if reason in ("not_a_feed", "blocked") else "failing"
        state = replace(
            self.states[source.id], state=word, state_reason=f"{reason}: {detail}"[:500], failures=failures, last_poll_at=now, next_poll_at=now + wait
        )
        with self.parts.ledger.transaction() as conn:
            sources.save(conn, state)
            runs.note(conn, "poll", now=now, run_id=self.run_id, source_id=source.id, detail=f"{word}: {detail}")
        self.count(word)


def _parse(task: tuple[bytes, str, str, str | None]) -> ParsedFeed:
    body, source_id, url, content_type = task
    return parse_feed(body, source_id=source_id, url=url, content_type=content_type)


def _hash(capture: Capture) -> str:
    return hashlib.sha256(capture.body).hexdigest()


def _kept(capture: Capture, name: str, before: str | None) -> str | None:
    """The validator to send next time, byte-exact; a 304 without the header keeps the old one."""
    value = capture.header(name)
    if value is None:
        return before if capture.status == 304 else None
    # A value that cannot be sent back in a header is no validator.
    return value if value.isascii() and value.isprintable() else None
