"""`igwire stage NAME --in IN.jsonl --out OUT.jsonl`: one stage over a file, without Airflow, Elasticsearch or ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from igwire.cli import output


def stage(
    name: Annotated[str, typer.Argument(help="dedupe, extract, feeds, fetch, poll, robots, sitemaps, tag or urls.")],
    source: Annotated[Path, typer.Option("--in", help="JSON lines; `file` in them is relative to this file.")],
    target: Annotated[Path, typer.Option("--out", help="JSON lines, one for each line of --in.")],
    workers: Annotated[int, typer.Option(help="Worker processes.", min=1)] = 1,
    allow_loopback: Annotated[bool, typer.Option(help="fetch: let requests to this machine itself through, for trials.")] = False,
) -> None:
    """Run one stage over a file of JSON lines; exit code 1 when a line failed."""
    from igwire.pipeline.stagefile import run_stage

    if failed := run_stage(name, source, target, workers=workers, **_needs(name, allow_loopback)):
        output.say(f"{failed} lines failed; their reasons are in {target}.")
        raise typer.Exit(1)


def _needs(name: str, allow_loopback: bool) -> dict[str, Any]:
    """What the stage is given; the wiring is imported only for those that need it, since it takes as long as ten pages."""
    if name not in ("fetch", "tag"):
        return {}
    from igwire import wiring

    return wiring.fetch_stage(allow_loopback) if name == "fetch" else {"tagger": wiring.tagger()}
