"""How commands speak: tables on a terminal, one JSON object a line otherwise or with `--json`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from igwire.model import Applied

JsonFlag = Annotated[bool, typer.Option("--json", help="One JSON object a line, also on a terminal.")]


def as_json(flag: bool) -> bool:
    """True when the answer should be JSON lines."""
    return flag or not sys.stdout.isatty()


def rows(items: Iterable[Mapping[str, Any]], columns: Sequence[str], *, json_flag: bool, title: str = "") -> None:
    """Print `items` as JSON lines (all their keys) or as a table of `columns`."""
    if as_json(json_flag):
        for item in items:
            record(item)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, title=title or None)
    for item in items:
        # Text, not str: what was fetched must never be read as rich's markup.
        table.add_row(*(Text("" if item.get(c) is None else str(item.get(c))) for c in columns))
    Console().print(table)


def applied(steps: Iterable[Applied], *, json_flag: bool) -> bool:
    """Print what became of each object that was brought into a server; whether none was refused."""
    done = [asdict(step) for step in steps]
    rows(done, ["what", "id", "ok", "detail"], json_flag=json_flag)
    return all(row["ok"] for row in done)


def record(item: Mapping[str, Any]) -> None:
    """Print one JSON object on one line."""
    print(json.dumps(item, ensure_ascii=False, default=str), flush=True)


def piece(text: str) -> None:
    """Print a part of a file as it is."""
    sys.stdout.write(text)


def say(text: str) -> None:
    """A sentence for people, on standard error, so that it never mixes with data."""
    print(text, file=sys.stderr, flush=True)
