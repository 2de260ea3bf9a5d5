"""`igwire ledger`: what igwire knows beside the raw store."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from igwire.cli import output

app = typer.Typer(no_args_is_help=True, help="The ledger: what is known of sources, items and documents.")


@app.callback()
def _group() -> None:
    """Keep `rebuild` a command of its own."""


@app.command()
def rebuild(
    from_raw: Annotated[bool, typer.Option("--from-raw", help="From the WARC segments; the ledger must be empty.")] = False,
    json: output.JsonFlag = False,
) -> None:
    """Make a lost ledger again from the raw store. Afterwards `igwire rebuild --from extract` makes tags, copies and the index again."""
    from igwire import wiring
    from igwire.errors import UsageError
    from igwire.pipeline.relearn import relearn

    if not from_raw:
        raise UsageError("say from what: --from-raw (a backup is brought back with `igwire restore`)")
    done = relearn(wiring.parts(), f"relearn__{wiring.CLOCK.now():%Y-%m-%dT%H:%M:%S}")
    if output.as_json(json):
        output.record(dataclasses.asdict(done))
    output.say(f"{done.documents} documents of {done.items} items from {done.captures} captures and {done.feeds} feed answers; {done.unreadable} unreadable.")
    output.say("Now run `igwire rebuild --from extract`.")
