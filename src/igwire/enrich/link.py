"""Which entity a name stands for in this document, or none.

Each candidate starts with what its kind of name is worth and gains or loses by context; the best one above the threshold is linked.
The result is the same for the same document: nothing is learnt, nothing random.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from igwire.enrich.match import Hit, Name
from igwire.enrich.vocabulary import folded
from igwire.kb import Entity

# What a kind of name is worth by itself. Only full names and clear acronyms stand alone.
_WORTH = {"alias": 0.9, "clear": 0.9, "acronym": 0.45, "short": 0.35, "with_context": 0.3, "demonym": 0.8}
_THRESHOLD = 0.6
# Acronyms this long are hardly ever anything else (APNIC, LACNIC, UNESCO); shorter ones need support.
_CLEAR_ACRONYM = 5
_FULL_NAME = 0.45
_DEFINED = 0.5
_COMPANY = 0.25
_DENSE = 0.1
_WORDS = 0.35
_BY_ITSELF = "stands by itself"
# Rules the name out.
_OUT_OF_DATE = 2.0
_METONYM = re.compile(
    r"(?:['’]s)?\s(?:said|says|announced|warned|denied|accused|condemned|wants|insists|vowed|urged|rejected|agreed|refused|responded|argues|argued|imposed|sanctioned|has (?:said|accused|denied|warned))\b"
)


class Link(NamedTuple):
    """The outcome for one hit. `role`: "metonym" where a place stands for its government, "demonym" where its people are meant."""

    entity: Entity
    score: float
    why: str
    role: str | None = None


class Context:
    """What the document as a whole says for its uncertain names."""

    def __init__(self, hits: Sequence[Hit], text: str, *, titles: frozenset[str], defined: Mapping[str, str | None], published: str | None) -> None:
        named = [(name, len(hit.names)) for hit in hits for name in hit.names if name.entity is not None]
        self.sure = {name.entity.id for name, count in named if name.entity and (name.kind in ("alias", "clear") or _clear(name)) and count == 1}
        # Places are named in any text; other entities make it one of our subject.
        self._subject = {i for i in self.sure if not i.startswith(("place:", "concept:"))}
        self.near = self.sure | {name.entity.id for name, _ in named if name.entity and name.kind == "demonym"}
        self._text = text
        self._titles = titles
        self._defined = defined
        self._published = published

    def link(self, hit: Hit, text: str) -> Link | None:
        """The best entity for the hit, or None when nothing supports one."""
        if len(hit.names) == 1 and (only := hit.names[0]).always and only.entity and text[hit.start : hit.end] not in self._defined:
            return _by_itself(only, _role(only.entity, hit, text))
        scored = [(*self._score(name, hit, text), name) for name in hit.names if name.entity is not None and name.kind != "demonym"]
        scored = [item for item in scored if item[0] >= _THRESHOLD]
        if not scored:
            return _demonym(hit)
        # Of two that are as likely, the country (تونس is Tunis and Tunisia).
        scored.sort(key=lambda item: (-item[0], item[2].entity.level != "country", item[2].entity.id) if item[2].entity else (0.0, True, ""))
        score, why, name = scored[0]
        if len(scored) > 1 and scored[1][0] > score - 0.05 and scored[1][2].entity is not name.entity:
            score -= 0.15
        entity = name.entity
        assert entity is not None
        return Link(entity, round(min(score, 1.0), 2), f"{name.kind} {name.text!r}: {why}", _role(entity, hit, text))

    def _score(self, name: Name, hit: Hit, text: str) -> tuple[float, str]:
        entity = name.entity
        assert entity is not None
        surface = text[hit.start : hit.end]
        if self._defined.get(surface, entity.id) != entity.id:
            return 0.0, "the text defines it otherwise"
        if any(self._has_word(word) for word in entity.unless):
            return 0.0, "a word that speaks against it"
        score, reasons = _WORTH[name.kind], []
        for gain, reason in self._gains(name, entity, hit, text):
            score += gain
            reasons.append(reason)
        return score, ", ".join(reasons) or (_BY_ITSELF if score >= _THRESHOLD else "no support")

    def _gains(self, name: Name, entity: Entity, hit: Hit, text: str) -> Iterable[tuple[float, str]]:
        if not entity.was_named(name.text, self._published):
            yield -_OUT_OF_DATE, "not its name at that date"
        if name.kind in ("alias", "clear"):
            return
        if text[hit.start : hit.end] in self._defined:
            yield _DEFINED, "defined in the text"
        if entity.id in self.sure:
            yield _FULL_NAME, "full name in the document"
        elif name.kind == "acronym" and _clear(name):
            yield _DEFINED, "clear acronym"
        if name.kind == "short":
            yield from self._short(name, entity, hit, text)
            return
        yield from self._company(name, entity)

    def _company(self, name: Name, entity: Entity) -> Iterable[tuple[float, str]]:
        near = [i for i in entity.context if i in self.near]
        if near:
            yield _WORDS, f"{near[0]} in the document"
        if words := [w for w in entity.words if self._has_word(w)]:
            yield _WORDS, f"the word {words[0]!r}"
        others = self._subject - {entity.id}
        if entity.needs_context:
            return
        if len(others) >= 1 + (name.kind == "with_context"):
            yield _COMPANY, f"{len(others)} other entities"
            yield _DENSE, "of the subject"

    def _short(self, name: Name, entity: Entity, hit: Hit, text: str) -> Iterable[tuple[float, str]]:
        if part_of_name(text, hit):
            yield -1.0, "part of another name"
        elif entity.distinctive and self.sure - {entity.id}:
            yield _FULL_NAME, "rare name, another entity in the document"
        elif self._behind_title(name.text) and (near := [i for i in entity.context if i in self.near]):
            yield _FULL_NAME, f"title, and {near[0]} in the document"

    def _behind_title(self, surname: str) -> bool:
        """Whether the surname stands behind a title somewhere ("Mr Xi")."""
        return any(folded(before[-1].rstrip(".")) in self._titles for at in self._places(surname) if (before := self._text[max(at - 24, 0) : at].split()))

    def _has_word(self, word: str) -> bool:
        return next(self._places(word), None) is not None

    def _places(self, word: str) -> Iterator[int]:
        """Where the word stands by itself."""
        text, at = self._text, self._text.find(word)
        while at >= 0:
            if not (text[at - 1 : at].isalnum() or text[at + len(word) : at + len(word) + 1].isalnum()):
                yield at
            at = text.find(word, at + 1)


@lru_cache(maxsize=20_000)
def _by_itself(name: Name, role: str | None) -> Link:
    assert name.entity is not None
    return Link(name.entity, _WORTH["alias"], f"alias {name.text!r}: {_BY_ITSELF}", role)


def _role(entity: Entity, hit: Hit, text: str) -> str | None:
    return "metonym" if entity.type == "place" and _METONYM.match(text, hit.end) else None


def _demonym(hit: Hit) -> Link | None:
    """The country of a people's name; none where two countries share it (Dominican, Congolese)."""
    named = {name.entity.id: name for name in hit.names if name.kind == "demonym" and name.entity}
    if len(named) != 1:
        return None
    (name,) = named.values()
    assert name.entity is not None
    return Link(name.entity, _WORTH["demonym"], f"demonym {name.text!r}", "demonym")


def _clear(name: Name) -> bool:
    return name.kind == "acronym" and len(name.text) >= _CLEAR_ACRONYM and name.entity is not None and not name.entity.needs_context


# A capitalised word beside the surname makes another person's name of it ("Robert Xi", "Xi Mingze").
_BEFORE = re.compile(
    r"(?:^|[^\w])(?!(?:Mr|Mrs|Ms|Dr|President|Premier|Chairman|Minister|Chancellor|Secretary|Senator|Prime|Chinese|Russian|American|Indian)\b)([A-Z][\w'’-]+)\s$"
)
_AFTER = re.compile(r"\s[A-Z][\w'’-]+")
_SENTENCE_START = re.compile(r"(?:^|[.!?\n:“\"]\s?)$")


def part_of_name(text: str, hit: Hit) -> bool:
    """Whether a capitalised word beside the hit makes it part of somebody else's name."""
    low = max(hit.start - 30, 0)
    before = _BEFORE.search(text[low : hit.start])
    at_start = before is not None and _SENTENCE_START.search(text, max(low + before.start(1) - 3, 0), low + before.start(1)) is not None
    return (before is not None and not at_start) or _AFTER.match(text, hit.end) is not None
