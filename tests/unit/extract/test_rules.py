"""Per-site rules: which holds for a page, what it chooses, and faults that say where they are."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from igwire.errors import CatalogueError
from igwire.extract import rules
from igwire.extract.article import extract
from igwire.extract.rules import FILE, Rules, load

OLD_AND_NEW = """
- domain: Example.org
  until: 2023-12-31
  keep: "div.old"
  why: the old design
- domain: example.org
  from: 2024-01-01
  keep: "div.new"
  drop: ".teaser"
  why: the new design
- domain: blog.example.org
  drop: ".box"
  why: its boxes read like paragraphs
"""


def made(tmp_path, text: str) -> Rules:
    file = tmp_path / "rules.yaml"
    file.write_text(text, "utf-8")
    return load(file)


def test_the_rules_that_ship_are_readable():
    assert load(FILE).version == "" or len(load(FILE).version) == 8


@pytest.mark.parametrize(
    ("url", "day", "why"),
    [
        ("https://www.example.org/a", date(2023, 12, 31), "the old design"), ("https://example.org/a", date(2024, 1, 1), "the new design"),
        ("https://blog.example.org/a", date(2024, 1, 1), "its boxes read like paragraphs"), ("https://notexample.org/a", date(2024, 1, 1), None), ("", date(2024, 1, 1), None),
    ],
)  # fmt: skip
def test_a_rule_holds_by_domain_and_day_of_the_fetch(tmp_path, url, day, why):
    found = made(tmp_path, OLD_AND_NEW).find(url, day)
    assert (found.why if found else None) == why


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("- domain: a.example\n  why: x\n", 1, "'keep' or 'drop'"), ("\n- domain: a.example\n  keep: p\n", 2, "'why'"), ("- {domain: a.example, why: x, kepe: p}", 1, "'kepe'"),
        ("- {domain: a.example, why: x, keep: p}\n- {domain: a.example, why: x, keep: p, from: soon}", 2, "'from'"), ("domain: a.example", 1, "list"), ("- x", 1, "mapping"),
        ("- {domain: a.example, why: x, keep: p, from: 2025-01-01, until: 2024-01-01}", 1, "after"), ("- {domain: a.example, why: x, keep: 'div[['}", 1, "selector"), ("- {a: [", 1, "YAML"),
    ],
)  # fmt: skip
def test_faults_name_file_and_line(tmp_path, text, line, words):
    with pytest.raises(CatalogueError, match=words) as caught:
        made(tmp_path, text)
    assert (caught.value.file, caught.value.line) == (str(tmp_path / "rules.yaml"), line)


def test_a_rule_chooses_the_text_and_the_rest_is_read_as_ever(tmp_path, monkeypatch):
    found = made(tmp_path, OLD_AND_NEW)
    monkeypatch.setattr(rules, "load", lambda: found)
    html = "<title>A title of it</title><p>Not this one.</p><div class=new><h2>Head</h2><p>This paragraph.</p><p class=teaser>Read that.</p></div>"
    article = extract(html.encode(), url="https://example.org/2024/05/06/a", fetched_at=datetime(2024, 5, 7, tzinfo=UTC)).article
    assert article is not None
    assert (article.text, article.quality.extractor, article.title) == ("Head\nThis paragraph.", "rules", "A title of it")
    assert article.published is not None
    older = extract(html.encode(), url="https://example.org/2023/05/06/a", fetched_at=datetime(2023, 5, 7, tzinfo=UTC)).article
    assert older is not None
    assert older.quality.extractor != "rules"
