"""Background processes that outlive the command which started them: start, find again, stop.

A process is remembered by its id *and* the moment it started, so that a number which the system has given to another process
since then is recognised as stale and never signalled.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from igwire.settings import inherited

# Pause between two looks at a process that is starting or stopping: short for people, long for a processor.
LOOK_S = 0.1
# A node that flushes a large index needs some seconds; whoever takes longer hangs.
STOP_S = 30.0
# Enough to hold a Java exception's first lines and its cause.
TAIL_LINES = 20
# A log line is a few hundred bytes; reading this much from the end is enough for TAIL_LINES of them.
_TAIL_BYTES = 64_000

# Ids of children of this very process, which must be asked for their exit or they stay as zombies.
_children: set[int] = set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A process that is alive: its id, and the facts that were noted when it was started (for example its port)."""

    pid: int
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """One named background process group; `folder` holds NAME.pid, NAME.log and the log of the start before, NAME.log.1."""

    name: str
    folder: Path

    @property
    def pid_file(self) -> Path:
        """Where id, start moment and facts are noted, as JSON."""
        return self.folder / f"{self.name}.pid"

    @property
    def log(self) -> Path:
        """What the process writes to standard output and standard error."""
        return self.folder / f"{self.name}.log"

    def start(self, command: Sequence[str], *, variables: Mapping[str, str] | None = None, facts: Mapping[str, str] | None = None) -> Running:
        """Start `command` as the leader of a group of its own, in `folder`, with `variables` added to the environment.

        Raises OSError when the command cannot be run. The caller has made sure that it isn't running yet.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("wb") as log:
            child = subprocess.Popen(
                list(command),
                cwd=self.folder,
                # Not on the command line, where every user of the machine could read the secrets among them.
                env=inherited(variables or {}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        # It is meant to outlive this process: Popen shall neither wait for it nor warn that it is still running.
        child.returncode = 0
        _children.add(child.pid)
        running = Running(pid=child.pid, facts=dict(facts or {}))
        note = {"pid": child.pid, "started": started(child.pid), "facts": running.facts}
        # Written aside and renamed: a reader sees the old note or the new one, never half of one.
        aside = self.pid_file.with_suffix(".pid.new")
        aside.write_text(json.dumps(note), encoding="utf-8")
        aside.replace(self.pid_file)
        return running

    def running(self) -> Running | None:
        """The process of the pid file if it is that one and alive; None when it is gone, replaced or never was."""
        try:
            note = json.loads(self.pid_file.read_text(encoding="utf-8"))
            pid, moment, facts = int(note["pid"]), note["started"], dict(note["facts"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None
        return Running(pid=pid, facts=facts) if moment is not None and started(pid) == moment else None

    def stop(self, wait_s: float = STOP_S) -> bool:
        """End the whole group: SIGTERM, at most `wait_s` seconds of patience, SIGKILL. False when nothing was running."""
        process = self.running()
        if process is not None:
            _signal_group(process.pid, signal.SIGTERM)
            deadline = time.monotonic() + wait_s
            while started(process.pid) is not None and time.monotonic() < deadline:
                time.sleep(LOOK_S)
            # Also when the leader has gone: children that ignored SIGTERM must not stay behind.
            _signal_group(process.pid, signal.SIGKILL)
            while started(process.pid) is not None:
                time.sleep(LOOK_S)
        self.pid_file.unlink(missing_ok=True)
        return process is not None

    def tail(self, lines: int = TAIL_LINES) -> str:
        """The log's last `lines` lines; empty when there is no log."""
        return tail(self.log, lines)


def started(pid: int) -> str | None:
    """The moment process `pid` started, as text that can be compared; None when there is none, or only a zombie."""
    if pid in _children and _reaped(pid):
        _children.discard(pid)
        return None
    return _started_proc(pid) if Path("/proc/self/stat").exists() else _started_ps(pid)


def _reaped(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


def _started_proc(pid: int) -> str | None:
    """From /proc/PID/stat (proc_pid_stat(5)): state is field 3, threads 20, start in ticks since boot 22; the name may hold spaces."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # Ticks count from boot: without the boot's own id, a process of the boot before could look like this one.
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    # A killed process whose first thread is a zombie still holds its ports until the other threads have ended as well.
    ended = fields[0] in "ZX" and int(fields[17]) <= 1
    return None if ended else f"{boot} {fields[19]}"


def _started_ps(pid: int) -> str | None:
    """The same through ps(1), for systems without /proc."""
    done = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, moment = done.stdout.strip().partition(" ")
    return None if not moment or state.startswith("Z") else moment.strip()


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)


def tail(file: Path, lines: int = TAIL_LINES) -> str:
    """The last `lines` lines of a text file; empty when it isn't there."""
    try:
        with file.open("rb") as stream:
            stream.seek(max(0, file.stat().st_size - _TAIL_BYTES))
            return "\n".join(stream.read().decode("utf-8", "replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""


def port_in_use(port: int, host: str = "127.0.0.1") -> bool:
    """True when someone listens on `port` of `host`, so that a server could not."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def free_port(host: str = "127.0.0.1") -> int:
    """A port of `host` that was free a moment ago."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold `file` as a lock among processes; waits until it is free. The system frees it when its holder dies."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
