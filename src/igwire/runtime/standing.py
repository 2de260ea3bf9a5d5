"""The demo and the standing system: what is started, in which order, and what people are told."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day

from igwire.errors import ConfigError, Unavailable
from igwire.feeds.catalogue import load
from igwire.runtime import ladder
from igwire.runtime.airflow import HOST, Airflow
from igwire.runtime.processes import Background, port_in_use
from igwire.settings import Settings

Say = Callable[[str], None]
# What one entry costs on average, for the forecast before the first run: a page of 245 kB packs to about a quarter.
_PAGE_MB = 0.06
_ENTRIES = 15
_START_S = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What the first run will do."""

    sources: int
    requests: int
    minutes: int
    disk_mb: int
    # Sources whose archives the monthly sweep reads, last month's right after the start.
    archives: int

    def __str__(self) -> str:
        return f"{self.sources} sources: about {self.requests:,} requests in about {self.minutes} minutes, {self.disk_mb} MB on disk"


def forecast(settings: Settings) -> Forecast:
    """Sources, requests, minutes and disk of a first run: each feed once, its robots file, and about 15 pages a feed."""
    active = load(settings.catalogue).active()
    requests = len(active) * (2 + _ENTRIES)
    # Hosts are asked side by side; the slowest takes its entries one after the other.
    minutes = int((_ENTRIES + 2) * settings.gap_s / 60 * max(1.0, len(active) / settings.fetch_threads) / settings.batches) + 1
    archives = sum(source.archive != "none" for source in active)
    disk_mb = int(len(active) * _ENTRIES * _PAGE_MB) + 1
    return Forecast(sources=len(active), requests=requests, minutes=minutes, disk_mb=disk_mb, archives=archives)


def variables(settings: Settings, es_url: str) -> dict[str, str]:
    """What igwire's settings are for processes that start elsewhere: all that was set, and the chosen Elasticsearch."""
    return {**settings.variables(), "IGWIRE_STATE": str(settings.state.absolute()), "IGWIRE_ES_URL": es_url, "IGWIRE_HOME": str(settings.home.absolute())}


def start_newsroom(settings: Settings, say: Say) -> None:
    """Start the newsroom, unless it runs, and wait for its catalogue. Raises Unavailable with its log's last lines."""
    process = newsroom_process(settings)
    if process.running() is not None:
        say(f"The newsroom is running on port {settings.newsroom_port}.")
        return
    if port_in_use(settings.newsroom_port, "127.0.0.11"):
        raise ConfigError(f"port {settings.newsroom_port} is in use by something else; choose another with IGWIRE_NEWSROOM_PORT")
    catalogue = settings.state.absolute() / "newsroom.yaml"
    catalogue.unlink(missing_ok=True)
    words = ["newsroom", "--port", str(settings.newsroom_port), "--catalogue", str(catalogue), "--log", str(settings.state.absolute() / "newsroom.jsonl")]
    process.start([sys.executable, "-m", "igwire", *words])
    _wait(catalogue.exists, process, "the newsroom")
    say(f"The newsroom serves ten sites on port {settings.newsroom_port} of loopback addresses.")


def newsroom_process(settings: Settings) -> Background:
    """The newsroom as a background process."""
    return Background(name="newsroom", folder=settings.state.absolute())


def page_process(settings: Settings) -> Background:
    """The search page as a background process."""
    return Background(name="page", folder=settings.state.absolute())


def start_page(settings: Settings, es_url: str) -> str:
    """Start the search page, unless it runs; its address. Raises ConfigError when the port is taken."""
    process = page_process(settings)
    if process.running() is None:
        if port_in_use(settings.web_port, settings.web_host):
            raise ConfigError(f"Port {settings.web_port} is in use by another program: stop it, or choose another for the page with IGWIRE_WEB_PORT.")
        process.start([sys.executable, "-m", "igwire", "serve", "--port", str(settings.web_port)], variables=variables(settings, es_url))
        _wait(lambda: port_in_use(settings.web_port, settings.web_host), process, "the search page")
    return f"http://{settings.web_host}:{settings.web_port}/"


def _wait(ready: Callable[[], bool], process: Background, what: str) -> None:
    deadline = time.monotonic() + _START_S
    while not ready():
        if process.running() is None or time.monotonic() > deadline:
            raise Unavailable(f"{what} did not start:\n{process.tail()}")
        time.sleep(0.1)


def check_contact(settings: Settings) -> None:
    """Raises ConfigError when real hosts would be asked and nobody could be reached about it."""
    if not settings.contact and not settings.allow_loopback:
        raise ConfigError(
            "IGWIRE_CONTACT is not set. Publishers must be able to reach whoever runs this robot: "
            f"write IGWIRE_CONTACT=you@example.org into {settings.home / '.env'}, then run `make up` again."
        )


def agreed(settings: Settings) -> bool:
    """Whether somebody has said yes to the first run already: it is asked once."""
    return (settings.state / "agreed").exists()


def agree(settings: Settings, plan: Forecast) -> None:
    """Note the yes."""
    settings.state.mkdir(parents=True, exist_ok=True)
    (settings.state / "agreed").write_text(f"{plan}\n", encoding="utf-8")


def start(settings: Settings, say: Say, *, first: bool = False) -> dict[str, str]:
    """Start the standing system; what people need to know, one fact a line. Raises ConfigError or Unavailable with what to do.

    `first` says so of the run that Airflow starts as soon as it sees the DAG.
    """
    check_contact(settings)
    services = ladder.start(settings, say=say)
    if services.choice.rung is ladder.Rung.COMPOSE:
        address, run = f"http://{HOST}:{settings.airflow_port}/igwire/ (behind Airflow's login)", "docker compose exec airflow-scheduler igwire"
    else:
        Airflow.from_settings(settings, variables(settings, services.es_url)).up(say)
        address, run = start_page(settings, services.es_url), ".venv/bin/igwire"
    return {"search page": address, **_services(settings, services), "next run": _next_run(datetime.now(UTC), first=first),
            "try": f"{run} status; {run} search '\"net neutrality\"'", "stop": "make down"}  # fmt: skip


def _services(settings: Settings, services: ladder.Services) -> dict[str, str]:
    """Addresses, users, and where the passwords are."""
    env = settings.home / ".env"
    own = settings.airflow_password.get_secret_value()
    password = f"IGWIRE_AIRFLOW_PASSWORD in {env}" if own else str(Airflow.from_settings(settings, {}).password_file)
    logins = {ladder.Rung.COMPOSE: f"user elastic, password: ELASTIC_PASSWORD in {env}", ladder.Rung.GIVEN: "yours"}
    analyst = f" (user {settings.index_prefix}-analyst, password: IGWIRE_ANALYST_PASSWORD in {env})"
    reader = analyst if services.choice.rung is ladder.Rung.COMPOSE else ""
    return {
        "Airflow": f"http://{HOST}:{settings.airflow_port}/ (user admin, password: {password})",
        "Elasticsearch": f"{services.es_url} ({logins.get(services.choice.rung, 'no password, this machine only')})",
        "Kibana": f"{services.kibana_url}{reader}" if services.kibana_url else "none: it comes with containers, KIBANA_HOME or IGWIRE_KIBANA_URL",
    }


def _next_run(now: datetime, *, first: bool) -> str:
    midnight = datetime.combine(now.date() + timedelta(days=1), time_of_day(), UTC)
    return f"{'the first one starts by itself now; then ' if first else ''}daily, next at {midnight:%Y-%m-%d %H:%M} UTC"


def stop(settings: Settings) -> list[str]:
    """Stop everything that `start` or the demo started; nothing else is touched. Airflow first: its tasks need the others."""
    stopped = [f"Airflow's {name}" for name in Airflow.from_settings(settings, {}).down()]
    stopped += [f"the {p.name}" for p in (page_process(settings), newsroom_process(settings)) if p.stop()]
    return stopped + ladder.stop(settings)
