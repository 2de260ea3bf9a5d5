"""Reading and checking the topics: `topics.yaml` holds the list, `terms-xx.yaml` the vocabulary of a language.

A file of terms maps a topic's id to rules, one a line or several between semicolons:

    internet shutdown            a phrase, folded; in capitals ("DSA") as it is written
    encrypt*                     every word that begins so
    cut* & <network>             both near each other, in any order; at most three parts
    (ban|bans|banned) & app*     alternatives
    ~ offline                    weak: one by itself makes no topic

Keys that begin with `_` name lists of alternatives for `<…>`; the key `none` holds phrases whose words speak for no topic.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from igwire import yamlfile
from igwire.errors import CatalogueError

HERE = Path(__file__).parent
# The topic of phrases that speak for none.
NONE = "none"
_STRONG, _WEAK = 1.0, 0.5
_MACRO = re.compile(r"<(\w+)>")
_BRACKETS = re.compile(r"\s*(\([^()]*\)|[^()]*)\s*")
_FIELDS = {"id", "title", "scope", "entities", "weak_entities"}


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `entities` (ids in the knowledge base) speak for it by themselves, `weak_entities` beside something else."""

    id: str
    title: str
    scope: str
    entities: tuple[str, ...] = ()
    weak_entities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """Speaks for a topic where one alternative of each part stands near the others. `weight`: 1.0 strong, 0.5 weak."""

    topic: str
    parts: tuple[tuple[str, ...], ...]
    weight: float


@dataclass(frozen=True)
class Topics:
    """All topics by id, and all rules; `version` is a hash of their files' content."""

    by_id: dict[str, Topic]
    rules: tuple[Rule, ...]
    version: str
    languages: tuple[str, ...] = field(default=())


@lru_cache(maxsize=2)
def load(folder: Path = HERE) -> Topics:
    """Read the topics of a folder. Raises CatalogueError at the first fault, with file and line."""
    digest = hashlib.sha256()
    listed = folder / "topics.yaml"
    by_id = {topic.id: topic for topic in _topics(listed, digest)}
    rules: list[Rule] = []
    files = sorted(folder.glob("terms-*.yaml"))
    for file in files:
        rules += _rules(file, by_id, digest)
    return Topics(by_id, tuple(rules), digest.hexdigest()[:12], tuple(file.stem.removeprefix("terms-") for file in files))


def _read(file: Path, digest: Any) -> Any:
    content = file.read_bytes()
    digest.update(content)
    return yamlfile.read(content, file)


def _topics(file: Path, digest: Any) -> Iterator[Topic]:
    loaded = _read(file, digest)
    if not isinstance(loaded, list):
        raise CatalogueError("it must hold a list of topics", file=str(file), line=1)
    seen: set[str] = set()
    for raw in loaded:
        if not isinstance(raw, dict) or not set(raw) <= _FIELDS or not all(isinstance(raw.get(name), str) for name in ("id", "title", "scope")):
            raise CatalogueError(f"a topic needs id, title and scope, and may have entities and weak_entities: {raw!r}", file=str(file), line=None)
        if raw["id"] in seen:
            raise CatalogueError(f"the topic {raw['id']!r} is listed twice", file=str(file), line=None)
        seen.add(raw["id"])
        yield Topic(raw["id"], raw["title"], raw["scope"], tuple(raw.get("entities", ())), tuple(raw.get("weak_entities", ())))


def _rules(file: Path, topics: dict[str, Topic], digest: Any) -> Iterator[Rule]:
    loaded = _read(file, digest)
    if not isinstance(loaded, dict) or not all(isinstance(text, str) for text in loaded.values()):
        raise CatalogueError("it must map topics to rules as text", file=str(file), line=1)
    macros = {name[1:]: " ".join(text.split()) for name, text in loaded.items() if name.startswith("_")}
    for topic, text in loaded.items():
        if topic.startswith("_"):
            continue
        if topic not in topics and topic != NONE:
            raise CatalogueError(f"{topic!r} is no topic of topics.yaml", file=str(file), line=_line(file, f"{topic}:"))
        for written in (part.strip() for line in text.splitlines() for part in line.split(";")):
            if written:
                yield _rule(topic, written, macros, file)


def _rule(topic: str, written: str, macros: dict[str, str], file: Path) -> Rule:
    weak, text = written.startswith("~"), written.lstrip("~").strip()
    if missing := [name for name in _MACRO.findall(text) if name not in macros]:
        raise CatalogueError(f"{topic}: there is no list <{missing[0]}>", file=str(file), line=_line(file, written))
    if any(not _BRACKETS.fullmatch(part) for part in text.split("&")):
        raise CatalogueError(f"{topic}: brackets stand around a whole part, and hold no others: {written!r}", file=str(file), line=_line(file, written))
    parts = tuple(_alternatives(part, macros) for part in text.split("&"))
    if len(parts) > 3 or not all(parts):
        raise CatalogueError(f"{topic}: a rule has one to three parts, none of them empty: {written!r}", file=str(file), line=_line(file, written))
    return Rule(topic, parts, _WEAK if weak else _STRONG)


def _alternatives(part: str, macros: dict[str, str]) -> tuple[str, ...]:
    spelled = _MACRO.sub(lambda match: macros[match[1]], part).strip().removeprefix("(").removesuffix(")")
    return tuple(dict.fromkeys(word.strip() for word in spelled.split("|") if word.strip(" *")))


def _line(file: Path, text: str) -> int | None:
    lines = file.read_text(encoding="utf-8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if text in line), None)
