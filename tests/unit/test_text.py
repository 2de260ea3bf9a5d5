"""Text hygiene."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igwire.text import clean, clean_line, content_hash, whole_number, word_count

ANY = st.text(st.characters(), max_size=80)


@given(ANY)
def test_clean_text_is_clean_and_stays_so(text):
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert cleaned == unicodedata.normalize("NFC", cleaned)
    cleaned.encode("utf-8")
    assert not any(c in cleaned for c in "\x00\x08\x0b\x1b\x7f\ufffe\uffff\r")


@given(ANY)
def test_a_clean_line_is_one_short_line(text):
    line = clean_line(text, 20)
    assert len(line) <= 20
    assert "\n" not in line
    assert clean_line(line, 20) == line


def test_what_deceives_goes_and_what_is_spelling_stays():
    assert clean_line("invoice\u202efdp.exe\u200b", 100) == "invoicefdp.exe"
    assert clean_line("می\u200cخواهم", 100) == "می\u200cخواهم"
    assert clean("a\ud800b") == "a\ufffdb"
    assert clean("a\r\nb\u2028c") == "a\nb\nc"


def test_nothing_is_cut():
    assert len(clean("x" * 3_000_000)) == 3_000_000


def test_words_and_characters_are_counted():
    assert word_count("Two words, 互联网") == 5
    assert content_hash("a", "b") != content_hash("ab", "")


@pytest.mark.parametrize(
    ("written", "number"),
    [("120", 120), (" 7 ", 7), ("0", 0), ("", None), ("-1", None), ("1.5", None), ("²", None), ("٣", None), ("9" * 18, 10**18 - 1), ("9" * 5_000, 10**18)],
)
def test_a_number_is_what_ascii_digits_write(written, number):
    assert whole_number(written) == number
