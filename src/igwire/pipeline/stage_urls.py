"""`igwire stage urls`: addresses in; what is fetched, what the article is known by, and why an address is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from igwire.errors import BadUrl
from igwire.urls import fetch_url, identity_url


def run(rows: Iterable[dict[str, Any]], root: Path, workers: int) -> Iterator[dict[str, Any]]:
    """Judge the addresses of `rows` (`id`, `url`, `base`?); one answer a row. Neither files nor workers are used."""
    for row in rows:
        base = row.get("base")
        yield {"id": row["id"], **_judge(row["url"], base if isinstance(base, str) else None)}


def _judge(url: str, base: str | None) -> dict[str, str | None]:
    try:
        target = fetch_url(url, base)
        return {"fetch_url": target, "identity": identity_url(target), "refused": None}
    except BadUrl as error:
        return {"fetch_url": None, "identity": None, "refused": error.reason}
