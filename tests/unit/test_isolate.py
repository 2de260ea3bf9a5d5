"""The pool of killable workers."""

from __future__ import annotations

import gc
import importlib
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from igwire.isolate import Done, Killed, Pool


def work(task: str) -> Any:
    if task == "unsendable":
        return lambda: task
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


def test_workers_that_die_at_once_one_after_the_other_cost_their_own_tasks_only():
    tasks = ["die", "a", "die", "die", "b"] * 4
    with Pool(2) as pool:
        answers = list(pool.map(work, tasks, timeout_s=20))
    assert [a.value if isinstance(a, Done) else a.reason for a in answers] == ["parser_crashed", "A", "parser_crashed", "parser_crashed", "B"] * 4


def test_an_answer_that_cannot_be_sent_costs_its_task_only():
    with Pool(1) as pool:
        answers = list(pool.map(work, ["unsendable", "a"], timeout_s=20))
    assert isinstance(answers[0], Killed)
    assert answers[1] == Done("A")


def test_leaving_the_pool_ends_tasks_that_nobody_waits_for():
    with Pool(2) as pool:
        answers = pool.start(work, ["a", "wait", "wait", "b"], timeout_s=20)
        assert next(answers) == Done("A")
        began = time.monotonic()
    assert time.monotonic() - began < 30


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


def family(_task: int) -> tuple[int, int, int, bool]:
    """The worker, the process that forked it, how many threads that one has, and whether the worker found the parsers loaded."""
    time.sleep(0.2)
    return os.getpid(), os.getppid(), len(list(Path(f"/proc/{os.getppid()}/task").iterdir())), "trafilatura" in sys.modules


LOADED = """
from igwire.isolate import Pool
from tests.unit.test_isolate import family
with Pool(2, loaded=["igwire.extract.loaded"]) as pool:
    found = [done.value for done in pool.map(family, range(4), timeout_s=20)]
workers, servers, threads, loaded = map(set, zip(*found))
print(len(workers), len(servers), threads, loaded)
"""


def run_script(code: str, **options) -> subprocess.Popen[str]:
    root = Path(__file__).parents[2]
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, **options)


def test_workers_are_forked_by_one_process_that_has_loaded_what_they_need_and_has_no_threads():
    # The server passes over a module that is not there.
    importlib.import_module("igwire.extract.loaded")
    assert run_script(LOADED).communicate(timeout=60)[0] == "2 1 {1} {True}\n"


def test_what_was_loaded_before_the_fork_is_not_looked_through_for_garbage():
    with Pool(1) as pool:
        found = pool.run(frozen, 0, timeout_s=20)
    assert isinstance(found, Done)
    assert found.value > 10_000


def frozen(_task: int) -> int:
    return gc.get_freeze_count()


def limit(_task: int) -> int:
    return resource.getrlimit(resource.RLIMIT_AS)[0]


def test_workers_have_no_more_memory_than_they_may():
    with Pool(1, memory_mb=1500) as pool:
        assert pool.run(limit, 0, timeout_s=20) == Done(1500 * 1024 * 1024)


def say_and_wait(name: str) -> None:
    print(name, os.getpid(), os.getppid(), flush=True)
    time.sleep(60)


KILLED = """
from igwire.isolate import Pool
from tests.unit.test_isolate import say_and_wait
with Pool(2) as pool:
    list(pool.map(say_and_wait, ["a", "b"], timeout_s=20))
"""


def test_no_process_outlives_one_that_was_killed():
    script = run_script(KILLED)
    assert script.stdout is not None
    numbers = {int(number) for _ in range(2) for number in script.stdout.readline().split()[1:]}
    assert len(numbers) == 3
    script.kill()
    # The end of the output: nobody holds it open any more, long before the tasks are done.
    assert script.communicate(timeout=30)[0] == ""
    wait_until(lambda: not any(map(is_running, numbers)))


def wait_until(it_is_so: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not it_is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_running(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


FORKED = """
import os
from igwire.isolate import Pool
def ask():
    with Pool(1) as pool:
        print(pool.run(str.upper, "a", timeout_s=20), flush=True)
ask()
if child := os.fork():
    os.waitpid(child, 0)
else:
    ask()
    os._exit(0)
"""


def test_a_fork_of_a_process_that_had_workers_has_its_own():
    assert run_script(FORKED).communicate(timeout=60)[0] == "Done(value='A')\nDone(value='A')\n"


def test_a_fork_server_that_was_killed_is_replaced():
    with Pool(1) as pool:
        found = pool.run(family, 0, timeout_s=20)
        assert isinstance(found, Done)
        os.kill(found.value[1], signal.SIGKILL)
    with Pool(1) as pool:
        assert pool.run(str.upper, "a", timeout_s=20) == Done("A")
