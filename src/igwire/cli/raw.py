"""`igwire raw`: the raw store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Annotated

import typer

from igwire.cli import output

app = typer.Typer(no_args_is_help=True, help="What was fetched, as it came.")


@app.command()
def show(key: Annotated[str, typer.Argument(help="URL or id of an item or document.")], body: bool = False) -> None:
    """Print the stored answer of one item: its facts, or with --body its bytes."""
    import sys

    from igwire import wiring
    from igwire.errors import UsageError
    from igwire.ledger import items

    with wiring.ledger().reading() as conn:
        item = items.find(conn, key)
    if item is None or item.raw is None:
        raise UsageError(f"nothing is stored for {key!r}; `igwire trace` tells what became of it")
    capture, facts = wiring.raw_store().read(item.raw)
    if body:
        sys.stdout.buffer.write(capture.body)
        return
    place = {"segment": item.raw.segment, "offset": item.raw.offset, "length": item.raw.length}
    output.record({"url": capture.final_url, "status": capture.status, "at": capture.fetched_at, "headers": dict(capture.headers), **place, "metadata": facts})


@app.command()
def verify(
    files: Annotated[list[Path] | None, typer.Argument(help="WARC files of any origin; none = every sealed segment of the raw store.")] = None,
    json: output.JsonFlag = False,
) -> None:
    """Read every record and compare its digests; names broken ones by file, record and offset. Exit code 1 when there are any."""
    from igwire.store.verify import verify as check

    rows, good = [], 0
    for name, opened in _opened(files or []):
        with opened as stream:
            found = check(stream)
        good += sum(found.records.values())
        rows += [{"file": name, "record": fault.record, "offset": fault.offset, "reason": fault.reason} for fault in found.faults]
    output.rows(rows, ("file", "record", "offset", "reason"), json_flag=json, title="Broken records" if rows else "")
    output.say(f"{good} records are whole, {len(rows)} are broken.")
    if rows:
        raise typer.Exit(1)


def _opened(files: list[Path]) -> Iterator[tuple[str, AbstractContextManager[IO[bytes]]]]:
    from igwire import wiring
    from igwire.errors import UsageError

    if not files:
        store = wiring.raw_store()
        yield from ((segment, store.open(segment)) for segment in store.names())
        return
    for file in files:
        if not file.is_file():
            raise UsageError(f"{file}: there is no such file")
        yield str(file), file.open("rb")


@app.command()
def export(
    target: Annotated[Path, typer.Argument(help="A file that ends in .warc.gz.")],
    source: Annotated[list[str] | None, typer.Option(help="Only captures of this source; may be given again.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Only what was fetched at or after this instant (UTC).")] = None,
    kind: Annotated[str | None, typer.Option(help="page, feed or import.")] = None,
) -> None:
    """Copy captures into one WARC file that any WARC tool reads without the store."""
    from igwire import wiring
    from igwire.errors import UsageError
    from igwire.store.export import export as write

    if not target.name.endswith(".warc.gz"):
        raise UsageError(f"{target}: the name must end in .warc.gz")
    start = since.replace(tzinfo=UTC) if since else None
    chosen = (
        (ref, capture, facts)
        for ref, capture, facts in wiring.raw_store().walk()
        if (not source or facts.get("source") in source) and (kind is None or facts.get("kind") == kind) and (start is None or capture.fetched_at >= start)
    )
    output.say(f"{write(chosen, target, wiring.CLOCK.now())} captures are in {target}.")
