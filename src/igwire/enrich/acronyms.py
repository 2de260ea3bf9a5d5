"""Acronyms that a text defines itself: "Internet Governance Forum (IGF)" (after Schwartz and Hearst, 2003, by first letters only)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from igwire.enrich.fold import places

_BRACKETED = re.compile(r"[(（](?:the )?([^\W\d_][^\W_.&-]*(?:[.&-]?[^\W_])+)[)）]")
_LONGEST = 12
# How far back the long form may begin: so many words for each letter.
_WORDS_A_LETTER = 2
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


@dataclass(frozen=True, slots=True)
class Definition:
    """`short` stands for the text from `start` to `end` (code points); its own place in brackets is `at`."""

    short: str
    start: int
    end: int
    at: int


def definitions(text: str) -> Iterator[Definition]:
    """Each "Long Form (LF)" of the text, where the letters are the words' first ones, in order."""
    for at in sorted(chain(places(text, "("), places(text, "（"))):
        match = _BRACKETED.match(text, at)
        if not match or not (short := match[1]).isupper() or len(short) > _LONGEST:
            continue
        letters = [c for c in short if c.isalpha()]
        low = text.rfind("\n", 0, match.start()) + 1
        words = list(_WORD.finditer(text, max(low, match.start() - 20 * len(letters) - 40), match.start()))[-_WORDS_A_LETTER * len(letters) - 1 :]
        if (start := _begins(words, letters)) is not None:
            yield Definition(short, start, words[-1].end(), match.start(1))


def _begins(words: list[re.Match[str]], letters: list[str]) -> int | None:
    """Where the long form begins: letters are taken from the end, words without a letter skipped when they are small."""
    left = list(letters)
    for word in reversed(words):
        if not left:
            break
        if word[0][0].upper() == left[-1]:
            left.pop()
            if not left:
                return word.start()
        elif word[0][0].isupper():
            return None
    return None


def occurrences(text: str, short: str) -> Iterator[int]:
    """Where the acronym stands by itself in the text."""
    return (match.start() for match in re.finditer(rf"(?<!\w){re.escape(short)}(?!\w)", text))
