"""Commands that move articles: ingest, rebuild, import."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from igwire.cli import output
from igwire.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from igwire.model import Capture
    from igwire.pipeline.report import Report
    from igwire.store.foreign import Left

import_app = typer.Typer(no_args_is_help=True, help="Take texts of your own into the archive.")


def ingest(
    source: Annotated[list[str] | None, typer.Option(help="Ids or collections; all active sources when left out.")] = None,
    window: Annotated[str, typer.Option(help="FIRST..LAST day, such as 2026-01-01..2026-01-31; the last closed day when left out.")] = "",
    limit: Annotated[int | None, typer.Option(help="At most so many items.", min=1)] = None,
    json: output.JsonFlag = False,
) -> None:
    """Poll, fetch, extract, enrich and index in this process: what the DAG ingest_news does, without Airflow."""
    from igwire import settings, wiring
    from igwire.index.migrate import apply
    from igwire.orchestrate import resolve_window
    from igwire.pipeline.run import run_all

    since, _, until = window.partition("..")
    now = datetime.now(UTC)
    span = resolve_window(run_type="manual", params={"since": since, "until": until or since}, interval=None, run_after=None, now=now)
    try:
        apply(wiring.elasticsearch_client(), settings.get().index_prefix)
    except wiring.Unavailable as error:
        output.say(f"Elasticsearch is away, documents will wait in the ledger: {error}")
    done = run_all(wiring.parts(), f"cli__{now:%Y-%m-%dT%H:%M:%S.%f}", span, wanted=source or [], limit=limit, say=output.say)
    wiring.close_run(done)
    show_report(done, json)


def rebuild(
    first: Annotated[str, typer.Option("--from", help="extract, enrich, copies or index: the first step to do again.")] = "index",
    select: Annotated[str, typer.Option(help="since=DAY,source=ID,reason=WORD,id=ID; everything when left out.")] = "",
    only_stale: Annotated[bool, typer.Option("--only-stale", help="Only what older code or another knowledge base made.")] = False,
    into: Annotated[str, typer.Option(help="live, or new: a new index beside the old, swapped in when it is complete.")] = "live",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    json: output.JsonFlag = False,
) -> None:
    """Make documents again from the raw store and the ledger, without the network."""
    from igwire import settings, wiring
    from igwire.errors import UsageError
    from igwire.index.migrate import apply
    from igwire.pipeline import rebuild as again

    if into not in ("live", "new"):
        raise UsageError("--into must be live or new")
    again.check_step(first)
    selection = again.parse_selection(select, only_stale=only_stale)
    parts = wiring.parts()
    if dry_run:
        changes = again.dry_run(parts, first=first, selection=selection)
        output.record({"looked_at": changes.looked_at, "changed": changes.changed, "fields": dict(changes.fields), "samples": changes.samples})
        return
    run_id = f"rebuild__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"
    if into == "new":
        show_report(wiring.rebuild_into_new(parts, run_id, first=first, selection=selection), json)
    else:
        # Fields that the schema has gained since the live index was made: without them it refuses every document that has one.
        apply(wiring.elasticsearch_client(), settings.get().index_prefix)
        show_report(again.rebuild(parts, run_id, first=first, selection=selection), json)


@import_app.command()
def texts(path: Annotated[Path, typer.Argument(exists=True, help="Folder of .txt files, one file, or JSON lines.")], json: output.JsonFlag = False) -> None:
    """Import plain texts: the first line is the title, an unknown date stays unknown."""
    from igwire import settings, wiring
    from igwire.index.migrate import apply
    from igwire.pipeline.imports import import_texts, read_texts

    apply(wiring.elasticsearch_client(), settings.get().index_prefix)
    run_id = f"import__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"
    done = import_texts(wiring.parts(), run_id, read_texts(path))
    wiring.close_run(done)
    show_report(done, json)


@import_app.command()
def warc(files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="WARC files, gzipped or not.")], json: output.JsonFlag = False) -> None:
    """Import pages that were crawled before, such as Common Crawl's: no request is made, what igwire has already is left as it is."""
    from igwire import settings, wiring
    from igwire.index.migrate import apply
    from igwire.pipeline.imports import import_captures

    apply(wiring.elasticsearch_client(), settings.get().index_prefix)
    run_id = f"import__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"
    unreadable: list[Path] = []
    done = import_captures(wiring.parts(), run_id, _captures(files, unreadable))
    wiring.close_run(done)
    show_report(done, json)
    if unreadable:
        raise UsageError(f"{', '.join(map(str, unreadable))}: not one WARC record in it could be read")


def _captures(files: list[Path], unreadable: list[Path]) -> Iterator[Capture | Left]:
    """What is in the files; those in which nothing is whole are added to `unreadable`."""
    from igwire.store.foreign import BROKEN, captures

    for file in files:
        whole = False
        with file.open("rb") as stream:
            for found in captures(stream):
                whole = whole or found != BROKEN
                yield found
        if not whole:
            unreadable.append(file)


def show_report(done: Report, json: bool) -> None:
    """Print a run's report; exit code 1 when it was not good."""
    if output.as_json(json):
        output.record(done.as_dict())
    else:
        rows = [{"outcome": name, "items": count} for name, count in done.outcomes.items() if count] + [{"outcome": "planned", "items": done.planned}]
        output.rows(rows, ["outcome", "items"], json_flag=False, title=done.run_id)
        for reason, count in done.reasons.items():
            output.say(f"  {reason}: {count}")
        for word, count in done.polls.items():
            output.say(f"  {word}: {count}")
        for note in done.notes:
            output.say(f"Note: {note}")
        for fault in done.faults:
            output.say(f"Fault: {fault}")
    if not done.ok:
        raise typer.Exit(1)
