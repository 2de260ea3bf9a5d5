"""Texts and crawls of the user's own, imported as captures: same raw store, same stages, same dispositions."""

from __future__ import annotations

import html
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from igwire.errors import UsageError
from igwire.feeds.select import select
from igwire.ledger import erasures, items, runs
from igwire.ledger.packing import entry_to_json
from igwire.model import Capture, Disposition, FeedEntry, Outcome, RawRef
from igwire.pipeline import process
from igwire.pipeline.parts import Parts
from igwire.pipeline.process import Work
from igwire.pipeline.raw import Keeper
from igwire.pipeline.report import Report, report
from igwire.store.foreign import Left
from igwire.text import content_hash
from igwire.urls import document_id, host_of

# Imported texts have no address of their own; this name is reserved for such use (RFC 2606) and can never be fetched.
_HOST = "http://import.invalid"
# Pages that share a wait for the disk are in memory together: a few of the largest, or a chunk of usual ones.
_BUNCH_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One imported text: title (its first line), body, and where it came from."""

    title: str
    body: str
    origin: str
    url: str | None = None
    date: str | None = None


def read_texts(path: Path) -> Iterator[Text]:
    """The texts of a folder (*.txt), a file, or JSON lines (`title`, `text`, `url`?, `date`?). Raises UsageError with file and line."""
    if path.is_dir():
        for file in sorted(path.glob("*.txt")):
            yield _plain(file)
    elif path.suffix == ".jsonl":
        yield from _lines(path)
    elif path.is_file():
        yield _plain(path)
    else:
        raise UsageError(f"{path}: there is no such file or folder")


def _plain(file: Path) -> Text:
    title, _, body = file.read_text(encoding="utf-8", errors="replace").strip().partition("\n")
    return Text(title=title.strip(), body=body.strip(), origin=file.name)


def _lines(file: Path) -> Iterator[Text]:
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            yield Text(title=str(row["title"]), body=str(row["text"]), origin=f"{file.name}:{number}", url=row.get("url"), date=row.get("date"))
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{file}:{number}: each line must be an object with 'title' and 'text': {error}") from error


def import_texts(parts: Parts, run_id: str, texts: Iterator[Text], *, source_id: str = "imported") -> Report:
    """Store the texts as captures and take them through all stages. An unknown date stays unknown."""
    _start(parts, run_id)
    return _through_all_stages(parts, run_id, _store(parts, run_id, texts, source_id))


def import_captures(parts: Parts, run_id: str, found: Iterable[Capture | Left]) -> Report:
    """Store pages that others have crawled and take them through all stages. What is no page is counted in the report, as `left_REASON`.

    A page belongs to the source of its host, else to `imported`. Pages that igwire has are left as they are.
    """
    _start(parts, run_id)
    left: Counter[str] = Counter()
    done = store_captures(parts, run_id, found, left)
    return _through_all_stages(parts, run_id, done, left)


def _start(parts: Parts, run_id: str) -> None:
    with parts.ledger.transaction() as conn:
        runs.start(conn, run_id, mode="import", window=None, now=parts.clock.now())


def _through_all_stages(parts: Parts, run_id: str, stored: Iterable[str], left: Counter[str] | None = None) -> Report:
    ids = list(dict.fromkeys(stored))
    with parts.ledger.transaction() as conn:
        runs.assign(conn, run_id, [ids])
        refused = [Disposition(item_id=name, outcome=Outcome.REJECTED, reason="erased", stage="import") for name in erasures.held(conn, ids)]
        runs.dispose(conn, run_id, refused, now=parts.clock.now())
        runs.add_polls(conn, run_id, left or {})
    work = Work(parts=parts, run_id=run_id)
    for step in (process.extract_items, process.enrich_items, process.index_items):
        with parts.ledger.reading() as conn:
            open_still = runs.batch_items(conn, run_id, 0)
        step(work, open_still)
    process.settle_neighbours(work, 0)
    return report(parts, run_id)


def store_captures(parts: Parts, run_id: str, found: Iterable[Capture | Left], left: Counter[str]) -> Iterator[str]:
    """Store pages and note them as captured, no more; ids of their items. What is not stored is counted in `left`, as `left_REASON`."""
    by_host = {host_of(source.site): source.id for source in parts.catalogue.by_id.values() if source.site}
    with parts.store.writer() as writer:
        keeper = Keeper(parts.ledger, writer)
        for bunch in _bunches(found):
            pages = _wanted(parts, by_host, bunch, left)
            # On the disk before the ledger knows of them, and outside of its transaction: nobody waits for a disk to write.
            now = parts.clock.now()
            refs = keeper.keep([keeper.pack(capture, _facts(run_id, entry, now)) for entry, capture in pages.values()])
            new = _take(parts, run_id, [(entry, capture, ref) for (entry, capture), ref in zip(pages.values(), refs, strict=True)], keeper, now)
            if quicker := len(pages) - len(new):
                left["left_known"] += quicker
            yield from new


def _bunches(found: Iterable[Capture | Left]) -> Iterator[list[Capture | Left]]:
    """What shares one wait for the disk and one transaction."""
    bunch: list[Capture | Left] = []
    size = 0
    for one in found:
        bunch.append(one)
        size += len(one.body) if isinstance(one, Capture) else 0
        if len(bunch) >= process.CHUNK or size > _BUNCH_BYTES:
            yield bunch
            bunch, size = [], 0
    if bunch:
        yield bunch


def _wanted(parts: Parts, by_host: Mapping[str, str], bunch: Iterable[Capture | Left], left: Counter[str]) -> dict[str, tuple[FeedEntry, Capture]]:
    """Item id → page, of those that are stored; the others are counted. `by_host`: the sources of the catalogue by the hosts of their sites."""
    pages: dict[str, tuple[FeedEntry, Capture]] = {}
    with parts.ledger.reading() as conn:
        for one in bunch:
            if isinstance(one, Left):
                left[f"left_{one.reason}"] += 1
                continue
            entry = FeedEntry(source_id=by_host.get(host_of(one.final_url), "imported"), guid=None, url=one.final_url)
            reason = next(iter(select([entry]).dropped), None) or _not_wanted(conn, entry)
            if reason or document_id(entry.url) in pages:
                left[f"left_{reason or 'known'}"] += 1
            else:
                pages[document_id(entry.url)] = (entry, one)
    return pages


def _facts(run_id: str, entry: FeedEntry, now: datetime) -> dict[str, object]:
    """What is stored beside an imported page: all that a lost ledger needs to know it again (see `pipeline.relearn`)."""
    return {
        "kind": "import", "source": entry.source_id, "item": document_id(entry.url), "run": run_id, "entry": entry_to_json(entry),
        "first_seen": now.isoformat(),
    }  # fmt: skip


def _not_wanted(conn: sa.Connection, entry: FeedEntry) -> str | None:
    """Why the page is not stored: it was erased, or igwire has it."""
    item_id = document_id(entry.url)
    if erasures.held(conn, [item_id, erasures.SOURCE + entry.source_id]):
        return "erased"
    return "known" if items.find(conn, item_id) else None


def _take(parts: Parts, run_id: str, stored: Sequence[tuple[FeedEntry, Capture, RawRef]], keeper: Keeper, now: datetime) -> list[str]:
    """Note the stored pages; ids of the items that no other run was quicker with."""
    with parts.ledger.transaction() as conn:
        keeper.note(conn)
        new = items.add(conn, [entry for entry, *_ in stored], now=now, mode="import")
        by_id = {document_id(entry.url): (capture, ref) for entry, capture, ref in stored}
        for item_id in new:
            items.captured(conn, item_id, by_id[item_id][1], run_id=run_id, at=by_id[item_id][0].fetched_at)
    return new


def _store(parts: Parts, run_id: str, texts: Iterator[Text], source_id: str) -> Iterator[str]:
    with parts.store.writer() as writer:
        keeper = Keeper(parts.ledger, writer)
        for text in texts:
            url = text.url or f"{_HOST}/{content_hash(text.title, text.body)[:24]}"
            entry = FeedEntry(source_id=source_id, guid=text.origin, url=url, title=text.title, published=text.date)
            now = parts.clock.now()
            with parts.ledger.reading() as conn:
                unwanted = _not_wanted(conn, entry)
            if unwanted is None:
                body, headers = _page(text), (("Content-Type", "text/html; charset=utf-8"),)
                capture = Capture(requested_url=url, final_url=url, fetched_at=now, status=200, headers=headers, body=body, wire=body)
                (ref,) = keeper.keep([keeper.pack(capture, {**_facts(run_id, entry, now), "origin": text.origin})])
                _take(parts, run_id, [(entry, capture, ref)], keeper, now)
            yield document_id(url)


def _page(text: Text) -> bytes:
    """The text as a page, so that it takes the same way as every other."""
    paragraphs = "".join(f"<p>{html.escape(line)}</p>" for line in text.body.splitlines() if line.strip())
    title = html.escape(text.title)
    return f"<!doctype html><html><head><title>{title}</title></head><body><article><h1>{title}</h1>{paragraphs}</article></body></html>".encode()
