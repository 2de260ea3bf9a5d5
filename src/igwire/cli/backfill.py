"""`igwire backfill plan` and `igwire gaps`: what the past would cost, and what is still missing of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from igwire.cli import output

if TYPE_CHECKING:
    from igwire.model import Window
    from igwire.pipeline.backfill import Plan

app = typer.Typer(no_args_is_help=True, help="Days of the past.")
FromDay = Annotated[str, typer.Option("--from", help="First day (UTC), such as 2015-12-01.")]
ToDay = Annotated[str, typer.Option("--to", help="Last day, included; the first one when left out.")]
Sources = Annotated[list[str] | None, typer.Option("--source", help="Ids or collections; all active sources when left out.")]


@app.command()
def plan(first: FromDay, last: ToDay = "", source: Sources = None, json: output.JsonFlag = False) -> None:
    """Say what a backfill would cost: method, articles, requests, time at the polite rate, disk. No request is made."""
    from igwire import settings, wiring
    from igwire.pipeline.backfill import command, estimate
    from igwire.pipeline.probation import followed

    window = _window(first, last)
    parts = wiring.parts()
    chosen = followed(parts).choose(source or [])
    made = estimate(parts, chosen, window)
    output.rows(plan_rows(made), ("source", "method", "articles", "from", "listings", "pages", "hours", "MB"), json_flag=json, title="Backfill")
    output.say(summary(made))
    if made.requests > settings.get().backfill_requests:
        output.say(f"That is above IGWIRE_BACKFILL_REQUESTS ({settings.get().backfill_requests}): runs that large ask for the parameter `confirmed`.")
    output.say(command(window.start.date(), (window.end - timedelta(days=1)).date(), source or []))


@app.command("list")
def take_list(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV with the columns url, date and, if there are titles, title.")],
    source: Annotated[str, typer.Option(help="Id of the source that the articles belong to.")],
) -> None:
    """Take a list of dated addresses into the inventory, for sources whose archive no machine can read; a backfill over the days fetches them."""
    from igwire import wiring
    from igwire.errors import UsageError
    from igwire.pipeline import lists

    parts = wiring.parts()
    if source not in parts.catalogue.by_id:
        raise UsageError(f"there is no source {source!r} in the catalogue; `igwire sources list` names all")
    output.say(f"{lists.take_list(parts, file, source)} addresses are listed; `igwire backfill plan` shows what fetching them costs.")


def plan_rows(made: Plan) -> list[dict[str, object]]:
    """One row a source."""
    return [
        {
            "source": one.source_id, "method": one.method or "not available", "articles": one.articles, "from": "archive" if one.listed else "estimate",
            "listings": one.listings, "pages": one.pages, "hours": round(one.seconds / 3600, 2), "MB": round(one.bytes / 1e6, 1),
        }
        for one in made.estimates
    ]  # fmt: skip


def summary(made: Plan) -> str:
    """The whole in one sentence."""
    return f"{made.requests} requests, {made.bytes / 1e6:.0f} MB of disk, {made.seconds / 3600:.1f} hours until the slowest host is done."


def gaps(first: FromDay, last: ToDay = "", source: Sources = None, json: output.JsonFlag = False) -> None:
    """List the days that are not complete, with the reason and the command that fills them; Kibana gets every day in igwire-coverage."""
    from igwire import wiring
    from igwire.pipeline import coverage
    from igwire.pipeline.backfill import command
    from igwire.pipeline.probation import followed

    window = _window(first, last)
    parts = wiring.parts()
    chosen = followed(parts).choose(source or [])
    with parts.ledger.reading() as conn:
        found = list(coverage.days(parts, conn, chosen, window))
    coverage.publish(parts, found)
    rows = [
        {"source": gap.source_id, "from": gap.first, "to": gap.last, "days": gap.days, "state": gap.state, "reason": gap.reason,
         "command": "" if gap.state == "not_available" else command(gap.first, gap.last, [gap.source_id])}
        for gap in coverage.gaps(found)
    ]  # fmt: skip
    output.rows(rows, ("source", "from", "to", "days", "state", "reason", "command"), json_flag=json, title="Gaps")
    complete = sum(day.state == "complete" for day in found)
    output.say(f"{complete} of {len(found)} days of {len(chosen)} sources are complete.")


def _window(first: str, last: str) -> Window:
    from igwire.orchestrate import resolve_window

    return resolve_window(run_type="backfill", params={"since": first, "until": last or first}, interval=None, run_after=None, now=datetime.now(UTC))
