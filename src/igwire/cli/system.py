"""`igwire up`, `down`, `doctor`, and the demo: the system as a whole."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from igwire.cli import output

if TYPE_CHECKING:
    from igwire.settings import Settings

# What the demo asks for: the seed event, an acronym, and a query in another script.
_DEMO_SEARCHES = ("Kaspersky Wuzhen", "ICANN", "gouvernance OR gobernanza OR 互联网治理")
_RUN_S = 900


def up(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Start the standing system: Elasticsearch, Airflow, the search page. What the first run will fetch is shown and asked once."""
    from igwire import settings as configuration
    from igwire.runtime import standing
    from igwire.runtime.secrets import complete_env

    home = configuration.get().home
    if added := complete_env(home):
        output.say(f"Wrote {', '.join(added)} into {home / '.env'}.")
        configuration.get.cache_clear()
    settings = configuration.get()
    standing.check_contact(settings)
    first = not standing.agreed(settings)
    if first:
        plan = standing.forecast(settings)
        output.say(f"The first run will ask {plan}; at least {settings.gap_s:g} s lie between two requests to a host.")
        output.say(f"Behind it, ingest_archive reads what the archives of {plan.archives} of them list for last month; pause it in Airflow to prevent that.")
        _agree(yes)
        standing.agree(settings, plan)
    _box(standing.start(settings, output.say, first=first))


def _agree(yes: bool) -> None:
    from igwire.errors import UsageError

    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("nobody is here to say yes to this first run: say it with `make up YES=1` (or `igwire up --yes`)")
    if not typer.confirm("Go on?", default=True, err=True):
        output.say("Nothing was started.")
        raise typer.Exit(1)


def _box(facts: dict[str, str]) -> None:
    width = max(map(len, facts))
    lines = [f"{name:<{width}}  {value}" for name, value in facts.items()]
    edge = "─" * (max(map(len, lines)) + 2)
    output.say("\n".join([f"┌{edge}┐", *(f"│ {line:<{len(edge) - 2}} │" for line in lines), f"└{edge}┘"]))


def down(quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing when nothing was running.")] = False) -> None:
    """Stop everything that `up` or the demo started; nothing else is touched."""
    from igwire import settings as configuration
    from igwire.runtime import standing

    stopped = standing.stop(configuration.get())
    if stopped or not quiet:
        output.say(f"Stopped {', '.join(stopped)}." if stopped else "Nothing was running.")


def demo() -> None:
    """Elasticsearch, the newsroom, ingest_news through Airflow, three searches, the page's address."""
    from igwire import settings as configuration
    from igwire import wiring
    from igwire.ledger import runs
    from igwire.runtime import ladder, standing
    from igwire.runtime.airflow import Airflow

    settings = configuration.get()
    services = ladder.start(settings, prefer_local=True, say=output.say)
    standing.start_newsroom(settings, output.say)
    airflow = Airflow.from_settings(settings, standing.variables(settings, services.es_url))
    output.say("Running the DAG ingest_news over 2015 to today …")
    airflow.migrate()
    log = airflow.run("dags", "test", "ingest_news", "--conf", jsonlib.dumps({"since": "2015-01-01"}), timeout_s=_RUN_S)
    (airflow.folder / "demo.log").write_text(log, encoding="utf-8")
    with wiring.ledger().reading() as conn:
        run = runs.newest(conn, 1)[0]
    _show_run(run)
    for query in _DEMO_SEARCHES:
        _show_search(query)
    output.say(f"\nThe search page: {standing.start_page(settings, services.es_url)}   (`make down` stops everything)")
    if run.status != "ok":
        output.say(f"The run was not good: {run.totals}; the log is {airflow.folder / 'demo.log'}")
        raise typer.Exit(1)


def _show_run(run: object) -> None:
    totals = getattr(run, "totals", None) or {}
    counts = [{"what": f"feeds {name}", "count": n} for name, n in totals.get("polls", {}).items()]
    counts += [{"what": f"items {name}", "count": n} for name, n in totals.get("outcomes", {}).items()]
    counts.append({"what": "items planned", "count": totals.get("planned")})
    _table(counts, ["what", "count"], f"Run {getattr(run, 'id', '')}: {getattr(run, 'status', '')} in {totals.get('seconds')} s")


def _show_search(query: str) -> None:
    from igwire import wiring
    from igwire.search.request import SearchRequest

    results = wiring.reader().search(SearchRequest(text=query, size=3))
    rows = [{"day": h.document.get("published_day"), "source": h.document["source"]["id"], "title": h.document.get("title")} for h in results.hits]
    _table(rows, ["day", "source", "title"], f"{results.total} articles for {query}")


def _table(items: list[dict[str, object]], columns: list[str], title: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, title=title, title_justify="left")
    for item in items:
        table.add_row(*(Text(str(item.get(c) if item.get(c) is not None else "")) for c in columns))
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def doctor(json: output.JsonFlag = False) -> None:
    """What is missing on this machine, and how to get it; exit code 1 when something needed is."""
    from igwire import settings as configuration

    results = [(what, needed, _fault(probe)) for what, needed, probe in _checks(configuration.get())]
    rows = [{"what": what, "ok": not fault, "needed": needed, "how": fault} for what, needed, fault in results]
    output.rows(rows, ["what", "ok", "needed", "how"], json_flag=json)
    if any(needed and fault for _, needed, fault in results):
        raise typer.Exit(1)


def _fault(probe: Callable[[], object]) -> str:
    from igwire.errors import IgwireError

    try:
        probe()
    except IgwireError as error:
        return str(error)
    return ""


def _checks(settings: Settings) -> list[tuple[str, bool, Callable[[], object]]]:
    """What is looked at, whether igwire cannot do without it here, and the function that raises when it is missing."""
    from igwire import wiring
    from igwire.runtime import java, standing

    # Java and Maven are for the local node only.
    local = not (settings.es_url or settings.es_home or settings.engine == "compose")
    return [
        ("Java 21 or newer", local, lambda: java.find(java.candidates(settings.java_home))),
        ("Maven", local, lambda: _on_path("mvn", "install Maven, or set IGWIRE_ES_URL to a running Elasticsearch")),
        ("catalogue", True, wiring.catalogue),
        ("ledger", True, wiring.check_ledger),
        ("contact", False, lambda: standing.check_contact(settings)),
        ("Elasticsearch", False, _check_server),
        ("Chromium (tests only)", False, lambda: _on_path("chromium", "`make test` installs it where it may")),
        ("PostgreSQL (tests only)", False, lambda: _on_path("initdb", "`make test` installs it where it may")),
    ]


def _on_path(program: str, how: str) -> None:
    import shutil

    from igwire.errors import ConfigError

    if shutil.which(program) is None:
        raise ConfigError(how)


def _check_server() -> None:
    from igwire import wiring
    from igwire.index.migrate import check_server

    check_server(wiring.elasticsearch_client())
