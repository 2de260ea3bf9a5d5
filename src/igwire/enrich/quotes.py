"""Quotations and who says them: marks of all kinds, the speaker before, behind or between, pronouns led back to who was named last.

Words between marks are somebody's when something says so: a verb of speech in the same sentence, a colon before, an attribution behind
the comma. Otherwise they are a title, a term or a characterisation. Every rule looks at the sentence around the marks, of bounded length.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple

from igwire.enrich.fold import key, places
from igwire.enrich.speakers import HAN_TITLE, Clause, Speaker, WordKinds, Words

# No statement is longer; each pattern excludes its own marks, so that unpaired ones cost nothing.
_MARKS = re.compile(
    r"“(?P<a>[^“”„\n]{1,1500})”|„(?P<b>[^“”„\n]{1,1500})[“”]|(?<![^\s(\[])»(?P<h>(?=\w)[^«»\n]{1,1500})«|«(?P<c>[^«»\n]{1,1500})»|「(?P<d>[^「」\n]{1,800})」|『(?P<e>[^『』\n]{1,800})』"
    r"|(?<![\w\"])\"(?P<f>[^\"\n]{1,1500})\"(?!\w)|(?<![\w‘’])‘(?P<g>[^‘’\n]{12,1500}(?:’\w[^‘’\n]{0,600}){0,20})’(?!\w)"
)
_OPENING = '“„«»「『"‘'
_REACH = 220
# One of few characters comes first in the pattern: the search passes over all else at once.
_SENTENCE_END = re.compile(r"[.!?…。！？؟\n](?:(?<=[。！？؟\n])|(?=\s+[^\W\d_a-zа-я]|\s*$|\s+[“«„\"]))")
_TERMINAL = ".!?…。！？؟"
_CJK = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
_FEW = 3
# A name with its office and its house stands between the marks and the verb.
_NEAR_WORDS = 14
_INVERTED = re.compile(r"\b\w+-(?:t-)?(il|elle|ils|elles)\b|\b(?:ha|a|ont|avait) ?-?t-(il|elle)\b")
_ARABIC = re.compile(r"[\u0620-\u064a]{2}")
# Between a title and the verb stands the name; adverbs belong to the verb.
_HAN_NAME = re.compile(
    rf"(?:{HAN_TITLE})([\u4e00-\u9fff]{{2,4}}?|[\u4e00-\u9fff]+(?:·[\u4e00-\u9fff]+)+)(?:只|又|也|还|還|则|則|则|随后|隨後|当天|昨天|昨日|在[^，。]{{1,12}})?$"
    r"|([\u4e00-\u9fff]{1,6}(?:·[\u4e00-\u9fff]{1,6})+)$"
)


class _Span(NamedTuple):
    """Words between marks: the place of the words, and that of the marks around them."""

    start: int
    end: int
    outer_start: int
    outer_end: int


class QuoteFinder:
    """Finds quotations by the words of `speech` (see kb/lists/speech.yaml). Pure."""

    def __init__(self, speech: Mapping[str, Sequence[str]]) -> None:
        kinds = ("verbs", "pronouns", "things", "bodies", "offices", "works")
        self._verb, self._pronoun, self._thing, self._body, self._office, self._work = (Words(speech[kind]) for kind in kinds)
        self._in_clause = WordKinds([self._verb, self._work])
        self._in_subject = WordKinds([self._pronoun, self._office, self._thing, self._body])

    def find(self, text: str, names: Sequence[Speaker]) -> tuple[dict[str, Any], ...]:
        """Quotations in order: {start, end, speaker, entity}; offsets are those of the words between the marks. `names`: see speakers.speakers."""
        spans = list(_marked(text))
        if not spans:
            return ()
        return tuple(_Reader(self, text, spans, names).quotes())

    def clause(self, words: str) -> Clause:
        """The clause ready to be asked for its verbs and works."""
        return Clause(words, self._in_clause)

    def verb(self, clause: Clause) -> re.Match[str] | None:
        """The last word in the clause that tells of speech."""
        return max(clause.all(self._verb), key=lambda match: match.start(), default=None)

    def first_verb(self, clause: str) -> re.Match[str] | None:
        """The first one."""
        return self._verb.search(clause)

    def subject(self, words: str) -> str | None:
        """What stands for a name in a clause: "person" (a pronoun), "office", "body", or None."""
        clause = Clause(words, self._in_subject)
        if clause.any(self._pronoun) or _inverted(words):
            return "person"
        if clause.any(self._office):
            return "office"
        if clause.any(self._thing) or clause.any(self._body):
            return "body"
        return None

    def names_a_work(self, before: Clause) -> bool:
        """Whether the words before the marks announce a title or a term."""
        return any(not before.text[match.end() :].strip(" :,—–-\u00a0") for match in before.all(self._work))


class _Reader:
    """One text being read for its quotations."""

    def __init__(self, finder: QuoteFinder, text: str, spans: Sequence[_Span], names: Sequence[Speaker]) -> None:
        self._finder, self._text, self._spans = finder, text, spans
        self._speakers = _outside(names, spans)
        self._starts = [s.start for s in self._speakers]
        self._last: Speaker | None = None
        self._last_at = -1

    @cached_property
    def _people(self) -> dict[str, Speaker]:
        """The first who bears a name or a part of one."""
        people: dict[str, Speaker] = {}
        for speaker in self._speakers:
            for word in {key(speaker.name), *key(speaker.name).split()} if speaker.person else ():
                people.setdefault(word, speaker)
        return people

    def quotes(self) -> Iterator[dict[str, Any]]:
        for number, span in enumerate(self._spans):
            low = self._spans[number - 1].outer_end if number else 0
            high = self._spans[number + 1].outer_start if number + 1 < len(self._spans) else len(self._text)
            speaker = self._speaker(span, max(low, span.outer_start - _REACH), min(high, span.outer_end + _REACH))
            if speaker:
                self._last, self._last_at = speaker, span.outer_end
                yield {"start": span.start, "end": span.end, "speaker": speaker.name, "entity": speaker.entity}

    def _speaker(self, span: _Span, low: int, high: int) -> Speaker | None:
        before_at, before = self._before(span, low)
        after = self._after(span, high)
        words = _count(self._text[span.start : span.end])
        colon = before.rstrip().endswith((":", "："))
        clause = self._finder.clause(before)
        if not colon and self._finder.names_a_work(clause) and not _is_sentence(self._text, span):
            return None
        attached = self._attached(span, after, words)
        if words <= _FEW and not (colon or attached):
            return None
        if colon and (speaker := self._in_clause(before, before_at, self._finder.verb(clause), strict=False)):
            return speaker
        if attached and (speaker := self._in_clause(after, span.outer_end, self._finder.first_verb(after), strict=True)):
            return speaker
        if not colon and before.strip() and (verb := self._finder.verb(clause)) and (speaker := self._in_clause(before, before_at, verb, strict=False)):
            return speaker
        return self._unattributed(span, before, words)

    def _before(self, span: _Span, low: int) -> tuple[int, str]:
        """The part of the sentence before the marks."""
        clause = self._text[low : span.outer_start]
        ends = list(_SENTENCE_END.finditer(clause.rstrip(" \u00a0")))
        at = ends[-1].end() if ends else 0
        return low + at, clause[at:]

    def _after(self, span: _Span, high: int) -> str:
        """The part of the sentence behind the marks; empty where the sentence ended inside them."""
        clause = self._text[span.outer_end : high]
        inner = self._text[span.start : span.end].rstrip()
        if clause[:1] in ("", *_TERMINAL, "\n"):
            return ""
        start = clause.lstrip(" ,،，—–-\u00a0")
        if inner[-1:] in ".…。" and not start[:1].islower():
            return ""
        end = _SENTENCE_END.search(clause)
        return clause[: end.start()] if end else clause

    def _attached(self, span: _Span, after: str, words: int) -> bool:
        """Whether what follows says whose words these were."""
        if not after.strip():
            return False
        inner = self._text[span.start : span.end].rstrip()
        opens = inner[-1:] in ",，!?！？،" or after.lstrip()[:1] in ",，،—–-"
        near = " ".join(after.split()[:_NEAR_WORDS])
        verb = self._finder.first_verb(near) or _inverted(near)
        named = any(True for _ in self._named(span.outer_end, span.outer_end + len(near)))
        if verb:
            return opens or words > _FEW or verb.start() < 3
        return opens and words > _FEW and named and (after.lstrip()[:1] in "—–" or inner[-1:] == ",")

    def _in_clause(self, clause: str, at: int, verb: re.Match[str] | None, *, strict: bool) -> Speaker | None:
        """Who speaks by this clause: the name nearest the verb, or what stands for a name there."""
        named = list(self._named(at, at + len(clause)))
        place = (verb.start(), verb.end()) if verb else (0, 0) if strict else (len(clause), len(clause))
        stand_in = self._finder.subject(clause[max(place[0] - 24, 0) : place[1] + 24]) if verb or not named else None
        close = min(named, key=lambda s: _distance(s, at + place[0], at + place[1]), default=None)
        if stand_in == "person" and (close is None or _distance(close, at + place[0], at + place[1]) > 24 or strict):
            gap = _distance(close, at + place[0], at + place[1]) if close else 999
            if gap > 3:
                return self._latest(at, person=True) or self._latest(at, person=False) or self._next(at + len(clause))
        if stand_in == "office" and not any(s.person for s in named):
            close = None
        if (close is None or not close.person) and (found := _by_script(clause, verb, anything=close is None)):
            return self._full(found, at)
        if close:
            people = [s for s in named if s.person]
            return people[0] if people and not close.person and not verb else close
        if stand_in is None and verb and (word := _CAPITAL_BEFORE.search(clause[: verb.start()])):
            return Speaker(at + word.start(1), at + word.end(1), word[1], False, None)
        wanted = stand_in != "body"
        return self._latest(at, person=wanted) or self._latest(at, person=not wanted) or self._next(at + len(clause))

    def _unattributed(self, span: _Span, before: str, words: int) -> Speaker | None:
        """A whole sentence between marks goes on with what the last speaker said."""
        if words > _FEW and not before.strip() and self._text[span.start : span.end].rstrip()[-1:] in _TERMINAL and self._last:
            return self._last
        return None

    def _named(self, start: int, end: int) -> Iterator[Speaker]:
        for number in range(bisect_left(self._starts, start), bisect_left(self._starts, end)):
            yield self._speakers[number]

    def _latest(self, at: int, *, person: bool) -> Speaker | None:
        """Who was named last before `at`."""
        newest = bisect_right(self._starts, at) - 1
        for number in range(newest, max(newest - _REMEMBERED, -1), -1):
            speaker = self._speakers[number]
            if speaker.person == person:
                return self._last if self._last and self._last.person == person and speaker.start < self._last_at - _REACH else speaker
        return self._last if self._last and self._last.person == person else None

    def _next(self, at: int) -> Speaker | None:
        """A person who is named only behind the quotation."""
        return next((s for s in self._named(at, at + 2 * _REACH) if s.person), None)

    def _full(self, name: str, at: int) -> Speaker:
        if speaker := self._people.get(key(name)):
            return speaker
        return Speaker(at, at, name, True, None)


_CAPITAL_BEFORE = re.compile(r"([A-ZÀ-ÞА-ЯЁ][\w&.-]+)\s+(?:(?:ha|a|has|had|hat|также|уже)\s+)?$")
# How many names back a pronoun may lead.
_REMEMBERED = 12


def _marked(text: str) -> Iterator[_Span]:
    """Everything between marks, in order."""
    done = 0
    for at in sorted(chain.from_iterable(places(text, mark) for mark in _OPENING)):
        if at >= done and (match := _MARKS.match(text, at)):
            done = match.end()
            yield _span(match)


def _inverted(words: str) -> re.Match[str] | None:
    """ "dit-il", "a-t-elle"."""
    return _INVERTED.search(words) if "-t-" in words or "-il" in words or "-elle" in words else None


def _span(match: re.Match[str]) -> _Span:
    start, end = match.span(match.lastgroup or 0)
    inner = match.group(match.lastgroup or 0)
    return _Span(start + len(inner) - len(inner.lstrip()), end - len(inner) + len(inner.rstrip()), match.start(), match.end())


def _outside(speakers: Sequence[Speaker], spans: Sequence[_Span]) -> list[Speaker]:
    """Only the speakers that are not named between marks."""
    starts = [span.outer_start for span in spans]
    return [s for s in speakers if not ((n := bisect_right(starts, s.start) - 1) >= 0 and s.start < spans[n].outer_end)]


def _distance(speaker: Speaker, start: int, end: int) -> int:
    # A subject stands before its verb more often than behind it.
    return start - speaker.end if speaker.end <= start else max(speaker.start - end, 0) + 1


def _by_script(clause: str, verb: re.Match[str] | None, *, anything: bool) -> str | None:
    """A person's name where no capitals show it: in Chinese behind a title before the verb, in Arabic (where nothing else is named) beside the verb."""
    if not verb:
        return None
    if _ARABIC.search(clause):
        return _arabic(clause, verb) if anything else None
    match = _HAN_NAME.search(clause[max(verb.start() - 24, 0) : verb.start()])
    return match[1] or match[2] if match else None


def _arabic(clause: str, verb: re.Match[str]) -> str | None:
    behind = clause[verb.end() :].strip(' :،,"«“').split()
    while behind and behind[0].startswith("ال"):
        behind = behind[1:]
    before = clause[: verb.start()].split()
    words = behind[:2] if len(behind) >= 2 and clause.rstrip().endswith(":") else before[-2:] if len(before) >= 2 else []
    return " ".join(words) if words else None


def _is_sentence(text: str, span: _Span) -> bool:
    return _count(text[span.start : span.end]) > 6 or text[span.start : span.end].rstrip()[-1:] in ",.!?，。"


def _count(words: str) -> int:
    """Words; two Chinese characters count as one."""
    han = 0 if words.isascii() else len(_CJK.findall(words))
    return len(_WORD.findall(_CJK.sub(" ", words) if han else words)) + (han + 1) // 2
