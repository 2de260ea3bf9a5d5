"""Names typed by their own words: titles, given names, the words that end or begin names of organisations, places, laws, events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from igwire.enrich.vocabulary import BODIES, TOKEN, Vocabulary, folded, pinyin_name

_JOINS = frozenset(["and", "&", "et", "y", "e", "und", "и", "to"])
OF = frozenset(["of", "for", "on", "the", "по", "für"])
_CONNECTORS = _JOINS | OF
_PARTICLES = frozenset(["de", "du", "des", "del", "der", "da", "do"])
LONGEST_PERSON = 4
# Letters that two words take at most.
_TWO_WORDS = 80
_LONGEST_ACRONYM = 8
# A city that is also a given name is a place by itself only when it is large.
_LARGE_CITY = 1500

Word = tuple[int, int, str]


class Found(NamedTuple):
    """A recognised name: code points of its field, type, and the rule that typed it. `score`: 0.9 typed by its own words, less otherwise."""

    start: int
    end: int
    type: str
    rule: str
    score: float = 0.8


class Span(NamedTuple):
    """A stretch of the text that is taken by a linked mention, and that mention's type."""

    start: int
    end: int
    type: str


@dataclass(slots=True)
class Group:
    """Capitalised words that may be one name. `first`: the sentence starts with it; `nation`: a place or people's name stands before it."""

    text: str
    words: list[Word]
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
class _Run:
    """The groups so far, and the words that are being gathered into one. `head`: an "of" has joined words to the head of a name."""

    text: str
    first: bool
    groups: list[Group] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    head: bool = False
    nation: Span | None = None

    def end(self, nation: Span | None = None) -> None:
        """Keep the group, when there is one; a new one begins, after the place `nation`."""
        if words := _trimmed(self.words):
            self.groups.append(Group(self.text, words, self.first, self.nation))
        self.restart(nation)

    def restart(self, nation: Span | None = None) -> None:
        """Forget the words; what follows no longer starts a sentence."""
        self.words, self.head, self.first, self.nation = [], False, False, nation


class NameTypes:
    """Cuts sequences of capitalised words into groups, and types each group by its words alone, where they tell."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._v = vocabulary

    def cut(self, text: str, start: int, sequence: str, spans: Sequence[Span], first: bool) -> list[Group]:
        """The groups of a sequence that begins at `start`: cut at linked spans, at possessives, and at "and" or "of" that join no name."""
        run = _Run(text, first)
        at = start
        for word in TOKEN.findall(sequence):
            # One space stands between two words.
            token, at = (at, at + len(word), word), at + len(word) + 1
            if spans and (span := next((s for s in spans if s.start < token[1] and token[0] < s.end), None)):
                self._at_link(run, span, token)
            elif word in _CONNECTORS:
                if run.words and (self._joins(word, run.words, run.head) or self._one_body(run, sequence, at - start)):
                    run.words.append(token)
                    run.head = True
                else:
                    run.end()
            else:
                self._at_word(run, token)
        run.end()
        return run.groups

    def _one_body(self, run: _Run, sequence: str, at: int) -> bool:
        """Whether what follows an "and" ends the name of a body that a country's name has begun: U.S. Food and Drug Administration."""
        if run.nation is None or len(run.words) != 1:
            return False
        words = sequence[at : at + _TWO_WORDS].split()[:2]
        return len(words) == 2 and folded(words[1]) in self._v["organisation"]

    def _at_link(self, run: _Run, span: Span, token: Word) -> None:
        if run.words and span.type == "place" and folded(run.words[-1][2]) in self._v["address"]:
            # Ms Paris and Mr Jordan are people.
            run.words.append(own(*token))
            return
        place = span if span.type == "place" else None
        if place and not run.words:
            run.nation = place
        elif self._only_nation(run.words):
            run.restart(place)
        else:
            run.end(place)

    def _at_word(self, run: _Run, token: Word) -> None:
        if run.words and folded(token[2]) in self._v["title"] and (left := self._before_title(run.words)):
            rest = run.words[len(left) :]
            run.words = left
            run.end()
            run.words = rest
        run.words.append(own(*token))
        if token[2][-2:] in ("'s", "’s"):
            run.end()

    def _joins(self, connector: str, words: list[Word], head: bool) -> bool:
        if connector == "&":
            return True
        last = folded(words[-1][2])
        v = self._v
        if connector in _JOINS:
            return head and (last not in v.first_names)
        return last in v["organisation"] or last in v["event"] or last in v["law"] or last in v["place"] or words[-1][2].lower() in OF or head

    def _before_title(self, words: list[Word]) -> list[Word]:
        """What stands before a title and is none: the Pennsylvania of "Pennsylvania Senator", nothing of "Former Vice President"."""
        v = self._v
        end = len(words)
        while end and (folded(words[end - 1][2]) in v.titles or folded(words[end - 1][2]) in v["modifiers"] or words[end - 1][2][0].islower()):
            end -= 1
        return words[:end] if end and not any(folded(word) in v["common"] for _, _, word in words[:end]) else []

    def _only_nation(self, words: list[Word]) -> bool:
        return all(folded(word) in self._v["direction"] for _, _, word in words)

    def of_group(self, group: Group) -> Found | None:
        """What the group's own words say, or None; leading words that belong to no name are taken off the group."""
        v = self._v
        words = group.words
        called_the = not group.first and words[0][2] == "The"
        while words and self._strippable(words, group.first):
            words = words[1:]
            group.first = False
        while len(words) > 1 and self._trailing(words):
            words = words[:-1]
        group.words = words or group.words[:1]
        if not words:
            return None
        keys = [folded(word) for _, _, word in words]
        if not v.titles.isdisjoint(keys) and (found := self._titled_person(words, keys, max([i for i, k in enumerate(keys) if k in v.titles]))):
            return found
        if len(words) == 1 and not called_the:
            return self._named_like_a_place(group, words, keys) or self.of_word(group)
        found = self._organisation(group, words, keys) or self._place(words, keys)
        if found is None and called_the and self.namelike(keys):
            return Found(words[0][0], words[-1][1], "organisation", "a capitalised The in mid-sentence", 0.7)
        return found or self._person(words, keys) or self._named_like_a_place(group, words, keys)

    def _strippable(self, words: list[Word], starts: bool) -> bool:
        """Whether the first word is no part of a name: "The", "But"; not the He of He Qisong, the Las of Las Vegas."""
        v = self._v
        first = folded(words[0][2])
        if words[0][2][0].islower():
            return True
        if first not in v["common"] or first in v.titles:
            return False
        whole = [word for _, _, word in words]
        if not starts and len(words) == 2 and first in v.common_first_names and self._full_name(words[1:]):
            return False
        return not (first in v["place_first"] and len(words) > 1) and not pinyin_name(whole) and " ".join(map(folded, whole)) not in v.cities

    def _trailing(self, words: list[Word]) -> bool:
        """Whether the last word is no part of the name: the Monday of "Obama Monday", the I of "Air Force I"."""
        last = folded(words[-1][2])
        v = self._v
        if last not in v["common"] and words[-1][2] != "I":
            return False
        if (last in v["surname"] and folded(words[-2][2]) in v.first_names) or pinyin_name([word for _, _, word in words]):
            return False
        if folded(words[-2][2]) in v["address"]:
            return False
        return last not in v.titles and last not in v.bodies and last not in v["place"]

    def _titled_person(self, words: list[Word], keys: list[str], title: int) -> Found | None:
        name = words[title + 1 :]
        surname_only = keys[title] in self._v["address"] and sum(not word.islower() for _, _, word in name) == 1
        if not name or len(name) > LONGEST_PERSON or not (surname_only or self._full_name(name)):
            return None
        if title == 0 and (keys[0] in self._v["organisation"] or keys[0] in self._v["place"]) and len(name) > 1 and keys[1] not in self._v.first_names:
            return None
        start = words[title][0] if surname_only else name[0][0]
        return Found(start, name[-1][1], "person", f"title {words[title][2]}", 0.9)

    def _full_name(self, words: list[Word]) -> bool:
        """Whether the capitalised words among these may be a person's name: none common but a surname that is (Long, King, May)."""
        v = self._v
        keys = [folded(word) for _, _, word in words if not word.islower()]
        if len(keys) > 1 and keys[-1] in v["surname"]:
            keys = keys[:-1]
        return bool(keys) and self.namelike(keys) and keys[-1] not in v["organisation"]

    def namelike(self, keys: Sequence[str]) -> bool:
        """Whether none of the folded words is a common one or a title."""
        v = self._v
        return v.ordinary.isdisjoint(keys) and keys[0] not in v["organisation"]

    def of_word(self, group: Group) -> Found | None:
        """What the only word of a group says by itself."""
        v = self._v
        start, end, surface = group.words[0]
        name = folded(surface)
        if name in v["common"] or name in v.titles or len(name) < 2 or surface in v.capitals:
            return None
        if name in v.cities and (name not in v.first_names or v.cities[name][1] >= _LARGE_CITY):
            return Found(start, end, "place", "city list", 0.8)
        if group.nation is not None and name in v["organisation"] and not group.first:
            return Found(group.nation.start, end, "organisation", "its last word, after a place", 0.8)
        if 2 < len(surface) <= _LONGEST_ACRONYM and surface.isupper() and surface.isalpha():
            return Found(start, end, "organisation", "written in capitals", 0.6)
        return None

    def _organisation(self, group: Group, words: list[Word], keys: list[str]) -> Found | None:
        v = self._v
        if v.bodies.isdisjoint(keys):
            return None
        start = group.nation.start if group.nation else words[0][0]
        end, last = words[-1][1], keys[-1]
        heads = [i for i, k in enumerate(keys[:-1]) if words[i + 1][2].lower() in OF or words[i + 1][2] in _PARTICLES or k == keys[0]]
        for kind in BODIES:
            if kind == "law" and len(words) == 2 and keys[0] in v.first_names:
                continue
            if last in v[kind] and not (last in v["place"] and kind == "organisation" and len(words) < 2):
                return Found(start, end, kind, f"its last word {words[-1][2]!r}", 0.9)
            if kind in ("organisation", "event", "law") and any(keys[i] in v[kind] and len(words) > i + 2 for i in heads):
                return Found(start, end, kind, "its first words", 0.9)
        return None

    def _place(self, words: list[Word], keys: list[str]) -> Found | None:
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

    def _person(self, words: list[Word], keys: list[str]) -> Found | None:
        v = self._v
        capital = [word for _, _, word in words if not word.islower()]
        if len(capital) > LONGEST_PERSON:
            return None
        whole = [word for _, _, word in words]
        if pinyin_name(whole):
            return Found(words[0][0], words[-1][1], "person", "Chinese, Korean or Vietnamese name", 0.85)
        if any(
            k in v["common"] and len(k) > 1 and not (k == keys[-1] and k in v["surname"])
            for k, word in zip(keys[1:], whole[1:], strict=True)
            if not word.islower()
        ):
            return None
        initials = all(word.replace(".", "").isupper() and len(word) <= 4 for word in capital[:-1])
        if keys[0] in v.first_names or keys[0] in v.common_first_names:
            return Found(words[0][0], words[-1][1], "person", "given name", 0.85)
        if initials and capital[0].endswith(".") and len(keys[-1]) > 1:
            return Found(words[0][0], words[-1][1], "person", "initials", 0.8)
        return None

    def _named_like_a_place(self, group: Group, words: list[Word], keys: list[str]) -> Found | None:
        """ "Jordan Smith", "Chad Okoye": the linked place before the surname is a given name."""
        nation = group.nation
        if nation is None or len(words) > 2 or folded(group.text[nation.start : nation.end]) not in self._v["place_person"] or not self.namelike(keys):
            return None
        return Found(nation.start, words[-1][1], "person", "given name", 0.86)


def own(start: int, end: int, word: str) -> Word:
    """The word without a possessive ending, which belongs to no name."""
    return (start, end - 2, word[:-2]) if word[-2:] in ("'s", "’s") else (start, end, word)


def _trimmed(words: list[Word]) -> list[Word]:
    """Without connectors and particles at the end; "al-Rashid" is none."""
    while (words and words[-1][2].islower()) or (words and words[-1][2] == "&"):
        words = words[:-1]
    return words
