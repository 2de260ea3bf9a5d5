"""Puts a Python process into another time: `SOAK_TIME` names a file with the seconds by which it is ahead, and the process follows it.

Python imports this at its start when the folder is in PYTHONPATH. Only the calendar moves (time-machine patches Python's own functions, and
SQLite's CURRENT_TIMESTAMP, by which Airflow's scheduler finds what is due, is asked of Python); monotonic clocks stay real, so that
deadlines and pauses do.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import time_machine

_LOOK_S = 0.1
_file = Path(os.environ["SOAK_TIME"])
_travel = time_machine.travel(time.time() + float(_file.read_text(encoding="utf-8")), tick=True)
_coordinates = _travel.start()


def _follow() -> None:
    before = ""
    while True:
        # A file that is just being replaced is read at the next look.
        with suppress(OSError, ValueError):
            if (ahead := _file.read_text(encoding="utf-8")) != before:
                _coordinates.move_to(time_machine.escape_hatch.time.time() + float(ahead))
                before = ahead
        time.sleep(_LOOK_S)


def _start() -> None:
    threading.Thread(target=_follow, name="other time", daemon=True).start()


_start()
# Threads do not survive a fork, and each of Airflow's tasks is one.
os.register_at_fork(after_in_child=_start)


class _Cursor(sqlite3.Cursor):
    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        return super().execute(_asking_python(statement), *values)

    def executemany(self, statement: str, values: Any) -> sqlite3.Cursor:
        return super().executemany(_asking_python(statement), values)


class _Connection(sqlite3.Connection):
    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.create_function("other_now", 0, lambda: f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}")

    def cursor(self, factory: Any = _Cursor) -> sqlite3.Cursor:
        return super().cursor(factory)


def _asking_python(statement: str) -> str:
    """A default in a table's definition stays: SQLite allows no function there."""
    return statement.replace("CURRENT_TIMESTAMP", "other_now()") if not statement.lstrip().upper().startswith(("CREATE", "ALTER")) else statement


_connect = sqlite3.connect


def connect(*args: Any, **more: Any) -> sqlite3.Connection:
    """As `sqlite3.connect`."""
    return _connect(*args, **{"factory": _Connection, **more})


sqlite3.connect = sqlite3.dbapi2.connect = connect
