"""`igwire up` and `down` as far as they can be told without starting anything: refusals, the question, what is said, containers."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from igwire import settings as configuration
from igwire.errors import ConfigError
from igwire.runtime import standing
from igwire.runtime.airflow import Airflow
from igwire.runtime.processes import free_port
from igwire.settings import Settings

ROOT = Path(__file__).parents[3]
# Answers as an engine with nothing of ours running does, and notes what it was asked.
ENGINE = """#!/bin/sh
echo "$@" >> "$(dirname "$0")/asked"
case "$*" in
  *"ps --all"*) [ -e "$(dirname "$0")/up" ] && echo 1234 ;;
  *" up "*) touch "$(dirname "$0")/up" ;;
  *" down") rm "$(dirname "$0")/up" ;;
esac
exit 0
"""


@pytest.fixture
def home(tmp_path):
    """A source folder with what `up` reads before it starts anything."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in (".env.example", "docker-compose.yml"):
        (folder / name).write_text((ROOT / name).read_text(encoding="utf-8"))
    return folder


def igwire(home: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    plain = {"PATH": os.environ["PATH"], "HOME": str(home), "IGWIRE_HOME": str(home), "ENGINE": "local"}
    return subprocess.run(
        [sys.executable, "-m", "igwire", *words], cwd=home, env={**plain, **variables}, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )


def test_real_hosts_are_refused_until_there_is_a_contact(home):
    done = igwire(home, "up", "--yes")
    assert done.returncode == 2
    assert "IGWIRE_CONTACT is not set" in done.stderr
    assert "IGWIRE_CONTACT" in (home / ".env").read_text()
    assert not (home / ".igwire").exists()


def test_the_first_run_is_shown_and_nobody_says_yes(home):
    (home / ".env").write_text("IGWIRE_CONTACT=me@example.org\n")
    done = igwire(home, "up")
    assert done.returncode == 2
    assert "requests in about" in done.stderr
    assert "MB on disk" in done.stderr
    assert "YES=1" in done.stderr
    assert not (home / ".igwire").exists()


def test_a_setting_that_cannot_be_read_is_named(home):
    done = igwire(home, "status", IGWIRE_GAP_S="five", ENGINE="lxc")
    assert done.returncode == 2
    assert "IGWIRE_GAP_S" in done.stderr
    assert "ENGINE" in done.stderr
    assert "Traceback" not in done.stderr


def test_containers_bring_everything_and_are_taken_down(home, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "docker").write_text(ENGINE)
    (tools / "docker").chmod(0o755)
    variables = {"PATH": f"{tools}:/usr/bin:/bin", "ENGINE": "", "IGWIRE_CONTACT": "me@example.org"}
    done = igwire(home, "up", "--yes", **variables)
    assert done.returncode == 0, done.stderr
    assert f"compose --project-directory {home} up --build --detach --wait" in (tools / "asked").read_text()
    assert "docker answers" in done.stderr
    assert f"ELASTIC_PASSWORD in {home}/.env" in done.stderr
    assert "http://127.0.0.1:8080/igwire/" in done.stderr
    assert igwire(home, "down", **variables).stderr.splitlines()[-1] == "Stopped the containers."
    assert igwire(home, "down", **variables).stderr.splitlines()[-1] == "Nothing was running."


def test_it_is_asked_once(tmp_path):
    settings = Settings(state=tmp_path / "state")
    assert not standing.agreed(settings)
    standing.agree(settings, standing.Forecast(sources=1, requests=2, minutes=3, disk_mb=4, archives=0))
    assert standing.agreed(settings)


def test_the_forecast_grows_with_the_sources(tmp_path):
    def forecast(count: int) -> standing.Forecast:
        sources = [
            {"id": f"s{n}", "title": "S", "site": f"http://s{n}.example/", "feed_url": f"http://s{n}.example/feed", "language": "en"} for n in range(count)
        ]
        file = tmp_path / f"{count}.yaml"
        file.write_text(yaml.safe_dump({"group": "g", "sources": sources}))
        return standing.forecast(Settings(catalogue=(str(file),)))

    few, many = forecast(2), forecast(200)
    assert (few.sources, many.sources) == (2, 200)
    assert many.requests == 100 * few.requests
    assert few.minutes < many.minutes < 60


def test_the_next_run_is_at_midnight_utc():
    said = standing._next_run(datetime(2026, 12, 31, 23, 59, tzinfo=UTC), first=False)
    assert said == "daily, next at 2027-01-01 00:00 UTC"


def test_a_taken_port_is_said_before_anything_starts(tmp_path):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match="IGWIRE_AIRFLOW_PORT"):
            Airflow.from_settings(Settings(state=tmp_path / "s", airflow_port=port), {}).up(print)
        with pytest.raises(ConfigError, match="IGWIRE_WEB_PORT"):
            standing.start_page(Settings(state=tmp_path / "s", web_port=port), "http://127.0.0.1:9")
    assert not (tmp_path / "s").exists()


def test_children_get_every_setting_that_was_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IGWIRE_CATALOGUE", "mine.yaml,more")
    monkeypatch.setenv("IGWIRE_ES_API_KEY", "secret")
    monkeypatch.setenv("ES_HOME", "es")
    monkeypatch.setenv("IGWIRE_GAP_S", "7.5")
    given = standing.variables(Settings(), "http://e:9200")
    assert given["IGWIRE_CATALOGUE"] == f"{tmp_path}/mine.yaml,{tmp_path}/more"
    assert (given["IGWIRE_ES_API_KEY"], given["IGWIRE_GAP_S"], given["ES_HOME"]) == ("secret", "7.5", f"{tmp_path}/es")
    assert (given["IGWIRE_STATE"], given["IGWIRE_ES_URL"]) == (f"{tmp_path}/.igwire", "http://e:9200")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir("/")
    assert Settings().gap_s == 7.5
    configuration.get.cache_clear()


def test_the_admins_password_is_written_for_the_owner_only(tmp_path):
    from igwire.runtime.airflow import write_passwords

    write_passwords(tmp_path / "p.json", "geheim")
    assert stat.S_IMODE((tmp_path / "p.json").stat().st_mode) == 0o600
    assert (tmp_path / "p.json").read_text() == '{"admin": "geheim"}'


def test_nobody_listens_nobody_is_healthy():
    from igwire.runtime import health

    url = f"http://127.0.0.1:{free_port()}"
    assert health.states(url) == {}
    assert health.main([url, "scheduler"]) == 1
    assert health.main([url, "redis"]) == 2
