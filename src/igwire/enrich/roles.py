"""Who is what where, as the text states it: appositions ("X, professor at Y"), offices before names ("Y's chief executive X"), "X is the head of Y".

The words between a person's name and an office are few and of few kinds; each rule looks at a bounded stretch beside the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from igwire.enrich.speakers import Speaker, words_pattern
from igwire.enrich.vocabulary import SEQUENCE

_REACH = 150
_HAN_REACH = 24
_CJK = re.compile(r"[\u3400-\u9fff]")
_ARTICLES = r"(?:the|an?|l[ea’']|les|une?|el|las?|los|его|её|der|die|das|o|a)"
# What may stand between a name and the office behind it.
_OPENING = re.compile(
    rf"\s?(?:[,(—–،]\s?|\s)(?:who\s(?:is|was|has\sbeen)\s|(?:is|was|est|es|fue|était|является|ist)\s|(?:now|then|currently|today|formerly|once|previously|aujourd['’]hui|actual|also)\s|(?:{_ARTICLES}|l['’])\s?){{0,3}}",
    re.IGNORECASE,
)
_AFTER_CONNECTOR = re.compile(rf"\s?(?:{_ARTICLES}\s|l['’])?", re.IGNORECASE)
_CLOSING = re.compile(r"\s?[,،]?\s?")
_POSSESSIVE = re.compile(r"(?:['’]s?)?(?:\s(?:former|then|new|longtime|outgoing))?[\s-]$")
# "université de Rennes": written small, up to the comma that ends the apposition, with a name in it.
_LOWER_BODY = re.compile(r"[^\W\d_A-Z][^,.;:()\n]{2,60}?\s(?-i:[A-ZÀ-Þ])[^,.;:()\n]{1,40}(?=[,)])")
_SENTENCE = re.compile(r"[.!?;:]\s|[。！？；\n]|[“”«»„\"]")


@dataclass(frozen=True, slots=True)
class _Office:
    """An office's words at a place of the text."""

    start: int
    end: int
    words: str


class RoleFinder:
    """Finds roles by the words of `roles` (see kb/lists/roles.yaml). Pure."""

    def __init__(self, roles: Mapping[str, Sequence[str]]) -> None:
        heads, modifiers, endings = (words_pattern(roles[kind]) for kind in ("heads", "modifiers", "endings"))
        self._office = re.compile(
            rf"(?<![\w-])(?:{modifiers}[\s-]){{0,3}}{heads}(?:\s{endings})?(?:\s(?:and|et|y|и|&)\s(?:{modifiers}\s)?{heads})?(?:\sfor\s(?-i:[a-z]+)(?=[,\s]))?(?![\w-])",
            re.IGNORECASE,
        )
        self._connector = re.compile(rf"\s(?:{words_pattern(roles['connectors'])})(?=[\s]|(?<=['’]))", re.IGNORECASE)
        self._han = re.compile("|".join(sorted(map(re.escape, roles["han"]), key=len, reverse=True)))
        self._arabic = re.compile(rf"(?:{'|'.join(sorted(map(re.escape, roles['arabic']), key=len, reverse=True))})(?:\s(?:عام|عامة|تنفيذي|تنفيذية|أول|العام|التنفيذي|الخاصة|الخاص))?(?![\u0620-\u064a])")

    def find(self, text: str, names: Iterable[Speaker]) -> tuple[dict[str, Any], ...]:
        """Roles in order: {person, role, organisation (or None), start, end}; the span holds all three."""
        known = list(names)
        bodies = [n for n in known if not n.person and n.end > n.start]
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for person in (n for n in known if n.person and n.end > n.start):
            for role in self._of(text, person, bodies):
                found.setdefault((role["person"], role["role"].casefold()), role)
        return tuple(sorted(found.values(), key=lambda role: role["start"]))

    def _of(self, text: str, person: Speaker, bodies: Sequence[Speaker]) -> Iterator[dict[str, Any]]:
        if _CJK.match(text, person.start):
            yield from self._chinese(text, person, bodies)
            return
        inside = self._office.match(text, person.start, person.end)
        if inside and " " in text[inside.end() : person.end].strip():
            yield _role(person, _words(inside), None, person.start, person.end, text[inside.end() : person.end].strip())
            return
        yield from self._behind(text, person, bodies)
        yield from self._before(text, person, bodies)

    def _behind(self, text: str, person: Speaker, bodies: Sequence[Speaker]) -> Iterator[dict[str, Any]]:
        opening = _OPENING.match(text, person.end, person.end + _REACH)
        if not opening:
            return
        match = self._office.match(text, opening.end(), person.end + _REACH) or self._arabic.match(text, opening.end())
        if not match:
            return
        body = self._body_behind(text, match.end(), bodies)
        if body is None and opening[0].strip(" ") not in (",", "(", "،", "—", "–") and not re.search(r"[a-zа-я]", opening[0]):
            return
        yield _role(person, _words(match), body, person.start, body.end if body else match.end())

    def _before(self, text: str, person: Speaker, bodies: Sequence[Speaker]) -> Iterator[dict[str, Any]]:
        low = max(person.start - _REACH, 0)
        for cut in _SENTENCE.finditer(text, low, person.start):
            low = cut.end()
        for match in [*self._office.finditer(text, low, person.start), *self._arabic.finditer(text, low, person.start)]:
            office = _Office(match.start(), match.end(), _words(match))
            closing = _CLOSING.fullmatch(text, office.end, person.start)
            if closing:
                body = _body_before(text, low, office.start, bodies)
                if "," in closing[0] and body is None:
                    continue
                yield _role(person, office.words, body, body.start if body else office.start, person.end)
                return
            body = self._body_behind(text, office.end, bodies)
            if body and _CLOSING.fullmatch(text, body.end, person.start):
                yield _role(person, office.words, body, office.start, person.end)
                return

    def _body_behind(self, text: str, at: int, bodies: Sequence[Speaker]) -> Speaker | None:
        """The body that begins behind a connector, or at once (Russian and Arabic genitives)."""
        connector = self._connector.match(text, at, at + _REACH)
        start = _AFTER_CONNECTOR.match(text, connector.end() if connector else at, at + _REACH)
        places = {start.end() if start else at, connector.end() + 1 if connector else at + 1}
        if near := [b for b in bodies if b.start in places or b.start - 4 in places and text[b.start - 4 : b.start] in ("the ", "les ", "las ", "los ")]:
            return max(near, key=lambda b: b.end)
        if connector is None or not start:
            return None
        word = SEQUENCE.match(text, start.end()) or _LOWER_BODY.match(text, start.end())
        return Speaker(word.start(), word.end(), word[0], False, None) if word else None

    def _chinese(self, text: str, person: Speaker, bodies: Sequence[Speaker]) -> Iterator[dict[str, Any]]:
        low = max(person.start - _HAN_REACH, 0)
        for cut in re.finditer(r"[，。；：！？\n“”「」、]", text[low : person.start]):
            low_at = low + cut.end()
            if low_at <= person.start:
                start = low_at
        start = max((low + cut.end() for cut in re.finditer(r"[，。；：！？\n“”「」、]", text[low : person.start])), default=low)
        for match in self._han.finditer(text, start, person.start):
            if match.end() != person.start:
                continue
            ends = [b for b in bodies if b.end == match.start()]
            name = text[start : match.start()]
            body = max(ends, key=lambda b: b.end - b.start) if ends else Speaker(start, match.start(), name, False, None) if 2 <= len(name) <= 14 else None
            yield _role(person, match[0], body, body.start if body else match.start(), person.end)
            return


def _body_before(text: str, low: int, at: int, bodies: Sequence[Speaker]) -> Speaker | None:
    """The body that stands right before an office: "ICANN president", "Apple's chief executive"."""
    for body in bodies:
        if low <= body.start and body.end < at <= body.end + 16 and _POSSESSIVE.fullmatch(text, body.end, at):
            return body
    words = [m for m in SEQUENCE.finditer(text, low, at) if _POSSESSIVE.fullmatch(text, m.end(), at)]
    return Speaker(words[-1].start(), words[-1].end(), words[-1][0], False, None) if words else None


def _role(person: Speaker, words: str, body: Speaker | None, start: int, end: int, name: str | None = None) -> dict[str, Any]:
    return {"person": name or person.name, "role": words, "organisation": re.sub("['’]s$", "", body.name) if body else None, "start": start, "end": end}


def _words(match: re.Match[str]) -> str:
    return " ".join(match[0].split())
