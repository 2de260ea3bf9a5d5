"""Names of people, places and organisations that the knowledge base does not know, in scripts with capitals.

sequences of capitalised words ─ cut (at links, at "and") ─▶ groups ─ typed by their own words ─▶ found
                                                                 ╰ the rest: typed by what stands beside, or elsewhere in the document

Nothing found here has an identity: the linker has had its say before.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from igwire.enrich.vocabulary import SEQUENCE, Vocabulary, folded, pinyin_name

_TOKEN = re.compile(r"[^ \u00a0]+")
_JOINS = frozenset(["and", "&", "et", "y", "e", "und", "и", "to"])
_OF = frozenset(["of", "for", "on", "the", "по", "für"])
# What may stand before a capital without starting a sentence.
_STARTERS = frozenset(".!?:…•*|>")
_QUOTES = "\"“”„«'‘’([ "
_LONGEST_PERSON = 4
_LONGEST_ACRONYM = 8
# A city that is also a given name is a place by itself only when it is large.
_LARGE_CITY = 1500
_AGAINST = re.compile(r"(?:,? (?:the|a|an)|\.|\))")


@dataclass(frozen=True, slots=True)
class Found:
    """A recognised name: code points of its field, type, and the rule that typed it. `score`: 0.9 typed by its own words, less otherwise."""

    start: int
    end: int
    type: str
    rule: str
    score: float = 0.8


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the text that is taken by a linked mention, and that mention's type."""

    start: int
    end: int
    type: str


@dataclass(slots=True)
class Group:
    """Capitalised words that may be one name. `first`: the sentence starts with it; `nation`: a place or people's name stands before it."""

    text: str
    words: list[tuple[int, int, str]]
    first: bool
    nation: Span | None = None

    @property
    def start(self) -> int:
        """Where the first word begins."""
        return self.words[0][0]

    @property
    def end(self) -> int:
        """Where the last word ends."""
        return self.words[-1][1]

    def surface(self) -> str:
        """The words as they are written."""
        return self.text[self.start : self.end]


@dataclass(slots=True)
class Evidence:
    """What the document says of its names: types of whole names, people's surnames and given names."""

    types: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)


class Recogniser:
    """Recognition by rules over one vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._v = vocabulary

    def find(self, texts: Sequence[str], taken: Sequence[Sequence[Span]], people: Iterable[str] = ()) -> list[list[Found]]:
        """Names in each of the texts of one document (title and body), outside of the spans that are taken, in order.

        `people` are the names of linked people, whose surnames may follow. An organisation that holds a linked place ("Beijing Normal University") overlaps its span: the longer name wins.
        """
        evidence = Evidence()
        for name in people:
            self._note_person(evidence, name)
        results: list[list[Found]] = [[] for _ in texts]
        rest: list[tuple[int, Group]] = []
        for number, (text, spans) in enumerate(zip(texts, taken, strict=True)):
            for group in self._groups(text, spans):
                if found := self._by_words(group):
                    self._note(evidence, text, found)
                    results[number].append(found)
                else:
                    rest.append((number, group))
        rest = self._by_neighbours(rest, evidence, results)
        for number, group in rest:
            if found := self._by_document(group, evidence):
                results[number].append(found)
        return [sorted(found, key=lambda f: f.start) for found in results]

    def titled(self, text: str) -> frozenset[str]:
        """Single words that stand behind a title somewhere in the text (Xi in "Mr Xi")."""
        names: set[str] = set()
        for match in SEQUENCE.finditer(text):
            words = match[0].split()
            names.update(b for a, b in itertools.pairwise(words) if folded(a) in self._v.titles)
        return frozenset(names)

    # Cutting

    def _groups(self, text: str, spans: Sequence[Span]) -> Iterator[Group]:
        at = 0
        for match in SEQUENCE.finditer(text):
            start, end = match.span()
            while at < len(spans) and spans[at].end <= start:
                at += 1
            inside = []
            look = at
            while look < len(spans) and spans[look].start < end:
                inside.append(spans[look])
                look += 1
            if inside and inside[0].start <= start and end <= inside[0].end:
                continue
            first = _starts_sentence(text, start)
            if " " not in match[0] and not inside:
                word = match[0]
                if first and folded(word) in self._v["common"]:
                    continue
                yield Group(text, [_own(start, end, word)], first)
                continue
            yield from self._cut(text, start, match[0], inside, first)

    def _cut(self, text: str, start: int, sequence: str, spans: list[Span], first: bool) -> Iterator[Group]:
        words: list[tuple[int, int, str]] = []
        head = False
        nation: Span | None = None
        for match in _TOKEN.finditer(sequence):
            token = (start + match.start(), start + match.end(), match[0])
            span = next((s for s in spans if s.start < token[1] and token[0] < s.end), None)
            if span is not None:
                if span.type == "place" and not head and not words:
                    nation = span
                    continue
                if words and not self._only_nation(words):
                    yield Group(text, words, first, nation)
                words, head, first, nation = [], False, False, (span if span.type == "place" else None)
                continue
            lower = match[0].lower() if match[0][0].islower() or match[0] == "&" else ""
            if lower in _JOINS or lower in _OF:
                if words and self._joins(lower, words, head):
                    head = True
                    words.append(token)
                    continue
                if words:
                    yield Group(text, _trimmed(words), first, nation)
                words, head, first, nation = [], False, False, None
                continue
            words.append(_own(*token))
            if match[0][-2:] in ("'s", "’s"):
                yield Group(text, words, first, nation)
                words, head, first, nation = [], False, False, None
        if words and (trimmed := _trimmed(words)):
            yield Group(text, trimmed, first, nation)

    def _joins(self, connector: str, words: list[tuple[int, int, str]], head: bool) -> bool:
        if connector == "&":
            return True
        last = folded(words[-1][2])
        v = self._v
        if connector in _JOINS:
            return head and (last not in v.first_names)
        return last in v["organisation"] or last in v["event"] or last in v["law"] or last in v["place"] or words[-1][2].lower() in _OF or head

    def _only_nation(self, words: list[tuple[int, int, str]]) -> bool:
        return all(folded(word) in self._v["direction"] for _, _, word in words)

    # Typing by the name's own words

    def _by_words(self, group: Group) -> Found | None:
        v = self._v
        words = group.words
        while words and self._strippable(words):
            words = words[1:]
            group.first = False
        group.words = words or group.words[:1]
        if not words:
            return None
        keys = [folded(word) for _, _, word in words]
        if (title := max((i for i, k in enumerate(keys) if k in v.titles), default=-1)) >= 0 and (found := self._titled_person(group, words, keys, title)):
            return found
        if len(words) == 1:
            return self._named_like_a_place(group, words, keys) or self._single(group, words[0], keys[0])
        return self._organisation(group, words, keys) or self._place(words, keys) or self._person(words, keys) or self._named_like_a_place(group, words, keys)

    def _strippable(self, words: list[tuple[int, int, str]]) -> bool:
        """Whether the first word is no part of a name: "The", "But"; not the He of He Qisong, the Las of Las Vegas."""
        v = self._v
        first = folded(words[0][2])
        if words[0][2][0].islower():
            return True
        if first not in v["common"] or first in v.titles:
            return False
        whole = [word for _, _, word in words]
        return not (first in v["place_first"] and len(words) > 1) and not pinyin_name(whole) and " ".join(map(folded, whole)) not in v.cities

    def _titled_person(self, group: Group, words: list[tuple[int, int, str]], keys: list[str], title: int) -> Found | None:
        name = words[title + 1 :]
        if not name or len(name) > _LONGEST_PERSON or not self._namelike(keys[title + 1 :]) or keys[-1] in self._v["organisation"]:
            return None
        if title == 0 and keys[0] in self._v["organisation"] | self._v["place"] and len(name) > 1 and keys[1] not in self._v.first_names:
            return None
        address = keys[title] in self._v["address"]
        start = words[title][0] if address and len(name) == 1 else name[0][0]
        return Found(start, name[-1][1], "person", f"title {words[title][2]}", 0.9)

    def _namelike(self, keys: list[str]) -> bool:
        v = self._v
        return not any(k in v["common"] or k in v.titles or k in v["modifiers"] for k in keys if len(k) > 1) and keys[0] not in v["organisation"]

    def _single(self, group: Group, word: tuple[int, int, str], name: str) -> Found | None:
        v = self._v
        start, end, surface = word
        if name in v["common"] or name in v.titles or len(name) < 2 or surface in v.capitals:
            return None
        if name in v.cities and (name not in v.first_names or v.cities[name][1] >= _LARGE_CITY):
            return Found(start, end, "place", "city list", 0.8)
        if group.nation is not None and name in v["organisation"] and not group.first:
            return Found(group.nation.start, end, "organisation", "its last word, after a place", 0.8)
        if 2 < len(surface) <= _LONGEST_ACRONYM and surface.isupper() and surface.isalpha() and not _shouted(group.text, start, end):
            return Found(start, end, "organisation", "written in capitals", 0.6)
        return None

    def _organisation(self, group: Group, words: list[tuple[int, int, str]], keys: list[str]) -> Found | None:
        v = self._v
        start = group.nation.start if group.nation else words[0][0]
        end, last = words[-1][1], keys[-1]
        heads = [
            i
            for i, k in enumerate(keys[:-1])
            if words[i + 1][2].lower() in _OF or words[i + 1][2] in ("de", "du", "des", "del", "der", "da", "do") or k == keys[0]
        ]
        for kind, result in (("organisation", "organisation"), ("company", "company"), ("media", "media"), ("event", "event"), ("law", "law")):
            if last in v[kind] and not (last in v["place"] and kind == "organisation" and len(words) < 2):
                return Found(start, end, result, f"its last word {words[-1][2]!r}", 0.9)
            if kind in ("organisation", "event", "law") and any(keys[i] in v[kind] and len(words) > i + 2 for i in heads):
                return Found(start, end, result, "its first words", 0.9)
        return None

    def _place(self, words: list[tuple[int, int, str]], keys: list[str]) -> Found | None:
        v = self._v
        start, end = words[0][0], words[-1][1]
        whole = " ".join(keys)
        if whole in v.cities:
            return Found(start, end, "place", "city list", 0.9)
        if keys[-1] in v["place"] and not (
            keys[0] in v.first_names and len(keys) == 2 and keys[-1] in ("hill", "woods", "lane", "forest", "bay", "ford", "port")
        ):
            return Found(start, end, "place", f"its last word {words[-1][2]!r}", 0.85)
        if (keys[0] in v["place_first"] and keys[0] not in v.first_names) or (keys[0] in v["direction"] and keys[-1] in v.cities):
            return Found(start, end, "place", f"its first word {words[0][2]!r}", 0.75)
        return None

    def _person(self, words: list[tuple[int, int, str]], keys: list[str]) -> Found | None:
        v = self._v
        capital = [word for _, _, word in words if word[0].isupper()]
        if len(capital) > _LONGEST_PERSON or any(k in v["common"] and len(k) > 1 for k in keys[1:]):
            return None
        initials = all(word.replace(".", "").isupper() and len(word) <= 4 for word in capital[:-1])
        if keys[0] in v.first_names or pinyin_name([word for _, _, word in words]):
            return Found(words[0][0], words[-1][1], "person", "given name", 0.85)
        if initials and capital[0].endswith(".") and len(keys[-1]) > 1:
            return Found(words[0][0], words[-1][1], "person", "initials", 0.8)
        return None

    def _named_like_a_place(self, group: Group, words: list[tuple[int, int, str]], keys: list[str]) -> Found | None:
        """ "Jordan Smith", "Chad Okoye": the linked place before the surname is a given name."""
        nation = group.nation
        if nation is None or len(words) > 2 or folded(group.text[nation.start : nation.end]) not in self._v["place_person"] or not self._namelike(keys):
            return None
        return Found(nation.start, words[-1][1], "person", "given name", 0.86)

    # Typing by what stands beside, and by the document

    def _by_neighbours(self, rest: list[tuple[int, Group]], evidence: Evidence, results: list[list[Found]]) -> list[tuple[int, Group]]:
        left = []
        for number, group in rest:
            if found := self._beside(group):
                self._note(evidence, group.text, found)
                results[number].append(found)
            else:
                left.append((number, group))
        return left

    def _beside(self, group: Group) -> Found | None:
        v = self._v
        keys = [folded(word) for _, _, word in group.words]
        if not self._namelike(keys) or (len(keys) == 1 and (len(keys[0]) < 3 or group.words[0][2] in v.capitals)):
            return None
        text, start, end = group.text, group.start, group.end
        before = text[max(start - 24, 0) : start]
        if v.locative.search(before):
            return Found(start, end, "place", "after a preposition of place", 0.6)
        if len(keys) > _LONGEST_PERSON or before.lower().endswith("the "):
            return None
        if not group.first and (v.speech_before.search(before) or (len(keys) > 1 and v.role_before.search(before))):
            return Found(start, end, "person", "after a verb of speech or a role", 0.7)
        if (len(keys) > 1 or not group.words[0][2].isupper()) and v.speech_after.match(text, end):
            return Found(start, end, "person", "before a verb of speech or a role", 0.7)
        return None

    def _note(self, evidence: Evidence, text: str, found: Found) -> None:
        surface = text[found.start : found.end]
        evidence.types.setdefault(folded(surface), found.type)
        if found.type == "person":
            self._note_person(evidence, surface)

    def _note_person(self, evidence: Evidence, surface: str) -> None:
        words = [w for w in surface.split() if w[0].isupper() and folded(w) not in self._v.titles]
        for word in words if len(words) <= _LONGEST_PERSON else []:
            name = folded(word)
            if len(name) > 2 and name not in self._v["common"]:
                evidence.people.setdefault(name, surface)

    def _by_document(self, group: Group, evidence: Evidence) -> Found | None:
        v = self._v
        name = folded(group.surface())
        if known := evidence.types.get(name):
            return Found(group.start, group.end, known, "same name elsewhere in the document", 0.75)
        if len(group.words) == 1:
            return self._lonely(group, name, evidence)
        keys = [folded(word) for _, _, word in group.words]
        if group.first and keys[0] in v["modifiers"]:
            return None
        if keys[-1] in evidence.people and keys[0] not in v["common"]:
            return Found(group.start, group.end, "person", f"surname of {evidence.people[keys[-1]]!r}", 0.7)
        if any(k in v["common"] or k in v.titles or k in v["modifiers"] for k in keys if len(k) > 1):
            return None
        if 2 <= len(keys) <= 3 and not group.text[max(group.start - 4, 0) : group.start].lower().endswith("the "):
            return Found(group.start, group.end, "person", "capitalised words", 0.5)
        return Found(group.start, group.end, "organisation", "capitalised words", 0.45)

    def _lonely(self, group: Group, name: str, evidence: Evidence) -> Found | None:
        v = self._v
        if name in v["common"] or name in v.titles or name in v["modifiers"] or len(name) < 3 or group.words[0][2] in v.capitals:
            return None
        if name in evidence.people:
            return Found(group.start, group.end, "person", f"part of {evidence.people[name]!r}", 0.75)
        if group.first:
            return None
        if name in v.first_names:
            return Found(group.start, group.end, "person", "given name", 0.5)
        if name in v.cities:
            return Found(group.start, group.end, "place", "city list", 0.5)
        if not group.words[0][2][1:].islower() and any(c.islower() for c in group.words[0][2]):
            return Found(group.start, group.end, "organisation", "capitals inside the word", 0.5)
        return None


def _own(start: int, end: int, word: str) -> tuple[int, int, str]:
    """The word without a possessive ending, which belongs to no name."""
    return (start, end - 2, word[:-2]) if word[-2:] in ("'s", "’s") else (start, end, word)


def _trimmed(words: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    while words and (words[-1][2][0].islower() or words[-1][2] == "&"):
        words = words[:-1]
    return words


def _starts_sentence(text: str, start: int) -> bool:
    before = text[max(start - 3, 0) : start].rstrip(_QUOTES)
    return start == 0 or not before or before[-1] in _STARTERS or before[-1] == "\n"


def _shouted(text: str, start: int, end: int) -> bool:
    """Whether the words beside are in capitals too: a headline, not an acronym."""
    around = text[max(start - 12, 0) : start].split()[-1:] + text[end : end + 12].split()[:1]
    return any(len(word) > 3 and word.isupper() and word.isalpha() for word in around)
