"""Differences word by word."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from igwire.worddiff import counts, word_diff


def shown(before: str, after: str) -> str:
    marks = {"same": "{}", "added": "+{}+", "removed": "-{}-"}
    return "".join(marks[part.kind].format(part.text) for part in word_diff(before, after))


def test_a_changed_figure_is_one_word():
    assert shown("The registry holds 10 names.\nNobody objected.", "The registry holds 12 names.\nNobody objected.") == (
        "The registry holds- 10-+ 12+ names.\nNobody objected."
    )


def test_characters_count_in_scripts_without_spaces():
    assert shown("根密钥今日启用", "根密钥昨日启用") == "根密钥-今-+昨+日启用"


def test_added_and_removed_words_are_counted():
    assert counts(word_diff("one two three", "one three four five")) == (2, 1)
    assert word_diff("same", "same")[0].kind == "same"
    assert word_diff("", "") == []


@given(st.text(alphabet="ab \n中", max_size=40), st.text(alphabet="ab \n中", max_size=40))
def test_the_parts_give_both_texts(before, after):
    parts = word_diff(before, after)
    assert "".join(p.text for p in parts if p.kind != "added") == before
    assert "".join(p.text for p in parts if p.kind != "removed") == after


def test_a_text_that_repeats_two_words_is_compared_by_paragraphs():
    before, after = "a b " * 1500, "a c b " * 1000
    assert [part.kind for part in word_diff(before, after)] == ["removed", "added"]
