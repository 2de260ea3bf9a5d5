"""Topics of a text from the controlled list: weighted terms of several languages and linked entities, each topic with what carried it.

One Aho-Corasick automaton over all terms reads the folded text once; rules of several parts are looked at only where their first part
was found. A title says its topic in one clear term; a text needs more of them the longer it is.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation

from igwire.enrich.fold import CJK, Folded, key
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


class Named(NamedTuple):
    """A linked entity at a place (code points of the field)."""

    start: int
    end: int
    entity: str


# Where a part of a rule stands: start and end in folded positions.
_Spot = tuple[int, int]
# What speaks for a topic: start and end in the field's code points, and its weight.
_Span = tuple[int, int, float]


class _Pattern(NamedTuple):
    """One pattern of the automaton: whether it begins and ends with a space, is Arabic, the parts that take it in any case, those that want it as written."""

    lead: int
    tail: int
    arabic: bool
    parts: tuple[int, ...]
    exact: tuple[tuple[str, int], ...]


class TopicFinder:
    """Finds topics by one list of them. Pure: the same text gives the same topics."""

    def __init__(self, topics: Topics) -> None:
        self._parts: dict[tuple[str, ...], int] = {}
        # By the number of a rule's first part: topic, weight, numbers of the other parts.
        self._rules: dict[int, list[tuple[str, float, tuple[int, ...]]]] = defaultdict(list)
        for rule in topics.rules:
            first, *others = (self._parts.setdefault(part, len(self._parts)) for part in rule.parts)
            self._rules[first].append((rule.topic, rule.weight, tuple(others)))
        patterns = _patterns(self._parts)
        self._patterns = list(patterns.values())
        self._automaton = AhoCorasick(list(patterns), implementation=Implementation.ContiguousNFA)
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
        spots = self._spots(text, folded)
        for part, listed in spots.items():
            for topic, weight, others in self._rules.get(part, ()):
                if not others:
                    cases[topic].update([(a, b, weight) for a, b in folded.originals(listed)])
                elif all(other in spots for other in others):
                    cases[topic].update([(a, b, weight) for a, b in folded.originals(_together(spots, part, others, near))])
        nothing = cases.pop(NONE, ())
        for name in named:
            for topic, weight in self._entities.get(name.entity, ()):
                cases[topic].add((name.start, name.end, weight))
        if nothing:
            cases = {topic: {s for s in case if not any(a <= s[0] and s[1] <= b for a, b, _ in nothing)} for topic, case in cases.items()}
        return {topic: case for topic, case in cases.items() if case}

    def _spots(self, text: str, folded: Folded) -> dict[int, list[_Spot]]:
        spots: dict[int, list[_Spot]] = defaultdict(list)
        content, patterns = folded.text, self._patterns
        for number, start, end in self._automaton.find_matches_as_indexes(content, overlapping=True):
            lead, tail, arabic, parts, exact = patterns[number]
            spot = (start + lead, end - tail)
            if arabic and not _word_begins(content, start):
                continue
            for part in parts:
                spots[part].append(spot)
            for term, part in exact:
                if _written(text, folded.original(spot[0]), folded.original(spot[1]), term):
                    spots[part].append(spot)
        return spots


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


def _together(spots: Mapping[int, Sequence[_Spot]], first: int, others: tuple[int, ...], near: float) -> Iterator[_Spot]:
    """Spans from the first to the last part, where every part stands near the first one."""
    cursors = [0] * len(others)
    for anchor in spots[first]:
        low, high = anchor
        for n, other in enumerate(others):
            listed = spots[other]
            while cursors[n] < len(listed) and listed[cursors[n]][1] < anchor[0] - near:
                cursors[n] += 1
            partner = _partner(listed, cursors[n], anchor, near)
            if partner is None:
                break
            low, high = min(low, partner[0]), max(high, partner[1])
        else:
            yield low, high


def _partner(spots: Sequence[_Spot], at: int, anchor: _Spot, near: float) -> _Spot | None:
    """The first spot from `at` on that is near the anchor and shares no letter with it."""
    while at < len(spots) and spots[at][0] <= anchor[1] + near:
        if spots[at][1] <= anchor[0] or spots[at][0] >= anchor[1]:
            return spots[at]
        at += 1
    return None


def _is_cjk(text: str, folded: Folded) -> bool:
    beginning = text[:200]
    return bool(folded.scripts & CJK) and sum("\u3400" <= char <= "\u9fff" for char in beginning) * 3 > len(beginning)


def _word_begins(text: str, start: int) -> bool:
    """Whether only Arabic particles stand between `start` and the space before it."""
    space = text.rfind(" ", max(start - _LONGEST_CLITIC - 1, 0), start)
    return space >= 0 and text[space + 1 : start] in _CLITICS


def _patterns(parts: Mapping[tuple[str, ...], int]) -> dict[str, _Pattern]:
    terms: dict[str, tuple[list[int], list[tuple[str, int]]]] = {}
    for alternatives, number in parts.items():
        for term in alternatives:
            for pattern in _forms(term):
                free, exact = terms.setdefault(pattern, ([], []))
                exact.append((term, number)) if _is_exact(term) else free.append(number)
    return {
        pattern: _Pattern(int(pattern[0] == " "), int(pattern[-1] == " "), "\u0600" <= pattern[0] <= "\u06ff", tuple(dict.fromkeys(free)), tuple(exact))
        for pattern, (free, exact) in terms.items()
    }


def _is_exact(term: str) -> bool:
    """Whether the term is matched as it is written: an acronym, or a top-level domain with its dot."""
    return term[0] == "." or (len(term) < _LONGEST_ACRONYM and term.upper() == term and term != term.lower())


def _written(text: str, start: int, end: int, term: str) -> bool:
    if term[0] != ".":
        return text[start:end] == term
    # ".org", but not the end of "example.org".
    return text[start - 1 : start] == "." and not text[max(start - 2, 0) : start - 1].isalnum()


def _forms(term: str) -> Iterator[str]:
    # Inside a phrase an ending is cut by folding (Russian), or is none.
    folded = key(term.replace("*", ""))
    first, last = folded[:1], folded[-1:]
    left = "" if first > "\u0600" else " "
    right = "" if term.endswith("*") or last > "\u2fff" else " "
    yield f"{left}{folded}{right}"
    if folded.startswith("ال"):
        yield f"لل{folded[2:]}{right}"
