"""What may be shown to whom."""

from __future__ import annotations

import pytest

from igwire.search.rights import EXCERPT, level_of, reduced, visible, visible_snippets, visible_text

BODY = "Nobody knew. " * 200


@pytest.mark.parametrize(
    ("document", "owner", "public"),
    [
        ({"rights": "full"}, "full", "full"), ({"rights": "excerpt"}, "full", "excerpt"), ({"rights": "metadata"}, "metadata", "metadata"), ({}, "full", "excerpt"),
        ({"rights": "whatever"}, "metadata", "metadata"), ({"rights": "full", "usage": ["nosnippet"]}, "metadata", "metadata"),
        ({"rights": "full", "usage": ["noai", "tdm-reservation=1"]}, "full", "full"), ({"rights": "full", "usage": None}, "full", "full"),
    ],
)  # fmt: skip
def test_the_level(document, owner, public):
    assert (level_of(document, "owner"), level_of(document, "public")) == (owner, public)


def test_an_excerpt_is_a_beginning_of_whole_words():
    shown = visible_text({"rights": "excerpt", "body": BODY}, "public")
    assert shown.level == "excerpt"
    assert BODY.startswith(shown.text)
    assert EXCERPT - 20 < len(shown.text) <= EXCERPT
    assert shown.text[-1] != " "


def test_the_excerpt_of_a_short_text_is_not_the_whole():
    assert visible_text({"rights": "excerpt", "body": "One two three four five six"}, "public").text == "One two"
    assert visible_text({"rights": "excerpt", "body": ""}, "public").text == ""


def test_what_lies_beyond_the_excerpt_goes_too():
    placed = [{"start": 0, "end": 6, "text": "near"}, {"start": 600, "end": 606, "text": "far"}]
    document = {"doc_id": "1", "rights": "excerpt", "body": BODY, "quotes": placed, "copied_sentences": placed, "aliases": ["x"], "summary": "In short",
                "entity_mentions": [{"field": "title", "start": 0, "end": 999}, *({**p, "field": "text"} for p in placed)]}  # fmt: skip
    shown = visible(document, "public")
    assert [q["text"] for q in shown["quotes"]] == ["near"]
    assert [m["end"] for m in shown["entity_mentions"]] == [999, 6]
    assert "aliases" not in shown
    assert shown["summary"] == "In short"
    assert len(visible(document, "owner")["quotes"]) == 2


def test_metadata_hold_no_words_of_the_text():
    document = {"doc_id": "1", "title": "T", "rights": "metadata", "body": BODY, "summary": "S", "quotes": [{"text": "Q", "start": 0, "end": 1}],
                "topic_scores": [{"topic": "t", "score": 0.5, "evidence": ["word"]}]}  # fmt: skip
    assert visible(document, "owner") == {"doc_id": "1", "title": "T", "rights": "metadata", "topic_scores": [{"topic": "t", "score": 0.5}]}
    assert visible_snippets({"title": ["a"], "body": ["b"], "summary": ["c"]}, document, "owner") == {"title": ["a"]}


def test_snippets_show_nothing_beyond_the_excerpt():
    document = {"rights": "excerpt", "title": "T", "body": f"{BODY}Only the end tells <that>.", "summary": "In short & plain"}
    near, far, told = "Nobody <mark>knew</mark>.", "the <mark>end</mark> tells &lt;that&gt;.", "In <mark>short</mark> &amp; plain"
    found = {"title": ["<mark>T</mark>"], "body": [near, far], "summary": [told]}
    assert visible_snippets(found, document, "public") == {"title": ["<mark>T</mark>"], "body": [near], "summary": [told]}
    assert visible_snippets(found, document, "owner") == found
    # Without the text nobody can tell where a snippet lies.
    assert "body" not in visible_snippets(found, {**document, "body": ""}, "public")


def test_a_summary_that_is_the_whole_text_is_cut_as_well():
    assert len(visible({"rights": "excerpt", "summary": BODY}, "public")["summary"]) <= EXCERPT


def test_an_excerpt_of_an_excerpt_is_the_same():
    document = {"rights": "excerpt", "body": "One two three four five six seven", "word_count": 7, "aliases": ["x"],
                "stemmed": {"en": {"title": "T", "body": "One two three four five six seven"}}, "title": "T"}  # fmt: skip
    once = reduced(document, "public")
    assert once == {
        "rights": "excerpt",
        "body": "One two",
        "word_count": 7,
        "aliases": ["x"],
        "stemmed": {"en": {"title": "T", "body": "One two"}},
        "title": "T",
    }
    assert reduced(once, "public") == once
