"""The catalogue of sources: reviewed YAML files, each with `group` and `sources`; every fault is named by file and line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from igwire import yamlfile
from igwire.errors import BadUrl, CatalogueError
from igwire.model import SOURCE_KINDS, Source
from igwire.urls import fetch_url

HERE = Path(__file__).parent / "catalogue"
_KNOWN = {f.name: f for f in fields(Source)}
_REQUIRED = [name for name, f in _KNOWN.items() if f.default is MISSING]
_CHOICES = {"kind": SOURCE_KINDS, "rights": ("full", "excerpt", "metadata"), "status": ("active", "probation", "wanted"), "way": ("feed", "sitemap", "listing")}
_URLS = ("site", "feed_url", "sitemap_url", "listing_url")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All sources by id, in the order of the files."""

    by_id: dict[str, Source]

    def active(self) -> list[Source]:
        """Sources that are polled: active ones with a feed."""
        return [s for s in self.by_id.values() if s.status == "active" and s.feed_url]

    def choose(self, wanted: Sequence[str]) -> list[Source]:
        """The sources with these ids or in these collections; all active ones when `wanted` is empty.

        Raises CatalogueError for a word that is neither.
        """
        if not wanted:
            return self.active()
        chosen: dict[str, Source] = {}
        for word in wanted:
            matches = [self.by_id[word]] if word in self.by_id else [s for s in self.active() if word in s.collections]
            if not matches:
                raise CatalogueError(f"no source and no collection is called {word!r}; `igwire sources list` names them all", file="catalogue")
            chosen |= {s.id: s for s in matches}
        return list(chosen.values())


def load(paths: Iterable[str | Path] = ()) -> Catalogue:
    """Read catalogue files or folders (default: the package's own). Raises CatalogueError at the first fault."""
    by_id: dict[str, Source] = {}
    for file in _files(list(paths) or [HERE]):
        for source, line in _read(file):
            if source.id in by_id:
                raise CatalogueError(f"the id {source.id!r} is used twice", file=str(file), line=line)
            by_id[source.id] = source
    return Catalogue(by_id)


def groups(paths: Iterable[str | Path] = ()) -> list[tuple[str, list[Source]]]:
    """The sources by file: (group, sources), in the order of the files."""
    return [(file.stem, [source for source, _ in _read(file)]) for file in _files(list(paths) or [HERE])]


def append(path: Path, sources: Iterable[Source]) -> None:
    """Add sources to a catalogue file of the user's own, which is made when it is not there; only what differs from the defaults is written."""
    before: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {"group": path.stem, "sources": []}
    before["sources"] = [*before.get("sources", []), *map(_written, sources)]
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written beside and renamed: a crash leaves the old file whole.
    beside = path.with_suffix(".tmp")
    beside.write_text(yaml.safe_dump(before, allow_unicode=True, sort_keys=False, width=160), encoding="utf-8")
    beside.replace(path)


def _written(source: Source) -> dict[str, Any]:
    values = {name: getattr(source, name) for name in _KNOWN}
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    return {name: value for name, value in plain.items() if name in _REQUIRED or values[name] != _KNOWN[name].default}


def _files(paths: Iterable[str | Path]) -> Iterator[Path]:
    for given in map(Path, paths):
        if not given.exists():
            raise CatalogueError("there is no such file or folder; check IGWIRE_CATALOGUE", file=str(given))
        yield from sorted(given.glob("*.yaml")) if given.is_dir() else [given]


def _read(file: Path) -> Iterator[tuple[Source, int]]:
    content = file.read_bytes()
    loaded = yamlfile.read(content, file)
    listed = loaded.get("sources") if isinstance(loaded, dict) else None
    if not isinstance(listed, list):
        raise CatalogueError("it must hold a mapping with a list named 'sources'", file=str(file), line=1)
    for raw, line in zip(listed, yamlfile.lines(content, "sources"), strict=True):
        try:
            yield _source(raw), line
        except ValueError as error:
            raise CatalogueError(str(error), file=str(file), line=line) from error


def _source(raw: Any) -> Source:
    if not isinstance(raw, dict):
        raise ValueError("a source must be a mapping of fields")
    if unknown := set(raw) - set(_KNOWN):
        raise ValueError(f"unknown field {sorted(map(str, unknown))[0]!r}; known are {', '.join(_KNOWN)}")
    if missing := [name for name in _REQUIRED if not raw.get(name)]:
        raise ValueError(f"the field {missing[0]!r} is missing")
    for name, value in raw.items():
        _check(name, value)
    if raw.get("https_only") and (plain := [name for name in _URLS if str(raw.get(name) or "").startswith("http:")]):
        raise ValueError(f"the source is https_only, and its {plain[0]} is not")
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in raw.items()}
    return Source(**values)


def _check(name: str, value: Any) -> None:
    if name == "id" and not (isinstance(value, str) and _ID.fullmatch(value)):
        raise ValueError(f"the id {value!r} must be lower-case letters, digits and hyphens")
    if name in _CHOICES and value not in _CHOICES[name]:
        raise ValueError(f"{name} {value!r} is not one of {', '.join(_CHOICES[name])}")
    if name in _URLS and value is not None:
        _check_url(name, value)
    if name == "collections" and not (isinstance(value, list) and all(isinstance(v, str) for v in value)):
        raise ValueError("collections must be a list of words")
    if name in ("gap_s", "poll_min_s") and value is not None and not isinstance(value, int | float):
        raise ValueError(f"{name} {value!r} must be a number of seconds")
    if name == "https_only" and not isinstance(value, bool):
        raise ValueError(f"https_only {value!r} must be true or false")
    if name == "listing_rule" and value is not None:
        _check_rule(value)
    if name == "timezone" and value is not None:
        _check_zone(value)


def _check_url(name: str, value: Any) -> None:
    try:
        fetch_url(str(value))
    except BadUrl as error:
        raise ValueError(f"{name}: {error}") from error


def _check_rule(value: Any) -> None:
    try:
        re.compile(str(value))
    except re.error as error:
        raise ValueError(f"listing_rule {value!r} is not a regular expression: {error}") from error


def _check_zone(value: Any) -> None:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(str(value))
    except (KeyError, ValueError) as error:
        raise ValueError(f"timezone {value!r} is not an IANA zone such as Asia/Shanghai") from error
