"""Reading and checking the knowledge base; every fault is named by file and line."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml

from igwire import yamlfile
from igwire.errors import CatalogueError
from igwire.kb.entity import FIELDS, Entity, faults

HERE = Path(__file__).parent


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


@dataclass(frozen=True)
class _Place:
    """Where an entity was read, for messages."""

    file: Path
    content: bytes
    number: int

    def error(self, message: str, field: str | None = None) -> CatalogueError:
        return CatalogueError(message, file=str(self.file), line=self._line(field))

    def _line(self, field: str | None) -> int | None:
        root = yaml.compose(self.content, Loader=yaml.CSafeLoader)
        if not isinstance(root, yaml.SequenceNode):
            return None
        node = root.value[self.number]
        for name, value in node.value if field and isinstance(node, yaml.MappingNode) else []:
            if name.value == field:
                return int((value if value.start_mark.line != name.start_mark.line and isinstance(value, yaml.ScalarNode) else name).start_mark.line) + 1
        return int(node.start_mark.line) + 1


def load(folder: Path = HERE) -> KnowledgeBase:
    """Read all `*.yaml` of a folder. Raises CatalogueError at the first fault, with file and line."""
    by_id: dict[str, Entity] = {}
    places: dict[str, _Place] = {}
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.yaml")):
        content = file.read_bytes()
        digest.update(content)
        for number, raw in enumerate(_read(file, content)):
            place = _Place(file, content, number)
            entity = _entity(raw, place)
            if entity.id in by_id:
                raise place.error(f"{entity.id}: this id is used twice", "id")
            by_id[entity.id], places[entity.id] = entity, place
    kb = KnowledgeBase(by_id, digest.hexdigest()[:12])
    _check_references(kb, places)
    _check_shared_names(kb, places)
    return kb


@lru_cache(maxsize=1)
def packaged() -> KnowledgeBase:
    """The package's own knowledge base, read once a process."""
    return load()


def _read(file: Path, content: bytes) -> list[Any]:
    loaded = yamlfile.read(content, file)
    if not isinstance(loaded, list):
        raise CatalogueError("it must hold a list of entities", file=str(file), line=1)
    return loaded


def _entity(raw: Any, place: _Place) -> Entity:
    if not isinstance(raw, dict):
        raise place.error("an entity must be a mapping of fields")
    if unknown := set(raw) - FIELDS:
        raise place.error(f"unknown field {min(map(str, unknown))!r}; known are {', '.join(sorted(FIELDS))}", min(map(str, unknown)))
    if missing := [name for name in ("id", "type", "name") if not isinstance(raw.get(name), str)]:
        raise place.error(f"the field {missing[0]!r} is missing")
    if wrong := [name for name, value in raw.items() if not _fits(name, value)]:
        raise place.error(f"{raw['id']}: the field {wrong[0]!r} cannot hold {raw[wrong[0]]!r}", wrong[0])
    entity = Entity(**raw)
    for field, message in faults(entity):
        raise place.error(f"{entity.id}: {message}", field)
    return entity


def _fits(name: str, value: Any) -> bool:
    """Whether the value has the field's outer shape: list, mapping, truth value or text."""
    kind = str(Entity.__dataclass_fields__[name].type)
    for prefix, shape in (("list", list), ("dict", dict), ("bool", bool)):
        if kind.startswith(prefix):
            return isinstance(value, shape)
    return isinstance(value, str) or (value is None and "None" in kind)


def _check_references(kb: KnowledgeBase, places: dict[str, _Place]) -> None:
    for entity in kb.by_id.values():
        for field, other in entity.references():
            if other not in kb.by_id:
                raise places[entity.id].error(f"{entity.id}: {field} names {other!r}, which is no entity", field)


def _check_shared_names(kb: KnowledgeBase, places: dict[str, _Place]) -> None:
    for name, ids in clashes(kb):
        for entity in map(kb.by_id.__getitem__, ids):
            if name not in {shared.casefold() for shared in entity.shared}:
                others = ", ".join(i for i in ids if i != entity.id)
                raise places[entity.id].error(f"{entity.id}: {name!r} is a name of {others} too; list it under `shared` in both when that is meant")


def clashes(kb: KnowledgeBase) -> Iterable[tuple[str, list[str]]]:
    """Names that several entities share, with the ids: the linker must choose between them."""
    return ((name, [e.id for e in found]) for name, found in sorted(kb.by_name.items()) if len(found) > 1)


def multilingual(kb: KnowledgeBase, at_least: int = 3) -> Iterator[Entity]:
    """Entities other than places with names in so many languages."""
    return (e for e in kb.by_id.values() if e.type != "place" and len(e.languages()) >= at_least)
