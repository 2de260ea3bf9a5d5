"""Looking at pages again: edits become revisions of the same document, pages that are gone or moved are noticed.

due ─ robots, host's slot ─ conditional request ─┬▶ 304, same bytes or same text: only the next visit is noted
                                                 ├▶ another text: stored raw, state captured; the next run extracts and indexes it
                                                 ╰▶ 404, 410, redirect: state of the page, document projected again

Visits taper off: about an hour, a day, a week and a month after the first fetch. They are a bounded extra: new articles come first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa

from igwire.errors import BadUrl, FetchError, StoreError
from igwire.fetch import usage
from igwire.isolate import Killed, Pool
from igwire.ledger import documents, hosts, items, revisits, runs
from igwire.ledger.items import Item
from igwire.ledger.revisits import Revisit
from igwire.model import Capture, RawRef
from igwire.pipeline.hostwork import Trip
from igwire.pipeline.pages import Held, Job, PageRequests
from igwire.pipeline.parts import Parts
from igwire.pipeline.process import PAGE_S
from igwire.pipeline.raw import Keeper
from igwire.pipeline.workers import extract_capture
from igwire.urls import document_id, is_home_page

# Pages a round: at 5 s a page and host, and some 60 hosts, a few minutes; what is left over is due in the next round.
BUDGET = 200
# One "not found" may be a mishap of the site; the second in a row, a quarter of a day later, is its answer.
_MISSES, _AGAIN = 2, timedelta(hours=6)


def revisit_due(parts: Parts, run_id: str, *, until: datetime, limit: int = BUDGET) -> dict[str, int]:
    """Look again at no more than `limit` pages that are due; counts by result (revisit_unchanged, revisit_changed, …).

    What finds no slot before `until` stays due. While another round is at work there is nothing to do.
    """
    with parts.ledger.transaction() as conn:
        due = {row.item_id: row for row in revisits.due(conn, parts.clock.now(), limit)}
        found = {item.id: item for item in items.get(conn, due)}
        wanted = _after_new_pages(conn, parts, [found[item_id] for item_id in due])
        revisits.take(conn, [item.id for item in wanted], until=until)
    if not wanted:
        return {}
    with parts.store.writer() as writer, Pool(min(1, parts.knobs.parser_workers)) as pool:
        session = _Revisiting(parts, run_id, Keeper(parts.ledger, writer), pool, due)
        session.work(wanted, asker=hosts.Asker(holder=f"revisit:{run_id}"[:120], lane="daily", budget=parts.knobs.host_requests), until=until)
    return session.counts


def _after_new_pages(conn: sa.Connection, parts: Parts, due: Sequence[Item]) -> list[Item]:
    """Those that leave their hosts enough of the day's requests for the polls and for the new pages that wait."""
    names = {item.host for item in due}
    asked, waiting = hosts.asked(conn, names, now=parts.clock.now()), items.waiting_by_host(conn, names)
    room = {host: int(parts.knobs.host_requests * hosts.PAST_SHARE) - asked.get(host, 0) - waiting.get(host, 0) for host in names}
    wanted = []
    for item in due:
        room[item.host] -= 1
        if room[item.host] >= 0:
            wanted.append(item)
    return wanted


class _Revisiting(PageRequests):
    """One round of visits."""

    def __init__(self, parts: Parts, run_id: str, keeper: Keeper, pool: Pool, due: Mapping[str, Revisit]) -> None:
        super().__init__(parts, run_id, keeper)
        self.pool, self.due = pool, due
        self.counts: dict[str, int] = {}
        self.known: dict[str, Capture | None] = {}

    def jobs(self, wanted: Iterable[Item]) -> Iterator[Trip[Job]]:
        """Read the stored answers first: requests are made in threads, which must not read the ledger or the store."""
        wanted = list(wanted)
        self.known = {item.id: self._stored(item) for item in wanted}
        return super().jobs(wanted)

    def _stored(self, item: Item) -> Capture | None:
        try:
            return self.parts.store.read(item.raw)[0] if item.raw else None
        except StoreError:
            return None

    def headers(self, item: Item) -> Mapping[str, str] | None:
        """The validators of the newest answer."""
        row, known = self.due[item.id], self.known[item.id]
        etag = row.etag or (known.header("etag") if known else None)
        modified = row.last_modified or (known.header("last-modified") if known else None)
        named = {"If-None-Match": etag, "If-Modified-Since": modified}
        return {name: value for name, value in named.items() if value and value.isascii() and value.isprintable()} or None

    def held(self, item: Item, held: Held) -> None:
        """Robots shut the page, or could not be asked: the next visit asks again."""
        self._keep(item, self.due[item.id], "held", held.reason)

    def failed(self, item: Item, error: FetchError | BadUrl) -> None:
        """No answer says nothing about the page."""
        self._missed(item, "failed", str(error))

    def keep_raw(self) -> None:
        """Store the answers that hold another text; of the others only the next visit is noted."""
        changed = [(item, packed) for item, packed in self.captures if self._answered(item, packed.capture)]
        refs = self.keeper.keep([packed for _, packed in changed])
        for (item, packed), raw in zip(changed, refs, strict=True):
            self._changed(item, packed.capture, raw)
        self.captures = []

    def _answered(self, item: Item, capture: Capture) -> bool:
        """Compare with what is known of the page; True when it holds another text, which is to be stored."""
        row = self.due[item.id]
        if capture.status == 304:
            self._keep(item, _moved(row, item, capture), "unchanged", "304 not modified")
        elif capture.status == 410:
            self._gone(item, "HTTP status 410")
        elif capture.status == 404:
            if row.state == "gone" or row.misses + 1 >= _MISSES:
                self._gone(item, "HTTP status 404")
            else:
                self._missed(item, "not_found", "HTTP status 404")
        elif capture.status != 200:
            self._missed(item, "failed", f"HTTP status {capture.status}")
        elif is_home_page(capture.final_url) and not is_home_page(item.url):
            self._gone(item, f"the page leads to the home page {capture.final_url}")
        else:
            return self._differs(item, capture)
        return False

    def _differs(self, item: Item, capture: Capture) -> bool:
        row, known = self.due[item.id], self.known[item.id]
        row = replace(_moved(row, item, capture), etag=capture.header("etag"), last_modified=capture.header("last-modified"))
        if known and _hash(known) == _hash(capture):
            self._keep(item, row, "unchanged", "the same bytes")
        elif usage.of_headers(capture).noindex or self._same_text(item, capture):
            self._keep(item, row, "unchanged", "the same text")
        else:
            return True
        return False

    def _same_text(self, item: Item, capture: Capture) -> bool:
        """True also when the page gives no text of its own: a wall or a broken page in place of an article is no edit of it."""
        task = (capture, item.entry, self.parts.source(item.source_id).timezone)
        done = self.pool.run(extract_capture, task, timeout_s=PAGE_S)
        article = None if isinstance(done, Killed) else done.value.article
        if article is None or article.quality.extractor == "feed":
            return True
        with self.parts.ledger.reading() as conn:
            stored = documents.get(conn, [item.doc_id or ""])
        return not stored or stored[0].article.content_hash == article.content_hash

    def _changed(self, item: Item, capture: Capture, raw: RawRef) -> None:
        self.writes.append(partial(items.captured, item_id=item.id, raw=raw, run_id=self.run_id, at=capture.fetched_at))
        # The validators of the new answer lie in the raw store.
        row = replace(_moved(self.due[item.id], item, capture), etag=None, last_modified=None)
        self._keep(item, row, "changed", f"{len(capture.body)} bytes from {capture.final_url}")

    def _gone(self, item: Item, detail: str) -> None:
        row = self.due[item.id]
        since = row.since if row.state == "gone" else self.parts.clock.now()
        self._keep(item, replace(row, state="gone", since=since, moved_to=None, misses=0), "gone", detail)

    def _missed(self, item: Item, word: str, detail: str) -> None:
        row, now = self.due[item.id], self.parts.clock.now()
        if row.misses + 1 < _MISSES:
            self._keep(item, replace(row, misses=row.misses + 1), word, detail, due_at=now + _AGAIN)
        else:
            self._keep(item, replace(row, misses=0), word, detail)

    def _keep(self, item: Item, row: Revisit, word: str, detail: str, due_at: datetime | None = None) -> None:
        """Note the visit; the document is projected again only when its page's state is another."""
        before, now = self.due[item.id], self.parts.clock.now()
        after = replace(row, due_at=due_at or revisits.next_visit(row.first_at, now))
        self.writes.append(partial(revisits.save, row=after))
        if (after.state, after.moved_to) != (before.state, before.moved_to):
            self.writes.append(partial(items.project_again, doc_ids=[item.doc_id or ""]))
        self.writes.append(partial(runs.note, what="revisit", now=now, run_id=self.run_id, item_id=item.id, detail=f"{word}: {detail}"))
        self.counts[f"revisit_{word}"] = self.counts.get(f"revisit_{word}", 0) + 1


def _online(row: Revisit) -> Revisit:
    return replace(row, state="online", since=None, moved_to=None, misses=0)


def _moved(row: Revisit, item: Item, capture: Capture) -> Revisit:
    """Where a chain of nothing but permanent redirects leads to another address, the page has moved there."""
    if not capture.moved_permanently or document_id(capture.final_url) == document_id(item.url):
        return _online(row)
    since = row.since if row.moved_to == capture.final_url else capture.fetched_at
    return replace(row, state="moved", since=since, moved_to=capture.final_url, misses=0)


def _hash(capture: Capture) -> str:
    return hashlib.sha256(capture.body).hexdigest()
