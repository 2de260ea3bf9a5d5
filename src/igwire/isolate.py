"""A pool of worker processes that can be killed: whatever reads hostile bytes runs in it.

A task that hangs or eats memory costs its own worker, which is replaced, and nothing else.
"""

from __future__ import annotations

import resource
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Value = TypeVar("Value")
# Tasks that wait beside the running ones: enough to keep workers busy, few enough to keep bodies out of memory.
_AHEAD = 4
# A task may take so many times its processor seconds by the clock: on a machine that is busy with other work, and where it only waits.
_WALL = 8


@dataclass(frozen=True, slots=True)
class Done(Generic[Value]):
    """The function's answer."""

    value: Value


@dataclass(frozen=True, slots=True)
class Killed:
    """No answer: `reason` is parser_timeout or parser_crashed."""

    reason: str
    detail: str = ""


class _Worker(SpawnProcess):
    """A spawned process that does not run the main script of its parent again.

    Under Airflow that script is `airflow`, which cannot be imported inside a task: Airflow takes the database's address away there.
    """

    _swapping = threading.Lock()

    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # multiprocessing's name for how a process is started
        with _Worker._swapping:
            main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
            try:
                return SpawnProcess._Popen(process_obj)
            finally:
                sys.modules["__main__"] = main


class _Context(SpawnContext):
    Process = _Worker


class Pool:
    """`workers` processes with at most `memory_mb` of address space each; 0 workers = run in this process, for pure tests."""

    def __init__(self, workers: int, memory_mb: int = 2048) -> None:
        self._workers = workers
        self._memory_mb = memory_mb
        self._pool: Any = None

    def __enter__(self) -> Pool:
        if self._workers:
            from pebble import ProcessPool

            # Spawned, not forked: a fork of a process with threads may inherit a locked lock.
            self._pool = ProcessPool(max_workers=self._workers, context=_Context(), initializer=_limit, initargs=[self._memory_mb])
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._pool is not None:
            self._pool.stop()
            self._pool.join()
            self._pool = None

    def run(self, function: Callable[[Item], Value], item: Item, *, timeout_s: float) -> Done[Value] | Killed:
        """The answer for one item; see `map`."""
        return next(self.map(function, [item], timeout_s=timeout_s))

    def map(self, function: Callable[[Item], Value], items: Iterable[Item], *, timeout_s: float) -> Iterator[Done[Value] | Killed]:
        """Answers in the order of `items`, each task given `timeout_s` seconds of processor time; `function` must be importable by name, not from a main script.

        Not by the clock: a page must not be lost because the machine was busy.
        """
        if self._pool is None:
            yield from (_run_here(function, item) for item in items)
            return
        waiting: deque[Any] = deque()
        for item in items:
            waiting.append(self._schedule(function, item, timeout_s))
            if len(waiting) >= self._workers * _AHEAD:
                yield _answer(waiting.popleft())
        while waiting:
            yield _answer(waiting.popleft())

    def start(self, function: Callable[[Item], Value], items: Sequence[Item], *, timeout_s: float) -> Iterator[Done[Value] | Killed]:
        """As `map`, with all items handed over at once, so that workers have something to do while the caller is busy with the last answers."""
        if self._pool is None:
            return (_run_here(function, item) for item in items)
        return map(_answer, [self._schedule(function, item, timeout_s) for item in items])

    def _schedule(self, function: Callable[[Item], Value], item: Item, timeout_s: float) -> Any:
        return self._pool.schedule(partial(_limited, function, timeout_s), args=[item], timeout=timeout_s * _WALL)


def _limit(memory_mb: int) -> None:
    limit = memory_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _limited(function: Callable[[Item], Value], seconds: float, item: Item) -> Value:
    """The function under a timer that counts processor time (setitimer(2)) and ends the process, also inside C code."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        return function(item)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _answer(future: Any) -> Done[Any] | Killed:
    from pebble import ProcessExpired

    try:
        return Done(future.result())
    except TimeoutError as error:
        return Killed("parser_timeout", str(error))
    except ProcessExpired as error:
        return Killed("parser_timeout" if error.exitcode == -signal.SIGPROF else "parser_crashed", str(error)[:500])
    # Whatever a parser throws on hostile bytes, and the pool's own word for a worker that died.
    except Exception as error:
        return Killed("parser_crashed", f"{type(error).__name__}: {error}"[:500])


def _run_here(function: Callable[[Item], Value], item: Item) -> Done[Value] | Killed:
    try:
        return Done(function(item))
    except Exception as error:
        return Killed("parser_crashed", f"{type(error).__name__}: {error}"[:500])
