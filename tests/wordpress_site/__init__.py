"""A real WordPress on a real MariaDB for tests: Debian's packages, in a folder of its own, on a loopback address."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from real_servers import answers, installed_by, wait_until

from igwire.runtime.processes import free_port

_HERE = Path(__file__).parent
PRETTY = "/%year%/%monthnum%/%postname%/"


@dataclass(frozen=True, kw_only=True)
class Post:
    """One post: `date` is the site's own clock, as WordPress writes it; `text` is its content, HTML allowed."""

    slug: str
    title: str
    date: str
    text: str


class Site:
    """Installed and filled when made; `served` puts it on the web, `stop` removes everything."""

    def __init__(self, posts: Iterable[Post]) -> None:
        # Sockets have short names; pytest's folders do not.
        self.folder = Path(tempfile.mkdtemp(prefix="igwire-wp-"))
        self.url = f"http://127.0.0.1:{free_port()}"
        self._database = self._start_database()
        self.web = self.folder / "web"
        shutil.copytree(installed_by("wordpress"), self.web, ignore=shutil.ignore_patterns("wp-config.php"), ignore_dangling_symlinks=True)
        shutil.copy(_HERE / "config.php", self.web / "wp-config.php")
        (self.web / "wp-content" / "mu-plugins").mkdir(exist_ok=True)
        shutil.copy(_HERE / "closed.php", self.web / "wp-content" / "mu-plugins")
        self._php("install", given="".join(json.dumps(asdict(post)) + "\n" for post in posts))

    def _start_database(self) -> subprocess.Popen[bytes]:
        paths = f"{os.environ['PATH']}:/usr/sbin"
        user = ["--user=root"] if os.geteuid() == 0 else []
        data = f"--datadir={self.folder / 'data'}"
        install = ["mariadb-install-db", "--no-defaults", data, "--auth-root-authentication-method=normal", "--skip-test-db", *user]
        subprocess.run(install, env={**os.environ, "PATH": paths}, check=True, capture_output=True)
        socket = self.folder / "socket"
        options = [data, f"--socket={socket}", "--skip-networking", f"--pid-file={self.folder / 'pid'}", "--innodb-flush-log-at-trx-commit=0", *user]
        with (self.folder / "database.log").open("wb") as log:
            server = subprocess.Popen([str(shutil.which("mariadbd", path=paths)), "--no-defaults", *options], stdout=log, stderr=log)
        make = [
            "php",
            "-r",
            "$db = mysqli_init(); $db->real_connect('localhost', 'root', '', '', 0, $argv[1]); $db->query('CREATE DATABASE site');",
            str(socket),
        ]
        wait_until(lambda: subprocess.run(make, capture_output=True, check=False).returncode == 0, server, self.folder / "database.log")
        return server

    def _variables(self, **more: str) -> dict[str, str]:
        return {**os.environ, "SITE_SOCKET": str(self.folder / "socket"), "SITE_URL": self.url, **more}

    def _php(self, *words: str, given: str = "") -> str:
        command = ["php", str(_HERE / "site.php"), *words]
        done = subprocess.run(command, cwd=self.web, env=self._variables(), input=given, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{words}: {done.stdout[-2000:]} {done.stderr[-2000:]}")
        return done.stdout

    def listed(self) -> list[tuple[str, str, str]]:
        """(address, day, title) of every post, from WordPress's own database."""
        rows = [json.loads(line) for line in self._php("list").splitlines()]
        return [(row["url"], row["day"], row["title"]) for row in rows]

    @contextmanager
    def served(self, *, pretty: bool = True, closed: bool = False) -> Iterator[str]:
        """Its address; `pretty`: addresses without queries, `closed`: without the REST archive."""
        self._php("permalinks", PRETTY if pretty else "")
        more = ({"SITE_PRETTY": "1"} if pretty else {}) | ({"SITE_CLOSED": "1"} if closed else {})
        where = self.url.removeprefix("http://")
        log_path = self.folder / "web.log"
        with log_path.open("ab") as log:
            command = ["php", "-S", where, "-t", str(self.web), str(_HERE / "router.php")]
            server = subprocess.Popen(command, env=self._variables(**more), stdout=log, stderr=log)
        try:
            wait_until(lambda: answers(self.url), server, log_path)
            yield self.url
        finally:
            server.terminate()
            server.wait(30)

    def stop(self) -> None:
        """End the database and remove the files."""
        self._database.kill()
        self._database.wait(30)
        shutil.rmtree(self.folder)
