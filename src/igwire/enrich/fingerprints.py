"""Fingerprints of a text: what of it can be found again in other texts, whatever case, punctuation and line breaks were changed.

text ─▶ tokens ─┬▶ text key        equal for texts of the same words
                ├▶ signature       MinHash (Broder 1997) of 5-token shingles ─▶ bands (Indyk and Motwani 1998): near-copies share one
                └▶ unit keys       one a sentence-like piece: finds what was stitched together from several texts
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain
from operator import eq
from typing import NamedTuple

# The signature's length: the estimate's standard error is at most 0.044 (Broder 1997: sqrt(J(1-J)/128)).
PERMUTATIONS = 128
# 20 bands of 4 rows, from the first 80 numbers: a pair of resemblance 0.6 shares a band with probability 0.94, one of 0.7 with 0.996.
# Shared sentences find most of the rest, and every further band is a row in the ledger for every article.
_ROWS, _BANDS = 4, 20
# Each band's bytes in a signature, and what tells it from the others of the same bytes.
_SLICES = [(slice(n, n + 4 * _ROWS), b"%d" % n) for n in range(0, _BANDS * 4 * _ROWS, 4 * _ROWS)]
_SHINGLE = 5
# Shorter texts have too few shingles for an estimate; they are copies only when all their words are the same.
_MIN_TOKENS = 50
# A shorter piece may well be written twice by chance ("He declined to comment."): 6 words, or 12 characters of a script without spaces.
_UNIT_TOKENS, _UNIT_LETTERS, _UNIT_UNSPACED = 6, 30, 12
# Fixed for good: another seed makes stored signatures worthless.
_SEED = 20150
# Below this a text's key covers the title as well: "Qtly div 20 cts vs 20 cts prior" is said of many companies.
_SELF_EVIDENT = 25
_FIGURE = re.compile(r"\d(?:[\d.,:/-]*\d)?")
# So many figures are kept of a text; templates that are filled in have far fewer.
_MAX_FIGURES = 40
# Version of all rules here; documents with another stamp are fingerprinted again by a rebuild.
STAMP = "copies-1"

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_ANY_UNSPACED = re.compile(f"[{_UNSPACED}]")
_OPENING = '("“‘'
_CLOSING = "\"'”’»)\\]」』）"
# Every place where a sentence may end. Too many are better than too few: whoever copies cuts at one of them.
# All begin with one set of characters: `re` then skips what is none of them in one go.
_SPACED, _WIDE = ".!?…؟۔।", "。！？｡"
_MARK = rf"[{_SPACED}{_WIDE}\n](?:(?<=[{_SPACED}])[{_SPACED}]*[{_CLOSING}]*(?=\s|$)|(?<=[{_WIDE}])[{_WIDE}]*[{_CLOSING}]*|(?<=\n)"
_END = re.compile(rf"{_MARK}\n*)")
_WRAPPED_END = re.compile(rf"{_MARK}(?:\s*\n| {{2,}}))")
# After these a full stop ends no sentence; pieces are joined for showing, not for comparing.
_ABBREVIATION = re.compile(
    r"(?:[A-Z]|(?:[A-Za-z]\.)+[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|Gen|Sen|Rep|Gov|Lt|Col|No|Nos|vs|Inc|Ltd|Co|Corp|Jr|Sr|Art|Nr|bzw|ca|"
    r"Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\."
)


class Unit(NamedTuple):
    """A piece of text that is compared: its key, how many tokens it has, and the sentence (code points) that it is a part of."""

    key: int
    tokens: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """Everything that is kept of a text to find copies. Keys are whole numbers from 0 to 2**63 - 1."""

    # None for a text without words.
    text_key: int | None
    # Number of different shingles; 0 for short texts.
    shingles: int
    # 128 unsigned 32-bit numbers; empty for short texts.
    signature: bytes
    # Near-copies share one of these: the text key and the signature's bands.
    keys: tuple[int, ...]
    units: tuple[Unit, ...]
    # The figures of the text ("1.5", "5-13/16", "2026"), sorted.
    figures: tuple[str, ...]
    tokens: int


def fingerprint(text: str, title: str | None = None) -> Fingerprint:
    """The fingerprint of a text: a pure function of it. The title counts only for very short texts."""
    pieces = [(start, end, _tokens(text[start:end])) for start, end in _pieces(text)]
    tokens = list(chain.from_iterable(found for _, _, found in pieces))
    shingles, signature = _signature(tokens)
    named = [*_tokens(title or ""), *tokens] if len(tokens) < _SELF_EVIDENT else tokens
    text_key = key_of(" ".join(named)) if tokens else None
    return Fingerprint(
        text_key=text_key, shingles=shingles, signature=signature, keys=tuple(keys_of(text_key, signature)), units=tuple(_units(text, pieces)),
        figures=tuple(sorted(set(_FIGURE.findall(text)))[:_MAX_FIGURES]), tokens=len(tokens),
    )  # fmt: skip


def key_of(text: str | bytes) -> int:
    """63 bits of the BLAKE2b hash."""
    raw = text if isinstance(text, bytes) else text.encode(errors="surrogatepass")
    return int.from_bytes(blake2b(raw, digest_size=8).digest(), "big") >> 1


def keys_of(text_key: int | None, signature: bytes) -> list[int]:
    """The keys under which near-copies find a text: the key of its words and those of its bands."""
    return ([text_key] if text_key is not None else []) + bands(signature)


def bands(signature: bytes) -> list[int]:
    """The keys of a signature's bands; a band's number is part of its key."""
    if not signature:
        return []
    # Not by `key_of`: this is the innermost loop of all.
    return [int.from_bytes(blake2b(signature[band], digest_size=8, salt=salt).digest(), "big") >> 1 for band, salt in _SLICES]


def resemblance(one: bytes, other: bytes) -> float:
    """Estimated Jaccard resemblance, 0 to 1, of the shingles behind two signatures; 0 when either is empty."""
    if not one or not other:
        return 0.0
    equal: int = sum(map(eq, array("I", one), array("I", other)))
    return equal / PERMUTATIONS


def contained(resembling: float, shingles: int, in_shingles: int) -> float:
    """Share (0 to 1) of a text of `shingles` that a text of `in_shingles` has, by their resemblance (Broder 1997: containment)."""
    common = resembling / (1 + resembling) * (shingles + in_shingles)
    return min(1.0, common / shingles) if shingles else 0.0


def _signature(tokens: Sequence[str]) -> tuple[int, bytes]:
    if len(tokens) < _MIN_TOKENS:
        return 0, b""
    import rensa

    shingles = set(map(" ".join, zip(*(tokens[n:] for n in range(_SHINGLE)), strict=False)))
    sketch = rensa.RMinHash(PERMUTATIONS, _SEED)
    # Sorted nothing: the sketch of a set does not depend on its order.
    sketch.update(list(shingles))
    return len(shingles), array("I", sketch.digest()).tobytes()


def _tokens(piece: str) -> list[str]:
    plain = piece if piece.isascii() else unicodedata.normalize("NFKC", piece)
    return _TOKEN.findall(plain.casefold())


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Spans between two places where a sentence may end, without the white space around them."""
    start = 0
    for found in chain((_WRAPPED_END if _is_wrapped(text) else _END).finditer(text), [None]):
        end = found.end() if found else len(text)
        piece = text[start:end]
        first, last = start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
        if first < last:
            yield first, last
        start = end


def _is_wrapped(text: str) -> bool:
    """True when lines are broken by width, not by paragraph: most end in the middle of a sentence at a common width."""
    lines = text.split("\n")
    if len(lines) < 4:
        return False
    broken = sum(40 <= len(line.rstrip()) <= 100 and line.rstrip()[-1] not in '.!?…:"”' for line in lines[:-1])
    return broken > len(lines) / 2


def _units(text: str, pieces: Sequence[tuple[int, int, list[str]]]) -> Iterator[Unit]:
    for sentence in _sentences(text, pieces):
        start, end = sentence[0][0], sentence[-1][1]
        long = [tokens for _, _, tokens in sentence if _is_long(tokens)]
        # A sentence of abbreviations falls into pieces that are all short; then it counts as a whole.
        whole = list(chain.from_iterable(tokens for _, _, tokens in sentence))
        for tokens in long or ([whole] if _is_long(whole) else []):
            yield Unit(key=key_of(" ".join(tokens)), tokens=len(tokens), start=start, end=end)


def _sentences(text: str, pieces: Sequence[tuple[int, int, list[str]]]) -> Iterator[list[tuple[int, int, list[str]]]]:
    group: list[tuple[int, int, list[str]]] = []
    for piece in pieces:
        if group and not _goes_on(text, group[-1], piece):
            yield group
            group = []
        group.append(piece)
    if group:
        yield group


def _goes_on(text: str, before: tuple[int, int, list[str]], after: tuple[int, int, list[str]]) -> bool:
    if "\n" in text[before[1] : after[0]]:
        return False
    return text[after[0]].islower() or _is_abbreviation(text, before[0], before[1])


def _is_abbreviation(text: str, start: int, end: int) -> bool:
    """Whether the piece ends with one; a piece that is nothing else is a sentence, unless the text begins with it."""
    if text[end - 1] != ".":
        return False
    piece = text[start:end]
    first = max(len(piece) - len(piece.rsplit(maxsplit=1)[-1]), *(piece.rfind(mark) + 1 for mark in _OPENING))
    return (first > 0 or start == 0) and _ABBREVIATION.fullmatch(piece, first) is not None


def _is_long(tokens: Sequence[str]) -> bool:
    if len(tokens) >= _UNIT_UNSPACED and _ANY_UNSPACED.match(tokens[0]):
        return True
    return len(tokens) >= _UNIT_TOKENS and sum(map(len, tokens)) >= _UNIT_LETTERS
