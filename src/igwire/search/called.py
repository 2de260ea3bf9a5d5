"""What people call the values of filters: countries by name, languages in English, topics and sources by title, entities by any of their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from igwire.kb import Entity
from igwire.model import SOURCE_KINDS
from igwire.search.names import folded

LANGUAGES = {
    "ar": "Arabic", "bn": "Bengali", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "fa": "Persian",
    "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean",
    "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sv": "Swedish", "sw": "Swahili", "th": "Thai",
    "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese", "und": "unknown language",
}  # fmt: skip
# Facet → value → what people call it.
Titles = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Called:
    """Looks up what a written value of a facet means; `titles` are those of sources and topics."""

    entities: Iterable[Entity]
    titles: Titles
    _values: dict[tuple[str, str], set[str]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        named = {**self.titles, "language": LANGUAGES, "kind": {kind: kind for kind in SOURCE_KINDS}}
        for facet, values in named.items():
            for value, title in values.items():
                self._note(facet, title, value)
        for entity in self.entities:
            for name in {entity.name, *entity.names()}:
                self._note("entity", name, entity.id)
                if entity.country and entity.level == "country":
                    self._note("country", name, entity.country)

    def _note(self, facet: str, name: str, value: str) -> None:
        self._values.setdefault((facet, _key(name)), set()).add(value)

    def values(self, facet: str, written: str) -> tuple[str, ...]:
        """The values that the index may hold for it, beside the written one."""
        return tuple(sorted(self._values.get((facet, _key(written)), ())))


def _key(name: str) -> str:
    """Case, accents, and whether words are joined by blanks or underscores, aside."""
    return " ".join(folded(name).replace("_", " ").split())
