"""`igwire alerts`: saved searches that tell what is new."""

from __future__ import annotations

from typing import Annotated

import typer

from igwire.cli import output

app = typer.Typer(no_args_is_help=True, help="Saved searches that tell what is new, by Atom, mail or webhook.")


@app.command(name="list")
def list_(json: output.JsonFlag = False) -> None:
    """The alerts of IGWIRE_ALERTS, checked; exit code 2 names the line that is wrong."""
    from igwire import wiring

    found = wiring.alerts()
    rows = [{"id": a.id, "title": a.title, "search": a.request.as_params(), "to": list(a.targets)} for a in found.alerts]
    output.rows(rows, ["id", "title", "search", "to"], json_flag=json)


@app.command()
def run(json: output.JsonFlag = False) -> None:
    """Tell every target what is new for it; exit code 1 when one was not served."""
    from igwire import wiring

    done = wiring.run_alerts()
    output.rows([{"alert": t.alert, "target": t.target, "sent": t.sent, "fault": t.fault} for t in done], ["alert", "target", "sent", "fault"], json_flag=json)
    if any(t.fault for t in done):
        raise typer.Exit(1)


@app.command()
def backtest(
    alert_id: Annotated[str, typer.Argument(help="Id of an alert.")], days: Annotated[int, typer.Option(min=1, max=4000)] = 90, json: output.JsonFlag = False
) -> None:
    """How often the alert would have fired, by the publishers' days."""
    from igwire import wiring
    from igwire.errors import UsageError
    from igwire.pipeline.alerting import back_test

    alert = next((a for a in wiring.alerts().alerts if a.id == alert_id), None)
    if alert is None:
        raise UsageError(f"there is no alert {alert_id!r}; `igwire alerts list` names them")
    done = back_test(alert, wiring.reader().volume, now=wiring.CLOCK.now(), days=days)
    if output.as_json(json):
        output.record({"alert": alert_id, "fired": done.fired, "articles": done.articles, "days": done.days})
    else:
        output.say(f"{alert.title}: would have fired {done.fired} times in {done.days} days, with {done.articles} articles.")
