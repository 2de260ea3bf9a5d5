"""Statistical taggers behind one interface, and how their findings and the rules' are put together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from igwire.enrich.names import Found
from igwire.errors import UsageError

# Label schemes of the usual models (OntoNotes, WikiNER, CoNLL) in our words; what is not here is not a mention.
_TYPES = {
    "PERSON": "person", "PER": "person", "ORG": "organisation", "NORP": None, "GPE": "place", "LOC": "place", "FAC": "place",
    "EVENT": "event", "LAW": "law", "PRODUCT": "product", "WORK_OF_ART": None, "MISC": None,
}  # fmt: skip
# Above the rules that only guess, below those that read a title or a suffix.
_MODEL_SCORE = 0.72
_SURE = 0.85


class Engine(Protocol):
    """Something that finds names by a trained model. `name` is part of the tagger's stamp."""

    name: str

    def find(self, text: str, language: str | None) -> list[Found]:
        """Names in the text, in code points."""
        ...


class SpacyEngine:
    """A spaCy pipeline with an entity recogniser, by package name or folder (https://spacy.io)."""

    def __init__(self, model: str) -> None:
        try:
            import spacy
        except ImportError as error:
            raise UsageError("IGWIRE_NER names a spaCy model, and spaCy is not installed: pip install 'igwire[ner]'") from error
        try:
            self._nlp: Any = spacy.load(model)
        except OSError as error:
            raise UsageError(
                f"spaCy has no model {model!r}: install it with `python -m spacy download {model}`, or give the path of a trained pipeline"
            ) from error
        if not any(hasattr(pipe, "beam_parse") or name in ("ner", "entity_ruler") for name, pipe in self._nlp.pipeline):
            raise UsageError(f"the spaCy model {model!r} has no entity recogniser (its parts: {', '.join(self._nlp.pipe_names)})")
        self.name = f"spacy:{self._nlp.meta['name']}-{self._nlp.meta['version']}"

    def find(self, text: str, language: str | None) -> list[Found]:
        """Names in the text; nothing when the text is in another language than the model's."""
        if language and self._nlp.lang not in (language, "xx"):
            return []
        return [
            Found(e.start_char, e.end_char, kind, f"model {self.name} {e.label_}", _MODEL_SCORE) for e in self._nlp(text).ents if (kind := _TYPES.get(e.label_))
        ]


def engine_of(setting: str | None) -> Engine | None:
    """The engine that a setting such as `spacy:en_core_web_sm` names, or None. Raises UsageError when it cannot be loaded."""
    if not setting:
        return None
    kind, _, model = setting.partition(":")
    if kind != "spacy" or not model:
        raise UsageError(f"IGWIRE_NER={setting!r} is not understood; it looks like spacy:en_core_web_sm")
    return SpacyEngine(model)


def merged(rules: Iterable[Found], model: Iterable[Found]) -> list[Found]:
    """Rules that read a name's own words first, then the model, then the rules that guess; nothing overlaps.

    A model's type also corrects a guess of the same span, and a longer span of the model takes the guess's place.
    """
    both = sorted(
        [*rules, *model], key=lambda f: (-f.score if f.score >= _SURE else -_MODEL_SCORE if f.rule.startswith("model") else -f.score, f.start - f.end, f.start)
    )
    kept: list[Found] = []
    for found in both:
        if all(found.end <= other.start or other.end <= found.start for other in kept):
            kept.append(found)
    return sorted(kept, key=lambda f: f.start)
