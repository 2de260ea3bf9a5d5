"""People whom the knowledge base does not know, by rules: a title before the name, a verb of speech beside it, an apposition behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_WORD = r"[A-ZÀ-ÖØ-ÞŁŚŠŽĆČ][\w'’-]*[\w]"
_NAME = rf"{_WORD}(?:\s(?:(?:de|da|del|van|von|der|bin|al|el|la|di|dos)\s)?{_WORD}){{1,3}}"
_TITLE = r"(?:Mr|Mrs|Ms|Miss|Dr|Prof|Professor|Sir|Dame|Lord|Lady|Senator|Judge|Ambassador)\.?"
_SPEECH = r"(?:said|says|told|added|argued|warned|noted|asked|wrote|explained|replied|insisted|recalled|observed)"
_ROLE = (
    r"(?:professor|researcher|lecturer|fellow|director|head|chief|chair|chairman|chairwoman|president|analyst|lawyer|engineer|minister|"
    r"spokes(?:man|woman|person)|secretary|editor|founder|co-founder|activist|expert|delegate|diplomat|counsel|manager|officer|adviser|advisor)"
)
_RULES = (
    ("title", re.compile(rf"\b(?P<title>{_TITLE})\s(?P<name>{_WORD}(?:\s{_WORD}){{0,2}})")),
    ("speech", re.compile(rf"(?:(?<=[\"”’»,])\s|\b){_SPEECH}\s(?P<name>{_NAME})(?=[,.;]|\sof\b|\sat\b|\swho\b|\sin\b)")),
    ("speech", re.compile(rf"(?P<name>{_NAME}),?\s{_SPEECH}\b")),
    ("apposition", re.compile(rf"(?P<name>{_NAME}),\s(?:an?|the)\s(?:[\w-]+\s){{0,3}}{_ROLE}\b")),
)
# First words that make a capitalised phrase something else than a person.
_NOT_FIRST = frozenset(
    [
        "The",
        "A",
        "An",
        "This",
        "That",
        "These",
        "Those",
        "Many",
        "Some",
        "Most",
        "Several",
        "Other",
        "Others",
        "Both",
        "All",
        "Each",
        "No",
        "One",
        "Two",
        "In",
        "On",
        "At",
        "By",
        "For",
        "From",
        "But",
        "And",
        "Or",
        "If",
        "When",
        "While",
        "After",
        "Before",
        "Since",
        "Yet",
        "Still",
        "However",
        "Foreign",
        "Former",
        "State",
        "National",
        "International",
        "Global",
        "Internet",
        "World",
        "United",
        "European",
        "Chinese",
        "American",
        "Russian",
        "British",
        "New",
        "South",
        "North",
        "East",
        "West",
        "Its",
        "His",
        "Her",
        "Their",
        "Our",
        "My",
        "Last",
        "First",
        "Second",
        "Human",
        "Digital",
        "Civil",
        "Chief",
        "Prime",
        "Vice",
        "Foreign",
        "Officials",
        "Government",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ]
)
_INSTITUTION = re.compile(
    r"(?:University|Institute|Council|Commission|Ministry|Agency|Foundation|Group|Forum|Association|Union|Committee|Court|Bank|House|Centre|Center|Society|Office|"
    r"Lab|Labs|Inc|Ltd|Corp|Party|Parliament|Congress|Network|Bureau|Department|Authority|Conference|Summit|Times|News|Post|Press|Street|Project|Alliance)$"
)


@dataclass(frozen=True, slots=True)
class Person:
    """A person's name in the text; `title` is part of the span when it stands before a single word ("Ms Kam")."""

    start: int
    end: int
    name: str
    rule: str


def people(text: str) -> Iterator[Person]:
    """Names of people by rule; the same place may come from several rules."""
    for rule, pattern in _RULES:
        for match in pattern.finditer(text):
            name = match["name"]
            if name.split()[0] in _NOT_FIRST or _INSTITUTION.search(name):
                continue
            start = match.start("title") if rule == "title" else match.start("name")
            yield Person(start, match.end("name"), name, rule)


def titled(text: str) -> set[str]:
    """The single words that stand behind a title somewhere in the text (Xi in "Mr Xi")."""
    return {match["name"].split()[0] for match in _RULES[0][1].finditer(text)}
