"""The demo and the standing system: what is started, in which order, and what people are told."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from igwire.errors import ConfigError, Unavailable
from igwire.feeds.catalogue import load
from igwire.runtime import ladder
from igwire.runtime.airflow import Airflow
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


def forecast(settings: Settings) -> Forecast:
    """Sources, requests, minutes and disk of a first run: each feed once, its robots file, and about 15 pages a feed."""
    active = load(settings.catalogue).active()
    requests = len(active) * (2 + _ENTRIES)
    # Hosts are asked side by side; the slowest takes its entries one after the other.
    minutes = int((_ENTRIES + 2) * settings.gap_s / 60 * max(1.0, len(active) / settings.fetch_threads) / settings.batches) + 1
    return Forecast(sources=len(active), requests=requests, minutes=minutes, disk_mb=int(len(active) * _ENTRIES * _PAGE_MB) + 1)


def variables(settings: Settings, es_url: str) -> dict[str, str]:
    """What igwire's settings are for processes that start elsewhere: absolute, and with the chosen Elasticsearch."""
    return {
        "IGWIRE_STATE": str(settings.state.absolute()), "IGWIRE_ES_URL": es_url, "IGWIRE_CATALOGUE": ",".join(settings.catalogue),
        "IGWIRE_ALLOW_LOOPBACK": ",".join(settings.allow_loopback), "IGWIRE_CONTACT": settings.contact, "IGWIRE_HOME": str(settings.home),
    }  # fmt: skip


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
    """Start the search page, unless it runs; its address."""
    process = page_process(settings)
    if process.running() is None:
        process.start([sys.executable, "-m", "igwire", "serve", "--port", str(settings.web_port)], variables=variables(settings, es_url))
        _wait(lambda: port_in_use(settings.web_port, settings.web_host), process, "the search page")
    return f"http://{settings.web_host}:{settings.web_port}/"


def _wait(ready: Callable[[], bool], process: Background, what: str) -> None:
    deadline = time.monotonic() + _START_S
    while not ready():
        if process.running() is None or time.monotonic() > deadline:
            raise Unavailable(f"{what} did not start:\n{process.tail()}")
        time.sleep(0.1)


def start(settings: Settings, say: Say) -> dict[str, str]:
    """Start the standing system and say where everything is. Raises ConfigError when real hosts would be asked without a contact."""
    if not settings.contact and not settings.allow_loopback:
        raise ConfigError(
            "IGWIRE_CONTACT is not set. Publishers must be able to reach whoever runs this robot: put IGWIRE_CONTACT=you@example.org into .env, then run it again."
        )
    services = ladder.start(settings, say=say)
    airflow = Airflow.from_settings(settings, variables(settings, services.es_url))
    airflow.up(say)
    page = start_page(settings, services.es_url)
    return {
        "search page": page, "Airflow": f"{airflow.url} (user admin, password in {airflow.password_file})", "Elasticsearch": services.es_url,
        "Kibana": services.kibana_url or "none", "next run": "daily after midnight UTC, once ingest_news is switched on in Airflow",
        "first command": "igwire ingest --source default --limit 50",
    }  # fmt: skip


def stop(settings: Settings) -> list[str]:
    """Stop everything that `start` or the demo started; nothing else is touched."""
    stopped = [p.name for p in (page_process(settings), newsroom_process(settings)) if p.stop()]
    stopped += Airflow.from_settings(settings, {}).down()
    return stopped + list(ladder.stop(settings))
