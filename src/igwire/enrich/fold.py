"""Folding text for look-up, character by character, so that offsets stay those of the original."""

from __future__ import annotations

import sys
import unicodedata
from functools import lru_cache

# Arabic letters that writers use for one another: alef forms, ya and alef maqsura, ta marbuta, Persian kaf and ya.
_ARABIC = {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ة": "ه", "ک": "ك", "ؤ": "و", "ئ": "ي"}
_OTHER = {
    "й": "й",
    "Й": "й",
    "ё": "е",
    "Ё": "е",
    "’": "'",
    "ʼ": "'",
    "‘": "'",
    "–": "-",
    "‑": "-",
    "—": "-",
    "\u00a0": " ",
    "\u202f": " ",
    "\n": " ",
    "\t": " ",
}


@lru_cache(maxsize=1)
def _table() -> dict[int, str]:
    """Every character whose folded form is another single character: lower case, without marks, of ordinary width."""
    table = {}
    for code in range(0x80, 0x3000):
        folded = _fold_one(chr(code))
        if len(folded) == 1 and folded != chr(code):
            table[code] = folded
    for code in range(0xFF01, 0xFF5F):
        table[code] = chr(code - 0xFEE0).lower()
    table.update({code: chr(code).lower() for code in range(0x41, 0x5B)})
    table.update({ord(k): v for k, v in (_ARABIC | _OTHER).items()})
    return table


def _fold_one(char: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c)).casefold() or char


def fold(text: str) -> str:
    """The text folded, of the same length: position i of the result is position i of the text."""
    folded = text.translate(_table())
    assert len(folded) == len(text), sys.version
    return folded
