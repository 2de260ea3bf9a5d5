"""The newsroom's sites and articles as data: YAML files, checked when they are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from igwire.errors import CatalogueError

HERE = Path(__file__).parent
_BLOCKS = ("p", "h2", "quote", "list")
_TEXT = ("site", "slug", "language", "title", "published", "section", "summary")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One invented publisher on a loopback address of its own; see sites.yaml."""

    id: str
    title: str
    address: str
    language: str
    country: str
    region: str
    kind: str
    timezone: str
    feed: str
    # rss20, atom10, rss10, json.
    feed_format: str
    # Address of an article, with {slug}, {year}, {month}, {day}.
    path: str
    template: str
    wordpress: bool = False
    # The feed carries the whole text.
    feed_content: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One article. `blocks` are (kind, value) with kind p, h2, quote or list; `expected` is truth for tests, never served."""

    site: str
    slug: str
    language: str
    title: str
    authors: tuple[str, ...]
    # RFC 3339 with the publisher's offset.
    published: str
    modified: str | None
    section: str
    summary: str
    blocks: tuple[tuple[str, Any], ...]
    expected: dict[str, Any] = field(default_factory=dict)

    @property
    def moment(self) -> datetime:
        """When it was published."""
        return datetime.fromisoformat(self.published)

    @property
    def iso_day(self) -> str:
        """The publisher's day, YYYY-MM-DD."""
        return self.published[:10]

    @property
    def day(self) -> str:
        """The publisher's day as it is printed in the language."""
        year, month, day = self.moment.year, self.moment.month, self.moment.day
        if self.language == "zh":
            return f"{year}年{month}月{day}日"
        names = _MONTHS.get(self.language, _MONTHS["en"])
        return f"{day} {names[month - 1]} {year}"

    @property
    def text(self) -> str:
        """The truth for extraction: all blocks, one a line."""
        return "\n".join("\n".join(value) if isinstance(value, list) else str(value) for _, value in self.blocks)


_MONTHS = {
    "en": ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
    "fr": ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"],
    "es": [
        "de enero de",
        "de febrero de",
        "de marzo de",
        "de abril de",
        "de mayo de",
        "de junio de",
        "de julio de",
        "de agosto de",
        "de septiembre de",
        "de octubre de",
        "de noviembre de",
        "de diciembre de",
    ],
    "ru": ["января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"],
    "ar": ["يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"],
}


def sites() -> dict[str, Site]:
    """All sites by id."""
    return {raw["id"]: Site(**raw) for raw in yaml.safe_load((HERE / "sites.yaml").read_text(encoding="utf-8"))}


def stories(folder: Path = HERE / "articles") -> list[Story]:
    """All articles below a folder, oldest first. Raises CatalogueError naming the file."""
    known = sites()
    found = [_story(file, known) for file in sorted(folder.rglob("*.yaml"))]
    return sorted(found, key=lambda story: (story.moment, story.slug))


def _story(file: Path, known: dict[str, Site]) -> Story:
    try:
        raw = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        if not isinstance(raw, dict):
            raise ValueError("it must be a mapping")
        return story_of(raw, known)
    except (yaml.YAMLError, KeyError, ValueError, TypeError) as error:
        raise CatalogueError(f"not a readable article: {error}", file=str(file)) from error


def story_of(raw: dict[str, Any], known: dict[str, Site]) -> Story:
    """An article from its YAML form. Raises ValueError with what is wrong."""
    for name in _TEXT:
        if not isinstance(raw.get(name), str) or not raw[name].strip():
            raise ValueError(f"the field {name!r} is missing or no text")
    if raw["site"] not in known:
        raise ValueError(f"there is no site {raw['site']!r}; there are {', '.join(known)}")
    blocks = tuple(_block(block) for block in raw["body"])
    if datetime.fromisoformat(raw["published"]).tzinfo is None:
        raise ValueError("published must have an offset")
    return Story(
        **{name: raw[name] for name in _TEXT}, authors=tuple(raw.get("authors") or ()), modified=raw.get("modified"), blocks=blocks,
        expected=raw.get("expected") or {},
    )  # fmt: skip


def _block(block: Any) -> tuple[str, Any]:
    if not isinstance(block, dict) or len(block) != 1 or next(iter(block)) not in _BLOCKS:
        raise ValueError(f"each block must be one of {', '.join(_BLOCKS)}: {str(block)[:80]}")
    kind, value = next(iter(block.items()))
    if not isinstance(value, list if kind == "list" else str):
        raise ValueError(f"the block {kind!r} has the wrong kind of value: {str(value)[:80]}")
    return kind, value
