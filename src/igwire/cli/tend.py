"""`igwire tend` and `igwire space`: the care of an archive over years."""

from __future__ import annotations

import dataclasses

import typer

from igwire.cli import output

_MB = 1024 * 1024


def tend(json: output.JsonFlag = False) -> None:
    """Reconcile ledger, raw store and index, prune, back up, search a canary. Exit code 1 when a line is red."""
    from igwire import wiring

    lines = wiring.tend()
    output.rows([dataclasses.asdict(line) for line in lines], ("step", "level", "detail"), json_flag=json, title="The archive")
    if any(line.level == "red" for line in lines):
        raise typer.Exit(1)


def space(json: output.JsonFlag = False) -> None:
    """Room taken by kind and by source, how long the disk lasts, and what Elasticsearch's watermarks say."""
    from igwire import wiring
    from igwire.pipeline.space import measure

    found = measure(wiring.parts(), wiring.settings.get().state.absolute())
    rows = [{"what": kind, "MB": round(size / _MB, 1), "pages": None} for kind, size in sorted(found.kinds.items(), key=lambda pair: -pair[1])]
    rows += [{"what": f"pages of {source}", "MB": round(size / _MB, 1), "pages": pages} for source, (pages, size) in found.sources.items()]
    output.rows(rows, ("what", "MB", "pages"), json_flag=json, title="Room")
    left = f"enough for {found.days_left:.0f} days at {found.per_day / _MB:.1f} MB a day" if found.days_left is not None else "nothing grows yet"
    output.say(f"{found.free / 1024**3:.1f} GB are free, {found.floor / 1024**3:.1f} GB of them are the floor: {left}.")
    output.say(wiring.index_room())
