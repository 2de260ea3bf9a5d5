"""Which entities a query names, in any language: whole names of the knowledge base, the longest first, case and accents aside.

Looser than tagging: nobody types capitals into a search box, and a name of several entities may mean each of them. So what is
found here lifts articles; it shuts none out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from igwire.kb import Entity
from igwire.search.words import CJK

_WORD = re.compile(r"\w+")
# Words of the longest name that is looked for; characters of a Chinese one.
_MOST_WORDS, _MOST_CHARACTERS = 10, 24
# One Chinese character is part of too many words.
_FEWEST_CHARACTERS = 2


def folded(text: str) -> str:
    """Without case and accents, for comparing words with names."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


@dataclass(frozen=True)
class Names:
    """All names of some entities, looked up by what people type."""

    entities: Iterable[Entity]
    _ids: dict[str, set[str]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        for entity in self.entities:
            for name in set(entity.names()) - set(entity.with_context):
                self._ids.setdefault(_key(name), set()).add(entity.id)

    def in_query(self, text: str) -> list[tuple[str, ...]]:
        """Ids for each name in the text, in order; a part of a longer name is none of its own."""
        return [tuple(sorted(self._ids[key])) for key in self._longest(text)]

    def _longest(self, text: str) -> Iterator[str]:
        pieces = _pieces(text)
        at = 0
        while at < len(pieces):
            length = next((n for n in range(min(_MOST_CHARACTERS, len(pieces) - at), 0, -1) if self._known(pieces[at : at + n])), 0)
            if length:
                yield _joined(pieces[at : at + length])
            at += length or 1

    def _known(self, pieces: list[str]) -> bool:
        if len(pieces) > _MOST_WORDS and not CJK.search(pieces[0]):
            return False
        key = _joined(pieces)
        return key in self._ids and not (CJK.search(key) and len(key) < _FEWEST_CHARACTERS)


def _pieces(text: str) -> list[str]:
    """Words; of scripts without spaces the characters."""
    return [piece for word in _WORD.findall(folded(text)) for piece in (word if CJK.search(word) else [word])]


def _joined(pieces: list[str]) -> str:
    """As a key: characters of scripts without spaces stand together."""
    joined = ""
    for piece in pieces:
        joined += piece if not joined or (CJK.search(joined[-1]) and CJK.search(piece)) else f" {piece}"
    return joined


def _key(name: str) -> str:
    return _joined(_pieces(name))
