"""The pool of killable workers."""

from __future__ import annotations

import os
import time

from igwire.isolate import Done, Killed, Pool


def work(task: str) -> str:
    if task == "hang":
        while True:
            pass
    if task == "wait":
        time.sleep(60)
    if task == "nap":
        time.sleep(0.3)
    if task == "die":
        os._exit(9)
    if task == "raise":
        raise ValueError("hostile bytes")
    return task.upper()


def test_a_task_that_hangs_or_dies_costs_no_other():
    with Pool(1) as pool:
        answers = list(pool.map(work, ["a", "hang", "b", "raise", "die", "c"], timeout_s=0.3))
    assert [a.value if isinstance(a, Done) else a.reason for a in answers] == ["A", "parser_timeout", "B", "parser_crashed", "parser_crashed", "C"]


def test_only_processor_time_counts_until_a_task_waits_far_too_long():
    with Pool(1) as pool:
        answers = list(pool.map(work, ["nap", "wait", "a"], timeout_s=0.1))
    assert [a.value if isinstance(a, Done) else a.reason for a in answers] == ["NAP", "parser_timeout", "A"]


def test_without_workers_it_runs_here():
    with Pool(0) as pool:
        assert list(pool.map(str.upper, ["a"], timeout_s=1)) == [Done("A")]
        assert isinstance(next(iter(pool.map(work, ["raise"], timeout_s=1))), Killed)
