"""Exports: every format is read back with another program's parser, with hostile texts inside."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from xml.etree import ElementTree

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from igwire.search.formats import FEED_ENTRIES, About, csv_rows, safe_cell, written

ABOUT = About(title='igwire: "a" & <b>', address="http://x.example/export/atom?q=a&b", page="http://x.example/?q=a", at=datetime(2026, 11, 25, tzinfo=UTC))
DOCUMENT = {
    "doc_id": "1a", "title": "A <b> & \x00 \ufffe c", "url": "http://a.example/?x=1&y=2", "body": "Line one\nline two", "language": "fr", "authors": ["=cmd|' /C calc'!A0"],
    "published_day": "2015-12-16", "published_at": "2015-12-16T10:00:00+08:00", "revised_at": "2026-11-24T00:00:00+00:00", "source": {"id": "s", "title": "S"},
    "entities": {"all": ["ICANN", "]]>"], "qid": ["Q1"]}, "topics": ["names"], "cluster": {"id": "1a", "role": "single"},
}  # fmt: skip


def test_atom_is_read_by_a_feed_reader():
    text = "".join(written("atom", [DOCUMENT, {**DOCUMENT, "doc_id": "2", "authors": None, "published_at": None}], ABOUT))
    read = feedparser.parse(text)
    assert not read.bozo
    assert read.feed.link == "http://x.example/?q=a"
    first, second = read.entries
    assert first.id == "urn:igwire:1a"
    assert first.link == "http://a.example/?x=1&y=2"
    assert first.published == "2015-12-16T10:00:00+08:00"
    assert second.published == "2015-12-16T00:00:00+00:00"
    assert second.author == "S"
    root = ElementTree.fromstring(text)
    space = "{http://www.w3.org/2005/Atom}"
    for entry in root.iter(f"{space}entry"):
        assert {child.tag.removeprefix(space) for child in entry} >= {"id", "title", "updated", "link", "author"}
    assert root.find(f"{space}entry").find(f"{space}title").text == "A <b> &   c"


def test_a_json_feed_has_what_the_format_demands():
    read = json.loads("".join(written("feed", [DOCUMENT, {**DOCUMENT, "body": None}], ABOUT)))
    assert read["version"] == "https://jsonfeed.org/version/1.1"
    assert read["items"][0]["content_text"] == "Line one\nline two"
    assert read["items"][1]["content_text"] == ""
    assert read["items"][0]["tags"] == ["names", "ICANN", "]]>"]
    assert json.loads("".join(written("feed", [], ABOUT)))["items"] == []


def test_no_cell_of_a_table_is_a_formula():
    (row,) = csv.DictReader(io.StringIO("".join(csv_rows([DOCUMENT], ABOUT)).lstrip("\ufeff")))
    assert row["authors"].startswith("'=cmd")
    assert row["entities"] == "ICANN; ]]>"
    assert row["text"] == "Line one\nline two"
    assert row["source_id"] == "s"
    assert row["published_day"] == "2015-12-16"


@given(st.text(max_size=30))
def test_any_cell_is_safe(text):
    assert not safe_cell(text).lstrip().startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))


@given(st.text(max_size=30), st.sampled_from(["atom", "feed", "csv", "ndjson"]))
def test_any_title_can_be_read_back(title, kind):
    text = "".join(written(kind, [{**DOCUMENT, "title": title}], ABOUT))
    if kind == "atom":
        assert len(ElementTree.fromstring(text).findall("{http://www.w3.org/2005/Atom}entry")) == 1
    elif kind == "csv":
        assert len(list(csv.reader(io.StringIO(text)))) == 2
    else:
        assert json.loads(text)


@pytest.mark.parametrize(("kind", "expected"), [("atom", FEED_ENTRIES), ("feed", FEED_ENTRIES), ("csv", FEED_ENTRIES + 21), ("ndjson", FEED_ENTRIES + 20)])
def test_feeds_have_an_end_and_files_do_not(kind, expected):
    text = "".join(written(kind, [{**DOCUMENT, "body": "x"}] * (FEED_ENTRIES + 20), ABOUT))
    counted = {"atom": text.count("<entry"), "feed": text.count("urn:igwire"), "csv": len(list(csv.reader(io.StringIO(text)))), "ndjson": text.count("\n")}
    assert counted[kind] == expected


def test_only_addresses_of_the_web_are_links():
    hostile = {**DOCUMENT, "url": "javascript:alert(1)"}
    assert "javascript" not in "".join(written("atom", [hostile], ABOUT)) + "".join(written("feed", [hostile], ABOUT))
