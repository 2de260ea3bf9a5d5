"""The date that a page shows its readers: the first one in a short line near the headline, or in a line that is named as a date;

else in the dateline of the first sentences ("GENEVA, 12 March 2024 –"), else behind words such as "posted on".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from igwire.extract.blocks import Block, tokens_of

# Names of the months as far as they are needed to tell them apart, January first; English, German, French, Spanish, Portuguese,
# Italian, Dutch, Russian, Polish, Ukrainian, Turkish, Swedish and Arabic. Longer names begin with these.
_MONTHS = (
    "jan janv ene gen янв sty січ oca يناير", "feb fév fev févr фев lut лют şub فبراير", "mar mär mrz maa мар березн مارس", "apr avr abr апр kwi квіт nis أبريل ابريل",
    "may mai mayo maio mag mei мая май maj трав مايو", "jun juin giu июн cze черв haz يونيو", "jul juil lug июл lip лип tem يوليو", "aug août aoû ago авг sie серп ağu أغسطس اغسطس",
    "sep set сен wrz верес eyl سبتمبر", "oct okt out ott окт paź жовт eki أكتوبر اكتوبر", "nov ноя lis листоп kas نوفمبر", "dec dez déc dic дек gru груд ara ديسمبر",
)  # fmt: skip
_NUMBER = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
# The months' names of the Levant, which are also written before or after the others: "نيسان / أبريل".
_LEVANT = "كانون الثاني|شباط|آذار|نيسان|أيار|حزيران|تموز|آب|أيلول|تشرين الأول|تشرين الثاني|كانون الأول"
_NUMBER.update({name: number for number, name in enumerate(_LEVANT.split("|"), 1)})
_NAMES = "|".join(sorted(map(re.escape, _NUMBER), key=len, reverse=True))
_YEAR = r"((?:19|20)\d\d)"
# As C and Java print a moment: "Mon Oct 11 14:57:21 CEST 2021".
_CTIME = re.compile(rf"\b({_NAMES})\w* +(\d\d?) \d\d:\d\d:\d\d (?:[A-Z]{{2,5}} )?{_YEAR}(?!\d)", re.IGNORECASE)
# Two digits of a year are only read between points, as they are written with the day first.
_SHORT_YEAR = re.compile(r"(?<![\d.])(\d\d)\.(\d\d)\.(\d\d)(?![\d.])")
_MAY_HAVE_DAY = re.compile(rf"{_YEAR}|{_SHORT_YEAR.pattern}")
_YEAR_FIRST = re.compile(rf"(?<!\d){_YEAR}\s?[-/.年년]\s?(\d\d?)\s?[-/.月월]\s?(\d\d?)(?!\d)")
_DAY_FIRST = re.compile(rf"(?<!\d)(\d\d?)\s?[./-]\s?(\d\d?)\s?[./-]\s?{_YEAR}(?!\d)")
_DAY_NAME = re.compile(
    rf"(?<!\d)(\d\d?)(?:st|nd|rd|th|er|º|\.)?(?:\s+de|\s+of)?[\s./-]+({_NAMES})\w*\.?(?:\s*/\s*\w+)?,?(?:\s+de|\s+del)?[\s./-]+{_YEAR}(?!\d)", re.IGNORECASE
)
_NAME_DAY = re.compile(rf"\b({_NAMES})\w*\.?\s+(\d\d?)(?:st|nd|rd|th)?,?\s+{_YEAR}(?!\d)", re.IGNORECASE)
# Elements without a space between them: "3 May 202121:25".
_GLUED = re.compile(r"(?<=\d)(?=(?:[01]\d|2[0-3]):[0-5]\d(?!\d))")
# The clearest first.
_FORMS = (_YEAR_FIRST, _DAY_NAME, _NAME_DAY, _CTIME, _DAY_FIRST, _SHORT_YEAR)
# A line that tells a date is short; the headline's neighbours are the lines this near.
_WORDS = 30
# A dateline stands in the first signs of its paragraph: nothing or a place before the day, a dash or the like behind it.
_DATELINE, _FIRST = 70, 5
_PLACE = re.compile(r"(?:[^\W\d_][\w.'’-]*\s+){0,4}[^\W\d_][\w.'’-]*(?:\s*[,/(–—-])+\s*")
_PARTICLES = frozenset(["de", "da", "do", "di", "del", "der", "la", "le", "of", "am", "an", "sur", "el", "al"])
_ENDS_DATELINE = re.compile(r"\)?\.?\s*[-–—:|„“”\"«»]|\)")
# Words before a day that name it as the text's own, as blogs print it below their texts.
_SAID = re.compile(
    r"\b(?:posted|published|veröffentlicht|geschrieben|verfasst|erstellt|wurde (?:\w+ )?am|publi[ée]e?|publicad[oa]|pubblicato|geplaatst|gepubliceerd|опубликован\w*)\b",
    re.IGNORECASE,
)
_SAID_NEAR, _SAID_WORDS = 60, 80
# Words that name a day as the last change's.
_CHANGED = re.compile(
    r"\b(?:updated?|modified|edited|reviewed|aktualisier\w+|geändert|mis(?:e)? à jour|actualizad[oa]|aggiornat[oa]|atualizad[oa]|bijgewerkt|обновлен\w*)\b",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"(?<![\d.])([01]?\d|2[0-3])[:h.]([0-5]\d)(?:[:.]\d\d)?(?:\s*([ap])\.?\s?m\b)?(?!\d)", re.IGNORECASE)
# A line that is a day and little else; below the headline as far as a byline and a row of buttons may push it.
_FEW_WORDS, _UNDER = 8, 20
_BEFORE, _AFTER = 8, 14
_NAMED = frozenset(("date", "time", "published", "publish", "datetime", "timestamp", "pubdate", "posted", "datum", "fecha", "meta", "byline", "dateline"))


@dataclass(frozen=True, slots=True)
class BareLine:
    """A line that holds a day (YYYY-MM-DD), perhaps a clock (hour and minute), and nothing else."""

    day: str
    clock: tuple[int, int] | None


class Shown:
    """The days that a page's lines show, as YYYY-MM-DD, each looked for when it is first asked for; None where no line shows one.

    `language` (primary tag) settles whether 3/4 is in March or in April; `title` tells the article's headline from a heading that is the site's name.
    """

    def __init__(self, blocks: list[Block], language: str, title: str = "") -> None:
        self._blocks, self._language = blocks, language
        self._first = next((i for i, b in enumerate(blocks) if b.good), len(blocks))
        headings = [i for i, b in enumerate(blocks) if b.frame.tag == "h1"]
        self._heading = max((i for i in headings if blocks[i].text in title), key=lambda i: len(blocks[i].text), default=headings[0] if headings else None)

    @cached_property
    def day(self) -> str | None:
        """Near the headline, else in a dateline, else behind words such as "posted on"."""
        datelines = (_dateline(block.text, self._language) for block in self._blocks[self._first : self._first + _FIRST])
        short = (block.text for block in self._blocks if len(block.tokens) <= _SAID_WORDS and _MAY_HAVE_DAY.search(block.text))
        said = self._read(behind for text in short for behind in _behind_words(text))
        return self.at_headline or next((day for day in chain(datelines, said) if day), None)

    @cached_property
    def at_headline(self) -> str | None:
        """In a short line near the headline or in one that is named as a date."""
        return next(self._read(line.text for line in self._likely), None)

    @cached_property
    def said(self) -> str | None:
        """In such a line, behind words such as "posted on": what else stands there may be today's date."""
        return next(self._read(behind for line in self._likely for behind in _behind_words(line.text)), None)

    @cached_property
    def under_headline(self) -> str | None:
        """Between the headline and the first sentence, in a line that says little else and nothing of a change."""
        return next(self._read(line.text for line in self._byline() if not _CHANGED.search(line.text)), None)

    @cached_property
    def bare_lines(self) -> list[BareLine]:
        """All lines that hold nothing but a day, in reading order."""
        short = (block.text for block in self._blocks if len(block.tokens) <= _FEW_WORDS and _MAY_HAVE_DAY.search(block.text))
        return [line for text in short if (line := _bare(text, self._language))]

    @property
    def alone(self) -> str | None:
        """In the first line that holds a day and a clock and nothing else, as forums head their posts, else the only day that has lines to itself."""
        clocked = next((line.day for line in self.bare_lines if line.clock), None)
        days = {line.day for line in self.bare_lines}
        return clocked or (days.pop() if len(days) == 1 else None)

    def _read(self, texts: Iterable[str]) -> Iterator[str]:
        return (day for text in texts if (day := read_day(text, self._language)))

    def _byline(self) -> Iterator[Block]:
        if self._heading is None:
            return
        for block in self._blocks[self._heading + 1 : self._heading + _UNDER]:
            if block.good:
                return
            if len(block.tokens) <= _FEW_WORDS and _MAY_HAVE_DAY.search(block.text):
                yield block

    @cached_property
    def _likely(self) -> list[Block]:
        """Short lines with a year, the likeliest first: what follows the headline, what precedes it, what is named a date, what precedes the first sentence."""
        blocks, heading = self._blocks, self._heading
        parts = [blocks[max(self._first - _BEFORE, 0) : self._first + 3]]
        if heading is not None:
            parts[:0] = [blocks[heading : heading + _AFTER], blocks[max(heading - _BEFORE, 0) : heading]]
        named = [b for b in blocks if not _NAMED.isdisjoint(b.frame.words)]
        lines = chain(*parts[:-1], named, parts[-1])
        return [b for b in lines if len(b.tokens) <= _WORDS and _MAY_HAVE_DAY.search(b.text)]


def _dateline(text: str, language: str) -> str | None:
    """The day before the first sentence, alone or behind a place: "Karlsruhe, (12.11.2021). ", "3 May 2021 – "."""
    head = text[:_DATELINE]
    match = _first_day(head)
    if match is None or not _ENDS_DATELINE.match(match.string, match.end()):
        return None
    place = _PLACE.fullmatch(match.string[: match.start()])
    before = match.string[: match.start()].rstrip("( ")
    named = place and not any(word[:1].islower() and word not in _PARTICLES for word in before.split())
    return _read(match, language) if named or not before else None


def _behind_words(text: str) -> Iterator[str]:
    if match := _SAID.search(text):
        yield text[match.end() : match.end() + _SAID_NEAR]


def _bare(text: str, language: str) -> BareLine | None:
    match = _first_day(text)
    day = _read(match, language) if match else None
    if match is None or day is None:
        return None
    rest = f"{match.string[: match.start()]} {match.string[match.end() :]}"
    clock = _CLOCK.search(rest)
    rest = _CLOCK.sub(" ", rest)
    # What is left may name the weekday and the hours; a colon names what the day is ("Registered: ").
    if len(tokens_of(rest)) > (2 if clock else 1) or ":" in rest or _CHANGED.search(rest):
        return None
    return BareLine(day, _hour_and_minute(clock) if clock else None)


def _hour_and_minute(clock: re.Match[str]) -> tuple[int, int]:
    hour, half = int(clock[1]), (clock[3] or "").lower()
    return (hour % 12 + (12 if half == "p" else 0) if half else hour), int(clock[2])


def read_day(text: str, language: str) -> str | None:
    """The first day printed in a line, None when there is none or it can be read in two ways."""
    match = _first_day(text)
    return _read(match, language) if match else None


def _first_day(text: str) -> re.Match[str] | None:
    text = _GLUED.sub(" ", text)
    return next((match for form in _FORMS if (match := form.search(text))), None)


def _read(match: re.Match[str], language: str) -> str | None:
    if match.re is _YEAR_FIRST:
        return _day(match[1], match[2], match[3])
    if match.re is _DAY_NAME:
        return _day(match[3], _NUMBER[match[2].lower()], match[1])
    if match.re in (_NAME_DAY, _CTIME):
        return _day(match[3], _NUMBER[match[1].lower()], match[2])
    if match.re is _SHORT_YEAR:
        return _day(f"20{match[3]}", match[2], match[1])
    first, second = int(match[1]), int(match[2])
    if second > 12:
        return _day(match[3], first, second)
    if first > 12 or first == second or language != "en" or "." in match[0]:
        return _day(match[3], second, first)
    return None


def _day(year: str | int, month: str | int, day: str | int) -> str | None:
    return f"{year}-{int(month):02}-{int(day):02}" if 1 <= int(month) <= 12 and 1 <= int(day) <= 31 else None
