"""The hand-made truth under tests/quality/data is well formed: ids, languages and code-point offsets."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).parents[2] / "quality" / "data"
LANGUAGES = {"en", "fr", "es", "ar", "zh", "ru"}


def rows(name: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]
    ids = Counter(row["id"] for row in found)
    assert max(ids.values()) == 1, f"{name}: the same id twice: {ids.most_common(1)}"
    return found


def test_every_topic_of_the_list_is_labelled_and_every_label_is_listed():
    listed = [topic["id"] for topic in yaml.safe_load((DATA / "topic_list.yaml").read_text(encoding="utf-8"))]
    titles = rows("topics.jsonl")
    used = Counter(topic for row in titles for topic in row["topics"])
    languages = Counter(row["language"] for row in titles)
    assert len(listed) == len(set(listed)) >= 40
    assert set(used) == set(listed)
    assert min(used.values()) >= 5
    assert set(languages) == LANGUAGES
    assert min(languages.values()) >= 35
    assert sum(not row["topics"] for row in titles) >= 30
