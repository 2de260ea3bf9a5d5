"""The pool of killable workers."""

from __future__ import annotations

import os
import subprocess
import sys
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


def test_workers_do_not_run_the_main_script_again(tmp_path):
    script = tmp_path / "main.py"
    # As Airflow's own script in a task: fine the first time, broken in every process that imports it again.
    script.write_text(
        "if __name__ != '__main__':\n    raise RuntimeError('imported again')\n"
        "from igwire.isolate import Pool\n"
        "with Pool(1) as pool:\n    print([done.value for done in pool.map(str.upper, ['a', 'b'], timeout_s=20)])\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("['A', 'B']\n", "")


def test_without_workers_it_runs_here():
    with Pool(0) as pool:
        assert list(pool.map(str.upper, ["a"], timeout_s=1)) == [Done("A")]
        assert isinstance(next(iter(pool.map(work, ["raise"], timeout_s=1))), Killed)
