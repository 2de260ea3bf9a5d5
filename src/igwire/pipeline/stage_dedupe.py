"""`igwire stage dedupe`: texts in, their copies out, by the pipeline's own code on a ledger in a temporary folder."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from igwire.enrich.fingerprints import fingerprint
from igwire.isolate import Killed, Pool
from igwire.ledger.copies import CopyRow
from igwire.ledger.database import Ledger
from igwire.ledger.packing import instant
from igwire.model import CopyFacts, DateFound
from igwire.pipeline import copies

# Texts a transaction: enough to spread its cost, few enough to keep memory flat.
_CHUNK = 1000
# Texts a task of a worker process: a task costs about 2 ms, a text about 1.
_SHARE = 100
# Nothing here hangs; the limit only frees the caller from a worker that died.
_TIMEOUT_S = 60.0
# "First seen" of the first line, before all real dates' end: rows without a date come after dated ones, in the order of the file.
_ARRIVAL = datetime(3000, 1, 1, tzinfo=UTC)

Row = dict[str, Any]
# The place of the first in the file, and some rows.
Share = tuple[int, list[Row]]


def run(rows: Iterable[Row], root: Path, workers: int) -> Iterator[Row]:
    """Compare the texts of `rows` (`id`, `title`?, `text`, `published_at`?, `source`?) with each other; one answer a row, in their order.

    Everything is read before the first answer is given, because a later line may turn out to be the original of an earlier one.
    """
    order = array("q")
    with TemporaryDirectory(prefix="igwire-dedupe-") as folder:
        ledger = Ledger.open(f"sqlite:///{folder}/copies.db")
        try:
            for chunk in _placed(ledger, rows, workers):
                order.extend(chunk)
            yield from _answers(ledger, order)
        finally:
            ledger.close()


def _placed(ledger: Ledger, rows: Iterable[Row], workers: int) -> Iterator[list[int]]:
    """Place all rows; the documents' numbers, a chunk at a time."""
    with Pool(workers if workers > 1 else 0) as pool:
        made = _made(pool, rows)
        while chunk := list(islice(made, _CHUNK)):
            # The last line of an id counts, as a later revision of a document does.
            with ledger.transaction() as conn:
                copies.place_all(conn, list({row.number: row for row in chunk}.values()))
            yield [row.number for row in chunk]


def _made(pool: Pool, rows: Iterable[Row]) -> Iterator[CopyRow]:
    """The rows as the memory of copies takes them, in their order; the slow part, done by the pool."""
    waiting: list[Share] = []

    def shares() -> Iterator[Share]:
        rest, place = iter(rows), 0
        while part := list(islice(rest, _SHARE)):
            waiting.append((place, part))
            yield place, part
            place += len(part)

    for done in pool.map(_make, shares(), timeout_s=_TIMEOUT_S):
        share = waiting.pop(0)
        # A worker that died took a share with it: its texts are done here.
        yield from _make(share) if isinstance(done, Killed) else done.value


def _make(share: Share) -> list[CopyRow]:
    place, rows = share
    return [_row(row, place + n) for n, row in enumerate(rows)]


def _row(row: Row, place: int) -> CopyRow:
    arrived = _ARRIVAL + timedelta(seconds=place)
    published = str(row.get("published_at") or "")
    moment = instant(published)
    precision = "day" if len(published) <= 10 else "second"
    date = DateFound(value=published, origin="given", precision=precision, day=moment.date()) if moment else None
    made = fingerprint(str(row["text"]), str(row.get("title") or ""))
    return copies.make_row(_name(row["id"]), made, seen=copies.first_moment(date, arrived), arrived=arrived)


def _name(row_id: Any) -> str:
    """Ids may be of any JSON type; the ledger's are texts."""
    return json.dumps(row_id, ensure_ascii=False)


def _answers(ledger: Ledger, order: array[int]) -> Iterator[Row]:
    for start in range(0, len(order), _CHUNK):
        numbers = order[start : start + _CHUNK]
        with ledger.reading() as conn:
            found = copies.facts_by_number(conn, numbers)
        for number in numbers:
            yield _answer(*found[number])


def _answer(name: str, facts: CopyFacts) -> Row:
    sentences = [{"start": s.start, "end": s.end, "first": json.loads(s.first)} for s in facts.sentences]
    of = json.loads(facts.of) if facts.of is not None else None
    return {"id": json.loads(name), "cluster": json.loads(facts.cluster), "of": of, "share": facts.share, "sentences": sentences}
