"""Reviewers' decisions on tags: a YAML file beside the state that outlives every re-run. Reading, checking and adding; `enrich.curation` applies them.

A decision is a mapping; `surface` and `entity` say which mentions it is about (both: both must fit), `language` and `source` narrow it:

    - {decision: hide, surface: Orange, source: fruit-weekly, by: Ann, reason: the fruit}
    - {decision: merge, entity: org:wgig, into: event:wgig}
    - {decision: correct, surface: Georgia, into: place:georgia-us}     # or `type: person`, or `into: null` for no link
    - {decision: link, surface: the Forum, into: event:internet-governance-forum}
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from igwire import yamlfile
from igwire.errors import CatalogueError
from igwire.kb.loader import KnowledgeBase
from igwire.model import MENTION_TYPES

KINDS = ("hide", "merge", "correct", "link")
_FIELDS = ("decision", "surface", "entity", "into", "type", "language", "source", "by", "on", "reason")
# What each kind cannot be without.
_NEEDED = {"hide": (), "merge": ("entity", "into"), "correct": (), "link": ("surface", "into")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision; `line` is where it stands. `into`: an entity's id; `unlink`: it says `into: null`, so that no entity is meant."""

    decision: str
    line: int
    surface: str | None = None
    entity: str | None = None
    into: str | None = None
    unlink: bool = False
    type: str | None = None
    language: str | None = None
    source: str | None = None
    by: str = ""
    on: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Decisions:
    """All decisions in their order; `version` is a hash of the file's content, empty where there are none."""

    listed: tuple[Decision, ...] = ()
    version: str = ""


def load(file: Path, kb: KnowledgeBase) -> Decisions:
    """Read and check the file; none is no decision. Raises CatalogueError with file and line."""
    if not file.exists():
        return Decisions()
    content = file.read_bytes()
    rows = yamlfile.read(content, file) or []
    if not isinstance(rows, list):
        raise CatalogueError("it must hold a list of decisions", file=str(file), line=1)
    listed = tuple(_decision(row, kb, file, line) for row, line in zip(rows, yamlfile.lines(content), strict=True))
    return Decisions(listed, hashlib.sha256(content).hexdigest()[:12] if listed else "")


def add(file: Path, row: dict[str, Any], kb: KnowledgeBase) -> Decision:
    """Append one decision and give it as read. Raises CatalogueError when it or the file is faulty; the file then stays as it was."""
    known = load(file, kb)
    before = file.read_text(encoding="utf-8") if file.exists() else "# Reviewers' decisions on tags: see `igwire curation --help`.\n"
    line = before.count("\n") + 1 + (not before.endswith("\n"))
    made = _decision(row, kb, file, line)
    file.parent.mkdir(parents=True, exist_ok=True)
    # One line a decision, so that files of several reviewers merge well.
    text = yaml.safe_dump(row, allow_unicode=True, default_flow_style=True, sort_keys=False, width=10_000).strip()
    # The closing mark of a document that an editor left.
    start = before if before.endswith("\n") else before + "\n"
    fresh = file.with_suffix(".new")
    fresh.write_text(f"{start}- {text}\n", encoding="utf-8")
    if len(load(fresh, kb).listed) != len(known.listed) + 1:
        fresh.unlink()
        raise CatalogueError("the file is no plain list to append to; write the decision by hand", file=str(file), line=line)
    fresh.replace(file)
    return made


def _decision(row: Any, kb: KnowledgeBase, file: Path, line: int) -> Decision:
    if fault := _fault(row, kb):
        raise CatalogueError(fault, file=str(file), line=line)
    fields = {name: str(value) for name, value in row.items() if value is not None}
    return Decision(**fields, line=line, unlink="into" in row and row["into"] is None)


def _fault(row: Any, kb: KnowledgeBase) -> str | None:
    """What is wrong with the row, or None."""
    if not isinstance(row, dict):
        return "a decision must be a mapping"
    if unknown := [str(name) for name in row if name not in _FIELDS]:
        return f"unknown field {unknown[0]!r}; known are {', '.join(_FIELDS)}"
    if (kind := row.get("decision")) not in KINDS:
        return f"decision {kind!r} is not one of {', '.join(KINDS)}"
    if missing := [name for name in _NEEDED[kind] if not row.get(name)]:
        return f"{kind} needs {missing[0]!r}"
    if not (row.get("surface") or row.get("entity")):
        return f"{kind} needs a surface or an entity: which mentions is it about?"
    if bad := [row[name] for name in ("entity", "into") if row.get(name) is not None and row[name] not in kb.by_id]:
        return f"there is no entity {bad[0]!r}; look for it with `igwire kb search TEXT`"
    if row.get("type") is not None and row["type"] not in MENTION_TYPES:
        return f"type {row['type']!r} is not one of {', '.join(MENTION_TYPES)}"
    if kind == "correct" and "into" not in row and "type" not in row:
        return "correct needs 'into' (an entity, or null for none) or 'type'"
    return None
