"""Folding text for look-up: lower case, no accents, simplified Chinese, plain Arabic letters, Russian words without their endings.

The folded text begins and ends with a space, and punctuation is a space, so " name " is found at word boundaries only. Where
folding adds or removes characters, `Folded` remembers where, and leads back to the original's code points.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

# Arabic letters that writers use for one another: alef forms, ya and alef maqsura, ta marbuta, Persian kaf and ya.
_ARABIC = {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ة": "ه", "ک": "ك", "ؤ": "و", "ئ": "ي"}
_OTHER = {"ё": "е", "Ё": "е", "й": "й", "Й": "й", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d", "Đ": "d", "ı": "i", "İ": "i"}
# Combining marks, Arabic vowel signs and tatweel, soft hyphen, zero-width characters: in the text, not in the word.
_MARKS = "\u00ad\u0300-\u036f\u0610-\u061a\u0640\u064b-\u065f\u0670\u200b-\u200f\ufeff"
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_NEEDS_EDITS = re.compile(f"[{_MARKS}{_CJK}\u0400-\u04ff]")
_EDITS = re.compile(f"[{_MARKS}]|(?<=[{_CJK}])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[{_CJK}])|[\u0400-\u04ff]{{4,}}")
# Short ASCII between other letters (spaces, commas) stays in their piece: fewer pieces.
_PIECES = re.compile(r"[\x00-\x7f]+|[^\x00-\x7f]+(?:[\x00-\x40]{1,3}[^\x00-\x7f]+)*")
# Russian case endings, longest first; long ones only where four letters remain, so that Китая gives the same stem as Китай.
_LONG = re.compile(r"(?<=\w{4})(?:ами|ями|ого|его|ому|ему|ыми|ими|ой|ей|ою|ею|ом|ем|ам|ям|ах|ях|ая|яя|ое|ее|ый|ий|ую|юю|ые|ие|ых|их|ым|им|ов|ев)$")
_SHORT = re.compile(r"(?<=\w{3})[аяоеуюыийь]$")
_VOWEL = re.compile(r"(?<=\w{4})[аяоеуюы]$")
# Every code point that may be folded to another: beyond are rare scripts, which stay as they are.
_LAST = 0x3100


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text. `original(i)` is the place in the original of position i of `text`."""

    text: str
    _at: tuple[int, ...] = (0,)
    _shift: tuple[int, ...] = (-1,)

    def original(self, position: int) -> int:
        """Code point of the original; the position behind a word without its ending is that behind the whole word."""
        if len(self._at) == 1:
            return position - 1
        return position + self._shift[bisect_right(self._at, position) - 1]


def fold(text: str) -> Folded:
    """The text folded, with the way back."""
    if text.isascii():
        return Folded(f" {text.translate(_table())} ")
    if _NEEDS_EDITS.search(text):
        return _edited(text)
    return Folded(f" {_translated(text)} ")


def key(name: str) -> str:
    """A name or a word folded by itself, without the spaces around it."""
    return fold(name).text.strip()


def _translated(text: str) -> str:
    table = _table()
    return "".join(piece.translate(table) for piece in _PIECES.findall(text))


def _edited(text: str) -> Folded:
    pieces: list[str] = []
    at, shift = [0], [-1]
    done, length, offset = 0, 1, -1
    for match in _EDITS.finditer(text):
        start, end = match.span()
        old = match[0]
        new = " " if start == end else stem(old) if len(old) > 1 else ""
        if len(new) == end - start:
            continue
        pieces += (text[done:start], new)
        length += start - done + len(new)
        offset += end - start - len(new)
        at.append(length)
        shift.append(offset)
        done = end
    pieces.append(text[done:])
    return Folded(f" {_translated(''.join(pieces))} ", tuple(at), tuple(shift))


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A Russian word without its case ending: as many letters of its beginning as all its cases share (roughly)."""
    lower = word.lower()
    short = _LONG.sub("", lower)
    if short == lower:
        short = _SHORT.sub("", lower)
    return word[: len(_VOWEL.sub("", short))]


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
        return char if unicodedata.combining(char) else " "
    plain = "".join(c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c)).casefold()
    return plain if len(plain) == 1 else char.lower() if len(char.lower()) == 1 else char


def _simplified() -> dict[int, str]:
    """Traditional Chinese characters by OpenCC's table."""
    from opencc import OpenCC

    characters = [chr(code) for code in range(0x4E00, 0xA000)]
    simple = OpenCC("t2s").convert("\n".join(characters)).split("\n")
    return {ord(old): new for old, new in zip(characters, simple, strict=True)}
