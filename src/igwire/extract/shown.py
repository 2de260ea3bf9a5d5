"""The date that a page shows its readers: the first one in a short line near the headline, or in a line that is named as a date."""

from __future__ import annotations

import re
from collections.abc import Iterator

from igwire.extract.blocks import Block

# Names of the months as far as they are needed to tell them apart, January first; English, German, French, Spanish, Portuguese,
# Italian, Dutch, Russian, Polish, Ukrainian, Turkish, Swedish and Arabic. Longer names begin with these.
_MONTHS = (
    "jan janv ene gen янв sty січ oca يناير", "feb fév fev févr фев lut лют şub فبراير", "mar mär mrz maa мар березн مارس", "apr avr abr апр kwi квіт nis أبريل ابريل",
    "may mai mayo maio mag mei мая май maj трав مايو", "jun juin giu июн cze черв haz يونيو", "jul juil lug июл lip лип tem يوليو", "aug août aoû ago авг sie серп ağu أغسطس اغسطس",
    "sep set сен wrz верес eyl سبتمبر", "oct okt out ott окт paź жовт eki أكتوبر اكتوبر", "nov ноя lis листоп kas نوفمبر", "dec dez déc dic дек gru груд ara ديسمبر",
)  # fmt: skip
_NUMBER = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_NAMES = "|".join(sorted(map(re.escape, _NUMBER), key=len, reverse=True))
_YEAR = r"((?:19|20)\d\d)"
_YEAR_FIRST = re.compile(rf"(?<!\d){_YEAR}\s?[-/.年년]\s?(\d\d?)\s?[-/.月월]\s?(\d\d?)(?!\d)")
_DAY_FIRST = re.compile(rf"(?<!\d)(\d\d?)\s?[./-]\s?(\d\d?)\s?[./-]\s?{_YEAR}(?!\d)")
_DAY_NAME = re.compile(
    rf"(?<!\d)(\d\d?)(?:st|nd|rd|th|er|º|\.)?(?:\s+de|\s+of)?[\s./-]+({_NAMES})\w*\.?,?(?:\s+de|\s+del)?[\s./-]+{_YEAR}(?!\d)", re.IGNORECASE
)
_NAME_DAY = re.compile(rf"\b({_NAMES})\w*\.?\s+(\d\d?)(?:st|nd|rd|th)?,?\s+{_YEAR}(?!\d)", re.IGNORECASE)
# A line that tells a date is short; the headline's neighbours are the lines this near.
_WORDS = 30
_BEFORE, _AFTER = 8, 14
_NAMED = frozenset(("date", "time", "published", "publish", "datetime", "timestamp", "pubdate", "posted", "datum", "fecha", "meta", "byline", "dateline"))


def shown_day(blocks: list[Block], language: str) -> str | None:
    """The day as YYYY-MM-DD, None when no line shows one. `language` (primary tag) settles whether 3/4 is in March or in April."""
    for block in _likely(blocks):
        if day := read_day(block.text, language):
            return day
    return None


def _likely(blocks: list[Block]) -> Iterator[Block]:
    heading = next((i for i, b in enumerate(blocks) if b.frame.tag == "h1"), None)
    short = [b for b in blocks if len(b.tokens) <= _WORDS]
    if heading is not None:
        near = blocks[max(heading - _BEFORE, 0) : heading + _AFTER]
        yield from (b for b in near if len(b.tokens) <= _WORDS)
    yield from (b for b in short if not _NAMED.isdisjoint(b.frame.words))
    first = next((i for i, b in enumerate(blocks) if b.good), len(blocks))
    yield from (b for b in blocks[max(first - _BEFORE, 0) : first + 3] if len(b.tokens) <= _WORDS)


def read_day(text: str, language: str) -> str | None:
    """The first day printed in a line, None when there is none or it can be read in two ways."""
    if match := _YEAR_FIRST.search(text):
        return _day(match[1], match[2], match[3])
    if match := _DAY_NAME.search(text):
        return _day(match[3], _NUMBER[match[2].lower()], match[1])
    if match := _NAME_DAY.search(text):
        return _day(match[3], _NUMBER[match[1].lower()], match[2])
    if match := _DAY_FIRST.search(text):
        first, second = int(match[1]), int(match[2])
        if second > 12:
            return _day(match[3], first, second)
        if first > 12 or first == second or language != "en" or "." in match[0]:
            return _day(match[3], second, first)
    return None


def _day(year: str | int, month: str | int, day: str | int) -> str | None:
    return f"{year}-{int(month):02}-{int(day):02}" if 1 <= int(month) <= 12 and 1 <= int(day) <= 31 else None
