"""Who is what where, as the text states it: appositions ("X, professor at Y"), offices before names ("Y's chief executive X"), "X is the head of Y".

The words between a person's name and an office are few and of few kinds; each rule looks at a bounded stretch beside the name.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from igwire.enrich.fold import ARABIC, CJK, key
from igwire.enrich.scripts import SURNAME
from igwire.enrich.speakers import Speaker, Words, any_of, words_pattern
from igwire.enrich.vocabulary import SEQUENCE

_REACH = 150
_HAN_REACH = 24
_LONGEST_BOUND = 60
_LONGEST_HAN_BODY = 14
_CJK = re.compile(r"[\u3400-\u9fff]")
_ARTICLES = r"(?:the|an?|l[ea’']|les|(?-i:une?)|el|las?|los|его|её|der|die|das|dem|den|os?|as?|il|lo|gli)"
# What a minister has charge of belongs to the office: "ministre de l'Économie", "ministro de Comunicaciones", "министр цифрового развития".
_PORTFOLIO = (
    r"(?:(?<=inister)|(?<=inistre)|(?<=inistro)|(?<=inistra))(?<!prime.minister)(?<!premier.ministre)(?<!remière.ministre)(?<!primer.ministro)(?<!primera.ministra)"
    r"(?:\s(?-i:[a-zà-ÿ]+)){0,2}?\s(?:of|for|de\sla|de\sl['’]|dell['’]|della|dello|degli|delle|dei|del|de|du|des|da|dos?|das|à\sl['’]|au|für)\s?(?-i:(?:the\s)?[A-Za-zÀ-ÿ-]+(?:\s[A-ZÀ-Þ][\wÀ-ÿ]+(?!\s[A-ZÀ-Þ]))?)(?:\s(?:and|et|y|e)\s(?:de\sla\s|du\s|des\s|de\sl['’])?(?-i:[A-Za-zÀ-ÿ-]+))?"
    r"|(?:(?<=министр)|(?<=министра)|(?<=министром)|(?<=министру))(?<!ремьер-министр)(?-i:\s[а-яё]+){1,3}(?=\s(?-i:[А-ЯЁ])|\s?,|\s?$)"
)
# The field of an office, written small: "professor of law at", "profesor de derecho en", "эксперт по безопасности".
_FIELD = (
    r"\s(?-i:for|of|de|en|in)\s(?-i:[a-zà-ÿ]+(?:\s[a-z]+)?)(?=\s(?:at|with|à|au|chez|en|de|del|da|do)\s|\sin\s|,)|\sfor\s(?-i:[a-z]+)(?=\s)|\sd['’](?-i:[a-zà-ÿ]+)(?=\s(?:à|au|chez|de)\s|,)"
    r"|\sпо\s(?-i:(?:[а-яё-]+(?:ой|ей|ому|ему|ым|им)\s)?[а-яё-]+)"
)
# Verbs that give an office: is, was, became, was appointed, serves as.
_VERBS = "|".join(
    [
        r"(?:is|was|has\sbeen|became|becomes|remains)(?:\s(?:re-?)?(?:appointed|elected|named|confirmed|promoted|sworn\sin))?(?:\sas|\sto)?",
        r"(?:serves?|served|works?|worked|took\sover|stepped\sdown|resigned)\sas",
        r"(?:est|était|a\sété|reste|devient|devenue?|sera)(?:\s(?:nommée?|(?:ré)?élue?|devenue?))?(?:\scomme)?",
        r"(?:es|era|fue|ha\ssido|será)(?:\s(?:nombrad[oa]|(?:re)?elegid[oa]|designad[oa]))?(?:\scomo)?|(?:asumió|trabaja|ejerce|actúa)\s(?:como|de)|é|foi(?:\s(?:nomead[oa]|eleit[oa]))?",
        r"является|был[аи]?(?:\s(?:назначен|избран)[аы]?)?|стал[аи]?|(?:назначен|избран)[аы]?|ist|war|wurde\s(?:zum|zur)",
    ]
)
_ARTICLE_WORDS = frozenset(["the", "le", "la", "les", "el", "los", "una", "une", "der", "die", "das", "dem", "den", "a", "o", "as", "os", "il", "lo", "gli"])
# What may stand between a name and the office behind it.
_OPENING = re.compile(
    rf"\s?(?:[,(—–،]\s?|\s)(?:(?:who\s|qui\s|quien\s|который\s|которая\s)?(?:{_VERBS})\s|(?:now|then|currently|today|formerly|once|previously|aujourd['’]hui|actual|also)\s|(?:{_ARTICLES}\s|l['’])){{0,3}}",
    re.IGNORECASE,
)
_AFTER_CONNECTOR = re.compile(rf"\s?(?:{_ARTICLES}\s|l['’])?", re.IGNORECASE)
_CLOSING = re.compile(r"\s?[,،]?\s?")
_POSSESSIVE = re.compile(r"(?:['’]s?)?(?:\s(?:former|then|new|longtime|outgoing))?[\s-]$")
# "université de Rennes": written small, up to the comma that ends the apposition, with a name in it.
_LOWER_BODY = re.compile(r"[^\W\d_A-Z][^,.;:()\n]{2,60}?\s(?-i:[A-ZÀ-Þ])[^,.;:()\n]{1,40}(?=[,)])")
# One of few characters comes first in the pattern: the search passes over all else at once.
_SENTENCE = re.compile(r"[.!?;:。！？；\n“”«»„\"](?:(?<![.!?;:])|\s)")


class _Office(NamedTuple):
    """An office's words at a place of the text."""

    start: int
    end: int
    words: str


class RoleFinder:
    """Finds roles by the words of `roles` (see kb/lists/roles.yaml); `peoples` are demonyms, which are no body. Pure."""

    def __init__(self, roles: Mapping[str, Sequence[str]], peoples: Sequence[str] = ()) -> None:
        self._peoples = frozenset(map(key, [*peoples, *(f"ال{people}" for people in peoples if _ARABIC.match(people))]))
        heads, modifiers, endings = (words_pattern(roles[kind]) for kind in ("heads", "modifiers", "endings"))
        several = rf"(?:\s(?:and|et|y|и|&)\s(?:{modifiers}\s)?{heads})?"
        pattern = rf"(?<![\w-])(?:(?:{modifiers}|\w+-based)[\s-]){{0,3}}{heads}s?(?:\s{endings})?{several}(?:{_PORTFOLIO}|{_FIELD})?(?![\w-])"
        self._at = re.compile(pattern, re.IGNORECASE)
        self._office = Words(roles["heads"], pattern, leading=roles["modifiers"])
        # German nouns have capitals, and so do the words for offices that a hyphen binds to a body.
        german = any_of(word for word in roles["heads"] if word[0].isupper() and word[1:].islower())
        self._bound = re.compile(rf"(?<![\w-])(?!(?:Ex|Vize|Co)-)([A-ZÀ-Þ][\w.&]*(?:-[A-ZÀ-Þ]\w*){{0,3}})-({german})[ \u00a0]$")
        self._connector = re.compile(rf"\s(?:{words_pattern(roles['connectors'])})(?=[\s]|(?<=['’]))", re.IGNORECASE)
        self._han = re.compile(f"副?{any_of(roles['han'])}")
        self._han_stated = re.compile(
            rf"(?:^|(?<=[。！？；，\n]))({SURNAME}[\u4e00-\u9fff]{{1,2}}?)(?:是|现任|出任|担任|當選|当选为?|就任|被任命为)((?:(?!的)[\u4e00-\u9fff]){{2,20}}?)({self._han.pattern})(?=[。，；、\n]|$)"
        )
        self._han_titled = re.compile(rf"({self._han.pattern})({SURNAME}[\u4e00-\u9fff](?:(?!{_NOT_GIVEN})[\u4e00-\u9fff])?)")
        self._arabic = re.compile(
            rf"(?:ال)?{any_of(roles['arabic'])}(?:\s(?:عام|عامة|تنفيذي|تنفيذية|أول|العام|التنفيذي|الخاصة|الخاص)|(?<=وزير) ال[\u0620-\u064a]+(?: وال?[\u0620-\u064a]+(?: المعلومات)?)?|(?<=وزيرة) ال[\u0620-\u064a]+(?: وال?[\u0620-\u064a]+(?: المعلومات)?)?)?(?![\u0620-\u064a])"
        )

    @property
    def firsts(self) -> list[str]:
        """The first words of offices (see Words.firsts)."""
        return self._office.firsts

    def find(self, text: str, names: Iterable[Speaker], scripts: int, offices: Sequence[int]) -> tuple[dict[str, Any], ...]:
        """Roles in order: {person, role, organisation (or None), start, end}; the span holds all three.

        `scripts` are those of fold.Folded; `offices` the places of all words that begin as offices do, in order, and maybe of others.
        """
        known = list(names)
        bodies = [n for n in known if not n.person and n.end > n.start]
        arabic, cjk, based = bool(scripts & ARABIC) and _ARABIC.search(text) is not None, bool(scripts & CJK), "-based" in text
        found: dict[tuple[str, str], dict[str, Any]] = {}
        people = [n for n in known if n.person and n.end > n.start and _is_name(n.name)]
        stated: list[dict[str, Any]] = []
        for n, person in enumerate(people):
            near = offices[bisect_left(offices, person.start - _REACH) : bisect_left(offices, person.end + _REACH)]
            if (near or based or arabic or cjk) and not _cut_short(text, people, n):
                stated += self._bound_to_body(text, person)
                stated += self._of(text, person, _within(bodies, person.start, person.end), near, based=based, arabic=arabic)
        if arabic:
            stated += _apart(text, stated, self._arabic_names(text, bodies))
        if cjk:
            stated += _apart(text, stated, self._han_names(text, bodies))
        for role in stated:
            # "Kenyan minister", "Le directeur": a people and an article are no body.
            if role["organisation"] and (role["organisation"].lower() in _ARTICLE_WORDS or key(role["organisation"]) in self._peoples):
                role["organisation"] = None
            found.setdefault((role["person"], role["role"].casefold()), role)
        return tuple(sorted(found.values(), key=lambda role: role["start"]))

    def _bound_to_body(self, text: str, person: Speaker) -> Iterator[dict[str, Any]]:
        """ "Denic-Sprecherin X"."""
        low = max(person.start - _LONGEST_BOUND, 0)
        if text.find("-", low, person.start) >= 0 and (match := self._bound.search(text, low, person.start)):
            yield _role(person, match[2], Speaker(*match.span(1), match[1], False, None), match.start(), person.end)

    def _of(self, text: str, person: Speaker, bodies: Sequence[Speaker], near: Sequence[int], *, based: bool, arabic: bool) -> Iterator[dict[str, Any]]:
        """Roles of one person; `near` are the words near the name that begin as offices do, `based`: the text speaks of "Geneva-based" ones."""
        if _CJK.match(text, person.start):
            yield from self._chinese(text, person, bodies)
            return
        inside = self._office_at(text, person.start, person.end)
        if inside and " " in text[inside.end() : person.end].strip():
            yield _role(person, _words(inside), None, person.start, person.end, text[inside.end() : person.end].strip())
            return
        if based or arabic or (near and near[-1] >= person.end):
            yield from self._behind(text, person, bodies)
        if arabic or (near and near[0] < person.start):
            yield from self._before(text, person, bodies, near, arabic)

    def _office_at(self, text: str, start: int, end: int) -> re.Match[str] | None:
        """The office that begins at `start`."""
        based = text.find("-based", start, end) >= 0
        return self._at.match(text, start, end) if based else self._office.match(text, start, end)

    def _behind(self, text: str, person: Speaker, bodies: Sequence[Speaker]) -> Iterator[dict[str, Any]]:
        opening = _OPENING.match(text, person.end, person.end + _REACH)
        if not opening:
            return
        match = self._office_at(text, opening.end(), person.end + _REACH) or self._arabic.match(text, opening.end())
        if not match:
            yield from self._body_first(text, person, opening)
            return
        body = self._body_behind(text, match.end(), bodies)
        if body is None and opening[0].strip(" ") not in (",", "(", "،", "—", "–") and not re.search(r"[a-zà-ÿа-я]", opening[0]):
            return
        yield _role(person, _words(match), body, person.start, body.end if body else match.end())

    def _body_first(self, text: str, person: Speaker, opening: re.Match[str]) -> Iterator[dict[str, Any]]:
        """ "X, Google's head of security", "X, the ITU secretary-general"."""
        words = SEQUENCE.match(text, opening.end(), person.end + _REACH) if opening[0].strip() else None
        for space in _SPACES.finditer(text, words.start(), words.end() + 1) if words else ():
            if words and (match := self._office_at(text, space.end(), person.end + _REACH)):
                body = Speaker(words.start(), space.start(), text[words.start() : space.start()], False, None)
                yield _role(person, _words(match), body, person.start, match.end())
                return

    def _before(self, text: str, person: Speaker, bodies: Sequence[Speaker], near: Sequence[int], arabic: bool) -> Iterator[dict[str, Any]]:
        low = max(person.start - _REACH, 0)
        # Its closing mark stands right before the name.
        closed = _CLOSED.search(text, max(person.start - _CLOSING_REACH, 0), person.start)
        quoted = _QUOTED_BODY.search(text, low, person.start) if closed else None
        for cut in _SENTENCE.finditer(text, low, quoted.start() if quoted else person.start):
            low = cut.end()
        offices = self._office.at(text, [at for at in near if low <= at < person.start], person.start)
        for match in itertools.chain(offices, self._arabic.finditer(text, low, person.start)) if arabic else offices:
            office = _Office(match.start(), match.end(), _words(match))
            before_quoted = quoted is not None and office.end <= quoted.start() + 1
            role = _with_quoted(text, person, office, quoted) if quoted and before_quoted else self._by_office(text, low, person, office, bodies)
            if role:
                yield role
                return

    def _by_office(self, text: str, low: int, person: Speaker, office: _Office, bodies: Sequence[Speaker]) -> dict[str, Any] | None:
        if closing := _CLOSING.fullmatch(text, office.end, person.start):
            if parts := _GENITIVE_FIRST.fullmatch(person.name):
                return _role(person, office.words, Speaker(person.start, person.start, parts[1], False, None), office.start, person.end, parts[2])
            body = self._body_before(text, low, office.start, bodies)
            if "," in closing[0] and body is None and not (" " in office.words and text[person.end : person.end + 1] == ","):
                return None
            return _role(person, office.words, body, body.start if body else office.start, person.end)
        if parts := _ARTICLE_FIRST.fullmatch(text, office.end, person.end):
            return _with_article(text, person, office, parts)
        body = self._body_behind(text, office.end, bodies)
        if not (body and _CLOSING.fullmatch(text, body.end, person.start)):
            body = _between(text, office.end, person.start)
        return _role(person, office.words, body, office.start, person.end) if body else None

    def _body_behind(self, text: str, at: int, bodies: Sequence[Speaker]) -> Speaker | None:
        """The body that begins behind a connector, or at once (Russian and Arabic genitives)."""
        if match := _QUOTED_BEHIND.match(text, at):
            return Speaker(*match.span(1), match[1], False, None)
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
        word = _LONG_BODY.match(text, start.end()) or SEQUENCE.match(text, start.end()) or _LOWER_BODY.match(text, start.end())
        return Speaker(word.start(), word.end(), word[0], False, None) if word else None

    def _body_before(self, text: str, low: int, at: int, bodies: Sequence[Speaker]) -> Speaker | None:
        """The body that stands right before an office: "ICANN president", "Apple's chief executive"."""
        for body in bodies:
            if low <= body.start and body.end < at <= body.end + 16 and _POSSESSIVE.fullmatch(text, body.end, at):
                return body
        words = [m for m in SEQUENCE.finditer(text, low, at) if _POSSESSIVE.fullmatch(text, m.end(), at)]
        return Speaker(*words[-1].span(), words[-1][0], False, None) if words else None

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

    def _han_names(self, text: str, bodies: Sequence[Speaker]) -> Iterator[dict[str, Any]]:
        """Chinese names that nothing recognised, by their surname: "李明是北京邮电大学教授", "华为创始人任正非"."""
        for match in self._han_stated.finditer(text):
            body = None if _HAN_ONE.fullmatch(match[2]) else _han_body(text, match.start(2), match.end(2), bodies)
            yield _role(Speaker(*match.span(1), match[1], True, None), match[3], body, match.start(), match.end())
        for match in self._han_titled.finditer(text):
            low = max(match.start() - _HAN_REACH, 0)
            start = max((cut.end() for cut in _HAN_STOP.finditer(text, low, match.start())), default=low)
            yield _role(Speaker(*match.span(2), match[2], True, None), match[1], _han_body(text, start, match.start(), bodies), match.start(), match.end())

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
_CYRILLIC_BODY = re.compile(
    r"\s(?:(?:компании|фирмы|организации|фонда|проекта|сервиса|банка|издания|агентства|газеты|движения|партии)\s)?([А-ЯЁA-Z](?=[^,]*[а-яёa-z])[^,.;:()\n]{2,60})(?=[,.)]|$)"
)
_SPACES = re.compile(r"[ \u00a0]")
# A body between quotation marks before a name, with small words before it: "директор компании «Ростелеком» Иван Петров".
_QUOTED_BODY = re.compile(r"\s[«“\"]([^«»“”\"\n]{2,60})[»”\"]\s?,?\s$")
_CLOSED, _CLOSING_REACH = re.compile('[»”"]'), 4
_QUOTED_BEHIND = re.compile(r"(?:\s(?-i:[а-яё]+)){0,2}\s«([^«»\n]{2,60})»")
_LOWER_WORDS = re.compile(r"(?:\s[^\W\d_A-ZА-Я]+){0,2}")
# "депутат Госдумы Иван Петров": taken for one name by its capitals; the third word of a Russian name is a patronymic's neighbour.
_GENITIVE_FIRST = re.compile(r"([А-ЯЁ]\w+) ([А-ЯЁ]\w+(?<!вич)(?<!вна)(?<!вича) [А-ЯЁ]\w+)")
# "portavoz del Gobierno Ana Beltrán": an article goes with the body, not with a person.
_ARTICLE_FIRST = re.compile(r"(?:\s[a-zà-ÿ]+)?\s(?:du|des|de\sla|del|de\slos|do|da)\s([A-ZÀ-Þ]\w+) ([A-ZÀ-Þ][\w.’'-]+ [A-ZÀ-Þ][\w’'-]+)")
# "Commission nationale de l'informatique et des libertés": a capital, then small words, up to the comma that ends the apposition.
_LONG_BODY = re.compile(r"[A-ZÀ-Þ]\w+(?:\s(?:[a-zà-ÿ]+['’])?[a-zà-ÿ]+){2,8}(?=[,)])")
# Characters that go on after a given name of one character.
_NOT_GIVEN = "[在说說表对對向将將就与與和也不则出访訪拒宣谈談主介接会會已于於为為是认認指称稱强強]"
_HAN_ONE = re.compile("[一]?[名位个]?")
# Words written small, or the adjective of a people, between a connector and a body.
_PLAIN = re.compile(r"(?:[A-Z]?[a-z-]+\s){1,3}")
_WORD_AR = r"[\u0620-\u064a]{2,}"
_ARABIC_BEFORE = re.compile(rf"(?:^|[\s.،:«\"])({_WORD_AR} {_WORD_AR}(?: {_WORD_AR})?)،\s$")
_ARABIC_BEHIND = re.compile(rf"\s((?!إن|أن|في|من|على|عن){_WORD_AR} (?!إن|أن|في|من|على|عن|قال|قالت|أكد|أكدت){_WORD_AR})")
_ARABIC_BODY = re.compile(
    r"\s(?:(?:في|باسم|لدى|من|عن)\s)?((?:(?:مركز|معهد|جامعة|شركة|منظمة|هيئة|وزارة|مؤسسة|جمعية|مجلس|لجنة|وكالة|اتحاد|مكتب|برنامج|شبكة|صحيفة|قناة|بنك|محكمة|نقابة)\s)?(?:ال|لل)[\u0620-\u064a]{2,}(?:\sال[\u0620-\u064a]{2,}){0,9})"
)


# "When I", "of Valley Associates" are no people.
_NAMED = re.compile(r"(?!of\s).*\w\w[.\W]*", re.DOTALL)


@lru_cache(maxsize=20_000)
def _is_name(name: str) -> bool:
    return _NAMED.fullmatch(name) is not None


def _apart(text: str, stated: Sequence[dict[str, Any]], more: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of `more` that share no word with what is stated already."""
    taken = bytearray(len(text))
    for role in stated:
        taken[role["start"] : role["end"]] = b"\x01" * (role["end"] - role["start"])
    return [role for role in more if taken.find(1, role["start"], role["end"]) < 0]


def _within(bodies: Sequence[Speaker], start: int, end: int) -> Sequence[Speaker]:
    """The bodies that begin near a place; `bodies` are in order of their starts."""
    return bodies[bisect_left(bodies, (start - _REACH,)) : bisect_left(bodies, (end + 2 * _REACH + 1,))]


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


def _with_quoted(text: str, person: Speaker, office: _Office, quoted: re.Match[str]) -> dict[str, Any] | None:
    """The body between quotation marks, when only small words stand between it and the office."""
    if not _LOWER_WORDS.fullmatch(text, office.end, quoted.start()):
        return None
    return _role(person, office.words, Speaker(*quoted.span(1), quoted[1], False, None), office.start, person.end)


def _with_article(text: str, person: Speaker, office: _Office, parts: re.Match[str]) -> dict[str, Any]:
    """A body that was taken for a part of the name; a minister's is what the office has charge of."""
    if _MINISTER.search(office.words):
        return _role(person, text[office.start : parts.end(1)], None, office.start, person.end, parts[2])
    return _role(person, office.words, Speaker(*parts.span(1), parts[1], False, None), office.start, person.end, parts[2])


_MINISTER = re.compile(r"(?<!premier )(?<!primer )minist[er]", re.IGNORECASE)


def _role(person: Speaker, words: str, body: Speaker | None, start: int, end: int, name: str | None = None) -> dict[str, Any]:
    organisation = _ENDS.sub("", body.name) if body else None
    if organisation and organisation.startswith("لل"):
        organisation = f"ال{organisation[2:]}"
    return {"person": name or person.name, "role": words, "organisation": organisation, "start": start, "end": end}


_ENDS = re.compile("['’]s$")


def _words(match: re.Match[str]) -> str:
    return " ".join(match[0].split())
