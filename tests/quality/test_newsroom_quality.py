"""Floors that must not slip, measured on the newsroom's own pages against the truth beside them."""

from __future__ import annotations

import re
from collections import Counter

import requests

from igwire.extract.article import extract
from igwire.newsroom import render
from igwire.wiring import SystemClock

_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_]+")
# A change that lowers one of these needs a decision record.
F1, DATES, LANGUAGES, TITLES = 0.93, 0.99, 0.99, 0.95
ENTITY_RECALL = 0.90


def f1(found: str, truth: str) -> float:
    a, b = Counter(_TOKEN.findall(found.lower())), Counter(_TOKEN.findall(truth.lower()))
    common = sum((a & b).values())
    return 2 * common / (a.total() + b.total()) if common else 0.0


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def test_extraction(newsroom):
    rows = []
    for story in newsroom.stories:
        site = newsroom.sites[story.site]
        url = newsroom.url(story.site, render.path_of(site, story))
        page = requests.get(url, timeout=5).content
        found = extract(page, url=url, content_type="text/html", fetched_at=SystemClock().now(), timezone=site.timezone).article
        assert found is not None, story.slug
        day = found.published.day.isoformat() if found.published else ""
        rows.append((f1(found.text, story.text), day == story.iso_day, found.language == story.language, found.title == story.title))
    f, dates, languages, titles = (mean([float(row[i]) for row in rows]) for i in range(4))
    print(f"newsroom, {len(rows)} pages without their feed: F1 {f:.3f}, dates {dates:.3f}, languages {languages:.3f}, titles {titles:.3f}")
    assert f >= F1
    assert dates >= DATES
    assert languages >= LANGUAGES
    assert titles >= TITLES


def test_entities(newsroom, tagger):
    wanted = found = wrong = 0
    missed: Counter[str] = Counter()
    for story in newsroom.stories:
        text = f"{story.title}\n{story.text}"
        mentions = tagger.tag(title=None, text=text, language=story.language).mentions
        names = {m.name for m in mentions if m.entity}
        for entity in story.expected.get("entities", []):
            if entity.get("name"):
                wanted += 1
                found += entity["name"] in names
                missed[entity["name"]] += entity["name"] not in names
            else:
                # Somebody whom nobody knows must stay without a link.
                wrong += any(m.entity for m in mentions if m.type == "person" and m.surface == entity["surface"])
    print(f"newsroom entities: recall {found / wanted:.3f} of {wanted}, missed most: {missed.most_common(12)}")
    assert found / wanted >= ENTITY_RECALL
    assert wrong == 0
