"""Where the rules of the topics' vocabulary hold in a text: one pass over the folded text finds their terms, in whatever language.

Most rules have several parts. A part is looked at only where the text has the first part of one of its rules, so that common words cost little.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation

from igwire.enrich.fold import Folded, key
from igwire.kb.topics.loader import Rule

# Particles that Arabic writes together with the next word.
_CLITICS = frozenset(a + b for a in ("", "و", "ف") for b in ("", "ال", "ب", "بال", "ل", "لل", "ك", "كال", "س", "سي", "ست", "ي", "ت"))
_LONGEST_CLITIC = 4
_LONGEST_ACRONYM = 8

# Where a term stands: start and end in folded positions.
_Spot = tuple[int, int]


class _Pattern(NamedTuple):
    """One pattern of the automaton: whether it begins and ends with a space, is Arabic; the number of its term in any case (or None), and of those as written."""

    lead: int
    tail: int
    arabic: bool
    free: int | None
    exact: tuple[tuple[str, int], ...]


class _Partial(NamedTuple):
    """A rule without its first part."""

    topic: str
    weight: float
    others: tuple[int, ...]


class TermRules:
    """All rules of a vocabulary in one automaton."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        parts: dict[tuple[str, ...], int] = {}
        self._by_first: dict[int, list[_Partial]] = defaultdict(list)
        for rule in rules:
            first, *others = (parts.setdefault(part, len(parts)) for part in rule.parts)
            self._by_first[first].append(_Partial(rule.topic, rule.weight, tuple(others)))
        numbers, patterns = _numbered(parts)
        self._patterns = list(patterns.values())
        self._automaton = AhoCorasick(list(patterns), implementation=Implementation.ContiguousNFA)
        self._terms = [frozenset(numbers[form] for term in part for form in _forms(term)) for part in parts]
        # By the number of a term, the first parts that it is in.
        self._firsts: dict[int, list[int]] = defaultdict(list)
        for part in self._by_first:
            for term in self._terms[part]:
                self._firsts[term].append(part)

    def holding(self, text: str, folded: Folded, near: float) -> Iterator[tuple[str, float, list[tuple[int, int]]]]:
        """Topic, weight and places (code points) of each rule whose parts stand within `near` folded characters of the first."""
        spots = self._spots(text, folded)
        of_part: dict[int, list[_Spot]] = {}
        for part in {part for term in spots if term in self._firsts for part in self._firsts[term]}:
            for topic, weight, others in self._by_first[part]:
                if any(spots.keys().isdisjoint(self._terms[other]) for other in others):
                    continue
                for wanted in (part, *others):
                    if wanted not in of_part:
                        of_part[wanted] = _all_spots(spots, self._terms[wanted])
                together = _together(of_part, part, others, near) if others else of_part[part]
                yield topic, weight, folded.originals(together)

    def _spots(self, text: str, folded: Folded) -> dict[int, list[_Spot]]:
        """The places of each term, by its number."""
        spots: dict[int, list[_Spot]] = defaultdict(list)
        content, patterns = folded.text, self._patterns
        for number, start, end in self._automaton.find_matches_as_indexes(content, overlapping=True):
            lead, tail, arabic, free, exact = patterns[number]
            spot = (start + lead, end - tail)
            if arabic and not _word_begins(content, start):
                continue
            if free is not None:
                spots[free].append(spot)
            for term, numbered in exact:
                if _written(text, folded.original(spot[0]), folded.original(spot[1]), term):
                    spots[numbered].append(spot)
        return spots


def _all_spots(spots: Mapping[int, list[_Spot]], terms: frozenset[int]) -> list[_Spot]:
    """The places of any of the terms, in the order of their ends."""
    found = spots.keys() & terms
    if len(found) == 1:
        return spots[found.pop()]
    return sorted({spot for term in found for spot in spots[term]}, key=lambda spot: (spot[1], spot[0]))


def _numbered(parts: Iterable[tuple[str, ...]]) -> tuple[dict[_Form, int], dict[str, _Pattern]]:
    """A number for each form of a term, and what each pattern of the automaton stands for."""
    numbers: dict[_Form, int] = {}
    by_pattern: dict[str, dict[_Form, None]] = defaultdict(dict)
    for form in (form for alternatives in parts for term in alternatives for form in _forms(term)):
        numbers.setdefault(form, len(numbers))
        by_pattern[form.pattern][form] = None
    patterns = {}
    for pattern, forms in by_pattern.items():
        exact = tuple((form.written, numbers[form]) for form in forms if form.written)
        arabic = "\u0600" <= pattern[0] <= "\u06ff"
        patterns[pattern] = _Pattern(int(pattern[0] == " "), int(pattern[-1] == " "), arabic, numbers.get(_Form(pattern, None)), exact)
    return numbers, patterns


class _Form(NamedTuple):
    """One way to find a term: the folded pattern, with a space where a word must begin or end, and how it must be written where that counts."""

    pattern: str
    written: str | None


def _forms(term: str) -> Iterator[_Form]:
    # Inside a phrase an ending is cut by folding (Russian), or is none.
    folded = key(term.replace("*", ""))
    first, last = folded[:1], folded[-1:]
    left = "" if first > "\u0600" else " "
    right = "" if term.endswith("*") or last > "\u2fff" else " "
    written = term if _is_exact(term) else None
    yield _Form(f"{left}{folded}{right}", written)
    if folded.startswith("ال"):
        yield _Form(f"لل{folded[2:]}{right}", written)


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


def _word_begins(text: str, start: int) -> bool:
    """Whether only Arabic particles stand between `start` and the space before it."""
    space = text.rfind(" ", max(start - _LONGEST_CLITIC - 1, 0), start)
    return space >= 0 and text[space + 1 : start] in _CLITICS


def _is_exact(term: str) -> bool:
    """Whether the term is matched as it is written: an acronym, or a top-level domain with its dot."""
    return term[0] == "." or (len(term) < _LONGEST_ACRONYM and term.upper() == term and term != term.lower())


def _written(text: str, start: int, end: int, term: str) -> bool:
    if term[0] != ".":
        return text[start:end] == term
    # ".org", but not the end of "example.org".
    return text[start - 1 : start] == "." and not text[max(start - 2, 0) : start - 1].isalnum()
