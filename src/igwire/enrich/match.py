"""Finding every name of the knowledge base in a text, in one pass of an Aho-Corasick automaton (Aho and Corasick, 1975)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import ahocorasick

from igwire.enrich.fold import fold
from igwire.kb import Entity, KnowledgeBase

# What Russian case endings leave of a name: the stem must be followed by one of these and then by no letter.
_RUSSIAN_ENDING = re.compile(r"(?:й|а|у|ом|е|ы|и|ой|ою|ую|ей|ею|ю|я|ем|ь|ью|ам|ами|ах|ям|ями|ях|ого|ому|им|ым|его|ему|ых|их|ая|ое|ый|ий|ов|ев)?(?!\w)")
_RUSSIAN_LAST = re.compile(r"(?:ий|ый|ой|ая|ое|[аеийоуыьэюя])$")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_ARABIC = re.compile(r"[\u0600-\u06ff]")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
# Particles that Arabic writes together with the next word: and, so, in, as, for, the, and their joins.
_ARABIC_PREFIX = re.compile(r"(?<![\u0620-\u064a])(?:[وف]?(?:[بكل]?ال|لل|[بكل])?)$")
# Stems shorter than this inflect into other words.
_SHORTEST_STEM = 3


@dataclass(frozen=True, slots=True)
class Name:
    """One way to name an entity. `kind`: alias, acronym, short, with_context."""

    text: str
    entity: Entity
    kind: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A place in the text (code points) where one or several entities may be named."""

    start: int
    end: int
    names: tuple[Name, ...]


class Matcher:
    """The automaton over all names of a knowledge base."""

    def __init__(self, kb: KnowledgeBase) -> None:
        keys: dict[str, list[Name]] = {}
        for entity in kb.by_id.values():
            for name in _names(entity):
                keys.setdefault(_key(name.text), []).append(name)
        self._automaton = ahocorasick.Automaton()
        for key, names in keys.items():
            self._automaton.add_word(key, (len(key), tuple(names)))
        self._automaton.make_automaton()

    def hits(self, text: str) -> list[Hit]:
        """All names in the text, the longest at each place, none overlapping, in order."""
        found = sorted(self._candidates(text, fold(text)), key=lambda hit: (hit.start - hit.end, hit.start))
        taken: list[Hit] = []
        covered = bytearray(len(text))
        for hit in found:
            if not any(covered[hit.start : hit.end]):
                covered[hit.start : hit.end] = b"\x01" * (hit.end - hit.start)
                taken.append(hit)
        return sorted(taken, key=lambda hit: hit.start)

    def _candidates(self, text: str, folded: str) -> Iterator[Hit]:
        for last, (length, names) in self._automaton.iter(folded):
            start = last + 1 - length
            end = _end(folded, start, last + 1)
            if end is None:
                continue
            surface = text[start:end]
            if fitting := tuple(name for name in names if _fits(name, surface)):
                yield Hit(start, end, fitting)


def _names(entity: Entity) -> Iterator[Name]:
    weaker = {"acronym": entity.acronyms, "short": entity.short, "with_context": entity.with_context}
    special = {text for texts in weaker.values() for text in texts}
    listed: Iterable[str] = [entity.name, *(a for names in entity.aliases.values() for a in names)]
    # "Tor (network)" is a label for people; nobody writes it.
    yield from (Name(text, entity, "alias") for text in dict.fromkeys(listed) if text not in special and "(" not in text)
    for kind, texts in weaker.items():
        yield from (Name(text, entity, kind) for text in texts)


def _key(name: str) -> str:
    folded = fold(name)
    if _CYRILLIC.search(folded) and not name.isupper():
        stem = _RUSSIAN_LAST.sub("", folded)
        return stem if len(stem) >= _SHORTEST_STEM else folded
    return folded


def _end(folded: str, start: int, end: int) -> int | None:
    """Where the name ends in the text, or None when it is only a part of other words there."""
    if _UNSPACED.match(folded, start):
        return end
    if _CYRILLIC.match(folded, end - 1):
        match = _RUSSIAN_ENDING.match(folded, end)
        return match.end() if match and not _letter(folded, start - 1) else None
    if end < len(folded) and _letter(folded, end) and _letter(folded, end - 1):
        return None
    if _letter(folded, start - 1) and _letter(folded, start):
        arabic = _ARABIC.match(folded, start) and _ARABIC_PREFIX.search(folded, max(start - 6, 0), start)
        return end if arabic and arabic.end() == start else None
    return end


def _letter(text: str, at: int) -> bool:
    return 0 <= at < len(text) and (text[at].isalnum() or text[at] == "_") and not _UNSPACED.match(text[at])


def _fits(name: Name, surface: str) -> bool:
    """Whether the surface is written as this name is: acronyms letter by letter, proper names with a capital."""
    if name.kind == "acronym":
        return surface == name.text
    first = next((c for c in name.text if c.isalpha()), "")
    written = next((c for c in surface if c.isalpha()), "")
    if not first.isupper() or not written.islower():
        return True
    return name.entity.type == "concept"
