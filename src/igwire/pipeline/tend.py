"""The weekly care of the archive: what ledger, raw store and index say must be the same, and stay so.

erasures ─ seal ─ raw store ─ index ─ names ─ prune ─ backup ─ canary ─ room ─▶ report: one line a step or more; red ones need a person
A step that fails is a red line, and the next one is taken all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from igwire.errors import IgwireError
from igwire.ledger import documents, erasures, items, runs
from igwire.pipeline import space
from igwire.pipeline.erase import finish, remove_from_index
from igwire.pipeline.parts import Parts
from igwire.pipeline.prune import prune
from igwire.pipeline.rebuild import Selection, rebuild
from igwire.ports import Clock

# More unknown documents than this share of the index: the ledger is the wrong one or was lost, and nothing is removed.
_STRANGERS = 0.05
# Less than this and somebody should buy a disk.
_DAYS_LEFT = 60
_TOLD = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the report. `level`: ok, repaired, note (worth knowing), red (needs a person)."""

    step: str
    level: str
    detail: str


class Index(Protocol):
    """What tending needs of the index beside writing."""

    def held(self) -> Iterable[tuple[str, str]]:
        """Id and hash of every document of the live index. Raises Unavailable."""

    def expunge(self) -> None:
        """Take what was deleted out of the server's files. Raises Unavailable."""

    def finds(self, title: str) -> bool:
        """Whether a search for that title finds anything. Raises Unavailable."""

    def name(self) -> int:
        """Write the names of all entities anew, weighed by their articles; how many entities. Raises Unavailable."""

    def room(self) -> str | None:
        """What the server's disk watermarks stop, in words; None when nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """What tending works with. `backup` saves everything and says so in words; None = no target is set."""

    parts: Parts
    state: Path
    index: Index
    clock: Clock
    keep_feeds_days: int = 90
    backup: Callable[[], str] | None = None


def tend(care: Care, run_id: str) -> list[Line]:
    """Take all steps; the report is kept as a run of mode `tend`."""
    with care.parts.ledger.transaction() as conn:
        runs.start(conn, run_id, mode="tend", window=None, now=care.clock.now())
    lines = [line for name, step in _STEPS for line in _taken(care, run_id, name, step)]
    status = "failed" if any(line.level == "red" for line in lines) else "ok"
    with care.parts.ledger.transaction() as conn:
        runs.finish(conn, run_id, status=status, totals={"lines": [asdict(line) for line in lines]}, now=care.clock.now())
    return lines


def _taken(care: Care, run_id: str, name: str, step: Callable[[Care, str], Iterator[tuple[str, str]]]) -> Iterator[Line]:
    try:
        yield from (Line(step=name, level=level, detail=detail) for level, detail in step(care, run_id))
    except (IgwireError, OSError) as error:
        yield Line(step=name, level="red", detail=str(error))


def _erasures(care: Care, _run: str) -> Iterator[tuple[str, str]]:
    done = finish(care.parts)
    with care.parts.ledger.reading() as conn:
        if erasures.all_rows(conn):
            care.index.expunge()
    if done.ids:
        yield "repaired" if done.done else "red", f"{len(done.ids)} erasures were unfinished; {'done now' if done.done else 'a run is still writing'}"
    if done.unreadable:
        yield "red", f"{done.unreadable} places of the raw store could not be searched for what was erased"


def _seal(care: Care, _run: str) -> Iterator[tuple[str, str]]:
    sealed = care.parts.store.salvage()
    yield ("repaired", f"{len(sealed)} segments of dead writers were sealed") if sealed else ("ok", "no segment was left open")


def _raw(care: Care, _run: str) -> Iterator[tuple[str, str]]:
    """Every segment that the ledger points to is there, and long enough."""
    with care.parts.ledger.reading() as conn:
        ends = items.segment_ends(conn)
    sizes = {segment: care.parts.store.size(segment) for segment in ends}
    bad = sorted(segment for segment, end in ends.items() if sizes[segment] < end)
    yield ("red", f"missing or cut short: {_some(bad)}; restore them from a backup") if bad else ("ok", f"{len(ends)} segments hold what the ledger points to")


def _index(care: Care, run_id: str) -> Iterator[tuple[str, str]]:
    """The index holds each document as the ledger projected it, and no other."""
    with care.parts.ledger.reading() as conn:
        wanted = documents.projected(conn)
        waiting = documents.all_ids(conn)
        stones = erasures.all_rows(conn)
    if not waiting and not stones:
        # Before the first run there is no index either.
        yield "ok", "there is no document yet"
        return
    held = dict(care.index.held())
    missing = sorted(wanted.keys() - held.keys())
    older = sorted(doc_id for doc_id in wanted.keys() & held.keys() if wanted[doc_id] != held[doc_id])
    if missing or older:
        rebuild(care.parts, f"{run_id}_index", first="index", selection=Selection(ids=(*missing, *older)))
        yield "repaired", f"{len(missing)} documents were missing in the index and {len(older)} were older than the ledger's; sent again"
    if back := [row for row in stones if row.doc_id in held]:
        remove_from_index(care.parts, back)
        yield "red", f"{len(back)} erased documents had come back into the index and were removed: something writes to it beside igwire"
    strangers = held.keys() - waiting - {row.doc_id for row in stones}
    yield from _strangers(care, strangers, len(held))
    if not missing and not older:
        yield "ok", f"{len(wanted)} documents are in the index as in the ledger"


def _strangers(care: Care, strangers: set[str], held: int) -> Iterator[tuple[str, str]]:
    if len(strangers) > max(_STRANGERS * held, 1):
        yield "red", f"{len(strangers)} of {held} documents of the index are unknown to the ledger: is it the right one? Nothing was removed"
    elif strangers:
        care.parts.index().remove(dict.fromkeys(strangers, 1))
        yield "repaired", f"{len(strangers)} documents that the ledger does not know were removed from the index: {_some(sorted(strangers))}"


def _names(care: Care, _run: str) -> Iterator[tuple[str, str]]:
    """What is suggested first is what most is written about."""
    with care.parts.ledger.reading() as conn:
        empty = documents.newest_indexed(conn) is None
    yield "ok", "no document is indexed yet" if empty else f"{care.index.name()} entities can be suggested by their names"


def _prune(care: Care, _run: str) -> Iterator[tuple[str, str]]:
    gone = prune(care.parts, days=care.keep_feeds_days)
    yield "ok", f"{len(gone)} segments of feed answers older than {care.keep_feeds_days} days were removed"


def _backup(care: Care, _run: str) -> Iterator[tuple[str, str]]:
    if care.backup is None:
        yield "note", "nothing is backed up, because no target is set: set IGWIRE_BACKUP_URL to a folder on another disk or an fsspec URL"
    else:
        yield "ok", care.backup()


def _canary(care: Care, _run: str) -> Iterator[tuple[str, str]]:
    with care.parts.ledger.reading() as conn:
        newest = documents.newest_indexed(conn)
    if newest is None:
        yield "ok", "no document is indexed yet"
    elif care.index.finds(newest.article.title or ""):
        yield "ok", "a search for the newest article finds it"
    else:
        yield "red", f"a search for the title of {newest.id} finds nothing: run `igwire index diff`"


def _room(care: Care, _run: str) -> Iterator[tuple[str, str]]:
    found = space.measure(care.parts, care.state)
    words = f"{sum(found.kinds.values()) / 2**20:.0f} MB used, {found.free / 2**30:.1f} GB free" + (
        f", enough for {found.days_left:.0f} days" if found.days_left else ""
    )
    red = space.full(care.parts) or (found.days_left is not None and found.days_left < _DAYS_LEFT)
    yield "red" if red else "ok", words
    if stopped := care.index.room():
        yield "red", stopped


def _some(names: list[str]) -> str:
    return ", ".join(names[:_TOLD]) + (f" and {len(names) - _TOLD} more" if len(names) > _TOLD else "")


_STEPS: tuple[tuple[str, Callable[[Care, str], Iterator[tuple[str, str]]]], ...] = (
    ("erasures", _erasures), ("seal", _seal), ("raw store", _raw), ("index", _index), ("names", _names), ("prune", _prune), ("backup", _backup), ("canary", _canary), ("room", _room),
)  # fmt: skip
