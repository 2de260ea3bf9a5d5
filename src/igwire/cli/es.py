"""`igwire es`: the Elasticsearch of this machine, without containers."""

from __future__ import annotations

from dataclasses import asdict

import typer

from igwire.cli import output

app = typer.Typer(no_args_is_help=True, help="Start, stop and look at the Elasticsearch of this machine.")


@app.command()
def up(json: output.JsonFlag = False) -> None:
    """Start Elasticsearch (the local node, or the archive of ES_HOME) or find the running one, and wait until it serves."""
    from igwire import settings as configuration
    from igwire.runtime import ladder

    services = ladder.start(configuration.get(), prefer_local=True, say=output.say)
    record = {"url": services.es_url, "kibana_url": services.kibana_url, "from": services.choice.rung.value}
    if output.as_json(json):
        output.record(record)
    else:
        output.say(f"Elasticsearch serves at {services.es_url}.")


@app.command()
def down(json: output.JsonFlag = False) -> None:
    """Stop what `up` started; nothing else is touched."""
    from igwire import settings as configuration
    from igwire.runtime import ladder

    stopped = ladder.stop(configuration.get())
    if output.as_json(json):
        output.record({"stopped": stopped})
    else:
        output.say(f"Stopped {' and '.join(stopped)}." if stopped else "Nothing was running.")


@app.command()
def status(json: output.JsonFlag = False) -> None:
    """Say whether Elasticsearch serves; exit code 1 when it doesn't."""
    from igwire import settings as configuration
    from igwire.runtime import ladder

    settings = configuration.get()
    choice = ladder.decide(settings, engine="", prefer_local=True)
    node = ladder.node(choice, settings)
    found = node.status() if node else ladder.given(settings)
    if output.as_json(json):
        output.record({**asdict(found), "from": choice.rung.value})
    else:
        output.say(f"Elasticsearch {found.version} serves at {found.url}." if found.up else f"Elasticsearch is down. {found.detail}")
    if not found.up:
        raise typer.Exit(1)
