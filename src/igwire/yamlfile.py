"""YAML that people write, read so that every fault can be named by file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from igwire.errors import CatalogueError


def read(content: bytes, file: Path) -> Any:
    """The document in `content`, which came from `file`. Raises CatalogueError with file and line when it is no YAML."""
    try:
        return yaml.load(content, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise unreadable(error, file) from error


def unreadable(error: yaml.YAMLError, file: Path) -> CatalogueError:
    """What a reader of YAML found wrong with `file`, with the line where it knows it."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return CatalogueError(f"not readable as YAML: {problem}", file=str(file), line=mark.line + 1 if mark else None)


def lines(content: bytes, key: str | None = None) -> list[int]:
    """The line (1-based) of each entry of the list that the document is, or holds under `key`; of a readable document."""
    node = yaml.compose(content, Loader=yaml.CSafeLoader)
    if key is not None:
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        node = next((value for name, value in pairs if name.value == key), None)
    return [entry.start_mark.line + 1 for entry in node.value] if isinstance(node, yaml.SequenceNode) else []
