"""`igwire stage dedupe`: one answer a line, in order, by the pipeline's own code."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from igwire.pipeline.stagefile import run_stage

WORDS = ["registry", "root", "zone", "key", "board", "treaty", "cable", "operator", "court", "ruling", "member", "state", "ballot", "user", "server", "draft"]


def prose(seed: int, count: int = 24) -> list[str]:
    rng = random.Random(seed)
    return [f"The {' '.join(rng.choices(WORDS, k=11))} of article {seed} line {n}." for n in range(count)]


def dedupe(folder: Path, rows: list[dict], workers: int = 1) -> tuple[list[dict], int]:
    (folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    failed = run_stage("dedupe", folder / "in.jsonl", folder / "out.jsonl", workers=workers)
    return [json.loads(line) for line in (folder / "out.jsonl").read_text(encoding="utf-8").splitlines()], failed


A, B = prose(1), prose(2)
ROWS = [
    {"id": 1, "text": " ".join(A[:20] + B[:4]), "published_at": "2026-02-02T12:00:00Z"},
    {"id": "b", "text": " ".join(B)},
    {"id": "a", "text": " ".join(A), "published_at": "2026-02-01"},
    {"id": "again", "text": " ".join(B)},
    {"id": "brief", "text": "Short."},
    {"id": "empty", "text": ""},
]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_line_in_gives_a_line_out_even_for_originals_that_come_later(tmp_path, workers):
    found, failed = dedupe(tmp_path, ROWS, workers)
    assert failed == 0
    assert [row["id"] for row in found] == [1, "b", "a", "again", "brief", "empty"]
    assert [(row["cluster"], row["of"]) for row in found] == [("a", "a"), ("b", None), ("a", None), ("b", "b"), ("brief", None), ("empty", None)]
    edited, text = found[0], ROWS[0]["text"]
    assert {s["first"] for s in edited["sentences"]} == {"a"}
    # Lines without a date come after dated ones: the four sentences of b were in the dated text first.
    assert [s["first"] for s in found[1]["sentences"]] == [1] * 4
    assert [text[s["start"] : s["end"]] for s in edited["sentences"]] == A[:20]
    assert found[3]["share"] == 1.0


def test_a_bad_line_is_answered_and_a_broken_file_refused(tmp_path):
    found, failed = dedupe(tmp_path, [{"id": 1}, {"id": 2, "text": "Fine."}])
    assert failed == 1
    assert found[0] == {"id": 1, "status": "failed", "reason": "the field 'text' is missing"}
    assert found[1]["cluster"] == 2


def test_the_same_file_gives_the_same_answers(tmp_path):
    assert dedupe(tmp_path, ROWS) == dedupe(tmp_path, ROWS)
