"""`igwire kibana`: data views, Discover sessions and dashboards."""

from __future__ import annotations

import typer

from igwire.cli import output

app = typer.Typer(no_args_is_help=True, help="What Kibana shows: data views, saved searches, dashboards.")


@app.command()
def apply(json: output.JsonFlag = False) -> None:
    """Bring igwire's objects into Kibana (IGWIRE_KIBANA_URL); run again, it replaces them by the same. Exit code 1 when one is refused."""
    from igwire import settings as configuration
    from igwire.runtime.kibana import Kibana
    from igwire.search.kibana import steps

    settings = configuration.get()
    kibana = Kibana.from_settings(settings)
    output.say(f"Kibana {kibana.wait()} at {kibana.url}")
    if not output.applied(kibana.apply(steps(settings.index_prefix)), json_flag=json):
        raise typer.Exit(1)


@app.command()
def check(json: output.JsonFlag = False) -> None:
    """Ask Elasticsearch what every chart would ask, and name the charts that would be refused or empty."""
    from igwire import settings as configuration
    from igwire import wiring
    from igwire.errors import ConfigError
    from igwire.search.kibana_check import problems, searches

    if found := problems():
        raise ConfigError("the dashboards do not fit the index: " + "; ".join(found))
    client = wiring.elasticsearch_client()
    rows = []
    for name, index, body in searches(configuration.get().index_prefix):
        total = client.search(index=index, **body)["hits"]["total"]["value"]
        rows.append({"chart": name, "index": index, "documents": total, "ok": total > 0})
    output.rows(rows, ["chart", "index", "documents", "ok"], json_flag=json)
    if not all(row["ok"] for row in rows):
        raise typer.Exit(1)
