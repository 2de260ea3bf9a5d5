"""`igwire stage tag`: texts in, mentions out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from igwire.enrich.tagger import Tagger
from igwire.kb import load

_FIELDS = ("start", "end", "surface", "type", "entity", "name", "qid", "score", "why", "role")


def run(rows: Iterable[dict[str, Any]], root: Path, workers: int, *, tagger: Tagger | None = None) -> Iterator[dict[str, Any]]:
    """Tag the texts of `rows` (`id`, `title`?, `text`, `language`?, `published_at`?, `source`?); one answer a row. Without a `tagger`: the rules alone.

    Offsets are of `text`; `workers` is not used: tagging is quick, and starting processes is not.
    """
    tagger = tagger or Tagger(load())
    for row in rows:
        tags = tagger.tag(title=row.get("title"), text=row["text"], language=row.get("language"), source=row.get("source"), published=row.get("published_at"))
        mentions = [{name: getattr(m, name) for name in _FIELDS} for m in tags.mentions if m.field == "text"]
        yield {"id": row["id"], "mentions": mentions, "quotes": list(tags.quotes), "roles": list(tags.roles), "topics": list(tags.topics)}
