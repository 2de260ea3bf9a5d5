"""Scores of quotations with their speakers, and of roles, against the truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from topic_score import rows

from igwire.enrich.fold import key


def on_quotes(tagger: Any, split: str, languages: Sequence[str]) -> tuple[int, int, int, list[str]]:
    """(quotations in the truth, those found with the right speaker, found ones that are none, what went wrong)."""
    wanted = right = wrong = 0
    faults = []
    for row in _rows("quotes.jsonl", split, languages):
        found = list(tagger.tag(title=None, text=row["text"], language=row["language"]).quotes)
        for quote in row["quotes"]:
            same = [f for f in found if f["start"] < quote["end"] and quote["start"] < f["end"]]
            wanted += 1
            hit = any(is_name(f["speaker"], quote["speaker"]) for f in same)
            right += hit
            if not hit:
                faults.append(f"{row['id']}: {row['text'][quote['start'] : quote['end']]!r} by {quote['speaker']}, found {[f['speaker'] for f in same]}")
        for f in found:
            if not any(f["start"] < quote["end"] and quote["start"] < f["end"] for quote in row["quotes"]):
                wrong += 1
                faults.append(f"{row['id']}: {row['text'][f['start'] : f['end']]!r} is no quotation, found {f['speaker']}")
    return wanted, right, wrong, faults


def on_roles(tagger: Any, split: str, languages: Sequence[str]) -> tuple[int, int, int, list[str]]:
    """(roles in the truth, those found with person, role and organisation, found ones that are none, what went wrong)."""
    wanted = right = wrong = 0
    faults = []
    for row in _rows("roles.jsonl", split, languages):
        found = list(tagger.tag(title=None, text=row["text"], language=row["language"]).roles)
        hits = [any(_is_role(f, role) for f in found) for role in row["roles"]]
        extra = [f for f in found if not any(is_name(f["person"], role["person"]) for role in row["roles"])]
        wanted, right, wrong = wanted + len(hits), right + sum(hits), wrong + len(extra)
        if not all(hits) or extra:
            faults.append(f"{row['id']}: {row['text']} {row['roles']}, found {found}")
    return wanted, right, wrong, faults


def _rows(name: str, split: str, languages: Sequence[str]) -> list[dict[str, Any]]:
    return [row for row in rows(name, split) if row["language"] in languages]


def is_name(found: str | None, wanted: str | None) -> bool:
    """Whether both are the same name, an article or a title aside."""
    a, b = key(found or ""), key(wanted or "")
    return a == b or (bool(a) and bool(b) and (a.endswith(b) or b.endswith(a)))


def _is_role(found: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return is_name(found["person"], wanted["person"]) and is_name(found["role"], wanted["role"]) and is_name(found["organisation"], wanted["organisation"])
