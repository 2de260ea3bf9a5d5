"""Names of people, places and organisations that the knowledge base does not know, in scripts with capitals.

sequences of capitalised words ─ cut (at links, at "and") ─▶ groups ─ typed by their own words ─▶ found
                                                                 ╰ the rest: typed by what stands beside, or elsewhere in the document

Nothing found here has an identity: the linker has had its say before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from igwire.enrich.names import LONGEST_PERSON, Found, Group, NameTypes, Span, own
from igwire.enrich.vocabulary import TOKEN, Stretch, Vocabulary, folded

# What may stand before a capital without starting a sentence.
_STARTERS = frozenset(".!?:…•*|>")
_QUOTES = "\"“”„«'‘’([ "
_BESIDE = "\"“”„«»'‘’(),"
# The weakest rule: nothing but capitals speaks for a name. German writes every noun so.
ONLY_CAPITALS = "capitalised words"
_CAPITALS_RULE = "written in capitals"
# News repeats its names; what a sequence is by its own words never changes. Bounded, about 30 MB when full.
_REMEMBERED = 30_000


class Typed(NamedTuple):
    """A group of a sequence and all that its own words say, whatever the text: places count from the sequence's start.

    `first`: it may start a sentence; `found`: what its words make it; `word`: its first word as written, `keys`: its words folded, `name`: all of it folded;
    `free`: no link lies in the sequence; `two`: a given name and one word more; `neighbours`: those may type it; `lonely`: type and rule by which it stands alone.
    """

    start: int
    end: int
    first: bool
    found: Found | None
    word: str
    keys: tuple[str, ...]
    name: str
    free: bool
    two: bool
    neighbours: bool
    lonely: tuple[str, str] | None


class _Open(NamedTuple):
    """A group that its own words do not type: the number of its text, the text, its place there."""

    number: int
    text: str
    start: int
    end: int
    typed: Typed


@dataclass(slots=True)
class Evidence:
    """What the document says of its names: types of whole names, people's surnames and given names."""

    types: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)


class Recogniser:
    """Recognition by rules over one vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._v = vocabulary
        self._names = NameTypes(vocabulary)
        self._remembered: dict[tuple[str, bool, tuple[Span, ...]], tuple[Typed, ...]] = {}
        # Single words that are no name wherever they stand: "The", "Monday", "TV".
        self._nameless: set[str] = set()
        # A surname or a given name for each word of a person's name.
        self._parts = lru_cache(_REMEMBERED)(self._person_parts)

    def find(
        self, texts: Sequence[str], capitalised: Sequence[Sequence[Stretch]], taken: Sequence[Sequence[Span]], people: Iterable[str] = ()
    ) -> list[list[Found]]:
        """Names in each of the texts of one document (title and body), outside of the spans that are taken, in order.

        `capitalised` are the texts' stretches; `people` the names of linked people, whose surnames may follow. An organisation that holds a linked place ("Beijing
        Normal University") overlaps its span: the longer name wins.
        """
        evidence = Evidence()
        for name in people:
            self._note_person(evidence, name)
        results: list[list[Found]] = [[] for _ in texts]
        rest: list[_Open] = []
        for number, (text, spans) in enumerate(zip(texts, taken, strict=True)):
            for start, typed in self._typed(text, capitalised[number], spans):
                if typed.found and (found := self._by_its_words(text, start, typed, typed.found)):
                    self._note(evidence, text, found)
                    results[number].append(found)
                else:
                    rest.append(_Open(number, text, start + typed.start, start + typed.end, typed))
        for group in self._by_neighbours(rest, evidence, results):
            if found := self._by_document(group, evidence):
                results[group.number].append(found)
        return [sorted(found, key=_start) for found in results]

    def _typed(self, text: str, capitalised: Sequence[Stretch], spans: Sequence[Span]) -> Iterator[tuple[int, Typed]]:
        """Every group of the text that may be a name, with the place that its own places count from."""
        at, count = 0, len(spans)
        nameless, remembered = self._nameless, self._remembered
        for start, end, words in capitalised:
            if words in nameless:
                continue
            while at < count and spans[at].end <= start:
                at += 1
            look = at
            while look < count and spans[look].start < end:
                look += 1
            inside: tuple[Span, ...] = ()
            if look > at:
                if spans[at].start <= start and end <= spans[at].end:
                    continue
                inside = tuple([Span(a - start, b - start, kind) for a, b, kind in spans[at:look]])
                if inside[0].start < 0 or max([span.end for span in inside]) > end - start:
                    # What the groups are depends on letters outside of the sequence.
                    yield from ((0, typed) for typed in self._groups(text, start, words, spans[at:look], starts_sentence(text, start)))
                    continue
            first = starts_sentence(text, start)
            known = remembered.get((words, first, inside))
            if known is None:
                known = self._remember(words, first, inside)
            for typed in known:
                yield start, typed

    def _remember(self, words: str, first: bool, inside: tuple[Span, ...]) -> tuple[Typed, ...]:
        known = self._groups(words, 0, words, inside, first) if inside or not TOKEN.fullmatch(words) else self._of_word(words, first)
        if len(self._remembered) >= _REMEMBERED:
            self._remembered.clear()
            self._nameless.clear()
        self._remembered[words, first, inside] = known
        if not known and not inside and TOKEN.fullmatch(words):
            self._nameless.add(words)
        return known

    def _of_word(self, word: str, first: bool) -> tuple[Typed, ...]:
        """The group of a sequence that is a single word: nothing can be cut off it."""
        group = Group(word, [own(0, len(word), word)], first)
        found = self._names.of_word(group)
        return (self._described(group, found, free=True),) if found or self._may_be_name(group) else ()

    def _groups(self, text: str, start: int, sequence: str, inside: Sequence[Span], first: bool) -> tuple[Typed, ...]:
        """The groups of a sequence that begins at `start`; single words that no neighbour makes a name are none."""
        # Three words in capitals are shouting: nothing tells a name in them.
        if sequence.isupper() and sequence.count(" ") > 1:
            return ()
        groups = []
        for group in self._names.cut(text, start, sequence, inside, first):
            found = self._names.of_group(group)
            if found or inside or self._may_be_name(group):
                groups.append(self._described(group, found, free=not inside))
        return tuple(groups)

    def _described(self, group: Group, found: Found | None, *, free: bool) -> Typed:
        v, words = self._v, group.words
        keys, name, word = tuple([folded(word) for _, _, word in words]), folded(group.surface()), words[0][2]
        short = len(keys) == 1 and (len(keys[0]) < 3 or word in v.capitals)
        neighbours = not short and len(keys) <= LONGEST_PERSON and self._names.namelike(keys)
        two = len(keys) == 2 and keys[0] in v.first_names
        lonely = self._lonely(group, name) if len(keys) == 1 else None
        return Typed(group.start, group.end, group.first, found, word, keys, name, free, two, neighbours, lonely)

    def _by_its_words(self, text: str, start: int, typed: Typed, found: Found) -> Found | None:
        first, last, kind, rule, score = found
        first, last = first + start, last + start
        if typed.free and rule == _CAPITALS_RULE and _shouted(text, first, last):
            return None
        # "Peter Church, a professor at …" is a person, whatever the last word says.
        if typed.free and typed.two and kind != "person" and self._v.role_after.match(text, last):
            return Found(first, last, "person", "given name, before a role", 0.85)
        return Found(first, last, kind, rule, score)

    def _may_be_name(self, group: Group) -> bool:
        """False for single words that no neighbour makes a name: "The", "Monday", "TV"."""
        if len(group.words) > 1:
            return True
        v, word = self._v, group.words[0][2]
        name = folded(word)
        return len(name) > 2 and word not in v.capitals and name not in v.ordinary

    # Typing by what stands beside, and by the document

    def _by_neighbours(self, rest: list[_Open], evidence: Evidence, results: list[list[Found]]) -> list[_Open]:
        left = []
        for group in rest:
            if group.typed.neighbours and (found := self._beside(group, evidence)):
                self._note(evidence, group.text, found)
                results[group.number].append(found)
            else:
                left.append(group)
        return left

    def _beside(self, group: _Open, evidence: Evidence) -> Found | None:
        v = self._v
        _, text, start, end, typed = group
        several = len(typed.keys) > 1
        before = text[max(start - 24, 0) : start].rsplit(None, 1)
        last = before[-1].strip(_BESIDE).lower() if before else ""
        if last == "the":
            return None
        if not typed.first and (last in v["speech"] or (several and last in v.roles)):
            return Found(start, end, "person", "after a verb of speech or a role", 0.7)
        if (several or not typed.word.isupper()) and v.speech_after(text, end):
            return Found(start, end, "person", "before a verb of speech or a role", 0.7)
        if last in v["locative"] and typed.keys[-1] not in evidence.people:
            return Found(start, end, "place", "after a preposition of place", 0.6)
        return None

    def _note(self, evidence: Evidence, text: str, found: Found) -> None:
        surface = text[found.start : found.end]
        evidence.types.setdefault(folded(surface), found.type)
        if found.type == "person":
            self._note_person(evidence, surface)

    def _note_person(self, evidence: Evidence, surface: str) -> None:
        for name in self._parts(surface):
            evidence.people.setdefault(name, surface)

    def _person_parts(self, surface: str) -> tuple[str, ...]:
        words = [name for w in surface.split() if w[0].isupper() and (name := folded(w)) not in self._v.titles]
        if len(words) > LONGEST_PERSON:
            return ()
        return tuple([name for name in words if len(name) > 2 and name not in self._v["common"]])

    def _by_document(self, group: _Open, evidence: Evidence) -> Found | None:
        v = self._v
        _, text, start, end, typed = group
        if typed.name in evidence.people:
            return Found(start, end, "person", f"part of {evidence.people[typed.name]!r}", 0.75)
        if known := evidence.types.get(typed.name):
            return Found(start, end, known, "same name elsewhere in the document", 0.75)
        keys = typed.keys
        if len(keys) == 1:
            return Found(start, end, *typed.lonely, 0.5) if typed.lonely else None
        if typed.first and keys[0] in v["modifiers"]:
            return None
        if keys[-1] in evidence.people and keys[0] not in v["common"]:
            return Found(start, end, "person", f"surname of {evidence.people[keys[-1]]!r}", 0.7)
        if not v.ordinary.isdisjoint(keys):
            return None
        if 2 <= len(keys) <= 3 and not text[max(start - 4, 0) : start].lower().endswith("the "):
            return Found(start, end, "person", ONLY_CAPITALS, 0.5)
        return Found(start, end, "organisation", ONLY_CAPITALS, 0.45)

    def _lonely(self, group: Group, name: str) -> tuple[str, str] | None:
        """Type and rule of a single word that neither its neighbours nor the document type."""
        v, word = self._v, group.words[0][2]
        if group.first or name in v.ordinary or len(name) < 3 or word in v.capitals:
            return None
        if name in v.first_names:
            return "person", "given name"
        if name in v.cities:
            return "place", "city list"
        if not word[1:].islower() and any(c.islower() for c in word):
            return "organisation", "capitals inside the word"
        return None


_start = attrgetter("start")


def starts_sentence(text: str, start: int) -> bool:
    """Whether a sentence begins at `start`, as far as the characters before it tell."""
    # Nearly always a space and a character that is no mark stand before it.
    if start > 1 and text[start - 1] == " " and (before := text[start - 2]) not in _QUOTES:
        return before in _STARTERS or before == "\n"
    before = text[max(start - 3, 0) : start].rstrip(_QUOTES)
    return start == 0 or not before or before[-1] in _STARTERS or before[-1] == "\n"


def _shouted(text: str, start: int, end: int) -> bool:
    """Whether the words beside are in capitals too: a headline, not an acronym."""
    around = text[max(start - 12, 0) : start].split()[-1:] + text[end : end + 12].split()[:1]
    return any(len(word) > 3 and word.isupper() and word.isalpha() for word in around)
