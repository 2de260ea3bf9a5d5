"""A real PostgreSQL server for tests, in a folder and on a loopback port of its own."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from igwire.runtime.processes import LOOK_S, free_port

# For tests of the ledger: once on SQLite, once on PostgreSQL.
ON_BOTH = pytest.mark.parametrize("ledger_url", ["sqlite", "postgresql"], indirect=True)
USER = "airflow"
_START_S = 60


def programs() -> Path | None:
    """The folder of initdb and postgres, None when there is none; `scripts/postgres` installs it."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name))
    return folders[-1] if folders else None


class Postgres:
    """Started when made; `stop` removes everything. It takes passwords only, as the compose file's server does."""

    def __init__(self, bin_folder: Path, *, password: str = "", port: int | None = None) -> None:
        self.password = password or secrets.token_hex(8)
        self.port = port or free_port()
        self.bin_folder = bin_folder
        # Not in pytest's folder, which the server's own user may not enter: PostgreSQL refuses to run as root.
        self.folder = Path(tempfile.mkdtemp(prefix="igwire-postgres-"))
        self._user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        self._make()
        self._server = self._start()

    def _make(self) -> None:
        word = self.folder / "password"
        word.write_text(self.password, encoding="utf-8")
        if self._user:
            for path in (self.folder, word):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
        options = ["-D", self.folder / "data", "-U", USER, "--auth=scram-sha-256", f"--pwfile={word}", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run([self.bin_folder / "initdb", *options], check=True, capture_output=True, **self._as_user())

    def _start(self) -> subprocess.Popen[bytes]:
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": "", "fsync": "off"}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        log = (self.folder / "log").open("wb")
        with log:
            server = subprocess.Popen([self.bin_folder / "postgres", "-D", self.folder / "data", *options], stdout=log, stderr=log, **self._as_user())
        deadline = time.monotonic() + _START_S
        while subprocess.run([self.bin_folder / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False).returncode:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.folder / "log").read_text(encoding="utf-8"))
            time.sleep(LOOK_S)
        return server

    def _as_user(self) -> dict[str, object]:
        if not self._user:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": [], "cwd": self.folder}

    def url(self, database: str) -> str:
        """SQLAlchemy's URL of a database of this server."""
        return f"postgresql+psycopg2://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def new_database(self, name: str = "") -> str:
        """URL of a new, empty database."""
        name = name or f"test_{secrets.token_hex(6)}"
        variables = {**os.environ, "PGPASSWORD": self.password}
        subprocess.run([self.bin_folder / "createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, name], env=variables, check=True)
        return self.url(name)

    def stop(self) -> None:
        """End the server at once and remove its files."""
        # SIGQUIT is PostgreSQL's immediate shutdown: nothing of the data is wanted any more.
        self._server.send_signal(3)
        self._server.wait(30)
        shutil.rmtree(self.folder)
