"""The standing Airflow without containers: API server, scheduler, DAG processor and triggerer on loopback, SQLite, four slots.

Not `airflow standalone`: it ignores SIGTERM, opens its log servers on every interface, and dies of a locked database.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from igwire.errors import ConfigError, Unavailable
from igwire.runtime import health
from igwire.runtime.processes import Background, port_in_use
from igwire.settings import Settings, inherited

HOST = "127.0.0.1"
# Started in this order: the others talk to the API server. `-s` keeps the log servers, which listen everywhere, shut.
COMPONENTS = {"api-server": ("api-server",), "scheduler": ("scheduler", "-s"), "dag-processor": ("dag-processor",), "triggerer": ("triggerer", "-s")}
# Seen: healthy 10 to 31 s after the migration on two cores.
_HEALTHY_S = 180
_MIGRATE_S = 300
# The scheduler waits for running tasks, which may take minutes; after this they are killed, and lose nothing.
_STOP_S = 30
# Seconds that Airflow waits for its SQLite. Its API server can wait for itself (seen: the log entry of a click is written in the event loop, which
# a task's heartbeat needs for its commit), and then all stands still for so long before the click is refused.
_BUSY_S = 20
# Seconds that a task's token is valid: tasks take up to 10 minutes, the default of 600 s is too short for a slow one.
_TOKEN_S = "7200"


@dataclass(frozen=True, slots=True)
class Airflow:
    """Airflow in the state folder; `variables` are handed to its processes beside its own, `password` is the admin's (empty: made up)."""

    folder: Path
    home: Path
    port: int
    variables: Mapping[str, str]
    password: str = field(default="", repr=False)

    @classmethod
    def from_settings(cls, settings: Settings, variables: Mapping[str, str]) -> Airflow:
        """The standing Airflow of these settings."""
        password = settings.airflow_password.get_secret_value()
        return cls(settings.state.absolute() / "airflow", settings.home.absolute(), settings.airflow_port, variables, password)

    @property
    def url(self) -> str:
        """Where its pages are."""
        return f"http://{HOST}:{self.port}"

    @property
    def password_file(self) -> Path:
        """User → password as JSON; made by Airflow at its first start unless the password is given."""
        return self.folder / "simple_auth_manager_passwords.json.generated"

    def environment(self) -> dict[str, str]:
        """All variables of its processes."""
        keys, database = self._keys(), f"sqlite:///{self.folder / 'airflow.db'}?timeout={_BUSY_S}"
        airflow = {
            "CORE__DAGS_FOLDER": str(self.home / "dags"), "CORE__PLUGINS_FOLDER": str(self.home / "plugins"), "CORE__LOAD_EXAMPLES": "False",
            "CORE__PARALLELISM": "4", "CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin", "CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "DATABASE__SQL_ALCHEMY_CONN": database, "API__HOST": HOST, "API__PORT": str(self.port),
            "API__BASE_URL": self.url, "API__SECRET_KEY": keys["secret"], "API_AUTH__JWT_SECRET": keys["jwt"], "CORE__FERNET_KEY": keys["fernet"],
            "EXECUTION_API__JWT_EXPIRATION_TIME": _TOKEN_S, "DAG_PROCESSOR__REFRESH_INTERVAL": "15",
            # Whoever starts the standing system has said yes to its first run.
            "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "LOGGING__BASE_LOG_FOLDER": str(self.folder / "logs"), "API__WORKERS": "1",
        }  # fmt: skip
        own = {"AIRFLOW_HOME": str(self.folder), **{f"AIRFLOW__{name}": value for name, value in airflow.items()}}
        return {**own, **self.variables}

    def command(self, *words: str) -> list[str]:
        """The command line of an airflow command in this environment."""
        return [sys.executable, "-m", "airflow", *words]

    def migrate(self) -> None:
        """Make or migrate Airflow's own database. Raises Unavailable with the last lines of its output."""
        self.run("db", "migrate", timeout_s=_MIGRATE_S)

    def run(self, *words: str, timeout_s: float) -> str:
        """Run one airflow command to its end; its output. Raises Unavailable with the last lines when it fails."""
        done = subprocess.run(self.command(*words), env=inherited(self.environment()), capture_output=True, text=True, timeout=timeout_s, check=False)
        if done.returncode:
            tail = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
            raise Unavailable(f"`airflow {' '.join(words[:3])}` failed:\n{tail}")
        return done.stdout + done.stderr

    def up(self, say: Callable[[str], None]) -> None:
        """Start what is not running, and wait until everything is healthy.

        Raises ConfigError when the port is taken, Unavailable naming the component that ended and its log's last lines.
        """
        dead = [process for name in COMPONENTS if not (process := self._process(name)).running()]
        for process in dead:
            process.pid_file.unlink(missing_ok=True)
        if len(dead) == len(COMPONENTS):
            self._prepare()
        for name, words in COMPONENTS.items():
            process = self._process(name)
            if process.running() is None:
                say(f"Starting Airflow's {name}; its log is {process.log}.")
                process.start(self.command(*words), variables=self.environment(), facts={"port": str(self.port)})
            # The scheduler starts tasks at once, and a task that finds no API server has failed.
            if name == "api-server":
                self._wait(lambda: health.states(self.url).get("metadatabase") == "healthy")
        self._wait(self.healthy)

    def _prepare(self) -> None:
        if port_in_use(self.port, HOST):
            raise ConfigError(f"Port {self.port} is in use by another program: stop it, or choose another for Airflow with IGWIRE_AIRFLOW_PORT.")
        self.migrate()
        if self.password:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_passwords(self.password_file, self.password)

    def _wait(self, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _HEALTHY_S
        while not ready():
            for name in COMPONENTS:
                if self._process(name).pid_file.exists() and self._process(name).running() is None:
                    raise Unavailable(f"Airflow's {name} ended at its start:\n{self._process(name).tail()}")
            if time.monotonic() > deadline:
                raise Unavailable(f"Airflow is not healthy after {_HEALTHY_S} s; see the logs in {self.folder}")
            time.sleep(1)

    def down(self) -> list[str]:
        """Stop every component; names of those that ran."""
        return [name for name in reversed(COMPONENTS) if self._process(name).stop(_STOP_S)]

    def healthy(self) -> bool:
        """Whether all four components report to be well."""
        states = health.states(self.url)
        return all(states.get(name) == "healthy" for name in health.COMPONENTS)

    def _process(self, name: str) -> Background:
        return Background(name=f"airflow-{name}", folder=self.folder)

    def _keys(self) -> dict[str, str]:
        """Keys that all components share, made once and readable by their owner only."""
        file = self.folder / "keys.json"
        if not file.exists():
            from base64 import urlsafe_b64encode

            self.folder.mkdir(parents=True, exist_ok=True)
            keys = {"secret": secrets.token_hex(32), "jwt": secrets.token_hex(32), "fernet": urlsafe_b64encode(secrets.token_bytes(32)).decode()}
            file.touch(mode=0o600)
            file.write_text(json.dumps(keys), encoding="utf-8")
        loaded: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
        return loaded


def write_passwords(file: Path, password: str) -> None:
    """Airflow's password file with one user, `admin`, readable by its owner only."""
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_text(json.dumps({"admin": password}), encoding="utf-8")
