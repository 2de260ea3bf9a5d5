"""The frame that every benchmark uses, and that each program keeps to it. No figure is checked: tests don't look at clocks."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def frame():
    spec = importlib.util.spec_from_file_location("_report", FOLDER / "_report.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["_report"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["_report"]


def test_the_last_line_is_one_json_object_after_a_table(frame, capsys):
    frame.report("tag", [{"what": "ours", "seconds": 1.25}, {"what": "bare", "seconds": 2.5, "note": "x"}], share=2.0, reference="bare", mb_per_s=8)
    *table, last = capsys.readouterr().out.splitlines()
    assert [line.split() for line in table] == [["what", "seconds", "note"], ["ours", "1.25"], ["bare", "2.5", "x"]]
    assert json.loads(last) == {"benchmark": "tag", "share": 2.0, "reference": "bare", "mb_per_s": 8}


def test_nothing_measured_is_an_error(frame):
    with pytest.raises(ValueError, match="measured nothing"):
        frame.report("tag", [], share=1.0, reference="bare")


def test_one_disturbed_round_does_not_change_the_share(frame):
    assert frame.Pair(ours=[1.0, 1.0, 50.0], reference=[2.0, 2.0, 2.0]).share == 2.0


def test_both_are_called_once_a_round_in_alternating_order(frame):
    calls: list[str] = []
    pair = frame.in_turns(lambda: calls.append("o"), lambda: calls.append("r"), rounds=3)
    assert "".join(calls) == "orroor"
    assert (len(pair.ours), len(pair.reference)) == (3, 3)


def test_memory_of_this_process_is_seen(frame):
    with frame.memory_watched(0.01) as memory:
        pass
    assert memory.peak_mb > 1


@pytest.mark.parametrize("program", sorted(FOLDER.glob("[a-z]*.py")), ids=lambda p: p.stem)
def test_a_program_is_listed_and_uses_the_frame(program):
    assert f"`{program.name}`" in (FOLDER / "README.md").read_text(encoding="utf-8")
    text = program.read_text(encoding="utf-8")
    assert "from _report import" in text
    assert "arguments(" in text
