"""`igwire stage NAME --in IN.jsonl --out OUT.jsonl`: one stage over a file, without Airflow, Elasticsearch or ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from igwire.cli import output


def stage(
    name: Annotated[str, typer.Argument(help="extract, feeds, fetch, robots, sitemaps, tag or urls.")],
    source: Annotated[Path, typer.Option("--in", help="JSON lines; `file` in them is relative to this file.")],
    target: Annotated[Path, typer.Option("--out", help="JSON lines, one for each line of --in.")],
    workers: Annotated[int, typer.Option(help="Worker processes.", min=1)] = 1,
    allow_loopback: Annotated[bool, typer.Option(help="fetch: let requests to this machine itself through, for trials.")] = False,
) -> None:
    """Run one stage over a file of JSON lines; exit code 1 when a line failed."""
    from igwire import wiring
    from igwire.pipeline.stagefile import run_stage

    needs = {}
    if name == "fetch":
        needs = wiring.fetch_stage(allow_loopback)
    elif name == "tag":
        needs = {"tagger": wiring.tagger()}
    if failed := run_stage(name, source, target, workers=workers, **needs):
        output.say(f"{failed} lines failed; their reasons are in {target}.")
        raise typer.Exit(1)
