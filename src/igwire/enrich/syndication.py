"""Whose text an article is, by the credit that it prints: news agencies and press releases."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from igwire.model import Syndication

# A dateline stands in the first lines, a closing credit in the last ones; in between an agency is only talked about.
_HEAD, _TAIL = 160, 200


@dataclass(frozen=True, slots=True)
class _Signs:
    """Compiled patterns; the name of a group's agency is looked up by the sign that matched."""

    agency: dict[str, Syndication]
    dateline: re.Pattern[str]
    closing: re.Pattern[str]
    release: re.Pattern[str]


def credit_of(text: str, authors: Sequence[str] = ()) -> Syndication | None:
    """The agency or distributor that the article is credited to, None when it names none.

    "GENEVA (Reuters) - …", "PARIS, 5 Jan (AFP) …", "(AP) — …", an author that is an agency, "© 2026 AFP", "Source: Xinhua".
    """
    signs = _signs()
    for author in authors:
        if author.strip() in signs.agency:
            return signs.agency[author.strip()]
    if signs.release.match(text[:_HEAD].lstrip()):
        return Syndication(kind="press_release")
    found = signs.dateline.search(text[:_HEAD]) or signs.closing.search(text[-_TAIL:])
    return signs.agency[next(sign for sign in found.groups() if sign)] if found else None


@lru_cache(maxsize=1)
def _signs() -> _Signs:
    entries = yaml.safe_load((Path(__file__).parent / "syndication.yaml").read_text(encoding="utf-8"))
    agency = {sign: Syndication(kind=entry["kind"], agency=entry["name"]) for entry in entries for sign in entry.get("signs", ())}
    # The longest first: "Thomson Reuters" before "Reuters".
    any_sign = "|".join(re.escape(sign) for sign in sorted(agency, key=len, reverse=True))
    releases = "|".join(re.escape(words) for entry in entries for words in entry.get("release", ()))
    # Within brackets before a dash or at the end of a dateline; or at the very start before a dash.
    dateline = rf"[(（/]({any_sign})[)）/]|^\s*({any_sign})\s*[-–—:]\s|^\s*({any_sign})(?=.{{1,20}}[电電])"
    closing = rf"(?:©|\(c\)|Copyright|Source|Quelle|Fuente|Источник|来源)\s*:?\s*(?:\d{{4}}\s+)?({any_sign})\b|[(（\[—–-]\s*({any_sign})[)）\]]?\s*\.?\s*$"
    return _Signs(agency, re.compile(dateline), re.compile(closing), re.compile(rf"(?:{releases})\b"))
