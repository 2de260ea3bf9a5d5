"""The catalogue in other formats: OPML in and out, CSV, the generated page, the user's own file."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from igwire.errors import CatalogueError
from igwire.feeds.catalogue import append, groups, load
from igwire.feeds.exchange import from_opml, slug, to_csv, to_markdown, to_opml
from igwire.model import Source

ROOT = Path(__file__).parents[3]
SOURCE = Source(
    id="courier", title='The "Courier" & Sons', site="https://courier.example/", feed_url="https://courier.example/feed", kind="news", collections=("a", "b")
)


def test_the_page_of_sources_is_the_catalogue():
    fresh = to_markdown(groups())
    assert (ROOT / "docs" / "sources.md").read_text(encoding="utf-8") == fresh, "run: igwire sources export --as markdown --out docs/sources.md"


def test_every_source_of_the_catalogue_is_complete():
    found = load().by_id.values()
    assert len(found) >= 193
    for source in found:
        assert source.feed_url or source.status != "active", source.id
        assert source.collections, source.id
        assert source.evidence, source.id
        assert source.confidence.startswith("verified") == (source.status == "active"), source.id
        assert source.language != "und", source.id


def test_opml_out_and_in_again():
    text = to_opml([SOURCE, replace(SOURCE, id="none", feed_url=None)])
    found, dropped = from_opml(text.encode(), [])
    assert ([(s.title, s.feed_url, s.site, s.status) for s in found], dropped) == (
        [('The "Courier" & Sons', "https://courier.example/feed", "https://courier.example/", "probation")],
        {},
    )


def test_opml_leaves_out_what_is_known_or_no_address_and_keeps_folders():
    body = b"""<opml version="1.0"><body><outline text="Digital Policy"><outline type="rss" text="A" xmlUrl="http://a.example/feed"/>
      <outline type="rss" xmlUrl="http://a.example/feed/"/></outline>
      <outline type="rss" text="Known" xmlUrl="http://courier.example/feed?utm_source=x"/><outline type="rss" text="Bad" xmlUrl="javascript:alert(1)"/></body>"""
    found, dropped = from_opml(body, [SOURCE])
    assert [(s.id, s.title, s.collections) for s in found] == [("a", "A", ("digital-policy",)), ("a-example", "a.example", ("digital-policy",))]
    assert dropped == {"known": 1, "scheme": 1}


@pytest.mark.parametrize("body", [b"", b"not xml", b"<html><body>hello</body></html>", b"<opml><body/></opml>"])
def test_what_is_no_opml_says_so(body):
    with pytest.raises(CatalogueError, match="is it an OPML file"):
        from_opml(body, [])


def test_csv_has_all_fields_and_no_formula():
    rows = list(csv.DictReader(io.StringIO(to_csv([replace(SOURCE, title="=cmd|' /C calc'!A0")]))))
    assert (rows[0]["title"][:5], rows[0]["collections"], rows[0]["timezone"]) == ("'=cmd", "a;b", "")


def test_own_sources_are_appended_and_read_back(tmp_path):
    own = tmp_path / "state" / "sources.yaml"
    append(own, [SOURCE])
    append(own, [replace(SOURCE, id="second", title="中文", listing_rule=r"/n/(?P<year>\d{4})")])
    assert list(load([own]).by_id.values()) == [SOURCE, replace(SOURCE, id="second", title="中文", listing_rule=r"/n/(?P<year>\d{4})")]


def test_ids_are_made_of_titles():
    assert [slug(text, {"a-b", "a-b-2"}) for text in ("A & B!", "中文", "x" * 200)] == ["a-b-3", "source", "x" * 90]
