"""Loss at size: the ledger made again from the raw store, and everything brought back from a backup, each time with the same documents.

pages ─ import, index ─ erase a few ─ backup ─ ledger deleted: relearn, rebuild ─ everything deleted: restore, rebuild

The pages are light (7 kB: navigation, an article of 400 words by Zipf's law, related links, a footer). The reference is a bare copy of
the same folder with the hash of every file, which is the least that a checked backup can cost. Documents are compared by their hashes in Elasticsearch; any difference ends the program with exit code 1.
"""

from __future__ import annotations

import html
import random
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from _articles import Writer
from _index import scratch
from _report import arguments, memory_watched, report, timed
from reprocess import Place

from igwire.index import migrate
from igwire.pipeline import backup as backups
from igwire.pipeline import erase as erasing
from igwire.pipeline.rebuild import Selection, rebuild
from igwire.pipeline.relearn import relearn
from igwire.store.backup import hash_of
from igwire.store.remote import Remote

_ERASED, _MB = 10, 1024 * 1024


def pages(count: int) -> list[tuple[str, bytes]]:
    """Address and HTML of so many articles."""
    writer, dice = Writer(), random.Random(3)
    return [(f"http://news{n % 200}.example/2026/01/{n % 28 + 1:02}/story-{n}", _page(writer, dice)) for n in range(count)]


def _page(writer: Writer, dice: random.Random) -> bytes:
    title = " ".join(writer.words(8)).capitalize()
    links = "".join(f"<li><a href='/{n}'>{' '.join(writer.words(4))}</a></li>" for n in range(30))
    paragraphs = "".join(f"<p>{html.escape(' '.join(writer.words(dice.randint(40, 80))).capitalize())}.</p>" for _ in range(7))
    return (
        f"<!doctype html><html lang='en'><head><title>{title}</title></head><body><nav><ul>{links}</ul></nav>"
        f"<article><h1>{title}</h1>{paragraphs}</article><aside><h2>Related</h2><ul>{links}</ul></aside><footer><p>All rights reserved.</p></footer></body></html>"
    ).encode()


class Archive(Place):
    """An archive that loses its parts one after the other."""

    def hashes(self) -> dict[str, str]:
        """Id → hash of every document of the index."""
        self.client.indices.refresh(index=f"{self.prefix}-*")
        return dict(migrate.Versions(self.client, self.prefix).hashes(migrate.live_index(self.client, self.prefix)))

    def erase(self, keys: list[str]) -> None:
        parts = self.parts(0)
        erasing.erase(parts, erasing.tombstones_for(parts, keys=keys, reason="benchmark", now=parts.clock.now()))

    def backup(self, target: Path) -> Any:
        return backups.backup(self.parts(0), Remote(str(target)), self.folder, settings={}, release="benchmark")

    def lose(self, *, everything: bool) -> None:
        """The ledger (or the whole folder) and the index are gone."""
        for file in self.folder.iterdir() if everything else self.folder.glob("ledger.db*"):
            shutil.rmtree(file) if file.is_dir() else file.unlink()
        migrate.drop(self.client, self.prefix)
        migrate.apply(self.client, self.prefix)

    def again(self, first: str) -> None:
        self.runs += 1
        done = rebuild(self.parts(2), f"again-{self.runs}", first=first, selection=Selection())
        if not done.ok:
            raise SystemExit(f"not every document came back: {done.as_dict()}")


def same(archive: Archive, before: dict[str, str], what: str) -> None:
    """Ends the program when the documents are not those of `before`."""
    now = archive.hashes()
    if now != before:
        differ = sum(now[key] != before[key] for key in now.keys() & before.keys())
        raise SystemExit(f"after {what}: {len(now)} documents instead of {len(before)}, {differ} of them changed")


def size_of(folder: Path) -> float:
    """Bytes of all files below a folder, in MB."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / _MB


def bare_copy(source: Path, target: Path) -> None:
    """What the reference does."""
    shutil.copytree(source, target)
    for file in target.rglob("*"):
        if file.is_file():
            hash_of(file)


def measure(size: int) -> dict[str, float]:
    """Seconds and sizes of one archive."""
    given = pages(size)
    row: dict[str, float] = {"pages": size, "pages_mb": sum(len(body) for _, body in given) / _MB}

    def step(name: str, work: Callable[[], object]) -> None:
        row[f"{name}_s"] = timed(work)

    with ExitStack() as stack:
        client, prefix = stack.enter_context(scratch())
        folder, elsewhere = (Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2))
        memory = stack.enter_context(memory_watched())
        made: list[Archive] = []

        def store_and_index() -> None:
            made.append(Archive(folder, client, prefix, given))
            made[0].rebuild(2)

        step("import", store_and_index)
        (archive,) = made
        step("erase", lambda: archive.erase([url for url, _ in given[:_ERASED]]))
        before = archive.hashes()
        if len(before) != size - _ERASED:
            raise SystemExit(f"{len(before)} documents after {_ERASED} of {size} were erased")
        row |= {"raw_mb": size_of(folder / "raw"), "ledger_mb": size_of(folder) - size_of(folder / "raw")}
        row["raw_share"] = row["raw_mb"] / row["pages_mb"]
        step("bare_copy", lambda: bare_copy(folder, elsewhere / "copy"))
        step("backup", lambda: archive.backup(elsewhere / "backup"))
        step("backup_again", lambda: archive.backup(elsewhere / "backup"))
        row["backup_mb"] = size_of(elsewhere / "backup")
        archive.lose(everything=False)
        step("relearn", lambda: relearn(archive.parts(2), "relearn"))
        step("rebuild", lambda: archive.again("extract"))
        same(archive, before, "a lost ledger")
        archive.lose(everything=True)
        step("restore", lambda: backups.restore(Remote(str(elsewhere / "backup")), folder, ledger_url=f"sqlite:///{folder / 'ledger.db'}"))
        step("reindex", lambda: archive.again("index"))
        same(archive, before, "a lost folder")
    return {**row, "peak_mb": memory.peak_mb}


def main() -> None:
    options = arguments(__doc__ or "")
    row = measure(300 if options.quick else 10_000)
    table = [{"what": name, "figure": value} for name, value in row.items()]
    report(
        "years", table, share=row["bare_copy_s"] / row["backup_s"], reference="a copy of the same folder and the hash of every file of it",
        **{name: round(value, 3) for name, value in row.items()},
    )  # fmt: skip


if __name__ == "__main__":
    main()
