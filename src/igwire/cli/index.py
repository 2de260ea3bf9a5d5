"""`igwire index`: the indices as they should be."""

from __future__ import annotations

import typer

from igwire.cli import output

app = typer.Typer(no_args_is_help=True, help="Templates, indices and aliases of Elasticsearch.")


@app.command()
def apply(json: output.JsonFlag = False) -> None:
    """Bring templates, indices and aliases into being; run again, it changes nothing."""
    from igwire import settings, wiring
    from igwire.index.migrate import apply as apply_schema

    done = apply_schema(wiring.elasticsearch_client(), settings.get().index_prefix)
    if output.as_json(json):
        output.record({"made": done})
    else:
        output.say("\n".join(f"Made {what}." for what in done) or "Everything is there already.")
