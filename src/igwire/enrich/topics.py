"""Topics of a text from the controlled list: weighted terms of several languages and linked entities, each topic with what carried it.

One Aho-Corasick automaton over all terms reads the folded text once; rules of several parts are looked at only where their first part
was found. A title says its topic in one clear term; a text needs more of them the longer it is.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ahocorasick

from igwire.enrich.fold import Folded, key
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
# Particles that Arabic writes together with the next word.
_CLITICS = frozenset(a + b for a in ("", "و", "ف") for b in ("", "ال", "ب", "بال", "ل", "لل", "ك", "كال", "س", "سي", "ست", "ي", "ت"))
_LONGEST_CLITIC = 4
_LONGEST_ACRONYM = 8
# Evidence for people to read: so many expressions, of so many characters at each end.
_EVIDENCE, _SHOWN = 6, 40


@dataclass(frozen=True, slots=True)
class Named:
    """A linked entity at a place (code points of the field)."""

    start: int
    end: int
    entity: str


@dataclass(slots=True)
class _Spot:
    """Where a part of a rule stands, in folded positions."""

    start: int
    end: int


@dataclass(slots=True)
class _Case:
    """What speaks for one topic: spans of the field with their weights."""

    spans: list[tuple[int, int, float]] = field(default_factory=list)


class TopicFinder:
    """Finds topics by one list of them. Pure: the same text gives the same topics."""

    def __init__(self, topics: Topics) -> None:
        self._parts: dict[tuple[str, ...], int] = {}
        # By the number of a rule's first part: topic, weight, numbers of the other parts.
        self._rules: dict[int, list[tuple[str, float, tuple[int, ...]]]] = defaultdict(list)
        for rule in topics.rules:
            first, *others = (self._parts.setdefault(part, len(self._parts)) for part in rule.parts)
            self._rules[first].append((rule.topic, rule.weight, tuple(others)))
        self._automaton = _automaton(self._parts)
        self._entities: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for topic in topics.by_id.values():
            for ids, weight in ((topic.entities, 1.0), (topic.weak_entities, 0.5)):
                for entity in ids:
                    self._entities[entity].append((topic.id, weight))

    def find(self, title: tuple[str, Folded, Iterable[Named]], text: tuple[str, Folded, Iterable[Named]]) -> tuple[dict[str, Any], ...]:
        """Topics, the surest first: {topic, score (0.5 to 1), evidence (words of the title and the text)}."""
        short = len(text[0]) <= _TITLE_LENGTH
        cases = [self._cases(*title, math.inf), self._cases(*text, math.inf if short else _near(text[0]))]
        need = max(1.0, math.sqrt(len(text[0]) / (_PER_TERM_CJK if _is_cjk(text[0][:200]) else _PER_TERM)))
        found = []
        for topic in sorted(set(cases[0]) | set(cases[1])):
            in_title, in_text = (_weighed(case.get(topic), field[0]) for case, field in zip(cases, (title, text), strict=True))
            # A topic that the title names is one; else title and text bear it together, or the text alone.
            strength = max(in_title.once, in_text.total / need, (in_title.once * _TITLE_WEIGHT + in_text.total) / (need + 1))
            score = strength / (1 + strength)
            if score >= _THRESHOLD:
                evidence = list(dict.fromkeys([*in_title.words, *in_text.words]))[:_EVIDENCE]
                found.append({"topic": topic, "score": round(score, 2), "evidence": evidence})
        return tuple(sorted(found, key=lambda topic: (-topic["score"], topic["topic"])))

    def _cases(self, text: str, folded: Folded, named: Iterable[Named], near: float) -> dict[str, _Case]:
        cases: dict[str, _Case] = defaultdict(_Case)
        spots = self._spots(text, folded)
        nothing: list[tuple[int, int]] = []
        where = folded.original
        for part in spots:
            for topic, weight, others in self._rules.get(part, ()):
                spans = [(where(a), where(b)) for a, b in _together(spots, part, others, near)]
                if topic == NONE:
                    nothing += spans
                else:
                    cases[topic].spans += [(a, b, weight) for a, b in spans]
        for name in named:
            for topic, weight in self._entities.get(name.entity, ()):
                cases[topic].spans.append((name.start, name.end, weight))
        if nothing:
            cases = {topic: _Case([s for s in case.spans if not any(a <= s[0] and s[1] <= b for a, b in nothing)]) for topic, case in cases.items()}
        return {topic: case for topic, case in cases.items() if case.spans}

    def _spots(self, text: str, folded: Folded) -> dict[int, list[_Spot]]:
        spots: dict[int, list[_Spot]] = defaultdict(list)
        content = folded.text
        for last, (length, arabic, parts, exact) in self._automaton.iter(content):
            start, end = last - length[0] + 1, last + 1 - length[1]
            if arabic and not _word_begins(content, start):
                continue
            spot = _Spot(start, end)
            for part in parts:
                spots[part].append(spot)
            for term, part in exact:
                if _written(text, folded.original(start), folded.original(end), term):
                    spots[part].append(spot)
        return spots


@dataclass(frozen=True, slots=True)
class _Weight:
    """What a topic's evidence weighs: each expression once, and with its repetitions; the expressions, heaviest first."""

    once: float = 0.0
    total: float = 0.0
    words: tuple[str, ...] = ()


def _weighed(case: _Case | None, text: str) -> _Weight:
    if case is None:
        return _Weight()
    counts: dict[str, list[float]] = {}
    names: dict[str, str] = {}
    for start, end, weight in _apart(case.spans):
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


def _apart(spans: Sequence[tuple[int, int, float]]) -> Iterator[tuple[int, int, float]]:
    """Spans that do not overlap, of two the heavier, then the longer: no word speaks twice for one topic."""
    chosen: list[tuple[int, int]] = []
    for start, end, weight in sorted(spans, key=lambda s: (-s[2], s[0] - s[1], s[0])):
        at = bisect_left(chosen, (start, end))
        if (at and chosen[at - 1][1] > start) or (at < len(chosen) and chosen[at][0] < end):
            continue
        chosen.insert(at, (start, end))
        yield start, end, weight


def _together(spots: Mapping[int, list[_Spot]], first: int, others: tuple[int, ...], near: float) -> Iterator[tuple[int, int]]:
    """Spans from the first to the last part, where every part stands near the first one."""
    if not all(other in spots for other in others):
        return
    cursors = [0] * len(others)
    for anchor in spots[first]:
        low, high = anchor.start, anchor.end
        for n, other in enumerate(others):
            listed = spots[other]
            while cursors[n] < len(listed) and listed[cursors[n]].end < anchor.start - near:
                cursors[n] += 1
            partner = _partner(listed, cursors[n], anchor, near)
            if partner is None:
                break
            low, high = min(low, partner.start), max(high, partner.end)
        else:
            yield low, high


def _partner(spots: Sequence[_Spot], at: int, anchor: _Spot, near: float) -> _Spot | None:
    """The first spot from `at` on that is near the anchor and shares no letter with it."""
    while at < len(spots) and spots[at].start <= anchor.end + near:
        if spots[at].end <= anchor.start or spots[at].start >= anchor.end:
            return spots[at]
        at += 1
    return None


def _near(text: str) -> int:
    return _NEAR_CJK if _is_cjk(text[:200]) else _NEAR


def _is_cjk(text: str) -> bool:
    return sum("\u3400" <= char <= "\u9fff" for char in text) * 3 > len(text)


def _word_begins(text: str, start: int) -> bool:
    """Whether only Arabic particles stand between `start` and the space before it."""
    space = text.rfind(" ", max(start - _LONGEST_CLITIC - 1, 0), start)
    return space >= 0 and text[space + 1 : start] in _CLITICS


def _automaton(parts: Mapping[tuple[str, ...], int]) -> Any:
    # By pattern: parts that take it in any case, and (term, part) that want it as written.
    terms: dict[str, tuple[list[int], list[tuple[str, int]]]] = {}
    for alternatives, number in parts.items():
        for term in alternatives:
            for pattern in _patterns(term):
                free, exact = terms.setdefault(pattern, ([], []))
                exact.append((term, number)) if _is_exact(term) else free.append(number)
    automaton = ahocorasick.Automaton()
    for pattern, (free, exact) in terms.items():
        first, last = pattern[0] == " ", pattern[-1] == " "
        arabic = "\u0600" <= pattern[0] <= "\u06ff"
        automaton.add_word(pattern, ((len(pattern) - first, int(last)), arabic, tuple(dict.fromkeys(free)), tuple(exact)))
    automaton.make_automaton()
    return automaton


def _is_exact(term: str) -> bool:
    """Whether the term is matched as it is written: an acronym, or a top-level domain with its dot."""
    return term[0] == "." or (len(term) < _LONGEST_ACRONYM and term.upper() == term and term != term.lower())


def _written(text: str, start: int, end: int, term: str) -> bool:
    if term[0] != ".":
        return text[start:end] == term
    # ".org", but not the end of "example.org".
    return text[start - 1 : start] == "." and not text[max(start - 2, 0) : start - 1].isalnum()


def _patterns(term: str) -> Iterator[str]:
    # Inside a phrase an ending is cut by folding (Russian), or is none.
    folded = key(term.replace("*", ""))
    first, last = folded[:1], folded[-1:]
    left = "" if first > "\u0600" else " "
    right = "" if term.endswith("*") or last > "\u2fff" else " "
    yield f"{left}{folded}{right}"
    if folded.startswith("ال"):
        yield f"لل{folded[2:]}{right}"
