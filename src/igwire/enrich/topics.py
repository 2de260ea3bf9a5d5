"""Topics of a text from the controlled list: weighted terms of several languages and linked entities, each topic with what carried it.

A title says its topic in one clear term; a text needs more of them the longer it is.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from igwire.enrich.fold import CJK, Folded, key
from igwire.enrich.terms import TermRules, Terms, repeated
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
_THRESHOLD = 0.5
# Evidence for people to read: so many expressions, of so many characters at each end.
_EVIDENCE, _SHOWN = 6, 40


class Named(NamedTuple):
    """A linked entity at a place (code points of the field)."""

    start: int
    end: int
    entity: str


class Field(NamedTuple):
    """A title or a text to tell topics of: folded, with the matches of the finder's terms (see match.Scan) and the linked entities."""

    text: str
    folded: Folded
    matches: list[tuple[int, int, int]]
    named: Iterable[Named]


# What speaks for a topic: start and end in the field's code points, and its weight.
_Span = tuple[int, int, float]


class TopicFinder:
    """Finds topics by one list of them; `terms`: the patterns that somebody has to look for (see match.Matcher). Pure: the same text gives the same topics."""

    def __init__(self, topics: Topics) -> None:
        self._rules = TermRules(topics.rules)
        self.terms = self._rules.terms
        self._entities: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for topic in topics.by_id.values():
            for ids, weight in ((topic.entities, 1.0), (topic.weak_entities, 0.5)):
                for entity in ids:
                    self._entities[entity].append((topic.id, weight))

    def find(self, title: Field, text: Field) -> tuple[dict[str, Any], ...]:
        """Topics, the surest first: {topic, score (0.5 to 1), evidence (words of the title and the text)}."""
        short = len(text.text) <= _TITLE_LENGTH
        cjk = _is_cjk(text.text, text.folded)
        near = math.inf if short else _NEAR_CJK if cjk else _NEAR
        need = max(1.0, math.sqrt(len(text.text) / (_PER_TERM_CJK if cjk else _PER_TERM)))
        cases = [self._cases(title, math.inf), self._cases(text, near)]
        found = []
        for topic in cases[0].most.keys() | cases[1].most.keys():
            if _strength(cases[0].most.get(topic, 0.0), cases[1].most.get(topic, 0.0), need) < 1:
                continue
            in_title = cases[0].weighed(topic, 0.0)
            in_text = cases[1].weighed(topic, _wanted(in_title.once, need))
            strength = _strength(in_title.once, in_text.total, need)
            score = strength / (1 + strength)
            if score >= _THRESHOLD:
                evidence = list(dict.fromkeys([*in_title.words, *in_text.words]))[:_EVIDENCE]
                found.append({"topic": topic, "score": round(score, 2), "evidence": evidence})
        return tuple(sorted(found, key=lambda topic: (-topic["score"], topic["topic"])))

    def _cases(self, field: Field, near: float) -> _Cases:
        entities: dict[str, list[_Span]] = defaultdict(list)
        for name in field.named:
            for topic, weight in self._entities.get(name.entity, ()):
                entities[topic].append((name.start, name.end, weight))
        return _Cases(field.text, Terms(self._rules, field.text, field.folded, field.matches), entities, near)


class _Cases:
    """What speaks for each topic in one field. `most`: what it weighs at most; each repetition adds no more than the least weight there is."""

    def __init__(self, text: str, terms: Terms, entities: Mapping[str, Sequence[_Span]], near: float) -> None:
        self._text, self._terms, self._entities, self._near = text, terms, entities, near
        self.most = dict(terms.most)
        self.most.pop(NONE, None)
        for topic, spans in entities.items():
            counts = Counter([(text[start:end], weight) for start, end, weight in spans])
            self.most[topic] = self.most.get(topic, 0.0) + sum([weight * repeated(count) for (_, weight), count in counts.items()])

    def weighed(self, topic: str, least: float) -> _Weight:
        """What the topic's evidence weighs; when that is less than `least`, maybe less than it does."""
        if topic not in self.most:
            return _Weight()
        spans = set(self._entities.get(topic, ()))
        for weight, places in self._terms.holding(topic, self._near, self.most.get(topic, 0.0), least):
            spans.update([(start, end, weight) for start, end in places])
        return _weighed([s for s in spans if not any(a <= s[0] and s[1] <= b for a, b in self._nothing)], self._text)

    @cached_property
    def _nothing(self) -> list[tuple[int, int]]:
        """Phrases whose words speak for no topic."""
        return [place for _, places in self._terms.holding(NONE, self._near) for place in places]


class _Weight(NamedTuple):
    """What a topic's evidence weighs: each expression once, and with its repetitions; the expressions, heaviest first."""

    once: float = 0.0
    total: float = 0.0
    words: tuple[str, ...] = ()


def _strength(in_title: float, in_text: float, need: float) -> float:
    """A topic that the title names is one; else title and text bear it together, or the text alone."""
    return max(in_title, in_text / need, (in_title * _TITLE_WEIGHT + in_text) / (need + 1))


def _wanted(in_title: float, need: float) -> float:
    """What the text must weigh at least, beside its title, for the topic to be one."""
    return 0.0 if in_title >= 1 else min(need, need + 1 - in_title * _TITLE_WEIGHT)


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
    total = sum(max(weights) * repeated(len(weights)) for weights in counts.values())
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
