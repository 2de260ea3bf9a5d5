"""The `igwire` command. Modules of commands import nothing heavy at their top: `igwire --help` answers at once."""

from __future__ import annotations

import sys

import typer

from igwire.cli import (
    alerts,
    backfill,
    backup,
    curation,
    erase,
    es,
    evaluation,
    index,
    ingest,
    kb,
    kibana,
    ledger,
    newsroom,
    raw,
    search,
    security,
    serve,
    sources,
    stage,
    state,
    system,
    tend,
)
from igwire.errors import IgwireError, UsageError

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="Internet-governance news: feeds in, searchable articles out.")
app.add_typer(backfill.app, name="backfill")
app.add_typer(es.app, name="es")
app.add_typer(evaluation.app, name="eval")
app.add_typer(index.app, name="index")
app.add_typer(kb.app, name="kb")
app.add_typer(curation.app, name="curation")
app.add_typer(kibana.app, name="kibana")
app.add_typer(security.app, name="security")
app.add_typer(alerts.app, name="alerts")
app.add_typer(sources.app, name="sources")
app.add_typer(ingest.import_app, name="import")
app.add_typer(raw.app, name="raw")
app.add_typer(ledger.app, name="ledger")
app.command("newsroom")(newsroom.newsroom)
app.command("stage")(stage.stage)
app.command("ingest")(ingest.ingest)
app.command("rebuild")(ingest.rebuild)
app.command("gaps")(backfill.gaps)
app.command("search")(search.search)
app.command("show")(search.show)
app.command("why")(search.why)
app.command("serve")(serve.serve)
app.command("erase")(erase.erase)
app.command("tend")(tend.tend)
app.command("space")(tend.space)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("status")(state.status)
app.command("trace")(state.trace)
app.command("doctor")(system.doctor)
app.command("up")(system.up)
app.command("down")(system.down)
app.command("demo", hidden=True)(system.demo)


def main() -> None:
    """Run the command: exit code 0 fine, 1 work failed, 2 wrong use."""
    try:
        app()
    except UsageError as error:
        print(f"igwire: {error}", file=sys.stderr)
        sys.exit(2)
    except IgwireError as error:
        print(f"igwire: {error}", file=sys.stderr)
        sys.exit(1)
