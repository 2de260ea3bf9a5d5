"""The search schema as data: component templates, and a description of every field, as JSON files beside this module."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

VERSION = 1
# Component templates of each kind of index, in the order of composition.
COMPONENTS = {
    "articles": ("settings", "text", "facts", "enrichment"), "runs": ("runs",), "entities": ("entities",), "sources": ("sources",),
    "revisions": ("revisions",), "coverage": ("coverage",),
}  # fmt: skip
_HERE = Path(__file__).parent


@lru_cache(maxsize=16)
def component(name: str) -> dict[str, Any]:
    """The component template `name`, as Elasticsearch takes it."""
    loaded: dict[str, Any] = json.loads((_HERE / f"component-{name}.json").read_text(encoding="utf-8"))
    return loaded


@lru_cache(maxsize=1)
def descriptions() -> dict[str, dict[str, str]]:
    """For each kind of index: field path → what it means."""
    loaded: dict[str, dict[str, str]] = json.loads((_HERE / "fields.json").read_text(encoding="utf-8"))
    return loaded


def properties(kind: str) -> dict[str, Any]:
    """The mapping of a kind of index, all its components together."""
    merged: dict[str, Any] = {}
    for name in COMPONENTS[kind]:
        merged |= component(name)["template"].get("mappings", {}).get("properties", {})
    return merged


def paths(fields: dict[str, Any], prefix: str = "") -> list[str]:
    """Every field path of a mapping, objects and sub-fields included."""
    found = []
    for name, field in fields.items():
        found.append(prefix + name)
        for inner in ("properties", "fields"):
            found += paths(field.get(inner, {}), f"{prefix}{name}.")
    return found


# Chinese, Japanese and Korean share one twin: pairs of neighbouring characters.
_SHARED_TWIN = {"zh": "cjk", "ja": "cjk", "ko": "cjk"}


@lru_cache(maxsize=1)
def twins() -> tuple[str, ...]:
    """Keys of the stemmed twins, as below `stemmed.` in the mapping."""
    return tuple(properties("articles")["stemmed"]["properties"])


def twin_of(language: str) -> str | None:
    """The twin that texts in a language (BCP-47 primary tag) are stemmed in, or None."""
    key = _SHARED_TWIN.get(language, language)
    return key if key in twins() else None
