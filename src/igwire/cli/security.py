"""`igwire security`: roles, keys and the analyst of an Elasticsearch that asks who somebody is."""

from __future__ import annotations

from typing import Annotated

import typer

from igwire.cli import output

app = typer.Typer(no_args_is_help=True, help="Roles and API keys with no more rights than each part needs.")


@app.command()
def apply(
    rotate: Annotated[bool, typer.Option("--rotate", help="Make new keys and end the old ones; then restart what uses them.")] = False,
    json: output.JsonFlag = False,
) -> None:
    """Bring roles, API keys and the analyst into being; run again, it changes nothing. Keys go to files, never to the screen. Exit code 1 when one is refused."""
    from igwire import settings as configuration
    from igwire import wiring
    from igwire.index import security

    settings, client, keys = configuration.get(), wiring.elasticsearch_client(), wiring.key_folder()
    if not security.has_security(client):
        security.without(keys)
        output.say(f"The Elasticsearch at {wiring.elasticsearch_url()} has no security: whoever reaches it may do everything, and no key is needed.")
        return
    password = settings.analyst_password.get_secret_value()
    fine = output.applied(security.apply(client, settings.index_prefix, keys, analyst_password=password, rotate=rotate), json_flag=json)
    output.say(f"The keys are in {keys.folder}, readable by their owner only.")
    if not fine:
        raise typer.Exit(1)


@app.command()
def roles(json: output.JsonFlag = False) -> None:
    """What each part may do."""
    from igwire import settings
    from igwire.index import security

    rows = [
        {"role": f"{settings.get().index_prefix}-{name}", "cluster": role["cluster"], "indices": role["indices"], "applications": role["applications"]}
        for name, role in security.roles(settings.get().index_prefix).items()
    ]
    output.rows(rows, ["role", "cluster", "indices", "applications"], json_flag=json)
