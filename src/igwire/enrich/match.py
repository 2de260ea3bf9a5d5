"""Finding every name of the knowledge base in a text, in one pass of an Aho-Corasick automaton (Aho and Corasick, 1975)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import ahocorasick

from igwire.enrich.fold import Folded, fold, key
from igwire.kb import Entity, KnowledgeBase
from igwire.kb.lexicon import City

_ARABIC = re.compile(r"[\u0600-\u06ff]")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
# Particles that Arabic writes together with the next word: and, so, in, as, for, the, and their joins.
_ARABIC_PREFIX = re.compile(r"(?<![\u0620-\u064a])(?:[وف]?(?:[بكل]?ال|لل|[بكل])?)$")
_PREFIX_LENGTH = 5


@dataclass(frozen=True, slots=True)
class Name:
    """One way to name an entity. `kind`: alias, clear (an acronym that stands by itself), acronym, short, with_context, demonym; or city, which has no entity."""

    text: str
    entity: Entity | None
    kind: str
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A place in the text (code points) where one or several entities may be named."""

    start: int
    end: int
    names: tuple[Name, ...]


class Matcher:
    """The automaton over all names of a knowledge base, and over those names of cities that capitals do not show."""

    def __init__(self, kb: KnowledgeBase, cities: Iterable[City] = ()) -> None:
        keys: dict[str, list[Name]] = {}
        for name in [*(n for entity in kb.by_id.values() for n in _names(entity)), *_city_names(cities)]:
            for pattern in _patterns(name.text):
                keys.setdefault(pattern, []).append(name)
        self._automaton = ahocorasick.Automaton()
        for pattern, names in keys.items():
            first, last = pattern[:1] == " ", pattern[-1:] == " "
            self._automaton.add_word(pattern, (len(pattern) - 1 - first, int(not last), bool(_ARABIC.match(pattern)), tuple(names)))
        self._automaton.make_automaton()

    def hits(self, text: str, folded: Folded | None = None) -> list[Hit]:
        """All names in the text (`folded`: the same, folded), the longest at each place, none overlapping, in order."""
        found = list(self._candidates(text, folded or fold(text)))
        if all(a.end <= b.start for a, b in itertools.pairwise(found)):
            return found
        taken: list[Hit] = []
        covered = bytearray(len(text))
        for hit in sorted(found, key=lambda hit: (hit.start - hit.end, hit.start)):
            if covered.find(1, hit.start, hit.end) < 0:
                covered[hit.start : hit.end] = b"\x01" * (hit.end - hit.start)
                taken.append(hit)
        return sorted(taken, key=lambda hit: hit.start)

    def _candidates(self, text: str, folded: Folded) -> Iterator[Hit]:
        where = folded.original
        for last, (back, ahead, arabic, names) in self._automaton.iter(folded.text):
            first = last - back
            if arabic and not _ARABIC_PREFIX.search(folded.text, max(first - _PREFIX_LENGTH, 0), first):
                continue
            start, end = where(first), where(last + ahead)
            after = text[end : end + 1]
            if after in _APOSTROPHES and _inside_word(text, end):
                continue
            if after == "." and names[0].text[-1] == ".":
                end += 1
            surface = text[start:end]
            if fitting := tuple([name for name in names if _fits(name, surface)]):
                yield Hit(start, end, fitting)


_APOSTROPHES = ("'", "’")


def _inside_word(text: str, end: int) -> bool:
    """Whether an apostrophe goes on with the word ("Xi'an"), and is neither a possessive nor a closing quote."""
    rest = text[end + 1 : end + 3]
    return rest[:1].isalpha() and not (rest[:1] in "sS" and not rest[1:].isalpha())


def _names(entity: Entity) -> Iterator[Name]:
    weaker = {
        "clear": entity.clear,
        "acronym": [a for a in entity.acronyms if a not in entity.clear],
        "short": entity.short,
        "with_context": entity.with_context,
    }
    special = {text for texts in weaker.values() for text in texts}
    listed: Iterable[str] = [entity.name, *(a for names in entity.aliases.values() for a in names)]
    # "Tor (network)" is a label for people; nobody writes it.
    yield from (Name(text, entity, "alias") for text in dict.fromkeys(listed) if text not in special and "(" not in text)
    for kind, texts in weaker.items():
        yield from (Name(text, entity, kind) for text in texts)
    yield from (Name(text, entity, "demonym", entity.country) for texts in entity.demonyms.values() for text in texts)


def _city_names(cities: Iterable[City]) -> Iterator[Name]:
    for city in cities:
        yield from (Name(text, None, "city", city.country) for text in city.names if _ARABIC.match(text) or _UNSPACED.match(text))


def _patterns(name: str) -> Iterator[str]:
    """What the automaton looks for: the folded name, with a space where a word must begin or end."""
    folded = key(name)
    if not folded:
        return
    left = "" if _ARABIC.match(folded) or _UNSPACED.match(folded) else " "
    right = "" if _UNSPACED.match(folded[-1]) else " "
    yield f"{left}{folded}{right}"
    # "for the …" swallows the article's alef: للصين.
    if folded.startswith("ال"):
        yield f"لل{folded[2:]}{right}"


def _fits(name: Name, surface: str) -> bool:
    """Whether the surface is written as this name is: acronyms letter by letter, proper names with a capital, in one line."""
    if name.kind in ("acronym", "clear"):
        return surface == name.text
    if "\n" in surface:
        return False
    first = next((c for c in name.text if c.isalpha()), "")
    written = next((c for c in surface if c.isalpha()), "")
    if name.kind == "demonym" and not first.isupper():
        return not written.isupper()
    if not first.isupper() or not written.islower():
        return True
    return name.entity is not None and name.entity.type == "concept"
