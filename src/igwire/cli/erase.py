"""`igwire erase`: articles and sources out of everything, for good."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from igwire.cli import output


def erase(
    keys: Annotated[list[str] | None, typer.Argument(help="URLs or ids of articles.")] = None,
    source: Annotated[str | None, typer.Option(help="Everything of this source; nothing of it is taken any more.")] = None,
    reason: Annotated[str, typer.Option(help="Why; it stays in the log, so name no erased text.")] = "erased on request",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    log: Annotated[bool, typer.Option("--log", help="Print the log of erasures as JSON lines; it names no erased text.")] = False,
    apply: Annotated[Path | None, typer.Option(help="A log of erasures: erase here what it names (after an older backup was restored).")] = None,
    json: output.JsonFlag = False,
) -> None:
    """Remove articles from index, revisions, copies, alerts, trace and raw store, and keep them from coming back.

    Without arguments an erasure that was cut short goes on. What others wrote about an article, or copied from it, stays.
    """
    from igwire import wiring
    from igwire.ledger import erasures
    from igwire.pipeline import erase as erasing

    parts = wiring.parts()
    if log:
        with parts.ledger.reading() as conn:
            for row in erasures.all_rows(conn):
                output.record({**row.as_dict(), "done": row.done})
        return
    rows = _named(parts, keys or [], source, reason)
    if apply is not None:
        rows += erasing.from_log(parts, apply)
    if dry_run:
        _tell(erasing.preview(parts, rows), json=json, dry=True)
        return
    if rows and not yes:
        typer.confirm(f"Erase {len(rows)} addresses and sources for good? This cannot be undone", abort=True, err=True)
    done = erasing.erase(parts, rows)
    _tell(done, json=json, dry=False)
    if not done.done:
        raise typer.Exit(1)


def _named(parts: Any, keys: list[str], source: str | None, reason: str) -> list[Any]:
    from igwire.pipeline import erase as erasing

    return erasing.tombstones_for(parts, keys=keys, source=source, reason=reason, now=parts.clock.now())


def _tell(found: Any, *, json: bool, dry: bool) -> None:
    import dataclasses

    if output.as_json(json):
        output.record(dataclasses.asdict(found))
    would = "would go" if dry else "are gone"
    output.say(
        f"{found.documents} documents and {found.captures} captures {would}; {found.listings} of these are answers of feeds and archives that list them."
    )
    if found.unreadable:
        output.say(f"{found.unreadable} places of the raw store cannot be read, so they were not searched: see `igwire raw verify`.")
    if not found.done and not dry:
        output.say("A run is writing to the raw store: the erasure is looked at again when it has ended (or with `igwire erase`).")
