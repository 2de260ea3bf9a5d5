"""Who is what where, as the text states it: appositions ("X, professor at Y"), offices before names ("Y's chief executive X"), "X is the head of Y".

The words between a person's name and an office are few and of few kinds; each rule looks at a bounded stretch beside the name.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from igwire.enrich.speakers import Speaker, Words, words_pattern
from igwire.enrich.vocabulary import SEQUENCE

_REACH = 150
_HAN_REACH = 24
_LONGEST_HAN_BODY = 14
_CJK = re.compile(r"[\u3400-\u9fff]")
_ARTICLES = r"(?:the|an?|l[ea’']|les|une?|el|las?|los|его|её|der|die|das|o|a)"
# What may stand between a name and the office behind it.
_OPENING = re.compile(
    rf"\s?(?:[,(—–،]\s?|\s)(?:who\s(?:is|was|has\sbeen)\s|(?:is|was|est|es|fue|était|является|ist)\s|(?:now|then|currently|today|formerly|once|previously|aujourd['’]hui|actual|also)\s|(?:{_ARTICLES}\s|l['’])){{0,3}}",
    re.IGNORECASE,
)
_AFTER_CONNECTOR = re.compile(rf"\s?(?:{_ARTICLES}\s|l['’])?", re.IGNORECASE)
_CLOSING = re.compile(r"\s?[,،]?\s?")
_POSSESSIVE = re.compile(r"(?:['’]s?)?(?:\s(?:former|then|new|longtime|outgoing))?[\s-]$")
# "université de Rennes": written small, up to the comma that ends the apposition, with a name in it.
_LOWER_BODY = re.compile(r"[^\W\d_A-Z][^,.;:()\n]{2,60}?\s(?-i:[A-ZÀ-Þ])[^,.;:()\n]{1,40}(?=[,)])")
_SENTENCE = re.compile(r"[.!?;:]\s|[。！？；\n]|[“”«»„\"]")


class _Office(NamedTuple):
    """An office's words at a place of the text."""

    start: int
    end: int
    words: str


class RoleFinder:
    """Finds roles by the words of `roles` (see kb/lists/roles.yaml). Pure."""

    def __init__(self, roles: Mapping[str, Sequence[str]]) -> None:
        heads, modifiers, endings = (words_pattern(roles[kind]) for kind in ("heads", "modifiers", "endings"))
        pattern = rf"(?<![\w-])(?:{modifiers}[\s-]){{0,3}}{heads}(?:\s{endings})?(?:\s(?:and|et|y|и|&)\s(?:{modifiers}\s)?{heads})?(?:\sfor\s(?-i:[a-z]+)(?=[,\s])|\sof\s(?-i:[a-z]+(?:\s[a-z]+)?)(?=\sat\s|\sin\s|,))?(?![\w-])"
        self._at = re.compile(pattern, re.IGNORECASE)
        self._office = Words([*roles["heads"], *roles["modifiers"]], pattern)
        self._connector = re.compile(rf"\s(?:{words_pattern(roles['connectors'])})(?=[\s]|(?<=['’]))", re.IGNORECASE)
        self._han = re.compile("|".join(sorted(map(re.escape, roles["han"]), key=len, reverse=True)))
        self._arabic = re.compile(
            rf"(?:{'|'.join(sorted(map(re.escape, roles['arabic']), key=len, reverse=True))})(?:\s(?:عام|عامة|تنفيذي|تنفيذية|أول|العام|التنفيذي|الخاصة|الخاص))?(?![\u0620-\u064a])"
        )

    def find(self, text: str, names: Iterable[Speaker]) -> tuple[dict[str, Any], ...]:
        """Roles in order: {person, role, organisation (or None), start, end}; the span holds all three."""
        known = list(names)
        bodies = [n for n in known if not n.person and n.end > n.start]
        found: dict[tuple[str, str], dict[str, Any]] = {}
        people = [n for n in known if n.person and n.end > n.start]
        stated = [
            role
            for n, person in enumerate(people)
            if not _cut_short(text, people, n)
            for role in self._of(text, person, _within(bodies, person.start, person.end))
        ]
        if _ARABIC.search(text):
            stated += self._unrecognised(text, stated, bodies)
        for role in stated:
            found.setdefault((role["person"], role["role"].casefold()), role)
        return tuple(sorted(found.values(), key=lambda role: role["start"]))

    def _of(self, text: str, person: Speaker, bodies: Sequence[Speaker]) -> Iterator[dict[str, Any]]:
        if _CJK.match(text, person.start):
            yield from self._chinese(text, person, bodies)
            return
        inside = self._at.match(text, person.start, person.end)
        if inside and " " in text[inside.end() : person.end].strip():
            yield _role(person, _words(inside), None, person.start, person.end, text[inside.end() : person.end].strip())
            return
        yield from self._behind(text, person, bodies)
        yield from self._before(text, person, bodies)

    def _behind(self, text: str, person: Speaker, bodies: Sequence[Speaker]) -> Iterator[dict[str, Any]]:
        opening = _OPENING.match(text, person.end, person.end + _REACH)
        if not opening:
            return
        match = self._at.match(text, opening.end(), person.end + _REACH) or self._arabic.match(text, opening.end())
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
            if not (body and _CLOSING.fullmatch(text, body.end, person.start)):
                body = _between(text, office.end, person.start)
            if body:
                yield _role(person, office.words, body, office.start, person.end)
                return

    def _body_behind(self, text: str, at: int, bodies: Sequence[Speaker]) -> Speaker | None:
        """The body that begins behind a connector, or at once (Russian and Arabic genitives)."""
        connector = self._connector.match(text, at, at + _REACH)
        start = _AFTER_CONNECTOR.match(text, connector.end() if connector else at, at + _REACH)
        places = {start.end() if start else at, connector.end() + 1 if connector else at + 1}
        if near := [b for b in bodies if b.start in places or (b.start - 4 in places and text[b.start - 4 : b.start] in ("the ", "les ", "las ", "los "))]:
            return max(near, key=lambda b: b.end)
        if connector is None or not start:
            word = _CYRILLIC_BODY.match(text, at)
            return Speaker(word.start(1), word.end(1), word[1], False, None) if word else None
        # "the Polish regulator UKE"
        if later := [b for b in bodies if start.end() < b.start <= start.end() + 30 and _PLAIN.fullmatch(text, start.end(), b.start)]:
            return later[0]
        word = SEQUENCE.match(text, start.end()) or _LOWER_BODY.match(text, start.end())
        return Speaker(word.start(), word.end(), word[0], False, None) if word else None

    def _chinese(self, text: str, person: Speaker, bodies: Sequence[Speaker]) -> Iterator[dict[str, Any]]:
        low = max(person.start - _HAN_REACH, 0)
        start = max((cut.end() for cut in _HAN_STOP.finditer(text, low, person.start)), default=low)
        before = next((m for m in self._han.finditer(text, start, person.start) if m.end() == person.start), None)
        if before:
            yield _role(person, before[0], _han_body(text, start, before.start(), bodies), start, person.end)
            return
        is_a = _HAN_IS.match(text, person.end)
        behind = self._han.search(text, is_a.end(), is_a.end() + _HAN_REACH) if is_a else None
        if is_a and behind and not _HAN_STOP.search(text, is_a.end(), behind.start()):
            yield _role(person, behind[0], _han_body(text, is_a.end(), behind.start(), bodies), person.start, behind.end())

    def _unrecognised(self, text: str, stated: Sequence[dict[str, Any]], bodies: Sequence[Speaker]) -> list[dict[str, Any]]:
        taken = bytearray(len(text))
        for role in stated:
            taken[role["start"] : role["end"]] = b"\x01" * (role["end"] - role["start"])
        return [role for role in self._arabic_names(text, bodies) if taken.find(1, role["start"], role["end"]) < 0]

    def _arabic_names(self, text: str, bodies: Sequence[Speaker]) -> Iterator[dict[str, Any]]:
        """Arabic names that nothing recognised: beside an office, before its comma or behind the body."""
        for office in self._arabic.finditer(text):
            before = _ARABIC_BEFORE.search(text, max(office.start() - 40, 0), office.start())
            if before:
                person = Speaker(*before.span(1), before[1], True, None)
                body = _arabic_body(text, office.end(), bodies)
                yield _role(person, _words(office), body, person.start, body.end if body else office.end())
            elif name := _ARABIC_BEHIND.match(text, (body.end if (body := _arabic_body(text, office.end(), bodies)) else office.end())):
                yield _role(Speaker(*name.span(1), name[1], True, None), _words(office), body, office.start(), name.end(1))


_HAN_STOP = re.compile(r"[，。；：！？\n“”「」、]")
_HAN_IS = re.compile(r"(?:是|为|任|，|（|担任|出任|现任)+")
# A body of several words between office and name, as Russian puts it: "директор Координационного центра Андрей Воробьёв".
_CYRILLIC_BETWEEN = re.compile(r"\s([А-ЯЁA-Zа-яё][^,.;:()«»\n]{1,60})\s")
_CYRILLIC_BODY = re.compile(r"\s([А-ЯЁA-Z](?=[^,]*[а-яё])[^,.;:()\n]{2,60})(?=,)")
# Words written small, or the adjective of a people, between a connector and a body.
_PLAIN = re.compile(r"(?:[A-Z]?[a-z-]+\s){1,3}")
_WORD_AR = r"[\u0620-\u064a]{2,}"
_ARABIC_BEFORE = re.compile(rf"(?:^|[\s.،:«\"])({_WORD_AR} {_WORD_AR}(?: {_WORD_AR})?)،\s$")
_ARABIC_BEHIND = re.compile(rf"\s((?!إن|أن|في|من|على|عن){_WORD_AR} (?!إن|أن|في|من|على|عن|قال|قالت|أكد|أكدت){_WORD_AR})")
_ARABIC_BODY = re.compile(r"\s(?:(?:في|باسم|لدى|من|عن)\s)?((?:ال|لل)[\u0620-\u064a]{2,}(?:\sال[\u0620-\u064a]{2,})*)")


def _within(bodies: Sequence[Speaker], start: int, end: int) -> Sequence[Speaker]:
    """The bodies that begin near a place; `bodies` are in order of their starts."""
    return bodies[bisect_left(bodies, start - _REACH, key=_start) : bisect_right(bodies, end + 2 * _REACH, key=_start)]


def _start(name: Speaker) -> int:
    return name.start


def _arabic_body(text: str, at: int, bodies: Sequence[Speaker]) -> Speaker | None:
    near = [b for b in _within(bodies, at, at) if at < b.start <= at + 16 and "،" not in text[at : b.start]]
    if near:
        return max(near[:1], key=lambda b: b.end)
    match = _ARABIC_BODY.match(text, at)
    return Speaker(*match.span(1), match[1], False, None) if match else None


def _between(text: str, start: int, end: int) -> Speaker | None:
    match = _CYRILLIC_BETWEEN.fullmatch(text, start, end)
    return Speaker(*match.span(1), match[1], False, None) if match and re.search("[а-яё]", text[start - 1]) else None


def _han_body(text: str, start: int, end: int, bodies: Sequence[Speaker]) -> Speaker | None:
    if ends := [b for b in bodies if b.end == end]:
        return max(ends, key=lambda b: b.end - b.start)
    return Speaker(start, end, text[start:end], False, None) if 2 <= end - start <= _LONGEST_HAN_BODY else None


_ARABIC = re.compile(r"[\u0620-\u064a]{3}")


def _cut_short(text: str, people: Sequence[Speaker], number: int) -> bool:
    """Whether a single word taken for a person stands right before somebody's name: a part of a body's."""
    person, following = people[number], people[number + 1] if number + 1 < len(people) else None
    if " " in person.name or person.entity or following is None or following.start - person.end > 40:
        return False
    return (re.fullmatch(r"[^,.;:()\n]*", text[person.end : following.start]) is not None and "А" <= text[person.start] <= "я") or (
        following.start - person.end == 1 and " " in following.name
    )


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
