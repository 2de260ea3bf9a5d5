"""One entity of the knowledge base, and what can be wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from igwire.model import MENTION_TYPES

_ID = re.compile(r"[a-z]+:[a-z0-9][a-z0-9-]*")
_QID = re.compile(r"Q[1-9]\d*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]+)?")
_DAY = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One entity. Names in `aliases` stand by themselves; so do the acronyms in `clear`; all others need support from the document.

    `acronyms` are matched case-sensitively and need the long form or another entity; `short` (a surname) needs the full name,
    or one of the entities in `context`, or, when `distinctive`, any other entity; `with_context` (a common word) needs two others.
    Days are YYYY, YYYY-MM or YYYY-MM-DD.
    """

    id: str
    type: str
    name: str
    qid: str | None = None
    qid_source: str = ""
    # Names by language (BCP-47); the canonical name itself is not repeated.
    aliases: dict[str, list[str]] = field(default_factory=dict)
    acronyms: list[str] = field(default_factory=list)
    clear: list[str] = field(default_factory=list)
    short: list[str] = field(default_factory=list)
    with_context: list[str] = field(default_factory=list)
    # Entities one of which supports a weak name.
    context: list[str] = field(default_factory=list)
    # Words one of which supports a weak name; words one of which forbids any link.
    words: list[str] = field(default_factory=list)
    unless: list[str] = field(default_factory=list)
    # Only `context` and `words` support its weak names; other entities of the subject do not.
    needs_context: bool = False
    distinctive: bool = False
    # Names that another entity bears too, on purpose: the linker chooses.
    shared: list[str] = field(default_factory=list)
    # Names of a place's people and adjectives, by language.
    demonyms: dict[str, list[str]] = field(default_factory=dict)
    # When it existed; when it bore a name: [first day or null, last day or null].
    valid_from: str | None = None
    valid_to: str | None = None
    periods: dict[str, list[str | None]] = field(default_factory=dict)
    # ISO 3166-1 alpha-2 of the country that a place is, or lies in; `level` "country" for the country itself.
    country: str | None = None
    level: str | None = None
    # Degrees north and east of a place; for a country its capital's.
    coordinates: list[float] = field(default_factory=list)
    # Meetings: the body or event that they belong to, first and last day, town, and where the days come from.
    series: str | None = None
    start: str | None = None
    end: str | None = None
    held_at: str | None = None
    dates_source: str = ""
    # Offices of a person: role, organisation (an id), from, to, source.
    roles: list[dict[str, str]] = field(default_factory=list)
    note: str = ""

    def names(self) -> Iterator[str]:
        """Every name, the canonical one first, each once; demonyms are none."""
        listed = [self.name, *(a for names in self.aliases.values() for a in names), *self.acronyms, *self.clear, *self.short, *self.with_context]
        yield from dict.fromkeys(listed)

    def languages(self) -> set[str]:
        """Languages in which it has a name (primary tags); the canonical name is English, or used in English."""
        return {"en", *(code.split("-")[0] for code, names in self.aliases.items() if names)}

    def was_named(self, name: str, day: str | None) -> bool:
        """Whether it could bear the name on that day (RFC 3339 or a part of it); true when the day or the period is unknown."""
        first, last = self.periods.get(name, [self.valid_from, self.valid_to])
        return day is None or not ((first and day[: len(first)] < first) or (last and day[: len(last)] > last))

    def references(self) -> Iterator[tuple[str, str]]:
        """Ids of other entities that it names, with the field's name."""
        yield from (("context", other) for other in self.context)
        yield from (("series", other) for other in [self.series] if other)
        yield from (("roles", role["organisation"]) for role in self.roles if "organisation" in role)


FIELDS = frozenset(Entity.__dataclass_fields__)


def faults(entity: Entity) -> Iterator[tuple[str, str]]:
    """What is wrong with the entity by itself: (field, message)."""
    if not _ID.fullmatch(entity.id):
        yield "id", "an id looks like org:icann"
    if entity.type not in MENTION_TYPES:
        yield "type", f"type {entity.type!r} is not one of {', '.join(MENTION_TYPES)}"
    if entity.qid is not None and not (_QID.fullmatch(entity.qid) and entity.qid_source):
        yield "qid", f"qid {entity.qid!r} must look like Q42 and name its source in qid_source"
    if entity.country is not None and not re.fullmatch("[A-Z]{2}", entity.country):
        yield "country", f"country {entity.country!r} must be two capital letters (ISO 3166-1)"
    for name in ("aliases", "demonyms"):
        if bad := [code for code in getattr(entity, name) if not _LANGUAGE.fullmatch(code)]:
            yield name, f"{bad[0]!r} is no language code"
    if not all(isinstance(name, str) and name.strip() == name and name for name in entity.names()):
        yield "aliases", "every name must be text without spaces around it"
    if entity.coordinates and not _on_earth(entity.coordinates):
        yield "coordinates", "coordinates are [degrees north, degrees east]"
    yield from _date_faults(entity)


def _on_earth(coordinates: list[float]) -> bool:
    return len(coordinates) == 2 and -90 <= coordinates[0] <= 90 and -180 <= coordinates[1] <= 180


def _date_faults(entity: Entity) -> Iterator[tuple[str, str]]:
    spans = [("start", entity.start, entity.end), ("valid_from", entity.valid_from, entity.valid_to)]
    spans += [("periods", *(period if len(period) == 2 else ("?", "?"))) for period in entity.periods.values()]
    spans += [("roles", role.get("from"), role.get("to")) for role in entity.roles]
    for name, first, last in spans:
        if bad := [day for day in (first, last) if day is not None and not (isinstance(day, str) and _DAY.fullmatch(day))]:
            yield name, f"{bad[0]!r} is no day: write 2015, 2015-12 or '2015-12-16' in quotes"
        elif first and last and last[: len(first)] < first[: len(last)]:
            yield name, f"it ends ({last}) before it begins ({first})"
    if entity.start and not entity.dates_source:
        yield "start", "dates need a dates_source (write 'unverified' where there is none)"
    if unknown := set(entity.periods) - set(entity.names()):
        yield "periods", f"{min(unknown)!r} is none of its names"
