"""Scores of the tagger on annotated texts: mentions by overlap and coarse type, links by identity."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from igwire.enrich.fold import key

DOMAIN = Path(__file__).parent / "data" / "domain"
_COARSE = {"company": "organisation", "media": "organisation"}


@dataclass
class Score:
    """Counts; the shares are properties. `wrong` and `missed` name what went wrong, for people."""

    gold: int = 0
    hits: int = 0
    found: int = 0
    right: int = 0
    links: int = 0
    links_right: int = 0
    linkable: int = 0
    linked: int = 0
    unknown: int = 0
    unknown_kept: int = 0
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / max(self.found, 1)

    @property
    def recall(self) -> float:
        return self.hits / max(self.gold, 1)

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-9)

    @property
    def link_precision(self) -> float:
        return self.links_right / max(self.links, 1)

    @property
    def link_recall(self) -> float:
        return self.linked / max(self.linkable, 1)

    def __str__(self) -> str:
        return (
            f"mentions: precision {self.precision:.3f} recall {self.recall:.3f} F1 {self.f1:.3f} of {self.gold}; "
            f"links: precision {self.link_precision:.3f} of {self.links}, recall {self.link_recall:.3f} of {self.linkable}; "
            f"unknown kept {self.unknown_kept} of {self.unknown}"
        )


def texts(split: str, languages: Sequence[str]) -> list[dict[str, Any]]:
    """The annotated texts of one half, dev (to tune on) or test (only to measure), in one of the `languages`."""
    rows = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(DOMAIN.glob("*.json"))]
    return [row for row in rows if row["split"] == split and row["language"] in languages]


def score(tagger: Any, rows: Iterable[dict[str, Any]]) -> Score:
    """Tag every text and compare; concepts are not annotated, so they count nowhere."""
    total = Score()
    for row in rows:
        found = [m for m in tagger.tag(title=row["title"], text=row["text"], language=row["language"]).mentions if m.field == "text" and m.type != "concept"]
        for want in row["mentions"]:
            _gold(total, want, [m for m in found if _overlap(m, want)], row["id"])
        for mention in found:
            _predicted(total, mention, [want for want in row["mentions"] if _overlap(mention, want)], row["id"])
    return total


def _gold(total: Score, want: dict[str, Any], same: list[Any], text: str) -> None:
    total.gold += 1
    hit = any(_coarse(m.type) == _coarse(want["type"]) for m in same)
    total.hits += hit
    if not hit:
        total.missed.append(f"{text}: {want['type']} {want['surface']} (found {[(m.surface, m.type) for m in same]})")
    if want["entity"]:
        total.linkable += 1
        total.linked += any(_is(m, want) for m in same)
        if not any(_is(m, want) for m in same):
            total.missed.append(f"{text}: link of {want['surface']} to {want['entity']} (found {[(m.surface, m.entity) for m in same]})")
    elif want["name"] is None:
        total.unknown += 1
        total.unknown_kept += not any(m.entity for m in same)


def _predicted(total: Score, mention: Any, same: list[dict[str, Any]], text: str) -> None:
    total.found += 1
    right = any(_coarse(mention.type) == _coarse(want["type"]) for want in same)
    total.right += right
    if not right:
        total.wrong.append(f"{text}: {mention.type} {mention.surface} {mention.why} (truth {[(w['surface'], w['type']) for w in same]})")
    if mention.entity:
        total.links += 1
        total.links_right += any(_is(mention, want) for want in same)
        if not any(_is(mention, want) for want in same):
            total.wrong.append(f"{text}: link {mention.surface} to {mention.entity} {mention.why} (truth {[(w['surface'], w['entity']) for w in same]})")


def _is(mention: Any, want: dict[str, Any]) -> bool:
    if mention.entity is None:
        return False
    return (
        mention.entity == want["entity"]
        or (want["qid"] is not None and mention.qid == want["qid"])
        or (want["name"] is not None and key(want["name"]) == key(mention.name))
    )


def _coarse(kind: str) -> str:
    return _COARSE.get(kind, kind)


def _overlap(mention: Any, want: dict[str, Any]) -> bool:
    return bool(mention.start < want["end"] and want["start"] < mention.end)
