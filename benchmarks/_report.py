"""How every benchmark measures and speaks: see README.md beside this file.

A figure alone says little on a machine whose speed nobody knows, so each program measures igwire and a named reference in turns,
in one run, and gives the ratio as `share`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil


@dataclass(slots=True)
class Pair:
    """Seconds that igwire and its reference took for the same work, round by round."""

    ours: list[float] = field(default_factory=list)
    reference: list[float] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Speed of ours as a share of the reference's: the median over the rounds, so that one disturbed round changes nothing."""
        return statistics.median(r / o for o, r in zip(self.ours, self.reference, strict=True))


def arguments(description: str, **options: Mapping[str, Any]) -> argparse.Namespace:
    """The command line: `--quick` (under two minutes on two cores), and one `--NAME` for each of `options` (argparse's keywords)."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="a smaller sample, done within two minutes")
    for name, keywords in options.items():
        parser.add_argument(f"--{name.replace('_', '-')}", **keywords)
    return parser.parse_args()


def in_turns(ours: Callable[[], object], reference: Callable[[], object], *, rounds: int = 5) -> Pair:
    """Time both in alternating order, so that neither always runs on the warmer machine; call both once before where warmth matters."""
    pair = Pair()
    for number in range(rounds):
        both = [(ours, pair.ours), (reference, pair.reference)]
        for work, seconds in both if number % 2 == 0 else reversed(both):
            seconds.append(timed(work))
    return pair


def timed(work: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


class Memory:
    """Peak of this process and its children, in MB of proportional set size: shared pages count once. 0 where there is no /proc."""

    def __init__(self) -> None:
        self.peak_mb = 0.0

    def look(self) -> float:
        """Measure once; the figure in MB."""
        now = sum(map(_pss_mb, [psutil.Process(), *psutil.Process().children(recursive=True)]))
        self.peak_mb = max(self.peak_mb, now)
        return now


@contextmanager
def memory_watched(every_s: float = 0.2) -> Iterator[Memory]:
    """Look at the memory every `every_s` seconds while the block runs."""
    memory, stop = Memory(), threading.Event()

    def watch() -> None:
        while not stop.wait(every_s):
            memory.look()

    memory.look()
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield memory
    finally:
        stop.set()
        watcher.join()


def _pss_mb(process: psutil.Process) -> float:
    """From the kernel's own sum: psutil adds up every mapping, which for a Java process takes longer than what is measured meanwhile."""
    try:
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("Pss:")), 0.0)


def report(benchmark: str, rows: Sequence[Mapping[str, Any]], *, share: float, reference: str, **figures: Any) -> None:
    """Print `rows` as a table and, as the last line, the JSON object of the README. Raises ValueError when there is no row."""
    if not rows:
        raise ValueError(f"{benchmark} measured nothing")
    columns = list(dict.fromkeys(name for row in rows for name in row))
    cells = [columns, *([_shown(row.get(name)) for name in columns] for row in rows)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(columns))]
    for row in cells:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
    print(json.dumps({"benchmark": benchmark, "share": round(share, 4), "reference": reference, **figures}, ensure_ascii=False, default=str))


def _shown(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
