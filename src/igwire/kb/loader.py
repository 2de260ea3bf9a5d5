"""Reading and checking the knowledge base; every fault is named by file and line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from igwire.errors import CatalogueError
from igwire.model import MENTION_TYPES

HERE = Path(__file__).parent
_ID = re.compile(r"[a-z]+:[a-z0-9][a-z0-9-]*")
_QID = re.compile(r"Q[1-9]\d*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One entity. Names in `aliases` stand by themselves; all others need support from the document.

    `acronyms` are matched case-sensitively and need the long form or another entity; `short` (a surname) needs the full name,
    or one of the entities in `context`, or, when `distinctive`, any other entity; `with_context` (a common word) needs two others.
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
    context: list[str] = field(default_factory=list)
    # Words one of which supports a weak name; words one of which forbids any link.
    words: list[str] = field(default_factory=list)
    unless: list[str] = field(default_factory=list)
    # Only `context` and `words` support its weak names; other entities of the subject do not.
    needs_context: bool = False
    # Names of a place's people and adjectives, by language: they tell the country, and are no mention.
    demonyms: dict[str, list[str]] = field(default_factory=dict)
    # Degrees north and east of a place; for a country its capital's.
    coordinates: list[float] = field(default_factory=list)
    distinctive: bool = False
    # ISO 3166-1 alpha-2 of the country that a place is, or lies in; `level` "country" for the country itself.
    country: str | None = None
    level: str | None = None
    note: str = ""

    def was_named(self, name: str, day: str | None) -> bool:
        """Whether it bore the name on that day; always true when the day or the name's period is unknown."""
        return True

    def names(self) -> Iterator[str]:
        """Every name, the canonical one first, each once."""
        listed = [self.name, *(a for names in self.aliases.values() for a in names), *self.acronyms, *self.clear, *self.short, *self.with_context]
        yield from dict.fromkeys(listed)


_FIELDS = set(Entity.__dataclass_fields__)


@dataclass(frozen=True)
class KnowledgeBase:
    """All entities by id; `version` is a hash of their files' content."""

    by_id: dict[str, Entity]
    version: str

    @cached_property
    def by_name(self) -> dict[str, list[Entity]]:
        """Entities by each of their names, case folded."""
        found: dict[str, list[Entity]] = {}
        for entity in self.by_id.values():
            for name in {n.casefold() for n in entity.names()}:
                found.setdefault(name, []).append(entity)
        return found

    def search(self, text: str) -> list[Entity]:
        """Entities with a name that contains the text, exact matches first."""
        wanted = text.casefold()
        exact = self.by_name.get(wanted, [])
        partly = [e for e in self.by_id.values() if e not in exact and any(wanted in n.casefold() for n in e.names())]
        return [*exact, *partly]


def load(folder: Path = HERE) -> KnowledgeBase:
    """Read all `*.yaml` below a folder. Raises CatalogueError at the first fault, with file and line."""
    by_id: dict[str, Entity] = {}
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.yaml")):
        content = file.read_bytes()
        digest.update(content)
        for number, raw in enumerate(_read(file, content)):
            try:
                entity = _entity(raw, by_id)
            except ValueError as error:
                raise CatalogueError(str(error), file=str(file), line=_line_of(content, number)) from error
            by_id[entity.id] = entity
    _check_context(by_id, folder)
    return KnowledgeBase(by_id, digest.hexdigest()[:12])


def _read(file: Path, content: bytes) -> list[Any]:
    try:
        loaded = yaml.load(content, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise CatalogueError(f"not readable as YAML: {error}", file=str(file), line=mark.line + 1 if mark else None) from error
    if not isinstance(loaded, list):
        raise CatalogueError("it must hold a list of entities", file=str(file), line=1)
    return loaded


def _line_of(content: bytes, number: int) -> int | None:
    node = yaml.compose(content, Loader=yaml.CSafeLoader)
    return node.value[number].start_mark.line + 1 if isinstance(node, yaml.SequenceNode) else None


def _entity(raw: Any, known: dict[str, Entity]) -> Entity:
    if not isinstance(raw, dict):
        raise ValueError("an entity must be a mapping of fields")
    if unknown := set(raw) - _FIELDS:
        raise ValueError(f"unknown field {min(map(str, unknown))!r}; known are {', '.join(sorted(_FIELDS))}")
    if missing := [name for name in ("id", "type", "name") if not isinstance(raw.get(name), str)]:
        raise ValueError(f"the field {missing[0]!r} is missing")
    entity = Entity(**raw)
    for fault in _faults(entity, known):
        raise ValueError(f"{entity.id}: {fault}")
    return entity


def _faults(entity: Entity, known: dict[str, Entity]) -> Iterator[str]:
    if entity.id in known:
        yield "this id is used twice"
    if not _ID.fullmatch(entity.id):
        yield "an id looks like org:icann"
    if entity.type not in MENTION_TYPES:
        yield f"type {entity.type!r} is not one of {', '.join(MENTION_TYPES)}"
    if entity.qid is not None and not (_QID.fullmatch(entity.qid) and entity.qid_source):
        yield f"qid {entity.qid!r} must look like Q42 and name its source in qid_source"
    if entity.country is not None and not re.fullmatch("[A-Z]{2}", entity.country):
        yield f"country {entity.country!r} must be two capital letters (ISO 3166-1)"
    if bad := [code for code in entity.aliases if not _LANGUAGE.fullmatch(code)]:
        yield f"{bad[0]!r} is no language code"
    if not all(isinstance(name, str) and name.strip() == name and name for name in entity.names()):
        yield "every name must be text without spaces around it"


def _check_context(by_id: dict[str, Entity], folder: Path) -> None:
    for entity in by_id.values():
        if lost := [other for other in entity.context if other not in by_id]:
            raise CatalogueError(f"{entity.id}: context names {lost[0]!r}, which is no entity", file=str(folder))


def clashes(kb: KnowledgeBase) -> Iterable[tuple[str, list[str]]]:
    """Names that several entities share, with the ids: the linker must choose between them."""
    return ((name, [e.id for e in found]) for name, found in sorted(kb.by_name.items()) if len(found) > 1)
