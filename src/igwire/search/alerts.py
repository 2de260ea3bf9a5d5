"""Saved searches that report what is new: a YAML file of the user's, read with every fault named by file and line.

operators: [mail:ops@example.org]          # who hears of failed runs and broken sources
alerts:
  - id: wuzhen
    title: The conference in Wuzhen
    search: {q: '"World Internet Conference"', language: en}      # the names are those of the page's address
    to: [atom, mail:desk@example.org, webhook:https://example.org/hook]
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from igwire import yamlfile
from igwire.errors import CatalogueError, QueryError
from igwire.search import formats
from igwire.search.query import build_query
from igwire.search.request import SearchRequest, from_params
from igwire.search.results import Hit
from igwire.search.rights import visible

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
_TARGETS = re.compile(r"atom|mail:[^@\s<>,]+@[^@\s<>,]+|webhook:https?://\S+")
_FIELDS = {"id", "title", "search", "to", "at_most"}
# More hits than anybody reads in one message; the rest is counted.
_AT_MOST = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A saved search and whom it tells. Targets: `atom`, `mail:ADDRESS`, `webhook:URL`; at most `at_most` hits a message."""

    id: str
    title: str
    request: SearchRequest
    targets: tuple[str, ...]
    at_most: int = _AT_MOST


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """The whole file."""

    alerts: tuple[Alert, ...] = ()
    # Targets that hear of failed runs and broken sources.
    operators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a message: an article, or a sentence without an address."""

    title: str
    url: str = ""
    source: str = ""
    day: str = ""
    # Identifies the line for ever.
    key: str = ""
    changed_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one target is sent: `total` counts also what `lines` leaves out."""

    id: str
    title: str
    at: datetime
    lines: tuple[Line, ...] = field(default_factory=tuple)
    total: int = 0

    def as_dict(self) -> dict[str, Any]:
        """For a webhook."""
        lines = [{"title": line.title, "url": line.url, "source": line.source, "day": line.day, "id": line.key} for line in self.lines]
        return {"alert": self.id, "title": self.title, "at": self.at.isoformat(), "total": self.total, "items": lines}

    def as_text(self) -> str:
        """For a mail: plain text."""
        blocks = ["\n".join(filter(None, [line.title, " · ".join(filter(None, [line.day, line.source])), line.url])) for line in self.lines]
        if (more := self.total - len(self.lines)) > 0:
            blocks.append(f"and {more} more")
        return "\n\n".join(blocks) + "\n"


def line_of(hit: Hit) -> Line:
    """An article as a line. Messages leave the house: they show what the public may see."""
    document = visible(hit.document, "public")
    return Line(
        title=document.get("title") or document["url"], url=document["url"], source=document["source"]["title"], day=document.get("published_day") or "",
        key=hit.doc_id, changed_at=document["revised_at"],
    )  # fmt: skip


def load(file: Path) -> Alerts:
    """Read the file; none = no alerts. Raises CatalogueError with file and line."""
    if not file.exists():
        return Alerts()
    written = file.read_bytes()
    content = yamlfile.read(written, file) or {}
    if not isinstance(content, dict) or set(content) - {"alerts", "operators"} or not isinstance(content.get("alerts", []), list):
        raise CatalogueError("it must hold a mapping with lists named 'alerts' and 'operators'", file=str(file), line=1)
    found: dict[str, Alert] = {}
    for raw, line in zip(content.get("alerts", []), yamlfile.lines(written, "alerts"), strict=True):
        try:
            alert = _alert(raw)
        except (ValueError, QueryError) as error:
            raise CatalogueError(str(error), file=str(file), line=line) from error
        if alert.id in found:
            raise CatalogueError(f"the id {alert.id!r} is used twice", file=str(file), line=line)
        found[alert.id] = alert
    return Alerts(alerts=tuple(found.values()), operators=_targets(content.get("operators", []), file))


def _targets(raw: Any, file: Path) -> tuple[str, ...]:
    try:
        return _checked_targets(raw)
    except ValueError as error:
        raise CatalogueError(f"operators: {error}", file=str(file)) from error


def _checked_targets(raw: Any) -> tuple[str, ...]:
    for target in raw if isinstance(raw, list) else [raw]:
        if not isinstance(target, str) or not _TARGETS.fullmatch(target):
            raise ValueError(f"{target!r} is no target: write atom, mail:ADDRESS or webhook:URL")
    return tuple(raw if isinstance(raw, list) else [raw])


def _alert(raw: Any) -> Alert:
    if not isinstance(raw, dict) or set(raw) - _FIELDS:
        raise ValueError(f"an alert has the fields {', '.join(sorted(_FIELDS))}")
    if not isinstance(raw.get("id"), str) or not _ID.fullmatch(raw["id"]):
        raise ValueError(f"the id {raw.get('id')!r} must be lower-case letters, digits and hyphens")
    if not isinstance(raw.get("search"), dict):
        raise ValueError(f"the alert {raw['id']!r} needs a search, such as search: {{q: icann}}")
    request = from_params(raw["search"])
    # Fails here, with file and line, and not in the night.
    build_query(request)
    at_most = raw.get("at_most", _AT_MOST)
    if not isinstance(at_most, int) or not 1 <= at_most <= 100:
        raise ValueError("at_most must be a number from 1 to 100")
    return Alert(id=raw["id"], title=str(raw.get("title") or raw["id"]), request=request, targets=_checked_targets(raw.get("to", ["atom"])), at_most=at_most)


def atom(message: Message, *, link: str) -> str:
    """The message as an Atom feed; `link` is where the alert lives, and names it."""
    newest = max((datetime.fromisoformat(line.changed_at) for line in message.lines if line.changed_at), default=message.at)
    return "".join(formats.atom(map(_document, message.lines), formats.About(title=message.title, address=link, page=link, at=newest)))


def _document(line: Line) -> dict[str, Any]:
    """What of a document an Atom entry shows."""
    return {
        "doc_id": line.key, "title": line.title, "url": line.url, "source": {"title": line.source}, "published_day": line.day, "revised_at": line.changed_at,
    }  # fmt: skip


def message_of(alert: Alert, hits: Sequence[Hit], at: datetime) -> Message:
    """What is sent of these hits."""
    return Message(id=alert.id, title=alert.title, at=at, lines=tuple(map(line_of, hits[: alert.at_most])), total=len(hits))
