"""`igwire sources`: the catalogue."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from igwire.cli import output

app = typer.Typer(no_args_is_help=True, help="The catalogue of sources.")


@app.command("list")
def list_sources(
    wanted: Annotated[list[str] | None, typer.Argument(help="Ids or collections; everything when left out.")] = None, json: output.JsonFlag = False
) -> None:
    """List sources with what the last poll of each brought."""
    from igwire import wiring
    from igwire.ledger import sources

    catalogue = wiring.catalogue()
    chosen = catalogue.choose(wanted) if wanted else list(catalogue.by_id.values())
    with wiring.ledger().reading() as conn:
        states = sources.states(conn, [s.id for s in chosen])
    rows = [{**asdict(s), "state": states[s.id].state, "last_success_at": states[s.id].last_success_at} for s in chosen]
    output.rows(rows, ["id", "title", "kind", "language", "status", "state", "last_success_at"], json_flag=json)


@app.command()
def check(wanted: Annotated[list[str] | None, typer.Argument(help="Ids or collections.")] = None, json: output.JsonFlag = False) -> None:
    """Read the catalogue, then poll the sources that are due, slowly, and say how each answers; exit code 1 when one fails."""
    from datetime import UTC, datetime, timedelta

    from igwire import wiring
    from igwire.ledger import runs, sources
    from igwire.pipeline.poll import poll_due

    parts = wiring.parts()
    chosen = parts.catalogue.choose(wanted or [])
    now = datetime.now(UTC)
    run_id = f"check__{now:%Y-%m-%dT%H:%M:%S}"
    with parts.ledger.transaction() as conn:
        runs.note(conn, "check", now=now, run_id=run_id, detail=f"{len(chosen)} sources")
    poll_due(parts, run_id, chosen, mode="live", until=now + timedelta(hours=1))
    with parts.ledger.reading() as conn:
        states = sources.states(conn, [s.id for s in chosen])
    rows = [{"id": s.id, "state": s.state, "reason": s.state_reason, "last_poll_at": s.last_poll_at} for s in states.values()]
    output.rows(rows, ["id", "state", "reason"], json_flag=json)
    if any(state.failures for state in states.values()):
        raise typer.Exit(1)
