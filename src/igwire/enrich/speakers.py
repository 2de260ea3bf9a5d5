"""Names that a statement may be about: what was recognised, in the fullest form that the text has, and capitalised words that nothing else knew."""

from __future__ import annotations

import re
import sys
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from igwire.enrich.fold import key
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
_PEOPLE = ("person",)
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


def speakers(mentions: Sequence[Mention], text: str, capitalised: Sequence[Stretch]) -> list[Speaker]:
    """All names of people and bodies in the text, in order; `capitalised` are its stretches."""
    people = [m for m in mentions if m.type in _PEOPLE]
    longest: dict[str, str] = {}
    for m in sorted(people, key=lambda m: (len(m.surface), -m.start)):
        for word in {key(m.surface), *key(m.surface).split(), *([m.entity] if m.entity else [])}:
            longest[word] = m.surface
    found = []
    for m in mentions:
        if m.type in _PEOPLE:
            name = longest.get(m.entity or "") or longest.get(key(m.surface).split()[-1] if key(m.surface) else "") or m.surface
            found.append(Speaker(m.start, m.end, name, True, m.entity))
        elif m.type in _BODIES or (m.type == "place" and m.role == "metonym"):
            found.append(Speaker(m.start, m.end, m.surface, False, m.entity))
    known = sorted((s.start, s.end) for s in found)
    found += [_unknown(stretch) for stretch in capitalised if " " in stretch.words and _is_free(stretch.start, stretch.end, known)]
    found += [Speaker(*match.span(1), match[1], True, None) for match in _HAN_PERSON.finditer(text) if _is_free(*match.span(), known)]
    return sorted(found, key=lambda s: s.start)


def _unknown(stretch: Stretch) -> Speaker:
    """A name of several capitalised words that nothing else recognised; of a long one (office and name) the last two words."""
    words = stretch.words.split()
    name = " ".join(words[-2:]) if len(words) > _LONGEST_NAME else stretch.words
    return Speaker(stretch.end - len(name), stretch.end, name, 1 < len(name.split()) <= _LONGEST_NAME, None)


def _is_free(start: int, end: int, known: Sequence[tuple[int, int]]) -> bool:
    at = bisect_left(known, (start, start))
    return not any(a < end and start < b for a, b in known[max(at - 1, 0) : at + 1])


def words_pattern(words: Iterable[str]) -> str:
    """A group that matches any of the words: * stands for an ending, _ for a space; Chinese ones anywhere, others as whole words."""
    listed = sorted(set(words), key=lambda word: (-len(word), word))
    han = [re.escape(word) for word in listed if _CJK.match(word)]
    other = [re.escape(word.rstrip("*")).replace("_", r"\s") + (r"\w*" if word.endswith("*") else "") for word in listed if not _CJK.match(word)]
    whole = rf"\b(?:{'|'.join(other)})\b"
    return rf"(?:{whole}|(?:{'|'.join(han)}))" if han else rf"(?:{whole})"


class Words:
    """Looks for any of many words: a set of beginnings is asked at each word of the text, the pattern only where one fits."""

    def __init__(self, words: Sequence[str], pattern: str | None = None) -> None:
        self._pattern = re.compile(pattern or words_pattern(w for w in words if not _CJK.match(w)), re.IGNORECASE)
        self._beginnings = frozenset(re.split(r"[^\w]", word.replace("_", " ").lower())[0][:_BEGINNING] for word in words)
        han = [re.escape(word) for word in sorted(words, key=len, reverse=True) if _CJK.match(word)]
        self._han = re.compile("|".join(han)) if han else None
        self._asked: dict[str, bool] = {}

    def finditer(self, text: str, start: int = 0, end: int = sys.maxsize) -> Iterator[re.Match[str]]:
        """All matches, in order within each script; none overlaps another of its script."""
        yield from self._spaced(text, start, end)
        if self._han:
            yield from self._han.finditer(text, start, end)

    def match(self, text: str, start: int, end: int) -> re.Match[str] | None:
        """A match that begins at `start`."""
        word = _TOKEN.match(text, start, end)
        return self._pattern.match(text, start, end) if word and self._begins(word[0]) else None

    def _spaced(self, text: str, start: int, end: int) -> Iterator[re.Match[str]]:
        """Those of scripts that set words apart."""
        done, asked = start, self._asked
        for word in _TOKEN.finditer(text, start, end):
            if asked.get(word[0]) is not False and word.start() >= done and self._begins(word[0]) and (match := self._pattern.match(text, word.start(), end)):
                done = match.end()
                yield match

    def _begins(self, word: str) -> bool:
        begins = self._asked.get(word)
        if begins is None:
            if len(self._asked) >= _REMEMBERED:
                self._asked.clear()
            lower = word[: _BEGINNING + 1].lower()
            begins = self._asked[word] = any(lower[:length] in self._beginnings for length in range(1, _BEGINNING + 1))
        return begins

    def search(self, text: str) -> re.Match[str] | None:
        """The first match."""
        first = next(self._spaced(text, 0, sys.maxsize), None)
        han = self._han.search(text) if self._han else None
        return han if han and (first is None or han.start() < first.start()) else first


_TOKEN = re.compile(r"\w+")
# Letters of a word's beginning that are compared first.
_BEGINNING = 5
# Words that were asked about are kept, so many: two megabytes.
_REMEMBERED = 20_000
