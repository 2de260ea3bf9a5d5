"""Background processes: found again, told from strangers, stopped with their children."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

from igwire.runtime.processes import Background, free_port, locked, port_in_use, started, tail

SLEEPER = [sys.executable, "-c", "import time; print('ready', flush=True); time.sleep(60)"]
# Ignores SIGTERM, and so does the child that it leaves in its group.
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); print(child.pid, flush=True); time.sleep(60)",
]


def wait_for(process: Background, text: str) -> str:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if text in process.tail():
            return process.tail()
        time.sleep(0.02)
    raise AssertionError(f"{text!r} did not appear: {process.tail()!r}")


@pytest.fixture
def process(tmp_path: Path) -> Background:
    return Background(name="worker", folder=tmp_path / "state")


def test_a_process_is_found_again_and_stopped(process: Background) -> None:
    made = process.start(SLEEPER, facts={"port": "1234"})
    wait_for(process, "ready")
    again = Background(name="worker", folder=process.folder).running()
    assert again == made
    assert again is not None
    assert again.facts == {"port": "1234"}
    assert process.stop()
    assert process.running() is None
    assert not process.pid_file.exists()
    assert not process.stop()


def test_variables_reach_the_process_under_the_noted_id(process: Background) -> None:
    made = process.start([sys.executable, "-c", "import os; print(os.environ['COLOUR'], os.getpid())"], variables={"COLOUR": "blue"})
    assert wait_for(process, "blue") == f"blue {made.pid}"


def test_a_process_that_ended_is_not_running(process: Background) -> None:
    made = process.start([sys.executable, "-c", "print('over')"])
    deadline = time.monotonic() + 20
    while process.running() is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert process.running() is None
    assert started(made.pid) is None
    assert process.pid_file.exists()


def test_a_number_given_to_another_process_is_stale_and_not_signalled(process: Background) -> None:
    other = Background(name="other", folder=process.folder)
    made = other.start(SLEEPER)
    process.pid_file.write_text(json.dumps({"pid": made.pid, "started": "another moment", "facts": {}}), encoding="utf-8")
    assert process.running() is None
    assert not process.stop()
    assert other.running() == made
    other.stop()


@pytest.mark.parametrize("content", ["", "4711", "[]", "{}", '{"pid": "x", "started": "1", "facts": {}}', '{"pid": 1, "started": null, "facts": {}}'])
def test_a_damaged_pid_file_means_not_running(process: Background, content: str) -> None:
    process.folder.mkdir()
    process.pid_file.write_text(content, encoding="utf-8")
    assert process.running() is None


def test_what_ignores_sigterm_is_killed_with_its_children(process: Background) -> None:
    made = process.start(STUBBORN)
    child = int(_first_line(process))
    assert started(child) is not None
    begin = time.monotonic()
    assert process.stop(wait_s=0.5)
    assert time.monotonic() - begin < 10
    assert started(made.pid) is None
    deadline = time.monotonic() + 10
    while started(child) is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert started(child) is None


def _first_line(process: Background) -> str:
    deadline = time.monotonic() + 20
    while not process.log.read_text(encoding="utf-8").endswith("\n") and time.monotonic() < deadline:
        time.sleep(0.02)
    return process.tail().strip()


def test_a_new_start_keeps_the_log_of_the_one_before(process: Background) -> None:
    process.start([sys.executable, "-c", "print('first')"])
    wait_for(process, "first")
    process.start([sys.executable, "-c", "print('second')"])
    assert wait_for(process, "second") == "second"
    assert process.log.with_suffix(".log.1").read_text(encoding="utf-8") == "first\n"


def test_tail_gives_the_last_lines_of_a_long_log(tmp_path: Path) -> None:
    log = tmp_path / "long.log"
    log.write_text("".join(f"line {number}\n" for number in range(50_000)), encoding="utf-8")
    assert tail(log, 2) == "line 49998\nline 49999"
    assert tail(tmp_path / "none.log") == ""


def test_port_in_use() -> None:
    port = free_port()
    assert not port_in_use(port)
    with socket.create_server(("127.0.0.1", port)):
        assert port_in_use(port)


def test_a_lock_lets_one_in_at_a_time(tmp_path: Path) -> None:
    order: list[str] = []

    def second() -> None:
        with locked(tmp_path / "lock"):
            order.append("second")

    thread = threading.Thread(target=second)
    with locked(tmp_path / "lock"):
        thread.start()
        time.sleep(0.2)
        order.append("first")
    thread.join(timeout=10)
    assert order == ["first", "second"]


def test_this_process_has_a_start_and_a_free_number_has_none() -> None:
    assert started(os.getpid()) == started(os.getpid()) is not None
    # Above the largest number that Linux gives (proc_sys_kernel(5): 2^22).
    assert started(2**22 + 1) is None
