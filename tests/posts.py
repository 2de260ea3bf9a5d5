"""Dated posts to fill a real site with: those of a corpus where IGWIRE_CORPUS names its folder, else articles of the newsroom; and what came of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import yaml
from elasticsearch import Elasticsearch
from wordpress_site import Post

from igwire.newsroom.articles import stories

_BLOG = "stream/letsencrypt-blog/posts"


def dated() -> list[Post]:
    """Every post once, the oldest first."""
    folder = os.environ.get("IGWIRE_CORPUS", "")
    found = _of_blog(Path(folder) / _BLOG) if folder and (Path(folder) / _BLOG).is_dir() else _of_newsroom()
    return sorted(found, key=lambda post: (post.date, post.slug))


def _of_blog(folder: Path) -> Iterator[Post]:
    for file in sorted(folder.iterdir()):
        _, head, text = file.read_text(encoding="utf-8").split("---\n", 2)
        facts = yaml.safe_load(head)
        if "date" in facts:
            # The day is all that the posts tell; the site's clock shows it at midnight.
            yield Post(slug=file.stem.lower(), title=str(facts["title"]), date=f"{str(facts['date'])[:10]} 00:00:00", text=text.strip())


def _of_newsroom() -> Iterator[Post]:
    for number, story in enumerate(stories()):
        year = 2015 + number % 6
        text = "\n\n".join(f"<p>{line}</p>" for line in story.text.splitlines())
        yield Post(slug=f"{story.slug}-{number}", title=story.title, date=f"{year}-{story.iso_day[5:]} 00:00:00", text=text)


def held(client: Elasticsearch, prefix: str) -> list[tuple[str, str, str]]:
    """(address, day, title) of every document."""
    client.indices.refresh(index=f"{prefix}-*")
    hits = client.search(index=f"{prefix}-articles", size=1000, source=["url", "published_day", "title"])["hits"]["hits"]
    return [(hit["_source"]["url"], hit["_source"]["published_day"], hit["_source"]["title"]) for hit in hits]
