"""A pool of worker processes that can be killed: whatever reads hostile bytes runs in it.

A task that hangs or eats memory costs its own worker, which is replaced, and nothing else.

caller ─ task ─▶ thread, one a worker ─ pipe ─▶ worker ─ pipe ─▶ thread ─ answer, or what became of the worker ─▶ caller

Workers are forked by a fork server (multiprocessing's), one for this process, that has no threads and opens nothing: a fork of a process
with threads may inherit a locked lock. What the server has loaded, its workers need not load. When this process is gone, however
that happened, the workers end at once, and the server with them.
"""

from __future__ import annotations

import fcntl
import gc
import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from types import ModuleType
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Value = TypeVar("Value")
# Tasks that wait beside the running ones: enough to keep workers busy, few enough to keep bodies out of memory.
_AHEAD = 4
# A task may take so many times its processor seconds by the clock: on a machine that is busy with other work, and where it only waits.
_WALL = 8
# A process whose pipe is closed is about to end.
_DYING_S = 5.0
# A fork server that was killed (the kernel does, where memory is short) is replaced by multiprocessing once it is gone.
_UNTIL_A_SERVER_IS_GONE = (0.1, 1.0)


@dataclass(frozen=True, slots=True)
class Done(Generic[Value]):
    """The function's answer."""

    value: Value


@dataclass(frozen=True, slots=True)
class Killed:
    """No answer: `reason` is parser_timeout or parser_crashed."""

    reason: str
    detail: str = ""


class Pool:
    """`workers` processes with at most `memory_mb` of address space each; 0 workers = run in this process, for pure tests.

    `loaded` names modules with what the tasks need, imported once for all workers if this is the first pool of the process.
    """

    def __init__(self, workers: int, memory_mb: int = 2048, loaded: Sequence[str] = ()) -> None:
        self._workers = workers
        self._memory_mb = memory_mb
        self._loaded = loaded
        # Guards what follows: which workers there are, and whether there may be more.
        self._lock = threading.Lock()
        self._hired: set[_Worker] = set()
        self._open = False
        self._idle: SimpleQueue[_Worker | None] = SimpleQueue()
        self._threads: ThreadPoolExecutor | None = None

    def __enter__(self) -> Pool:
        if self._workers:
            self._open = True
            self._threads = ThreadPoolExecutor(self._workers, thread_name_prefix="isolate")
            for _ in range(self._workers):
                self._idle.put(None)
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._threads is None:
            return
        with self._lock:
            self._open = False
            for worker in self._hired:
                worker.kill()
        self._threads.shutdown(cancel_futures=True)
        for worker in self._hired:
            worker.ended()
        self._hired.clear()
        self._threads = None

    def run(self, function: Callable[[Item], Value], item: Item, *, timeout_s: float) -> Done[Value] | Killed:
        """The answer for one item; see `map`."""
        return next(self.map(function, [item], timeout_s=timeout_s))

    def map(self, function: Callable[[Item], Value], items: Iterable[Item], *, timeout_s: float) -> Iterator[Done[Value] | Killed]:
        """Answers in the order of `items`, each task given `timeout_s` seconds of processor time; `function` must be importable by name, not from a main script.

        Not by the clock: a page must not be lost because the machine was busy.
        """
        if self._threads is None:
            yield from (_run_here(function, item) for item in items)
            return
        waiting: deque[Future[Any]] = deque()
        for item in items:
            waiting.append(self._schedule(function, item, timeout_s))
            if len(waiting) >= self._workers * _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def start(self, function: Callable[[Item], Value], items: Sequence[Item], *, timeout_s: float) -> Iterator[Done[Value] | Killed]:
        """As `map`, with all items handed over at once, so that workers have something to do while the caller is busy with the last answers."""
        if self._threads is None:
            return (_run_here(function, item) for item in items)
        return map(Future.result, [self._schedule(function, item, timeout_s) for item in items])

    def _schedule(self, function: Callable[[Item], Value], item: Item, timeout_s: float) -> Future[Any]:
        assert self._threads is not None
        return self._threads.submit(self._ask, partial(_limited, function, timeout_s), item, timeout_s * _WALL)

    def _ask(self, function: Callable[[Item], Value], item: Item, wall_s: float) -> Done[Value] | Killed:
        """Runs in a thread. There are as many threads as workers, so that one is always idle here."""
        worker = self._idle.get()
        try:
            worker = worker if worker and worker.is_alive() else self._hire(worker)
            return worker.ask(function, item, wall_s)
        finally:
            self._idle.put(worker)

    def _hire(self, dead: _Worker | None) -> _Worker:
        with self._lock:
            if not self._open:
                raise RuntimeError("the pool is closed")
            if dead:
                self._hired.discard(dead)
            worker = _Worker(_context(self._loaded), self._memory_mb)
            self._hired.add(worker)
        return worker


# Held where a process is started or asked how it ended: multiprocessing looks after all children in both, and two threads
# would take the word of a child's end out of each other's mouth.
_children = threading.Lock()
# The process whose fork server this module uses.
_owner = 0


class _Worker:
    """One worker process, seen from the process that hired it."""

    def __init__(self, context: ForkServerContext | SpawnContext, memory_mb: int) -> None:
        with _children:
            self._pipe, theirs = context.Pipe()
            self._process: BaseProcess = context.Process(target=_work, args=(theirs, memory_mb), daemon=True)
            _start(self._process)
            theirs.close()

    def is_alive(self) -> bool:
        """Whether it can be asked."""
        with _children:
            return self._process.is_alive()

    def ask(self, function: Callable[[Item], Value], item: Item, wall_s: float) -> Done[Value] | Killed:
        """The function's answer; a worker that gave none is dead."""
        try:
            self._pipe.send((function, item))
            if self._pipe.poll(wall_s):
                answer: Done[Value] | Killed = self._pipe.recv()
                return answer
            self.kill()
            self.ended()
            return Killed("parser_timeout", f"no answer in {wall_s:.0f} s")
        except (EOFError, OSError):
            code = self.ended()
            return Killed("parser_timeout" if code == -signal.SIGPROF else "parser_crashed", f"the worker ended with {code}")

    def kill(self) -> None:
        """End it now, whatever it does."""
        with _children:
            if self._process.is_alive():
                self._process.kill()

    def ended(self) -> int | None:
        """Wait for its end, which is near or else brought about; the exit code, negative for a signal."""
        with _children:
            self._process.join(_DYING_S)
            if self._process.is_alive():
                self._process.kill()
                self._process.join()
            return self._process.exitcode


def _context(loaded: Sequence[str]) -> ForkServerContext | SpawnContext:
    """How workers are started. A fork of a process that has a fork server cannot use or replace that one: its workers are spawned."""
    global _owner
    _owner = _owner or os.getpid()
    if _owner != os.getpid():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, *loaded])
    return context


def _start(process: BaseProcess) -> None:
    """Start it, and do not let it run the main script of this one again.

    Under Airflow that script is `airflow`, which cannot be imported inside a task: Airflow takes the database's address away there.
    """
    main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
    try:
        for wait_s in _UNTIL_A_SERVER_IS_GONE:
            try:
                return process.start()
            except (ConnectionError, EOFError):
                time.sleep(wait_s)
        process.start()
    finally:
        sys.modules["__main__"] = main


def _work(pipe: Connection, memory_mb: int) -> None:
    """What a worker does: a task after the other, until nobody sends any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with_parent()
    # What was loaded before the fork stays: who looked through it for garbage would copy what all workers share.
    gc.freeze()
    limit = memory_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    while True:
        try:
            pipe.send(_run_here(*pipe.recv()))
        except (EOFError, OSError):
            return
        except Exception as error:  # what cannot be read here or there
            pipe.send(_crashed(error))


def _end_with_parent() -> None:
    """The parent holds a pipe open whose end sends SIGIO (fcntl(2)): that ends a worker in the midst of a task, also inside C code."""
    if parent := multiprocessing.parent_process():
        fcntl.fcntl(parent.sentinel, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(parent.sentinel, fcntl.F_SETFL, fcntl.fcntl(parent.sentinel, fcntl.F_GETFL) | os.O_ASYNC)


def _limited(function: Callable[[Item], Value], seconds: float, item: Item) -> Value:
    """The function under a timer that counts processor time (setitimer(2)) and ends the process, also inside C code."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        return function(item)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _run_here(function: Callable[[Item], Value], item: Item) -> Done[Value] | Killed:
    try:
        return Done(function(item))
    except Exception as error:
        return _crashed(error)


def _crashed(error: Exception) -> Killed:
    """Whatever a parser throws on hostile bytes."""
    return Killed("parser_crashed", f"{type(error).__name__}: {error}"[:500])
