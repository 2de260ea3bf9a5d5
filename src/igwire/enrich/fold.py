"""Folding text for look-up: lower case, no accents, simplified Chinese, plain Arabic letters, Russian words without their endings.

The folded text begins and ends with a space, and punctuation is a space, so " name " is found at word boundaries only. Where
folding adds or removes characters, `Folded` remembers where, and leads back to the original's code points.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint16]

# Arabic letters that writers use for one another: alef forms, ya and alef maqsura, ta marbuta, Persian kaf and ya.
_ARABIC = {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ة": "ه", "ک": "ك", "ؤ": "و", "ئ": "ي"}
_OTHER = {"ё": "е", "Ё": "е", "й": "й", "Й": "й", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d", "Đ": "d", "ı": "i", "İ": "i"}
# Combining marks, Arabic vowel signs and tatweel, soft hyphen, zero-width characters: in the text, not in the word.
_MARKS = "\u00ad\u0300-\u036f\u0610-\u061a\u0640\u064b-\u065f\u0670\u200b-\u200f\ufeff"
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
# What a text has beside Latin letters, as bits of `Folded.scripts`; a mark is no script, and asks for the same care.
CYRILLIC, ARABIC, CJK, _MARK = 1, 2, 4, 8
_SCRIPTS = ((CYRILLIC, "\u0400-\u04ff"), (ARABIC, "\u0600-\u06ff"), (CJK, _CJK), (_MARK, _MARKS))
_IS_CJK = re.compile(f"[{_CJK}]")
# What folding does not do character by character.
_NEEDS_CARE = re.compile(f"[\u0400-\u04ff{_CJK}{_MARKS}]")
# Russian case endings, longest first; long ones only where four letters remain, so that Китая gives the same stem as Китай.
_LONG = re.compile(r"(?<=\w{4})(?:ами|ями|ого|его|ому|ему|ыми|ими|ой|ей|ою|ею|ом|ем|ам|ям|ах|ях|ая|яя|ое|ее|ый|ий|ую|юю|ые|ие|ых|их|ым|им|ов|ев)$")
_SHORT = re.compile(r"(?<=\w{3})[аяоеуюыийь]$")
_VOWEL = re.compile(r"(?<=\w{4})[аяоеуюы]$")
# Every code point that may be folded to another: beyond are rare scripts, which stay as they are.
_LAST = 0x3100


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text, and the scripts that are in it. `original(i)` is the place in the original of position i of `text`."""

    text: str
    scripts: int = 0
    _at: tuple[int, ...] = (0,)
    _shift: tuple[int, ...] = (-1,)

    def original(self, position: int) -> int:
        """Code point of the original; the position behind a word without its ending is that behind the whole word."""
        if len(self._at) == 1:
            return position - 1
        return position + self._shift[bisect_right(self._at, position) - 1]

    def originals(self, spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """Several spans at once."""
        if len(self._at) == 1:
            return [(start - 1, end - 1) for start, end in spans]
        return [(self.original(start), self.original(end)) for start, end in spans]


def fold(text: str) -> Folded:
    """The text folded, with the way back."""
    if text.isascii():
        return Folded(f" {text.translate(_table())} ")
    codes = _codes(text)
    scripts = int(np.bitwise_or.reduce(_kinds()[codes]))
    if scripts & (CYRILLIC | CJK | _MARK):
        return _edited(text, scripts)
    return Folded(f" {_translated(text, codes)} ", scripts)


@lru_cache(maxsize=20_000)
def key(name: str) -> str:
    """A name or a word folded by itself, without the spaces around it."""
    if name.isascii() and name.isalnum():
        return name.lower()
    if not _NEEDS_CARE.search(name):
        return name.translate(_table()).strip()
    return fold(name).text.strip()


def places(text: str, part: str) -> Iterator[int]:
    """Everywhere a part stands in a text, none overlapping another: for few letters many times as fast as a pattern."""
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + len(part))


def _codes(text: str) -> Codes:
    """UTF-16, which has one number for every character that folding knows."""
    return np.frombuffer(text.encode("utf-16-le", "surrogatepass"), dtype="<u2")


def _translated(text: str, codes: Codes) -> str:
    folded = _codes_table()[codes].tobytes().decode("utf-16-le", "surrogatepass")
    # Halves of a surrogate pair that stood apart in the text have become one character.
    return folded if len(folded) == len(text) else text.translate(_table())


def _edited(text: str, scripts: int) -> Folded:
    pieces: list[str] = []
    at, shift = [0], [-1]
    done, length, offset = 0, 1, -1
    for start, end, new in _edits(text, scripts):
        pieces += (text[done:start], new)
        length += start - done + len(new)
        offset += end - start - len(new)
        at.append(length)
        shift.append(offset)
        done = end
    pieces.append(text[done:])
    edited = "".join(pieces)
    return Folded(f" {_translated(edited, _codes(edited))} ", scripts, tuple(at), tuple(shift))


def _edits(text: str, scripts: int) -> Iterator[tuple[int, int, str]]:
    """What is written otherwise, in order: marks left out, Russian words without their endings, Latin words set apart from Chinese ones."""
    for match in _edited_parts(scripts).finditer(text):
        start, end = match.span()
        old = match[0]
        if old.isascii():
            if _IS_CJK.match(text, start - 1):
                yield start, start, " "
            if _IS_CJK.match(text, end):
                yield end, end, " "
        elif len(old) == 1:
            yield start, end, ""
        elif len(new := stem(old)) < len(old):
            yield start, end, new


@lru_cache(maxsize=8)
def _edited_parts(scripts: int) -> re.Pattern[str]:
    parts = [(_MARK, f"[{_MARKS}]"), (CYRILLIC, "[\u0400-\u04ff]{4,}"), (CJK, "[A-Za-z0-9]+")]
    return re.compile("|".join(pattern for script, pattern in parts if script & scripts))


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A Russian word without its case ending: as many letters of its beginning as all its cases share (roughly)."""
    lower = word.lower()
    short = _LONG.sub("", lower)
    if short == lower:
        short = _SHORT.sub("", lower)
    return word[: len(_VOWEL.sub("", short))]


@lru_cache(maxsize=1)
def _codes_table() -> Codes:
    """`_table` by code: what it does not hold stays as it is."""
    table = np.arange(0x10000, dtype="<u2")
    table[list(_table())] = [ord(folded) for folded in _table().values()]
    return table


@lru_cache(maxsize=1)
def _kinds() -> npt.NDArray[np.uint8]:
    """Each code's script, or that it is a mark, as a bit."""
    kinds = np.zeros(0x10000, dtype=np.uint8)
    for bit, characters in _SCRIPTS:
        found = re.compile(f"[{characters}]").finditer("".join(map(chr, range(0x10000))))
        kinds[[match.start() for match in found]] |= bit
    return kinds


@lru_cache(maxsize=1)
def _table() -> dict[int, str]:
    """Each character's folded form, one character long. Identities are listed too: a miss costs more than a hit."""
    table = {code: _fold_one(chr(code)) for code in range(_LAST)}
    table |= {code: _fold_one(chr(code - 0xFEE0)) for code in range(0xFF01, 0xFF5F)}
    table |= _simplified()
    table.update({ord(k): v for k, v in (_ARABIC | _OTHER).items()})
    return table


def _fold_one(char: str) -> str:
    if not char.isalnum():
        # Vowel signs (Hindi, Thai) are a part of the word.
        return char if unicodedata.category(char)[0] == "M" else " "
    plain = "".join(c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c)).casefold()
    return plain if len(plain) == 1 else char.lower() if len(char.lower()) == 1 else char


def _simplified() -> dict[int, str]:
    """Traditional Chinese characters by OpenCC's table, but for the few rare ones whose simple form takes two codes."""
    from opencc import OpenCC

    characters = [chr(code) for code in range(0x4E00, 0xA000)]
    simple = OpenCC("t2s").convert("\n".join(characters)).split("\n")
    return {ord(old): new for old, new in zip(characters, simple, strict=True) if new <= "\uffff"}
