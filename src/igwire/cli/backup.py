"""`igwire backup` and `igwire restore`."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from igwire.cli import output

_MB = 1024 * 1024


def backup(target: Annotated[str, typer.Argument(help="A folder or an fsspec URL such as s3://bucket/igwire.")], json: output.JsonFlag = False) -> None:
    """Save ledger, raw store, own sources, alerts and settings (no secrets); collection may go on. Only what changed is copied."""
    from igwire import wiring

    done = wiring.backup(target)
    if output.as_json(json):
        output.record(dataclasses.asdict(done))
    output.say(f"{done.files} files ({done.bytes / _MB:.1f} MB) are in {target}; {done.copied} of them ({done.copied_bytes / _MB:.1f} MB) were copied now.")


def restore(source: Annotated[str, typer.Argument(help="Where `igwire backup` wrote to.")]) -> None:
    """Bring a backup into the empty state folder. A backup that is not whole is refused, with what is missing."""
    from igwire import wiring

    manifest = wiring.restore(source)
    output.say(f"{len(manifest.files)} files of the backup of {manifest.facts['at']} are restored.")
    output.say("Now run `igwire rebuild --from index --into new`, and `igwire erase --apply LOG` for what was erased after that backup.")
