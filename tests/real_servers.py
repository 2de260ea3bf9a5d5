"""What tests of real foreign servers share: a program that a script installs, and the wait until a server is ready."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import requests

from igwire.runtime.processes import LOOK_S

_START_S = 60


def installed_by(script: str) -> Path:
    """The folder that `scripts/<script>` prints. Raises LookupError in words where it cannot be had."""
    done = subprocess.run([Path(__file__).parents[1] / "scripts" / script], capture_output=True, text=True, check=False)
    if done.returncode:
        raise LookupError(done.stderr.strip().splitlines()[-1])
    return Path(done.stdout.strip())


def wait_until(ready: Callable[[], bool], server: subprocess.Popen[bytes], log: Path) -> None:
    """Raises RuntimeError with the log's end when the server dies or is not ready within a minute."""
    deadline = time.monotonic() + _START_S
    while not ready():
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(log.read_text(encoding="utf-8", errors="replace")[-3000:])
        time.sleep(LOOK_S)


def answers(url: str) -> bool:
    """Whether the address answers with 200."""
    try:
        return requests.get(url, timeout=30).status_code == 200
    except requests.ConnectionError:
        return False
