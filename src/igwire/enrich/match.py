"""Finding every name of the knowledge base in a text, in one pass of an Aho-Corasick automaton (Aho and Corasick, 1975)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation

from igwire.enrich.fold import Folded, fold, key
from igwire.kb import Entity, KnowledgeBase
from igwire.kb.lexicon import City

_ARABIC = re.compile(r"[\u0600-\u06ff]")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
# Words of katakana end where the script does: タイ (Thailand) is no part of タイトル (title).
_KANA = re.compile(r"[\u30a1-\u30fa\u30fc]")
# Particles that Arabic writes together with the next word: and, so, in, as, for, the, and their joins.
_ARABIC_PREFIX = re.compile(r"(?<![\u0620-\u064a])(?:[وف]?(?:[بكل]?ال|لل|[بكل])?)$")
_PREFIX_LENGTH = 5


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """One way to name an entity. `kind`: alias, clear (an acronym that stands by itself), acronym, short, with_context, demonym; or city, which has no entity.

    `always`: no word forbids it and no date bounds it, so that it needs no look at the document.
    """

    text: str
    entity: Entity | None
    kind: str
    country: str | None = None
    always: bool = False


class Hit(NamedTuple):
    """A place in the text (code points) where one or several entities may be named."""

    start: int
    end: int
    names: tuple[Name, ...]


class Scan(NamedTuple):
    """What one pass over a text finds: the names, and what others look for (see Matcher): words by where they stand (code points), and among the matches
    (number, start and end in folded positions) those of terms by their place in the list of them; higher numbers are of names and words.
    """

    hits: list[Hit]
    words: list[int]
    matches: list[tuple[int, int, int]]


class _Pattern(NamedTuple):
    """What one pattern of the automaton stands for: whether it begins and ends with a space, is Arabic, begins in katakana, is an abbreviation with its
    point, and each name with how it must be written.

    `by_case`: the names that fit a surface by how it begins (see `_case`); None where one is written letter by letter.
    """

    lead: int
    tail: int
    arabic: bool
    kana: bool
    pointed: bool
    names: tuple[tuple[Name, str], ...]
    by_case: tuple[tuple[Name, ...], ...] | None


class Matcher:
    """The automaton over all names of a knowledge base, and over those names of cities that capitals do not show.

    It finds the words too listed in `firsts` (see speakers.Words) and the patterns of `terms`, which others look for: the pass over the text is paid already.
    """

    def __init__(self, kb: KnowledgeBase, cities: Iterable[City] = (), firsts: Iterable[str] = (), terms: Sequence[str] = ()) -> None:
        keys: dict[str, list[Name]] = {}
        for name in [*(n for entity in kb.by_id.values() for n in _names(entity)), *_city_names(cities)]:
            for pattern in _patterns(name.text):
                known = keys.setdefault(pattern, [])
                if not any(_says_the_same(name, other) for other in known):
                    known.append(name)
        self._patterns = [_pattern(pattern, names) for pattern, names in keys.items()]
        # A tenth of the DFA's memory, and as fast: most characters of a text leave the root by no edge.
        first_letters = dict.fromkeys(map(_first_word, firsts))
        self._automaton = AhoCorasick([*terms, *keys, *first_letters], implementation=Implementation.ContiguousNFA)
        self._terms_end = len(terms)

    def hits(self, text: str, folded: Folded | None = None) -> list[Hit]:
        """All names in the text (`folded`: the same, folded), the longest at each place, none overlapping, in order."""
        return self.scan(text, folded or fold(text)).hits

    def scan(self, text: str, folded: Folded) -> Scan:
        """The hits, the matches of terms, and words in order that may be one of `firsts`: all that are, and others that fold alike."""
        matches = self._automaton.find_matches_as_indexes(folded.text, overlapping=True)
        words: list[int] = []
        found = list(self._candidates(text, folded, matches, words))
        return Scan(self._apart(text, found), words, matches)

    def _apart(self, text: str, found: list[Hit]) -> list[Hit]:
        if all(a.end <= b.start for a, b in itertools.pairwise(found)):
            return found
        taken: list[Hit] = []
        covered = bytearray(len(text))
        for hit in sorted(found, key=lambda hit: (hit.start - hit.end, hit.start)):
            if covered.find(1, hit.start, hit.end) < 0:
                covered[hit.start : hit.end] = b"\x01" * (hit.end - hit.start)
                taken.append(hit)
        return sorted(taken, key=lambda hit: hit.start)

    def _candidates(self, text: str, folded: Folded, matches: list[tuple[int, int, int]], words: list[int]) -> Iterator[Hit]:
        where, content, terms_end = folded.original, folded.text, self._terms_end
        names_end = terms_end + len(self._patterns)
        for number, first, last in matches:
            if number < terms_end:
                continue
            if number >= names_end:
                words.append(where(first + 1))
                continue
            lead, tail, arabic, kana, pointed, names, by_case = self._patterns[number - terms_end]
            first += lead
            if arabic and not _ARABIC_PREFIX.search(content, max(first - _PREFIX_LENGTH, 0), first):
                continue
            if kana and (_KANA.match(content, first - 1) or _KANA.match(content, last)):
                continue
            start, end = where(first), where(last - tail)
            after = text[end : end + 1]
            if after in _APOSTROPHES and _inside_word(text, end):
                continue
            if pointed and after == ".":
                end += 1
            surface = text[start:end]
            if "\n" not in surface and (fitting := by_case[_case(surface)] if by_case else _fitting(names, surface)):
                yield Hit(start, end, fitting)


def _pattern(pattern: str, names: Iterable[Name]) -> _Pattern:
    written = tuple([(name, _form(name)) for name in names])
    by_case = None
    if all(form != _EXACT for _, form in written):
        by_case = tuple([tuple([name for name, form in written if form != refused]) for refused in _REFUSED])
    pointed = written[0][0].text[-1] == "."
    begins, ends = int(pattern[0] == " "), int(pattern[-1] == " ")
    return _Pattern(begins, ends, bool(_ARABIC.match(pattern)), bool(_KANA.match(pattern)), pointed, written, by_case)


def _says_the_same(name: Name, other: Name) -> bool:
    """Whether one of the two is enough (India, Índia): else an entity would compete with itself."""
    entity = name.entity
    if entity is None or entity is not other.entity or name.text in entity.periods or other.text in entity.periods:
        return False
    return name.kind == other.kind and _form(name) == _form(other) != _EXACT


def _first_word(word: str) -> str:
    """The pattern for such words. Of Russian words folding may leave no more than three letters."""
    folded = key(word.rstrip("*"))
    return f" {folded[:3]}" if folded >= _CYRILLIC else f" {folded}" if word.endswith("*") else f" {folded} "


_CYRILLIC = "\u0400"
_APOSTROPHES = ("'", "’")
_TURKISH_ENDING = re.compile(r"(?:[yn]?[aeıiuü]|n?[ıiuü]n|n?[dt][ae]n?|y?l[ae])\b")


def _inside_word(text: str, end: int) -> bool:
    """Whether an apostrophe goes on with the word ("Xi'an"), and is no possessive, no closing quote and no Turkish ending ("Türkiye'nin")."""
    rest = text[end + 1 : end + 3]
    return rest[:1].isalpha() and not (rest[:1] in "sS" and not rest[1:].isalpha()) and not _TURKISH_ENDING.match(text, end + 1)


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
    bounded = entity.unless or entity.valid_from or entity.valid_to
    yield from (
        Name(text, entity, "alias", always=not bounded and text not in entity.periods)
        for text in dict.fromkeys(listed)
        if text not in special and "(" not in text
    )
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


# How a name must be written: letter by letter; in any way; without a capital in front; with one. All but the first in one line.
_EXACT, _ANY, _SMALL, _CAPITAL = "exact", "any", "small", "capital"
# What is refused by the case of the surface: without capitals (Chinese, Arabic) nothing.
_REFUSED = ("", _CAPITAL, _SMALL)


def _form(name: Name) -> str:
    """Acronyms are written letter by letter, proper names with a capital; concepts as one likes."""
    if name.kind in ("acronym", "clear"):
        return _EXACT
    if not next((c for c in name.text if c.isalpha()), "").isupper():
        return _SMALL if name.kind == "demonym" else _ANY
    return _ANY if name.entity is not None and name.entity.type == "concept" else _CAPITAL


def _fitting(names: tuple[tuple[Name, str], ...], surface: str) -> tuple[Name, ...]:
    """The names that may be written as the surface is."""
    refused = _REFUSED[_case(surface)]
    return tuple([name for name, form in names if (form != refused if form != _EXACT else surface == name.text)])


def _case(surface: str) -> int:
    """The place in `_REFUSED` of a surface: 1 where its first letter is small, 2 where it is a capital."""
    letter = surface[:1] if surface[:1].isalpha() else next((c for c in surface if c.isalpha()), "")
    return 1 if letter.islower() else 2 if letter.isupper() else 0
