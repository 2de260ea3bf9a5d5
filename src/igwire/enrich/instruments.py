"""Instruments (RFCs, drafts, bills, dockets, resolutions, regulations) and identifiers (CVEs, AS numbers, domain names) by the form of their numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from igwire.enrich.fold import places
from igwire.enrich.names import Found

# As sure as a name that stands by itself.
_SURE = 0.95
_LIKELY = 0.8
# Endings of addresses that texts name by themselves; others only where they are no file and no abbreviation.
_TLD = "com|org|net|int|edu|gov|mil|info|biz|io|ai|eu|uk|de|fr|es|it|nl|ru|su|cn|in|br|mx|ar|cl|co|za|ke|ng|eg|sa|ae|ir|tr|ua|jp|kr|au|ca|ch|se|no|fi|pl|tv|me|tk|ly|app|dev|online|shop|xyz|news|pt|at|be|dk|gr|ie|il|id|my|ph|sg|th|vn|tw|hk|pk|lk|asia|africa"
_RULES: tuple[tuple[str, str, float, re.Pattern[str]], ...] = (
    ("instrument", "RFC number", _SURE, re.compile(r"\b(?:RFC|STD|BCP)[ -]?\d{1,5}\b")),
    ("instrument", "Internet-Draft", _SURE, re.compile(r"\bdraft-[a-z0-9]+(?:-[a-z0-9]+){1,8}\b")),
    ("instrument", "UN document symbol", _SURE, re.compile(r"\b(?:A|S|E|A/HRC|A/AC\.\d{1,3})/(?:RES/|CONF\.\d{1,3}/|C\.\d/)?(?:S-\d{1,2}/)?\d{1,4}(?:/(?:L\.|Add\.|Rev\.)?\d{1,4}){0,2}\b")),
    ("instrument", "resolution number", _SURE, re.compile(r"\b(?:[Rr]esolution|[Rr]ésolution|[Rr]esolución|резолюци[яиюей]{1,2}|Резолюци[яиюей]{1,2}) (?:\d{1,4}(?:[/-]\d{2,4}|\(\d{4}\)| \(\d{4}\))?|[A-Z]{1,3}[-/]\d{1,4})(?![\w/])")),
    ("instrument", "EU act number", _SURE, re.compile(r"(?:\b(?:Regulation|Directive|Decision|Règlement|Reglamento|Directiva|Décision|Verordnung|Richtlinie|règlement|directive|reglamento|directiva) )?\((?:EU|UE|EC|CE)\) (?:No |no |n° |n\.º )?\d{1,4}/\d{2,4}\b|\b(?:Regulation|Directive|Directiva|Richtlinie) \d{2,4}/\d{1,4}(?:/(?:EC|EU|EEC|CE|UE|EG))?\b")),
    ("instrument", "US bill number", _SURE, re.compile(r"\b(?:H\.\s?R\.|S\.|H\.\s?Res\.|S\.\s?Res\.|H\.\s?J\.\s?Res\.) ?\d{1,5}\b(?!\.\d)|\bHR \d{2,5}\b|\b(?:PL|P\.L\.|Public Law) \d{2,3}-\d{1,4}\b")),
    ("instrument", "bill number", _LIKELY, re.compile(r"\b(?:Bill|bill) (?:C-|S-|No\. ?|no\. ?)?\d{1,5}(?:[/-]\d{2,4})?\b|\b(?:PL|PLS|PLP|PEC) \d{1,5}/\d{4}\b|\b(?:законопроект|Законопроект)\w{0,2} № ?\d{3,7}-\d\b")),
    ("instrument", "law number", _LIKELY, re.compile(r"\b\d{1,4}-ФЗ\b|\b(?:Loi|loi) n° ?\d{2,4}-\d{1,5}\b|\b(?:Ley|ley|Lei|lei|Decreto|decreto|Décret|décret) (?:n?[.º°]{0,2}o? ?)?\d{1,3}[.,]?\d{0,3}(?:[/-]\d{2,4})?\b(?= de| du|[,;)])")),
    ("instrument", "docket number", _SURE, re.compile(r"\b(?:WC|GN|MB|WT|ET|IB|CG|PS) Docket (?:No\. ?)?\d{2}-\d{1,4}\b|\b(?:Case|case|Docket|docket|Asunto|asunto|Affaire|affaire)(?: No\.?| n°)? ?(?:[CTF]-\d{1,4}/\d{2}|\d{1,2}:\d{2}-[a-z]{2}-\d{3,6}|\d{2}-\d{2,5})\b|\b[CT]-\d{1,4}/\d{2}(?: P)?\b")),
    ("instrument", "ITU Recommendation", _LIKELY, re.compile(r"\b(?:Recommendation|Recommandation|Recomendación|ITU-T|UIT-T) [A-Z]\.\d{2,5}(?:\.\d{1,3})?\b")),
    ("identifier", "CVE number", _SURE, re.compile(r"\bCVE-\d{4}-\d{4,7}\b")),
    ("identifier", "AS number", _SURE, re.compile(r"\bASN? ?\d{3,10}\b")),
    ("identifier", "IP prefix", _SURE, re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?:/\d{1,2})?(?![\d.]*\d)|\b(?:[0-9a-f]{1,4}:){2,7}:?/\d{1,3}\b")),
    ("identifier", "domain name", _SURE, re.compile(rf"(?<![\w@.\-/])(?:[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?\.){{1,4}}(?:{_TLD})(?![\w@-]|\.\w)")),
)  # fmt: skip


# What every match of a rule holds: looking for a few letters costs far less than the rule, which is tried only around them.
_NEEDS: dict[str, tuple[str, ...]] = {
    "RFC number": ("RFC", "STD", "BCP"), "UN document symbol": ("A/", "S/", "E/"),
    "resolution number": ("esolution", "ésolution", "esolución", "езолюци"), "EU act number": ("(EU)", "(UE)", "(EC)", "(CE)", "egulation ", "irectiv", "ichtlinie"),
    "US bill number": ("H.", "S.", "HR ", "PL ", "P.L.", "Public Law"), "bill number": ("ill ", "PL", "PEC", "аконопроект"),
    "law number": ("-ФЗ", "oi n°", "Ley ", "ley ", "Lei ", "lei ", "ecreto", "écret"), "docket number": ("ocket", "Case", "case", "sunto", "ffaire", "C-", "T-"),
    "ITU Recommendation": ("Recom", "ITU-T", "UIT-T"), "CVE number": ("CVE-",), "AS number": ("AS",),
}  # fmt: skip
_NUMBERS = re.compile(r"\d\.\d|[0-9a-f]:[0-9a-f:]")
# An address begins where these letters begin, at most so many before its last dot.
_OF_ADDRESS, _LONGEST_ADDRESS = "abcdefghijklmnopqrstuvwxyz0123456789.-", 260
_ENDING = re.compile(rf"\.(?=[a-z])(?:{_TLD})\b")
_DIGITS = "0123456789"
# Between a rule's letters and its first digit stand so many characters at most, behind the last digit so many.
_AHEAD, _BEHIND = 40, 5
# No match begins so far ahead of the letters that it needs, or ends so far behind them.
_BEFORE_LETTERS, _AFTER_LETTERS = 30, 100


def _beside_digits(text: str) -> str:
    """What stands beside the numbers of the text: all but two rules speak of numbers."""
    parts: list[str] = []
    done = 0
    for at in sorted(chain.from_iterable(places(text, digit) for digit in _DIGITS)):
        end = at + 1 + _BEHIND
        # Digits in a row, and numbers near each other, share what stands between them.
        if parts and at - _AHEAD <= done:
            parts.append(text[done:end])
        else:
            parts += ("\n", text[max(at - _AHEAD, 0) : end])
        done = end
    return "".join(parts)


def _matches(rule: str, pattern: re.Pattern[str], text: str, beside: str) -> Iterable[re.Match[str]]:
    """All matches of a rule; the text is searched only where it holds what the rule needs."""
    if rule == "domain name":
        return _addresses(pattern, text)
    if rule == "Internet-Draft":
        worth = "draft-" in text
    elif rule == "IP prefix":
        return _around(_dotted(text), pattern, text) if _NUMBERS.search(beside) else ()
    else:
        return _around(chain.from_iterable(places(text, letters) for letters in _NEEDS[rule] if letters in beside), pattern, text)
    return pattern.finditer(text) if worth else ()


def _dotted(text: str) -> Iterator[int]:
    """What every address of four numbers holds, and every prefix of the longer kind."""
    yield from (dot for dot in places(text, ".") if text[dot - 1 : dot].isdigit() and text[dot + 1 : dot + 2].isdigit())
    yield from places(text, ":/")


def _around(needed: Iterable[int], pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Matches near the places of what they need; stretches that overlap are searched as one."""
    low = high = -1
    for at in sorted(needed):
        if at - _BEFORE_LETTERS > high:
            yield from pattern.finditer(text, low, high) if high >= 0 else ()
            low = max(at - _BEFORE_LETTERS, 0)
        high = at + _AFTER_LETTERS
    if high >= 0:
        yield from pattern.finditer(text, low, high)


def _addresses(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Matches of domain names, which begin where the letters of an address begin."""
    done = -1
    for ending in _ENDING.finditer(text):
        dot = ending.start()
        if text[dot - 1 : dot] not in _OF_ADDRESS:
            continue
        before = text[max(dot - _LONGEST_ADDRESS, 0) : dot]
        start = dot - len(before) + len(before.rstrip(_OF_ADDRESS))
        if start > done and (match := pattern.match(text, start)):
            done = match.end()
            yield match


def instruments(text: str) -> list[Found]:
    """Every instrument and identifier whose number the text gives; of two at one place the first rule's."""
    beside = _beside_digits(text)
    taken = bytearray(len(text))
    found = []
    for kind, rule, score, pattern in _RULES:
        for match in _matches(rule, pattern, text, beside):
            start, end = match.span()
            if taken.find(1, start, end) < 0:
                taken[start:end] = b"\x01" * (end - start)
                found.append(Found(start, end, kind, rule, score))
    return found
