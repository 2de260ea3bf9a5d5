"""A lost ledger from the raw store: every page carries its feed entry, its source and when it was first seen.

tombstones ─ scan: pages and imports ─▶ items ─ feeds ─▶ sightings, items not fetched yet ─ captures, oldest first ─▶ revisions
What no raw copy tells stays unknown: health of sources, gaps, dispositions of old runs, pages that went away, and documents whose raw
copy may not be kept (noarchive). Tags, copies and the index follow with `igwire rebuild --from extract`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from igwire.errors import UsageError
from igwire.feeds.archives import Body
from igwire.feeds.probing import READ_S, read_source
from igwire.feeds.select import select
from igwire.fetch import policy
from igwire.isolate import Killed, Pool
from igwire.ledger import documents, erasures, items, payloads, runs
from igwire.ledger.packing import entry_from_json
from igwire.model import Capture, FeedEntry, RawRef
from igwire.pipeline import process
from igwire.pipeline.parts import Parts
from igwire.pipeline.process import Work
from igwire.pipeline.raw import digest_of
from igwire.ports import Stored


@dataclass(slots=True, kw_only=True)
class Relearnt:
    """What the raw store told."""

    items: int = 0
    captures: int = 0
    # Feed answers read for who named what.
    feeds: int = 0
    documents: int = 0
    tombstones: int = 0
    # Places that cannot be read.
    unreadable: int = 0


@dataclass(slots=True)
class _Page:
    item_id: str
    ref: RawRef
    at: datetime
    run_id: str


@dataclass(slots=True)
class _Reading:
    """What one scan gathers."""

    pages: dict[str, list[_Page]] = field(default_factory=dict)
    feeds: list[RawRef] = field(default_factory=list)


def relearn(parts: Parts, run_id: str) -> Relearnt:
    """Fill the empty ledger from the raw store. Raises UsageError when it is not empty."""
    parts.store.salvage()
    done, reading = Relearnt(), _Reading()
    with parts.ledger.transaction() as conn:
        if items.any_known(conn):
            raise UsageError("the ledger is not empty: move it away first (IGWIRE_LEDGER_URL, or ledger.db in the state folder), then repeat")
        done.tombstones = erasures.intend(conn, [erasures.from_dict(row) for row in parts.store.tombstones()])
        runs.start(conn, run_id, mode="rebuild", window=None, now=parts.clock.now())
    for ref, pair in parts.store.scan():
        if pair is None:
            done.unreadable += 1
        else:
            _learn(parts, reading, ref, pair.capture, pair.facts, refers=pair.refers_to is not None)
    done.feeds = _sightings(parts, reading.feeds)
    done.items, done.captures = len(reading.pages), sum(map(len, reading.pages.values()))
    done.documents = _extract(parts, run_id, reading.pages)
    return done


def _learn(parts: Parts, reading: _Reading, ref: RawRef, capture: Capture, facts: Mapping[str, Any], *, refers: bool) -> None:
    """One pair: its item, its place, and its body for later captures to refer to."""
    kind = facts.get("kind")
    if kind == "feed":
        reading.feeds.append(ref)
    if kind not in ("page", "import"):
        return
    entry = _entry(capture, facts)
    seen = datetime.fromisoformat(facts["first_seen"]) if "first_seen" in facts else capture.fetched_at
    item_id = str(facts["item"])
    with parts.ledger.transaction() as conn:
        items.add(conn, [entry], now=seen, mode=str(facts.get("mode") or ("import" if kind == "import" else "live")))
        if capture.status in policy.REFUSING:
            items.move(conn, item_id, "rejected", reason=policy.REFUSING[capture.status])
        if not refers and kind == "page" and (digest := digest_of(capture)):
            payloads.add(conn, {digest: Stored(ref=ref, url=capture.final_url, at=capture.fetched_at)})
    if capture.status == 200:
        reading.pages.setdefault(item_id, []).append(_Page(item_id, ref, capture.fetched_at, str(facts.get("run") or "")))


def _entry(capture: Capture, facts: Mapping[str, Any]) -> FeedEntry:
    if stored := facts.get("entry"):
        return entry_from_json(stored)
    return FeedEntry(source_id=str(facts.get("source")), guid=facts.get("origin"), url=capture.requested_url)


def _sightings(parts: Parts, feeds: Iterable[RawRef]) -> int:
    """Read the feeds again: which source named which item, and what was never fetched."""
    count = 0
    with Pool(min(1, parts.knobs.parser_workers)) as pool:
        for ref in feeds:
            capture, facts = parts.store.read(ref)
            source = parts.source(str(facts.get("source")))
            body = Body(source=source, url=capture.final_url, content_type=capture.header("content-type"), body=capture.body)
            parsed = pool.run(read_source, body, timeout_s=READ_S)
            if isinstance(parsed, Killed):
                continue
            count += 1
            with parts.ledger.transaction() as conn:
                items.add(conn, select(parsed.value.entries).entries, now=capture.fetched_at, mode="live")
    return count


def _extract(parts: Parts, run_id: str, pages: Mapping[str, list[_Page]]) -> int:
    """Extract every item's captures in their order in time, so that edits become revisions again; how many documents there are."""
    work = Work(parts=parts, run_id=run_id)
    for generation in _generations(pages):
        with parts.ledger.transaction() as conn:
            runs.assign(conn, run_id, [[page.item_id for page in generation]])
            for fetched_by, group in groupby(sorted(generation, key=lambda page: page.run_id), key=lambda page: page.run_id):
                items.captured_all(conn, [(page.item_id, page.ref, page.at) for page in group], run_id=fetched_by)
        process.extract_items(work, [page.item_id for page in generation])
    now = parts.clock.now()
    with parts.ledger.transaction() as conn:
        documents.count_from(conn, int(now.timestamp()))
        count = documents.count(conn)
        runs.finish(conn, run_id, status="ok", totals={"relearnt": count}, now=now)
    return count


def _generations(pages: Mapping[str, list[_Page]]) -> Iterator[list[_Page]]:
    """The first captures of all items, then the second ones, …"""
    ordered = [sorted(found, key=lambda page: page.at) for found in pages.values()]
    for number in range(max(map(len, ordered), default=0)):
        yield [found[number] for found in ordered if len(found) > number]
