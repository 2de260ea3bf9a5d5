"""Where the rules of the topics' vocabulary hold in a text: the pass over the folded text that finds names finds the terms too, in whatever language.

Most rules have several parts. How often a topic's rules could hold at most is told by the numbers of the terms alone; where they stand, and whether
they stand near each other, is looked up only for topics that could be reached.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from operator import itemgetter
from typing import NamedTuple

from igwire.enrich.fold import Folded, key
from igwire.kb.topics.loader import Rule

# Particles that Arabic writes together with the next word.
_CLITICS = frozenset(a + b for a in ("", "و", "ف") for b in ("", "ال", "ب", "بال", "ل", "لل", "ك", "كال", "س", "سي", "ست", "ي", "ت"))
_LONGEST_CLITIC = 4
_LONGEST_ACRONYM = 8

# What each further occurrence of the same words adds, and how many are counted.
_AGAIN, _MOST = 0.5, 4

# Where a term stands: start and end in folded positions.
_Spot = tuple[int, int]


def repeated(count: int) -> float:
    """How much so many occurrences of the same words say, where one says 1."""
    return 1 + _AGAIN * min(count - 1, _MOST)


class _Pattern(NamedTuple):
    """One pattern of the automaton: whether it begins and ends with a space, is Arabic."""

    lead: int
    tail: int
    arabic: bool


class _Part(NamedTuple):
    """One part of rules: the numbers of its patterns, each with how it must be written where that counts."""

    patterns: frozenset[int]
    forms: tuple[tuple[int, str | None], ...]


class _Partial(NamedTuple):
    """A rule without its first part: its weight, and the other parts by their numbers and with their patterns."""

    weight: float
    others: tuple[int, ...]
    patterns: tuple[frozenset[int], ...]


class _Group(NamedTuple):
    """Rules of one topic with the same first part: at one place only one of them counts. `single`: they have no other parts."""

    topic: str
    first: int
    rules: list[_Partial]
    single: bool


class TermRules:
    """All rules of a vocabulary. `terms`: the patterns by their numbers, for an automaton over folded texts."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        numbers: dict[tuple[str, ...], int] = {}
        numbered = [(rule, [numbers.setdefault(part, len(numbers)) for part in rule.parts]) for rule in rules]
        forms = [[form for term in part for form in _forms(term)] for part in numbers]
        patterns = {form.pattern: None for part in forms for form in part}
        places = {pattern: number for number, pattern in enumerate(patterns)}
        self.terms = tuple(patterns)
        self.patterns = [_Pattern(int(p[0] == " "), int(p[-1] == " "), "\u0600" <= p[0] <= "\u06ff") for p in patterns]
        self.parts = [_Part(frozenset(places[f.pattern] for f in part), tuple({(places[f.pattern], f.written): None for f in part})) for part in forms]
        by_first: dict[int, dict[str, list[_Partial]]] = defaultdict(lambda: defaultdict(list))
        for rule, (first, *others) in numbered:
            by_first[first][rule.topic].append(_Partial(rule.weight, tuple(others), tuple([self.parts[other].patterns for other in others])))
        # By the number of a pattern, the rules whose first part it is in.
        starting: dict[int, list[_Group]] = defaultdict(list)
        for first, by_topic in by_first.items():
            groups = [_Group(topic, first, sorted(partials, key=_heaviest), not any(p.others for p in partials)) for topic, partials in by_topic.items()]
            for number in self.parts[first].patterns:
                starting[number] += groups
        self.starting = dict(starting)


class Terms:
    """The terms of one text, found as `matches`. `most`: what the rules that may hold weigh at most, by topic."""

    def __init__(self, rules: TermRules, text: str, folded: Folded, matches: list[tuple[int, int, int]]) -> None:
        self._rules, self._text, self._folded, self._matches = rules, text, folded, matches
        self.most: dict[str, float] = {}
        # With each group what it weighs at most by one pattern of its first part.
        self._may_hold: dict[str, list[tuple[_Group, float]]] = {}
        self._of_part: dict[int, list[_Spot]] = {}
        self._count()

    def _count(self) -> None:
        counts = Counter(map(_NUMBER, self._matches))
        lacks, most, may_hold = counts.keys().isdisjoint, self.most, self._may_hold
        starting, patterns_of = self._rules.starting, self._rules.patterns
        for number, count in counts.items():
            # Numbers of others' patterns begin nothing.
            for group in starting.get(number, ()):
                topic, _, partials, single = group
                for weight, _, others in partials:
                    for patterns in others:
                        if lacks(patterns):
                            break
                    else:
                        # Where the pattern ends with the word, all its places show the same word.
                        at_most = weight * (repeated(count) if single and count > 1 and patterns_of[number].tail else count)
                        most[topic] = most.get(topic, 0.0) + at_most
                        may_hold.setdefault(topic, []).append((group, at_most))
                        break

    def holding(self, topic: str, near: float, most: float = math.inf, least: float = 0.0) -> list[tuple[float, list[tuple[int, int]]]]:
        """Weight and places (code points) of each of the topic's rules whose parts stand within `near` folded characters of the first.

        None of them where too little can be reached: where of `most`, which all evidence weighs at most, less than `least` remains.
        """
        found: list[tuple[float, list[_Spot]]] = []
        for group, at_most in self._unsurest(topic):
            anchors = self._spots(group.first)
            weighs = 0.0
            for weight, others, _ in group.rules:
                spots = list(_together(anchors, [self._spots(part) for part in others], near)) if others else anchors
                weighs += len(spots) * weight
                if spots:
                    found.append((weight, spots))
            most -= max(at_most - weighs, 0.0)
            if most < least:
                return []
        return [(weight, self._folded.originals(spots)) for weight, spots in found]

    def _unsurest(self, topic: str) -> list[tuple[_Group, float]]:
        """The topic's groups with what each weighs at most: first those that may well not hold, since their parts may stand apart; of them the heaviest."""
        at_most: dict[int, tuple[_Group, float]] = {}
        for group, weight in self._may_hold.get(topic, ()):
            at_most[group.first] = (group, at_most[group.first][1] + weight) if group.first in at_most else (group, weight)
        return sorted(at_most.values(), key=_single_or_light)

    @cached_property
    def _by_pattern(self) -> dict[int, list[tuple[int, int, int]]]:
        """The matches of each pattern, by its number, in the order of their ends."""
        found: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for match in self._matches:
            found[match[0]].append(match)
        return found

    def _spots(self, part: int) -> list[_Spot]:
        """The places of a part in the order of their ends."""
        known = self._of_part.get(part)
        if known is None:
            by_pattern = self._by_pattern
            lists = [self._written(number, written) for number, written in self._rules.parts[part].forms if number in by_pattern]
            known = lists[0] if len(lists) == 1 else sorted({spot for listed in lists for spot in listed}, key=_BY_END)
            self._of_part[part] = known
        return known

    def _written(self, number: int, written: str | None) -> list[_Spot]:
        """Where the pattern stands as it must be written."""
        lead, tail, arabic = self._rules.patterns[number]
        spots = [(start + lead, end - tail) for _, start, end in self._by_pattern[number]]
        if arabic:
            spots = [spot for spot in spots if _word_begins(self._folded.text, spot[0] - lead)]
        if written is None:
            return spots
        where = self._folded.original
        return [(start, end) for start, end in spots if _is_written(self._text, where(start), where(end), written)]


_NUMBER, _BY_END = itemgetter(0), itemgetter(1, 0)


def _heaviest(rule: _Partial) -> float:
    return -rule.weight


def _single_or_light(held: tuple[_Group, float]) -> tuple[bool, float]:
    return held[0].single, -held[1]


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
    written = term.removesuffix("*") if _is_exact(term) else None
    yield _Form(f"{left}{folded}{right}", written)
    if folded.startswith("ال"):
        yield _Form(f"لل{folded[2:]}{right}", written)


def _together(firsts: Iterable[_Spot], others: Sequence[Sequence[_Spot]], near: float) -> Iterator[_Spot]:
    """Spans from the first to the last part, where every part stands near the first one."""
    cursors = [0] * len(others)
    for anchor in firsts:
        low, high = anchor
        for n, listed in enumerate(others):
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


def _is_written(text: str, start: int, end: int, term: str) -> bool:
    if term[0] != ".":
        return text[start:end] == term
    # ".org", but not the end of "example.org".
    return text[start - 1 : start] == "." and not text[max(start - 2, 0) : start - 1].isalnum()
