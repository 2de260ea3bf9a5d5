"""`igwire raw`: the raw store."""

from __future__ import annotations

from typing import Annotated

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
