"""Names that a statement may be about: what was recognised, in the fullest form that the text has, and capitalised words that nothing else knew."""

from __future__ import annotations

import re
import sys
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from operator import itemgetter
from typing import Any, NamedTuple

from igwire.enrich.fold import CJK, key
from igwire.enrich.vocabulary import Stretch
from igwire.model import Mention

_CJK = re.compile(r"[\u3400-\u9fff]")
# Titles that stand before names of people in Chinese, as alternatives of a pattern.
HAN_TITLE = (
    "发言人|發言人|教授|工程师|工程師|部长|部長|主任|主席|总理|總理|总统|總統|记者|記者|律师|律師|博士|委员|委員|专家|專家|总裁|總裁|研究员|研究員|经理|大使|代表|校长|院长|院長|秘书长|祕書長|議員|议员|学者|學者|作家|导演"
    "|创始人|局长|局長|分析师|部長|司长|總監|总监|执行官|官员|官員"
)
_HAN_PERSON = re.compile(
    rf"(?:{HAN_TITLE})([\u4e00-\u9fff]{{2,3}}?)(?=参与|參與|认为|認為|说|說|表示|指出|称|稱|只|在|对|對|向|将|将|就|与|與|和|，|。|：|访|拒|不|也|则|告|回|出席|宣|谈|談|主持|介)"
)
_BODIES = ("organisation", "company", "media", "event")
# An office and a name in one capitalised stretch: the name is the last two words.
_LONGEST_NAME = 3


class Speaker(NamedTuple):
    """Who may be quoted: a name at a place of the text, in the fullest form that the text has of it."""

    start: int
    end: int
    name: str
    person: bool
    entity: str | None


def speakers(mentions: Sequence[Mention], text: str, capitalised: Sequence[Stretch], scripts: int) -> list[Speaker]:
    """All names of people and bodies in the text, in order; `capitalised` are its stretches, `scripts` those of fold.Folded."""
    people = [(key(m.surface), m) for m in mentions if m.type == "person"]
    longest: dict[str, str] = {}
    for name, m in sorted(people, key=lambda person: -len(person[1].surface)):
        for word in (name, *name.split(), m.entity or name):
            longest.setdefault(word, m.surface)
    found = [Speaker(m.start, m.end, m.surface, False, m.entity) for m in mentions if m.type in _BODIES or (m.type == "place" and m.role == "metonym")]
    for name, m in people:
        fullest = longest.get(m.entity or "") or longest[name.split()[-1] if name else ""]
        found.append(Speaker(m.start, m.end, fullest, True, m.entity))
    known = sorted((s.start, s.end) for s in found)
    found += [_unknown(stretch) for stretch in capitalised if " " in stretch.words and _is_free(stretch.start, stretch.end, known)]
    if scripts & CJK:
        found += [Speaker(*match.span(1), match[1], True, None) for match in _HAN_PERSON.finditer(text) if _is_free(*match.span(), known)]
    return sorted(found, key=_start)


_start = itemgetter(0)


def _unknown(stretch: Stretch) -> Speaker:
    """A name of several capitalised words that nothing else recognised; of a long one (office and name) the last two words."""
    words = stretch.words.split()
    name = " ".join(words[-2:]) if len(words) > _LONGEST_NAME else stretch.words
    return Speaker(stretch.end - len(name), stretch.end, name, 1 < len(name.split()) <= _LONGEST_NAME, None)


def _is_free(start: int, end: int, known: Sequence[tuple[int, int]]) -> bool:
    at = bisect_left(known, (start, start))
    return (at == 0 or known[at - 1][1] <= start) and (at == len(known) or end <= known[at][0])


def words_pattern(words: Iterable[str]) -> str:
    """A group that matches any of the words, the longest first: * stands for an ending, _ for a space; Chinese ones anywhere, others as whole words."""
    listed = sorted(set(words))
    han = any_of(word for word in listed if _CJK.match(word))
    whole = rf"\b{any_of(word.replace('_', ' ') for word in listed if not _CJK.match(word))}\b"
    return rf"(?:{whole}|{han})" if han else whole


def any_of(words: Iterable[str]) -> str:
    """A group that matches any of the words, the longest first, as a tree of their letters: each is looked at once, not once for each word.

    A * at the end stands for an ending, a space for any white space. Empty when there is no word.
    """
    tree: dict[str, Any] = {}
    for word in words:
        node = tree
        for letter in [*word[:-1], "\\w*"] if word.endswith("*") else word:
            node = node.setdefault(letter, {})
        node[""] = {}
    return _branches(tree) if tree else ""


def _branches(tree: dict[str, Any]) -> str:
    # Longer words come first: letters, then an ending, then nothing.
    order = sorted(tree, key=lambda letter: (letter == "", letter == "\\w*", letter))
    parts = [(letter if letter == "\\w*" else r"\s" if letter == " " else re.escape(letter)) + _branches(tree[letter]) if letter else "" for letter in order]
    return parts[0] if len(parts) == 1 else f"(?:{'|'.join(parts)})"


class Words:
    """Looks for any of many words: their first words are asked for at each word of the text, the pattern only where one fits.

    `leading`: words that begin a match only when another one follows, or a hyphen.
    """

    def __init__(self, words: Sequence[str], pattern: str | None = None, leading: Sequence[str] = ()) -> None:
        spaced = [word for word in [*words, *leading] if not _CJK.match(word)]
        self._pattern = re.compile(pattern or words_pattern(spaced), re.IGNORECASE)
        self._whole, self._cut = _firsts(spaced)
        self._leading = frozenset(map(str.lower, leading)) - _firsts(words)[0]
        self._han = re.compile(han) if (han := any_of(word for word in words if _CJK.match(word))) else None
        self._asked: dict[str, int] = {}

    @property
    def firsts(self) -> list[str]:
        """How matches begin: first words in small letters; a * stands for an ending."""
        return [*self._whole, *(f"{word}*" for word in self._cut)]

    def begins(self, word: str) -> bool:
        """Whether a match may begin with the word."""
        return self._kind(word) != _NONE

    def unspaced(self, text: str) -> Iterator[re.Match[str]]:
        """All matches of Chinese words."""
        return self._han.finditer(text) if self._han else iter(())

    def at(self, text: str, starts: Iterable[int], end: int) -> Iterator[re.Match[str]]:
        """Those matches of scripts that set words apart that begin at one of the starts, none overlapping another."""
        done = 0
        for start in starts:
            if start >= done and (match := self.match(text, start, end)):
                done = match.end()
                yield match

    def match(self, text: str, start: int, end: int) -> re.Match[str] | None:
        """A match that begins at `start`."""
        word = _TOKEN.match(text, start, end)
        return self._pattern.match(text, start, end) if word and self._may_begin(word, text, end) else None

    def _may_begin(self, word: re.Match[str], text: str, end: int) -> bool:
        kind = self._kind(word[0])
        if kind == _LEADS:
            following = _TOKEN.search(text, word.end(), end)
            return following is not None and (self._kind(following[0]) != _NONE or text[following.end() : following.end() + 1] == "-")
        return kind == _BEGINS

    def _kind(self, word: str) -> int:
        kind = self._asked.get(word)
        if kind is None:
            if len(self._asked) >= _REMEMBERED:
                self._asked.clear()
            lower = word.lower()
            begins = lower in self._whole or not self._cut.isdisjoint(accumulate(lower))
            kind = self._asked[word] = _LEADS if lower in self._leading else _BEGINS if begins else _NONE
        return kind

    def search(self, text: str) -> re.Match[str] | None:
        """The first match."""
        first = next(self.at(text, (word.start() for word in _TOKEN.finditer(text) if self._kind(word[0]) != _NONE), sys.maxsize), None)
        han = None if text.isascii() else next(self.unspaced(text), None)
        return han if han and (first is None or han.start() < first.start()) else first


class WordKinds:
    """Several kinds of words that are looked for together."""

    def __init__(self, kinds: Sequence[Words]) -> None:
        self.kinds = kinds
        self._asked: dict[str, tuple[Words, ...]] = {}

    def of(self, word: str) -> tuple[Words, ...]:
        """The kinds that a match of may begin with the word."""
        known = self._asked.get(word)
        if known is None:
            if len(self._asked) >= _REMEMBERED:
                self._asked.clear()
            known = self._asked[word] = tuple([kind for kind in self.kinds if kind.begins(word)])
        return known


class Clause:
    """A stretch of text with all words that may be of some kinds, found in one pass."""

    def __init__(self, text: str, kinds: WordKinds) -> None:
        self.text = text
        self._starts: dict[Words, list[int]] = {}
        asked = kinds.of
        for word in _TOKEN.finditer(text):
            for kind in asked(word[0]):
                self._starts.setdefault(kind, []).append(word.start())
        self._cjk = not text.isascii() and _CJK.search(text) is not None

    def all(self, kind: Words) -> Iterator[re.Match[str]]:
        """The matches of one kind, in order within each script; none overlaps another of its script."""
        yield from kind.at(self.text, self._starts.get(kind, ()), sys.maxsize)
        if self._cjk:
            yield from kind.unspaced(self.text)

    def any(self, kind: Words) -> bool:
        """Whether there is one."""
        return (self._cjk or kind in self._starts) and next(self.all(kind), None) is not None


def _firsts(words: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    """The words' first words in small letters: whole ones, and those with an ending to come."""
    found = [(word.lower(), _TOKEN.match(word.lower().replace("_", " "))) for word in words]
    cut = frozenset(first[0] for word, first in found if first and word[first.end() :].startswith("*"))
    return frozenset(first[0] for _, first in found if first) - cut, cut


_TOKEN = re.compile(r"\w+")
# What a word is to a match: nothing, its beginning, or a beginning that needs another behind it.
_NONE, _BEGINS, _LEADS = 0, 1, 2
# Words that were asked about are kept, so many: two megabytes.
_REMEMBERED = 20_000
