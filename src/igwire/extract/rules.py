"""Per-site rules as data: which part of a site's pages is the article, by domain and day of the fetch.

`rules.yaml` is read once and checked whole; every fault is named by file and line. No rule is code, so none can do more than choose.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from igwire import yamlfile
from igwire.errors import CatalogueError
from igwire.urls import host_of

FILE = Path(__file__).with_name("rules.yaml")
_FIELDS = frozenset(("domain", "from", "until", "keep", "drop", "why"))
_NEEDED = ("domain", "why")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One site's rule; see the head of `rules.yaml` for the fields. At least one of `keep` and `drop` is set."""

    domain: str
    why: str
    keep: str | None = None
    drop: str | None = None
    first: date = date.min
    last: date = date.max

    def fits(self, host: str, day: date) -> bool:
        """Whether it holds for pages of the host that were fetched on the day."""
        return (host == self.domain or host.endswith("." + self.domain)) and self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules of a file, with a version that changes with its content."""

    rules: tuple[Rule, ...]
    version: str

    def find(self, url: str, day: date) -> Rule | None:
        """The rule for a page: of several the one with the longest domain, then the newest."""
        host = host_of(url)
        return max((rule for rule in self.rules if rule.fits(host, day)), key=lambda rule: (len(rule.domain), rule.first), default=None)


@lru_cache(maxsize=4)
def load(file: Path = FILE) -> Rules:
    """Read and check a file of rules. Raises CatalogueError with file and line."""
    content = file.read_bytes()
    rules = tuple(_rule(raw, file, line) for raw, line in _entries(content, file))
    return Rules(rules, hashlib.sha256(content).hexdigest()[:8] if rules else "")


def _entries(content: bytes, file: Path) -> Iterator[tuple[Any, int]]:
    try:
        # Not the C reader of `yamlfile.read`: it takes the end of a file for a line of its own.
        loaded = yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise yamlfile.unreadable(error, file) from error
    if not isinstance(loaded, list):
        raise CatalogueError("it must hold a list of rules", file=str(file), line=1)
    yield from zip(loaded, yamlfile.lines(content), strict=True)


def _rule(raw: Any, file: Path, line: int) -> Rule:
    if fault := _fault(raw):
        raise CatalogueError(fault, file=str(file), line=line)
    return Rule(
        domain=raw["domain"].lower(), why=raw["why"], keep=raw.get("keep"), drop=raw.get("drop"), first=raw.get("from", date.min), last=raw.get("until", date.max)
    )  # fmt: skip


def _fault(raw: Any) -> str | None:
    """What is wrong with a rule, in words."""
    if not isinstance(raw, dict):
        return "a rule must be a mapping of fields"
    if unknown := sorted(map(str, set(raw) - _FIELDS)):
        return f"unknown field {unknown[0]!r}; there are {', '.join(sorted(_FIELDS))}"
    if missing := next((name for name in _NEEDED if not isinstance(raw.get(name), str) or not raw[name].strip()), None):
        return f"the field {missing!r} must be a text"
    if not raw.get("keep") and not raw.get("drop"):
        return "a rule needs 'keep' or 'drop'"
    if wrong := next((name for name in ("from", "until") if name in raw and type(raw[name]) is not date), None):
        return f"the field {wrong!r} must be a day such as 2026-01-31"
    if raw.get("from", date.min) > raw.get("until", date.max):
        return "'from' lies after 'until'"
    return next((f"the selector in {name!r} cannot be read: {raw[name]!r}" for name in ("keep", "drop") if raw.get(name) and not _readable(raw[name])), None)


def _readable(selector: Any) -> bool:
    from selectolax.lexbor import LexborHTMLParser

    if not isinstance(selector, str):
        return False
    try:
        LexborHTMLParser("<p></p>").css(selector)
    # selectolax raises its own error, which is no common class in all its releases.
    except Exception:
        return False
    return True
