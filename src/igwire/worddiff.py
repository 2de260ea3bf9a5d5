"""The difference of two texts, word by word: paragraphs are paired first, then the words inside the changed ones."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
# Word for word is quadratic: of longer changed passages only paragraphs are compared.
_MOST_WORDS = 4000
# Pairs of equal words, one of each side: a text of 4,000 different enough words has some 100,000; a page that repeats two words for ever
# would cost a minute with a million.
_MOST_PAIRS = 150_000


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the difference. `kind`: same, added, removed."""

    kind: str
    text: str


def word_diff(before: str, after: str) -> list[Part]:
    """The parts from `before` to `after`. All but the added give `before`, all but the removed give `after`."""
    return _joined(_lines(before.splitlines(keepends=True), after.splitlines(keepends=True)))


def counts(parts: Sequence[Part]) -> tuple[int, int]:
    """Words added and words removed."""
    words = {kind: sum(len(_words(part.text)) for part in parts if part.kind == kind) for kind in ("added", "removed")}
    return words["added"], words["removed"]


def ends(text: str, width: int = 80) -> str:
    """A long passage told by its first and last words: for what did not change."""
    return text if len(text) <= 2 * width + 5 else f"{text[:width]} … {text[-width:]}"


def _lines(before: list[str], after: list[str]) -> Iterator[Part]:
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        old, new = "".join(before[a:b]), "".join(after[c:d])
        if tag == "equal":
            yield Part("same", old)
        else:
            yield from _passage(_words(old), _words(new))


def _passage(before: list[str], after: list[str]) -> Iterator[Part]:
    if max(len(before), len(after)) > _MOST_WORDS or _pairs(before, after) > _MOST_PAIRS:
        yield from (Part("removed", "".join(before)), Part("added", "".join(after)))
        return
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Part("same", "".join(before[a:b]))
        else:
            yield from (Part("removed", "".join(before[a:b])), Part("added", "".join(after[c:d])))


def _pairs(before: list[str], after: list[str]) -> int:
    counts = Counter(after)
    return sum(times * counts[word] for word, times in Counter(before).items())


def _words(text: str) -> list[str]:
    """Words with the space before them; characters in scripts without spaces."""
    found: list[str] = []
    for word in re.findall(r"\s*\S+|\s+$", text):
        found += list(word) if _UNSPACED.search(word) else [word]
    return found


def _joined(parts: Iterator[Part]) -> list[Part]:
    joined: list[Part] = []
    for part in parts:
        if not part.text:
            continue
        if joined and joined[-1].kind == part.kind:
            joined[-1] = Part(part.kind, joined[-1].text + part.text)
        else:
            joined.append(part)
    return joined
