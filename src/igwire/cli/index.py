"""`igwire index`: the indices as they should be."""

from __future__ import annotations

import typer

from igwire.cli import output

app = typer.Typer(no_args_is_help=True, help="Templates, indices and aliases of Elasticsearch.")


@app.command()
def apply(json: output.JsonFlag = False) -> None:
    """Bring templates, indices, aliases and the entities' names into being; run again, it changes nothing."""
    from igwire import settings, wiring
    from igwire.index import migrate

    client, prefix = wiring.elasticsearch_client(), settings.get().index_prefix
    done = migrate.apply(client, prefix)
    wiring.refresh_names()
    left = migrate.diff(client, prefix)
    if output.as_json(json):
        output.record({"made": done, "differs": left})
    else:
        output.say("\n".join(f"Made {what}." for what in done) or "Everything is there already.")
    if left:
        output.say(f"{len(left)} settings of live indices need `igwire rebuild --into new`; `igwire index diff` names them.")


@app.command()
def diff(json: output.JsonFlag = False) -> None:
    """Say where the server differs from the schema; exit code 1 when it does."""
    from igwire import settings, wiring
    from igwire.index import migrate

    found = migrate.diff(wiring.elasticsearch_client(), settings.get().index_prefix)
    output.rows(found, ["index", "path", "server", "schema", "remedy"], json_flag=json)
    if found:
        raise typer.Exit(1)
    output.say("The server is as the schema says.")


@app.command()
def versions(json: output.JsonFlag = False) -> None:
    """List the versions of the article index; one that is not complete is being filled, or was left by a rebuild that did not come to its end."""
    from igwire import settings, wiring
    from igwire.index import migrate

    output.rows(migrate.versions(wiring.elasticsearch_client(), settings.get().index_prefix), ["index", "documents", "live", "complete"], json_flag=json)


@app.command()
def rollback() -> None:
    """Go back to the version before the live one; then `igwire rebuild --from index` brings it up to date."""
    from igwire import settings, wiring
    from igwire.index import migrate

    now, before = migrate.roll_back(wiring.elasticsearch_client(), settings.get().index_prefix)
    output.say(f"{now} is live again, {before} is kept. `igwire rebuild --from index` adds what was written since.")
