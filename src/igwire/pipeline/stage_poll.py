"""`igwire stage poll`: successive answers of feeds in, decisions out; the decisions are the poller's own, its memory lives in a dictionary here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from igwire.feeds.archives import Body
from igwire.feeds.archives.paged import read_feed
from igwire.isolate import Killed, Pool
from igwire.ledger.sources import Known, SourceState, printed
from igwire.model import FeedEntry, ParsedFeed, Source
from igwire.pipeline import polling
from igwire.pipeline.polling import Answer, Decision
from igwire.urls import document_id

_TIMEOUT_S = 10.0
_PERMANENT = (301, 308)


@dataclass(slots=True)
class _Memory:
    """What one source left behind: the ledger's rows of it, without a ledger."""

    source: Source
    state: SourceState
    by_id: dict[str, Known] = field(default_factory=dict)
    by_guid: dict[str, list[Known]] = field(default_factory=dict)

    # What the last answer with entries named.
    lately: list[Known] = field(default_factory=list)

    def known(self, feed: ParsedFeed) -> list[Known]:
        _, ids, guids = polling.keys(feed)
        found = [self.by_id[i] for i in ids if i in self.by_id] + [was for guid in guids for was in self.by_guid.get(guid, ())]
        return [*found, *self.lately] if polling.unfamiliar(feed, found) else found

    def keep(self, decided: Decision) -> None:
        named = [(entry, document_id(entry.url)) for entry in decided.new] + [(entry, was.item_id) for entry, was in decided.known]
        self.lately = [self._see(*one) for one in named] or self.lately
        self.state = decided.after

    def _see(self, entry: FeedEntry, item_id: str) -> Known:
        now = Known(item_id=item_id, **printed(entry))
        before = self.by_id.get(item_id)
        self.by_id[item_id] = now
        if before and before.guid:
            self.by_guid[before.guid].remove(before)
        if entry.guid:
            self.by_guid.setdefault(entry.guid, []).append(now)
        return now


def run(rows: Iterable[dict[str, Any]], root: Path, workers: int) -> Iterator[dict[str, Any]]:
    """Judge `rows` (`id`, `source`, `at`, `status`, `headers`?, `file`?, `url`?, `final_url`?), oldest first; one answer a row.

    State is kept from row to row by `source`. A permanent redirect with a `file` is one that was followed to it.
    """
    kept: list[dict[str, Any]] = []
    memory: dict[str, _Memory] = {}

    def tasks() -> Iterator[Body]:
        for row in rows:
            kept.append(row)
            yield Body(source=_source(row), url=_final(row), content_type=_headers(row).get("content-type"), body=_body(row, root))

    with Pool(workers) as pool:
        for number, done in enumerate(pool.map(read_feed, tasks(), timeout_s=_TIMEOUT_S)):
            row = kept[number]
            feed = ParsedFeed(status="failed", problems=(done.reason,)) if isinstance(done, Killed) else done.value
            try:
                yield {"id": row["id"], **_decide(memory, row, root, feed)}
            except (ValueError, TypeError) as error:
                yield {"id": row["id"], "status": "failed", "reason": f"not an answer of a feed: {error}"}


def _source(row: dict[str, Any]) -> Source:
    return Source(id=row["source"], title=row["source"], site="", feed_url=row.get("url") or f"https://{row['source']}.invalid/feed")


def _body(row: dict[str, Any], root: Path) -> bytes:
    return (root / row["file"]).read_bytes() if row.get("file") else b""


def _headers(row: dict[str, Any]) -> dict[str, str]:
    """Header fields, given as an object or as a list of pairs; what is neither is left out."""
    given = row.get("headers") or {}
    pairs = given.items() if isinstance(given, dict) else (pair for pair in given if isinstance(pair, list) and len(pair) == 2)
    return polling.header_fields((str(name), str(value)) for name, value in pairs)


def _final(row: dict[str, Any]) -> str:
    location = _headers(row).get("location") if row.get("status") in _PERMANENT else None
    return str(row.get("final_url") or location or row.get("url") or "")


def _decide(memory: dict[str, _Memory], row: dict[str, Any], root: Path, feed: ParsedFeed) -> dict[str, Any]:
    name, moment = row["source"], datetime.fromisoformat(row["at"])
    mine = memory.setdefault(name, _Memory(_source(row), SourceState(id=name)))
    answer = _answer(mine, row, root, feed, moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    decided = polling.decide(mine.source, mine.state, answer, mine.known(answer.feed) if answer.feed else ())
    mine.keep(decided)
    return _row(decided)


def _answer(mine: _Memory, row: dict[str, Any], root: Path, feed: ParsedFeed, at: datetime) -> Answer:
    status = int(row.get("status") or 0)
    followed = bool(status in _PERMANENT and row.get("file"))
    body_hash = hashlib.sha256(_body(row, root)).hexdigest()
    fresh = (status == 200 or followed) and not polling.same_body(mine.source, mine.state, body_hash)
    return Answer(
        at=at, status=200 if followed else status, headers=_headers(row), final_url=_final(row), body_hash=body_hash,
        permanent_to=_final(row) if followed else None, feed=feed if fresh else None, error=row.get("error"),
    )  # fmt: skip


def _row(decided: Decision) -> dict[str, Any]:
    after, gap = decided.after, decided.gap
    return {
        "state": after.state, "reason": after.state_reason, "new": [{"guid": e.guid, "url": e.url, "title": e.title} for e in decided.new],
        "changed": [e.guid or e.url for e in decided.changed], "next_poll": after.next_poll_at.isoformat() if after.next_poll_at else None,
        "possible_gap": {"from": gap[0].isoformat(), "to": gap[1].isoformat()} if gap else None, "alerts": list(decided.alerts),
    }  # fmt: skip
