"""Topics of a text from the controlled list: weighted terms of several languages and linked entities, each topic with what carried it.

A title says its topic in one clear term; a text needs more of them the longer it is.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from igwire.enrich.fold import CJK, Folded, key
from igwire.enrich.terms import TermRules
from igwire.kb.topics import Topics
from igwire.kb.topics.loader import NONE

# How near each other the parts of a rule must stand in a text (folded characters: a clause or two); in a title anywhere.
_NEAR = 90
_NEAR_CJK = 36
# A text that is no longer than a title is read as one.
_TITLE_LENGTH = 160
# Characters of text that one strong term stands for; what is needed grows with the square root of the length.
_PER_TERM, _PER_TERM_CJK = 420, 150
_TITLE_WEIGHT = 2.0
# What each further occurrence of the same words adds, and how many are counted.
_AGAIN, _MOST = 0.5, 4
_THRESHOLD = 0.5
# Evidence for people to read: so many expressions, of so many characters at each end.
_EVIDENCE, _SHOWN = 6, 40


class Named(NamedTuple):
    """A linked entity at a place (code points of the field)."""

    start: int
    end: int
    entity: str


# What speaks for a topic: start and end in the field's code points, and its weight.
_Span = tuple[int, int, float]


class TopicFinder:
    """Finds topics by one list of them. Pure: the same text gives the same topics."""

    def __init__(self, topics: Topics) -> None:
        self._rules = TermRules(topics.rules)
        self._entities: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for topic in topics.by_id.values():
            for ids, weight in ((topic.entities, 1.0), (topic.weak_entities, 0.5)):
                for entity in ids:
                    self._entities[entity].append((topic.id, weight))

    def find(self, title: tuple[str, Folded, Iterable[Named]], text: tuple[str, Folded, Iterable[Named]]) -> tuple[dict[str, Any], ...]:
        """Topics, the surest first: {topic, score (0.5 to 1), evidence (words of the title and the text)}."""
        short = len(text[0]) <= _TITLE_LENGTH
        cjk = _is_cjk(text[0], text[1])
        near = math.inf if short else _NEAR_CJK if cjk else _NEAR
        cases = [self._cases(*title, math.inf), self._cases(*text, near)]
        need = max(1.0, math.sqrt(len(text[0]) / (_PER_TERM_CJK if cjk else _PER_TERM)))
        found = []
        for topic in sorted(set(cases[0]) | set(cases[1])):
            spans = [case.get(topic, ()) for case in cases]
            if _strength(_most(spans[0]), _most(spans[1]), need) < 1:
                continue
            in_title, in_text = (_weighed(listed, field[0]) for listed, field in zip(spans, (title, text), strict=True))
            strength = _strength(in_title.once, in_text.total, need)
            score = strength / (1 + strength)
            if score >= _THRESHOLD:
                evidence = list(dict.fromkeys([*in_title.words, *in_text.words]))[:_EVIDENCE]
                found.append({"topic": topic, "score": round(score, 2), "evidence": evidence})
        return tuple(sorted(found, key=lambda topic: (-topic["score"], topic["topic"])))

    def _cases(self, text: str, folded: Folded, named: Iterable[Named], near: float) -> dict[str, set[_Span]]:
        """What speaks for each topic."""
        cases: dict[str, set[_Span]] = defaultdict(set)
        for topic, weight, places in self._rules.holding(text, folded, near):
            cases[topic].update([(start, end, weight) for start, end in places])
        nothing = cases.pop(NONE, ())
        for name in named:
            for topic, weight in self._entities.get(name.entity, ()):
                cases[topic].add((name.start, name.end, weight))
        if nothing:
            cases = {topic: {s for s in case if not any(a <= s[0] and s[1] <= b for a, b, _ in nothing)} for topic, case in cases.items()}
        return {topic: case for topic, case in cases.items() if case}


class _Weight(NamedTuple):
    """What a topic's evidence weighs: each expression once, and with its repetitions; the expressions, heaviest first."""

    once: float = 0.0
    total: float = 0.0
    words: tuple[str, ...] = ()


def _strength(in_title: float, in_text: float, need: float) -> float:
    """A topic that the title names is one; else title and text bear it together, or the text alone."""
    return max(in_title, in_text / need, (in_title * _TITLE_WEIGHT + in_text) / (need + 1))


def _most(spans: Collection[_Span]) -> float:
    """What they weigh at most; costs less than weighing them."""
    return len(spans) * max([weight for _, _, weight in spans], default=0.0)


def _weighed(spans: Collection[_Span], text: str) -> _Weight:
    if not spans:
        return _Weight()
    counts: dict[str, list[float]] = {}
    names: dict[str, str] = {}
    for start, end, weight in _apart(spans):
        surface = _shown(text, start, end)
        word = key(surface)
        names.setdefault(word, surface)
        counts.setdefault(word, []).append(weight)
    once = sum(max(weights) for weights in counts.values())
    total = sum(max(weights) * (1 + _AGAIN * min(len(weights) - 1, _MOST)) for weights in counts.values())
    order = sorted(counts, key=lambda word: -max(counts[word]) * len(counts[word]))
    return _Weight(once, total, tuple(names[word] for word in order))


def _shown(text: str, start: int, end: int) -> str:
    """The words as they stand there, whole; of a long stretch its ends."""
    while end < len(text) and text[end].isalpha() and text[end] < "\u2e80":
        end += 1
    words = " ".join(text[start:end].split())
    return words if len(words) <= 2 * _SHOWN else f"{words[:_SHOWN]} … {words[-_SHOWN:]}"


def _apart(spans: Iterable[_Span]) -> Iterator[_Span]:
    """Spans that do not overlap, of two the heavier, then the longer: no word speaks twice for one topic."""
    chosen: list[tuple[int, int]] = []
    for start, end, weight in sorted(spans, key=lambda s: (-s[2], s[0] - s[1], s[0])):
        at = bisect_left(chosen, (start, end))
        if (at and chosen[at - 1][1] > start) or (at < len(chosen) and chosen[at][0] < end):
            continue
        chosen.insert(at, (start, end))
        yield start, end, weight


def _is_cjk(text: str, folded: Folded) -> bool:
    beginning = text[:200]
    return bool(folded.scripts & CJK) and sum("\u3400" <= char <= "\u9fff" for char in beginning) * 3 > len(beginning)
