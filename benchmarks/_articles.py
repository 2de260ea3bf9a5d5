"""Invented articles in any number: words drawn by Zipf's law, as in language, with entities, dates and sources."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate

from igwire.model import Article, DateFound, DocumentContext, EnrichedArticle, Mention, Source, Tags
from igwire.text import content_hash

# As many words as a newspaper uses in a year, and an article of about 2.5 KB.
_WORDS, _LENGTH = 30_000, 400
_AT = datetime(2026, 1, 1, tzinfo=UTC)
SUBJECTS = ["internet", "governance", "domain", "registry", "shutdown", "encryption", "sanctions", "cable", "treaty", "privacy", "platform", "regulator"]


class Writer:
    """The same articles for the same seed."""

    def __init__(self, seed: int = 7) -> None:
        self._draw = random.Random(seed)
        self._words = [*SUBJECTS, *(self._word() for _ in range(_WORDS))]
        self._weights = list(accumulate(1 / (rank + 10) for rank in range(len(self._words))))
        self._entities = [(f"org:invented-{n}", f"Organisation {self._word().title()} {n}") for n in range(2_000)]

    def _word(self) -> str:
        return "".join(self._draw.choice("bcdfgklmnprstvz") + self._draw.choice("aeiou") for _ in range(self._draw.randint(2, 4)))

    def words(self, count: int) -> list[str]:
        """So many words, frequent ones often."""
        return self._draw.choices(self._words, cum_weights=self._weights, k=count)

    def articles(self, count: int) -> Iterator[tuple[EnrichedArticle, DocumentContext]]:
        """So many tagged articles, each with what its document needs."""
        for number in range(count):
            yield self._article(number)

    def _article(self, number: int) -> tuple[EnrichedArticle, DocumentContext]:
        title, text = " ".join(self.words(8)).capitalize(), " ".join(self.words(_LENGTH))
        day = date(2006, 1, 1) + timedelta(days=self._draw.randrange(7_500))
        url = f"https://news{number % 200}.example/{number}"
        article = Article(
            url=url, title=title, text=text, language="en", language_confidence=1.0, content_hash=content_hash(title, text),
            published=DateFound(value=day.isoformat(), origin="feed", precision="day", day=day),
        )  # fmt: skip
        chosen = self._draw.sample(self._entities, 5)
        mentions = [
            Mention(start=n * 10, end=n * 10 + 5, surface=name, type="organisation", entity=entity, name=name, why="alias")
            for n, (entity, name) in enumerate(chosen)
        ]
        source = Source(id=f"source-{number % 200}", title=f"Source {number % 200}", site="https://news.example/")
        context = DocumentContext(
            doc_id=f"{number:064}", source=source, feeds=(source.id,), requested_url=url, first_seen_at=_AT, fetched_at=_AT, revised_at=_AT,
            aliases=tuple(name for _, name in chosen),
        )  # fmt: skip
        return EnrichedArticle(article=article, tags=Tags(mentions=tuple(mentions), countries=("CN",))), context
