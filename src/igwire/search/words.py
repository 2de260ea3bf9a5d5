"""What a query tells about its language: scripts, and the function words of a sentence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import yaml

# Which twins can hold words of a script.
_SCRIPTS = {
    "latin": (re.compile(r"[A-Za-z\u00c0-\u024f]"), ("en", "fr", "de", "es", "pt", "it", "nl", "tr", "id")),
    "cyrillic": (re.compile(r"[\u0400-\u04ff]"), ("ru",)),
    "arabic": (re.compile(r"[\u0600-\u06ff]"), ("ar", "fa")),
    "devanagari": (re.compile(r"[\u0900-\u097f]"), ("hi",)),
    "cjk": (re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"), ("cjk",)),
}
CJK = _SCRIPTS["cjk"][0]


@lru_cache(maxsize=1)
def function_words() -> dict[str, frozenset[str]]:
    """Language → its function words, from the file beside this module."""
    loaded = yaml.safe_load((Path(__file__).parent / "function_words.yaml").read_text(encoding="utf-8"))
    return {language: frozenset(words.split()) for language, words in loaded.items()}


def twins_for(text: str, sentence: Sequence[str] = ()) -> list[str]:
    """The stemmed twins that a query is looked up in: the one of its language when its words tell that, else all of its scripts."""
    counts = _counts(sentence)
    first, second = [*counts.most_common(2), ("", 0), ("", 0)][:2]
    if first[1] >= _SURE and first[1] > second[1]:
        return [first[0]]
    return [twin for pattern, twins in _SCRIPTS.values() if pattern.search(text) for twin in twins]


def language_of(words: Sequence[str]) -> str | None:
    """The language of which the query has most function words; None when it has none."""
    best = _counts(words).most_common(1)
    return best[0][0] if best else None


def _counts(words: Sequence[str]) -> Counter[str]:
    found = {language: sum(w.casefold() in known for w in words) for language, known in function_words().items()}
    return Counter({language: count for language, count in found.items() if count})


def content_words(words: Sequence[str]) -> list[str]:
    """The words that say what is looked for: function words of the query's language are left out.

    Kept whole are short queries with one such word ("die hard"), acronyms among other words (WHO, IT), and queries of function words alone.
    """
    language = language_of(words)
    if language is None:
        return list(words)
    known = function_words()[language]
    shouted = all(w.isupper() for w in words)
    left = [w for w in words if w.casefold() not in known or (w.isupper() and len(w) > 1 and not shouted)]
    enough = len(words) > _SHORT or len(words) - len(left) > 1
    return left if left and enough else list(words)


def unique(words: Sequence[str]) -> list[str]:
    """Each word once, at its first place, case aside."""
    first: dict[str, str] = {}
    for word in words:
        first.setdefault(word.casefold(), word)
    return list(first.values())


# One such word may be a name in another language ("die", "in"); two of one language make a sentence.
_SURE = 2
# So many words are all required, so they are looked at as they are.
_SHORT = 3
