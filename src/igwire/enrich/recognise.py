"""Names of people, places and organisations that the knowledge base does not know, in scripts with capitals.

sequences of capitalised words ─ cut (at links, at "and") ─▶ groups ─ typed by their own words ─▶ found
                                                                 ╰ the rest: typed by what stands beside, or elsewhere in the document

Nothing found here has an identity: the linker has had its say before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from igwire.enrich.names import LONGEST_PERSON, Found, Group, NameTypes, Span, Word
from igwire.enrich.vocabulary import Stretch, Vocabulary, folded

# What may stand before a capital without starting a sentence.
_STARTERS = frozenset(".!?:…•*|>")
_QUOTES = "\"“”„«'‘’([ "
_BESIDE = "\"“”„«»'‘’(),"
# The weakest rule: nothing but capitals speaks for a name. German writes every noun so.
ONLY_CAPITALS = "capitalised words"
_CAPITALS_RULE = "written in capitals"
# News repeats its names; what a sequence is by its own words never changes. Bounded, about 30 MB when full.
_REMEMBERED = 50_000

# A group by its words (offsets from the sequence's start), whether it may start a sentence, and what its words say.
_Typed = tuple[tuple[Word, ...], bool, Found | None]


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
        self._remembered: dict[tuple[str, bool], tuple[_Typed, ...]] = {}

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
        rest: list[tuple[int, Group]] = []
        for number, (text, spans) in enumerate(zip(texts, taken, strict=True)):
            for group, found in self._typed(text, capitalised[number], spans):
                if found is not None:
                    self._note(evidence, text, found)
                    results[number].append(found)
                else:
                    rest.append((number, group))
        for number, group in self._by_neighbours(rest, evidence, results):
            if found := self._by_document(group, evidence):
                results[number].append(found)
        return [sorted(found, key=lambda f: f.start) for found in results]

    def _typed(self, text: str, capitalised: Sequence[Stretch], spans: Sequence[Span]) -> Iterator[tuple[Group, Found | None]]:
        """Every group of the text with what its own words say."""
        for start, sequence, inside in _sequences(capitalised, spans):
            first = _starts_sentence(text, start)
            if inside:
                for group in self._names.cut(text, start, sequence, inside, first):
                    yield group, self._names.of_group(group)
                continue
            for words, may_start, found in self._by_sequence(sequence, first):
                group = Group(text, [(start + a, start + b, word) for a, b, word in words], may_start)
                if found is None or (found.rule == _CAPITALS_RULE and _shouted(text, start + found.start, start + found.end)):
                    yield group, None
                else:
                    yield group, self._judged(group, Found(start + found.start, start + found.end, found.type, found.rule, found.score))

    def _judged(self, group: Group, found: Found) -> Found:
        """ "Peter Church, a professor at …" is a person, whatever the last word says."""
        given = folded(group.words[0][2]) in self._v.first_names
        if found.type != "person" and given and len(group.words) == 2 and self._v.role_after.match(group.text, found.end):
            return Found(found.start, found.end, "person", "given name, before a role", 0.85)
        return found

    def _by_sequence(self, sequence: str, first: bool) -> tuple[_Typed, ...]:
        known = self._remembered.get((sequence, first))
        if known is None:
            groups = [(group, self._names.of_group(group)) for group in self._names.cut(sequence, 0, sequence, [], first)]
            known = tuple((tuple(group.words), group.first, found) for group, found in groups if found or self._may_be_name(group))
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            self._remembered[sequence, first] = known
        return known

    def _may_be_name(self, group: Group) -> bool:
        """False for single words that no neighbour makes a name: "The", "Monday", "TV"."""
        if len(group.words) > 1:
            return True
        v, word = self._v, group.words[0][2]
        name = folded(word)
        return len(name) > 2 and word not in v.capitals and name not in v.ordinary

    # Typing by what stands beside, and by the document

    def _by_neighbours(self, rest: list[tuple[int, Group]], evidence: Evidence, results: list[list[Found]]) -> list[tuple[int, Group]]:
        left = []
        for number, group in rest:
            if found := self._beside(group, evidence):
                self._note(evidence, group.text, found)
                results[number].append(found)
            else:
                left.append((number, group))
        return left

    def _beside(self, group: Group, evidence: Evidence) -> Found | None:
        v = self._v
        keys = [folded(word) for _, _, word in group.words]
        if not self._names.namelike(keys) or (len(keys) == 1 and (len(keys[0]) < 3 or group.words[0][2] in v.capitals)):
            return None
        text, start, end = group.text, group.start, group.end
        before = [word.strip(_BESIDE).lower() for word in text[max(start - 24, 0) : start].split()[-2:]]
        last = before[-1] if before else ""
        if len(keys) > LONGEST_PERSON or last == "the":
            return None
        if not group.first and (last in v["speech"] or (len(keys) > 1 and last in v.roles)):
            return Found(start, end, "person", "after a verb of speech or a role", 0.7)
        if (len(keys) > 1 or not group.words[0][2].isupper()) and v.speech_after(text, end):
            return Found(start, end, "person", "before a verb of speech or a role", 0.7)
        if last in v["locative"] and keys[-1] not in evidence.people:
            return Found(start, end, "place", "after a preposition of place", 0.6)
        return None

    def _note(self, evidence: Evidence, text: str, found: Found) -> None:
        surface = text[found.start : found.end]
        evidence.types.setdefault(folded(surface), found.type)
        if found.type == "person":
            self._note_person(evidence, surface)

    def _note_person(self, evidence: Evidence, surface: str) -> None:
        words = [w for w in surface.split() if w[0].isupper() and folded(w) not in self._v.titles]
        for word in words if len(words) <= LONGEST_PERSON else []:
            name = folded(word)
            if len(name) > 2 and name not in self._v["common"]:
                evidence.people.setdefault(name, surface)

    def _by_document(self, group: Group, evidence: Evidence) -> Found | None:
        v = self._v
        name = folded(group.surface())
        if name in evidence.people:
            return Found(group.start, group.end, "person", f"part of {evidence.people[name]!r}", 0.75)
        if known := evidence.types.get(name):
            return Found(group.start, group.end, known, "same name elsewhere in the document", 0.75)
        if len(group.words) == 1:
            return self._lonely(group, name)
        keys = [folded(word) for _, _, word in group.words]
        if group.first and keys[0] in v["modifiers"]:
            return None
        if keys[-1] in evidence.people and keys[0] not in v["common"]:
            return Found(group.start, group.end, "person", f"surname of {evidence.people[keys[-1]]!r}", 0.7)
        if not v.ordinary.isdisjoint(keys):
            return None
        if 2 <= len(keys) <= 3 and not group.text[max(group.start - 4, 0) : group.start].lower().endswith("the "):
            return Found(group.start, group.end, "person", ONLY_CAPITALS, 0.5)
        return Found(group.start, group.end, "organisation", ONLY_CAPITALS, 0.45)

    def _lonely(self, group: Group, name: str) -> Found | None:
        v = self._v
        if name in v.ordinary or len(name) < 3 or group.words[0][2] in v.capitals:
            return None
        if group.first:
            return None
        if name in v.first_names:
            return Found(group.start, group.end, "person", "given name", 0.5)
        if name in v.cities:
            return Found(group.start, group.end, "place", "city list", 0.5)
        if not group.words[0][2][1:].islower() and any(c.islower() for c in group.words[0][2]):
            return Found(group.start, group.end, "organisation", "capitals inside the word", 0.5)
        return None


def _sequences(capitalised: Sequence[Stretch], spans: Sequence[Span]) -> Iterator[tuple[int, str, list[Span]]]:
    """Start and words of each capitalised sequence that no span holds whole, with the spans that lie in it."""
    at, count = 0, len(spans)
    for start, end, words in capitalised:
        while at < count and spans[at].end <= start:
            at += 1
        look = at
        while look < count and spans[look].start < end:
            look += 1
        inside = list(spans[at:look]) if look > at else []
        # Three words in capitals are shouting: nothing tells a name in them.
        if words.isupper() and words.count(" ") > 1:
            continue
        if not (inside and inside[0].start <= start and end <= inside[0].end):
            yield start, words, inside


def _starts_sentence(text: str, start: int) -> bool:
    before = text[max(start - 3, 0) : start].rstrip(_QUOTES)
    return start == 0 or not before or before[-1] in _STARTERS or before[-1] == "\n"


def _shouted(text: str, start: int, end: int) -> bool:
    """Whether the words beside are in capitals too: a headline, not an acronym."""
    around = text[max(start - 12, 0) : start].split()[-1:] + text[end : end + 12].split()[:1]
    return any(len(word) > 3 and word.isupper() and word.isalpha() for word in around)
