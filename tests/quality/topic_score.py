"""Scores of topics: macro-F1 over the topics that the truth has, on titles, and right topics on whole articles."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from split import half

DATA = Path(__file__).parent / "data"


def rows(name: str, split: str) -> list[dict[str, Any]]:
    """The lines of one half of a file of truth."""
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, lines) if half(row["id"]) == split]


def macro_f1(pairs: Iterable[tuple[set[str], set[str]]]) -> tuple[float, dict[str, float]]:
    """(macro-F1, F1 by topic) of (truth, found) pairs, over every topic in either."""
    right: Counter[str] = Counter()
    truth: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for wanted, got in pairs:
        right.update(wanted & got)
        truth.update(wanted)
        found.update(got)
    by_topic = {topic: 2 * right[topic] / (truth[topic] + found[topic]) for topic in set(truth) | set(found)}
    return sum(by_topic.values()) / len(by_topic), by_topic


def on_titles(tagger: Any, split: str) -> list[tuple[dict[str, Any], set[str]]]:
    """Every title of the half with the topics found in it."""
    return [(row, topics_of(tagger, row["title"], "", row["language"])) for row in rows("topics.jsonl", split)]


def topics_of(tagger: Any, title: str | None, text: str, language: str) -> set[str]:
    """Ids of the topics of one text."""
    topics: Iterable[Mapping[str, Any]] = tagger.tag(title=title, text=text, language=language).topics
    return {topic["topic"] for topic in topics}
