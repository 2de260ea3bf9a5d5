"""Preparing a reviewable diff of the knowledge base from Wikidata (CC0): names that it lacks, ids that were merged, ids to propose.

Nothing is written: the diff is for a person to read and apply. A QID that we lack is only ever proposed, since a guessed one is worse
than none. `ask` sends one SPARQL query and gives the body of the answer (`application/sparql-results+json`).
"""

from __future__ import annotations

import copy
import difflib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from igwire.errors import UsageError
from igwire.kb.loader import HERE

ENDPOINT = "https://query.wikidata.org/sparql"
# Wikidata's codes and ours.
LANGUAGES = {"en": "en", "fr": "fr", "es": "es", "ru": "ru", "ar": "ar", "zh": "zh", "zh-hans": "zh", "zh-hant": "zh-Hant"}
# The endpoint ends a query after a minute, and the query travels in the URL.
BATCH = 50
_ENTITY = "http://www.wikidata.org/entity/"
_KNOWN = """SELECT ?asked ?item ?lang ?label ?alias WHERE {{
  VALUES ?asked {{ {items} }}
  OPTIONAL {{ ?asked owl:sameAs ?merged }}
  BIND(COALESCE(?merged, ?asked) AS ?item)
  VALUES ?lang {{ {languages} }}
  OPTIONAL {{ ?item rdfs:label ?label . FILTER(LANG(?label) = ?lang) }}
  OPTIONAL {{ ?item skos:altLabel ?alias . FILTER(LANG(?alias) = ?lang) }}
}}"""
_SEARCH = """SELECT ?item ?itemLabel ?itemDescription ?site WHERE {{
  SERVICE wikibase:mwapi {{
    bd:serviceParam wikibase:endpoint "www.wikidata.org"; wikibase:api "EntitySearch"; mwapi:search {name}; mwapi:language "en".
    ?item wikibase:apiOutputItem mwapi:item.
  }}
  OPTIONAL {{ ?item wdt:P856 ?site }}
  SERVICE wikibase:label {{ bd:serviceParam wikibase:language "en" }}
}} LIMIT 5"""

Ask = Callable[[str], bytes]


@dataclass(slots=True)
class Item:
    """What Wikidata says of one id: the id it has now, and its names by our language codes, labels first."""

    qid: str
    names: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proposal:
    """An item that may be an entity without a QID."""

    entity: str
    qid: str
    label: str
    description: str
    site: str


def diff(ask: Ask, folder: Path = HERE) -> str:
    """The unified diff (`patch -p1`) that brings all entities with a QID up to Wikidata; "" when nothing is new."""
    files = {file: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.yaml"))}
    rows = {file: yaml.load(text, Loader=yaml.CSafeLoader) for file, text in files.items()}
    items = known(ask, [row["qid"] for found in rows.values() for row in found if row.get("qid")])
    parts: list[str] = []
    for file, text in files.items():
        fresh = [_refreshed(row, items.get(row.get("qid", ""))) for row in rows[file]]
        if fresh != rows[file]:
            head = "".join(line for line in text.splitlines(keepends=True) if line.startswith("#"))
            new = head + yaml.safe_dump(fresh, allow_unicode=True, sort_keys=False, width=200)
            name = f"src/igwire/kb/{file.name}"
            parts += difflib.unified_diff(text.splitlines(keepends=True), new.splitlines(keepends=True), f"a/{name}", f"b/{name}")
    return "".join(parts)


def proposals(ask: Ask, names: Iterable[tuple[str, str]]) -> Iterator[Proposal]:
    """Items that have the name of an entity (id, name) without a QID, for a person to judge."""
    for entity, name in names:
        for row in _rows(ask(_SEARCH.format(name=json.dumps(name, ensure_ascii=False)))):
            yield Proposal(entity, _qid(row["item"]), row.get("itemLabel", ""), row.get("itemDescription", ""), row.get("site", ""))


def known(ask: Ask, qids: Iterable[str]) -> dict[str, Item]:
    """What Wikidata says of each of the ids, asked in batches."""
    found: dict[str, Item] = {}
    wanted = list(dict.fromkeys(qids))
    languages = " ".join(f'"{code}"' for code in LANGUAGES)
    for at in range(0, len(wanted), BATCH):
        batch = " ".join(f"wd:{qid}" for qid in wanted[at : at + BATCH])
        for row in _rows(ask(_KNOWN.format(items=batch, languages=languages))):
            item = found.setdefault(_qid(row["asked"]), Item(_qid(row["item"])))
            names = item.names.setdefault(LANGUAGES[row["lang"]], [])
            label, alias = row.get("label"), row.get("alias")
            names[:] = list(dict.fromkeys([*([label] if label else []), *names, *([alias] if alias else [])]))
    return found


def _rows(body: bytes) -> list[dict[str, str]]:
    """The bindings of a SPARQL answer as plain texts. Raises UsageError when it is none."""
    try:
        return [{name: cell["value"] for name, cell in row.items()} for row in json.loads(body)["results"]["bindings"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"the answer is no SPARQL result ({body[:80]!r}): the endpoint may be overloaded; try again later") from error


def _qid(uri: str) -> str:
    return uri.removeprefix(_ENTITY)


def _refreshed(row: dict[str, Any], item: Item | None) -> dict[str, Any]:
    """The entity with the label of each language in which it has none, and with the id that a merged item has now."""
    fresh = copy.deepcopy(row)
    if item is None:
        return fresh
    if item.qid != row["qid"]:
        fresh["qid"] = item.qid
        fresh["qid_source"] = f"Wikidata: {row['qid']} was merged into it"
    aliases = fresh.setdefault("aliases", {})
    for language, names in item.names.items():
        if names and language != "en" and not aliases.get(language) and names[0] != row["name"]:
            aliases[language] = names[:1]
    if not aliases:
        del fresh["aliases"]
    return fresh
