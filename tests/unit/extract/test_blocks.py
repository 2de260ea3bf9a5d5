"""A page cut into lines, and which of them are kept."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igwire.extract.article import composed, extract, without_copies
from igwire.extract.blocks import cut
from igwire.extract.dates import url_day
from igwire.extract.features import Hints, matrix
from igwire.extract.page import Page, decode
from igwire.extract.shown import Shown, read_day

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SENTENCE = "The registry said on Monday that number {} of its zones would be signed before the end of the quarter."
NAVIGATION = "<nav><ul>" + "".join(f"<li><a href='/s{n}'>Section {n}</a></li>" for n in range(20)) + "</ul></nav>"


def blocks(html: str):
    return cut(Page(html).root)


def page_of(body: str) -> bytes:
    return f"<html lang=en><head><title>Zones signed</title></head><body>{NAVIGATION}<article><h1>Zones signed</h1>{body}</article><footer>© 2026 The Site</footer></body></html>".encode()


def text_of(body: str):
    found = extract(page_of(body), url="https://x.example/a", fetched_at=NOW).article
    assert found is not None
    return found


def test_lines_break_where_a_browser_breaks_them():
    found = blocks("<div>one <b>two</b> three<p>four<br>five</p>six<script>no</script><span>seven</span></div>")
    assert [b.text for b in found] == ["one two three", "four", "five", "sixseven"]
    assert [b.after_br for b in found] == [False, False, True, False]
    assert [b.frame.tag for b in found] == ["div", "p", "p", "div"]


def test_links_are_counted_and_kept():
    found = blocks("<p>See <a href='/a'>this page</a> and <a href='https://y.example/b'>that</a>.</p>")[0]
    assert found.links == ["/a", "https://y.example/b"]
    assert found.linked == len("this page") + len("that")


def test_frames_know_what_they_hold():
    found = blocks("<article><p>a b c</p><p>d e f</p></article>")
    article = found[0].frame.parent
    assert (article.tag, article.blocks, article.chars) == ("article", 2, 10)


@given(st.text(st.sampled_from("<>/divpab rul&;\"'="), max_size=200))
def test_no_markup_breaks_the_walk(html):
    for block in blocks(html):
        assert block.text == " ".join(block.text.split())


def test_furniture_goes_and_the_article_stays():
    found = text_of("".join(f"<p>{SENTENCE.format(n)}</p>" for n in range(12)))
    assert found.text.count("The registry said") == 12
    assert "Section 3" not in found.text
    assert "The Site" not in found.text


def test_structure_and_links_survive():
    body = "".join(f"<p>{SENTENCE.format(n)}</p>" for n in range(6))
    found = text_of(
        body + "<h2>What comes next</h2>" + body + f"<blockquote><p>{SENTENCE.format('seven')}</p></blockquote><p>{SENTENCE.format('<a href=/n>nine</a>')}</p>"
    )
    marks = {mark.kind: found.text[mark.start : mark.end] for mark in found.structure}
    assert marks["heading"] == "What comes next"
    assert marks["quote"].startswith("The registry said")
    assert found.links == ("https://x.example/n",)


def test_a_copy_elsewhere_on_the_page_goes_a_refrain_stays():
    line = "a line of words that is long enough to be told from chance"
    kept = blocks(f"<div><p>{line}</p><p>{line}</p></div><aside><p>{line}</p></aside>")
    assert len(list(without_copies(kept))) == 2


def test_composed_offsets_point_into_the_text():
    text, marks = composed(tuple(blocks("<h2>Head</h2><p>one</p><ul><li>item</li></ul>")))
    assert [(m.kind, text[m.start : m.end], m.level) for m in marks] == [("heading", "Head", 2), ("item", "item", 0)]


def test_the_same_page_gives_the_same_article():
    body = page_of("".join(f"<p>{SENTENCE.format(n)}</p>" for n in range(12)))
    assert extract(body, url="https://x.example/a", fetched_at=NOW) == extract(body, url="https://x.example/a", fetched_at=NOW)


@pytest.mark.parametrize(
    ("printed", "language", "day"),
    [
        ("Published on 3 May 2021", "en", "2021-05-03"), ("May 3rd, 2021 | News", "en", "2021-05-03"), ("Stand: 17. Dezember 2024, 12:17", "de", "2024-12-17"),
        ("3 de mayo de 2021", "es", "2021-05-03"), ("le 1er août 2020", "fr", "2020-08-01"), ("12 января 2020 г.", "ru", "2020-01-12"), ("الجمعة 24 نيسان / أبريل 2020", "ar", "2020-04-24"), ("3 تشرين الأول 2021", "ar", "2021-10-03"), ("2020年1月12日", "zh", "2020-01-12"),
        ("2021-05-03 10:00", "", "2021-05-03"), ("03.05.2021", "de", "2021-05-03"), ("25/05/2021", "en", "2021-05-25"), ("05/25/2021", "en", "2021-05-25"),
        ("03/04/2021", "en", None), ("03/04/2021", "fr", "2021-04-03"), ("© 2012-2026", "en", None), ("room 3 of 2021", "en", None), ("45 May 2021", "en", None),
        ("02.12.19", "en", "2019-12-02"), ("28.09.1912:44", "de", "2019-09-28"), ("3 de mayo de 202221:25", "es", "2022-05-03"), ("Mon Oct 11 14:57:21 CEST 2021", "de", "2021-10-11"), ("version 1.02.12.19", "en", None), ("32.12.19", "de", None),
    ],
)  # fmt: skip
def test_days_as_they_are_printed(printed, language, day):
    assert read_day(printed, language) == day


@pytest.mark.parametrize(
    ("start", "day"),
    [
        ("GENEVA, 12 March 2024 – ", "2024-03-12"), ("Karlsruhe, (12.11.2021). ", "2021-11-12"), ("27.1.2022 - ", "2022-01-27"), ("01.02.2022 „", "2022-02-01"),
        ("Rio de Janeiro, 3 May 2021: ", "2021-05-03"), ("BRUSSELS (5 May 2021) ", "2021-05-05"), ("On 12 March 2024 ", None), ("The law of 5 May 1998: ", None), ("In the ruling, 5 May 1998 was the day. ", None),
    ],
)  # fmt: skip
def test_a_dateline_is_a_day_before_the_first_sentence(start, day):
    found = blocks(f"<h1>Title of it</h1><p>{start}{SENTENCE.format(1)} {SENTENCE.format(2)} {SENTENCE.format(3)}</p>")
    assert Shown(found, "en").day == day


def test_what_was_posted_on_a_day_may_say_so_below_the_text():
    story = "".join(f"<p>{SENTENCE.format(n)}</p>" for n in range(30))
    assert Shown(blocks(f"<h1>Title of it</h1>{story}<small>This entry was posted on Saturday, December 3, 2011 at 9:12</small>"), "en").day == "2011-12-03"
    assert Shown(blocks(f"<h1>Title of it</h1>{story}<small>The next meeting is on Saturday, December 3, 2011</small>"), "en").day is None


@pytest.mark.parametrize(
    ("path", "day"), [("/news/29-10-2021", "2021-10-29"), ("/d/~22-01-2022-land", "2022-01-22"), ("/a/02-01-2022", None), ("/a/129-10-2021", None)]
)
def test_a_day_first_address_is_read_where_it_is_clear(path, day):
    assert url_day(f"https://x.example{path}") == day


def test_the_shown_day_stands_near_the_headline():
    html = f"<h1>Title of it</h1><div>3 May 2021</div><p>{SENTENCE.format(1)} It recalled the summit of 5 May 1998 and the others that came after it in those years.</p>"
    assert Shown(blocks(html), "en").day == "2021-05-03"
    header = "<h1>Site</h1><div>Tuesday, 8 Dec 2020</div>" + "<div>News</div>" * 20
    assert Shown(blocks(header + "<h1>Title of it</h1><ul><li>13 Oct 2020 18:29</li></ul>"), "en", "Title of it - Site").day == "2020-10-13"
    assert Shown(blocks("<div>8 Dec 2020</div><h1>Title</h1><div>13 Oct 2020</div>"), "en").day == "2020-10-13"
    assert Shown(blocks("<h1>Title</h1><p>" + SENTENCE.format("of 5 May 1998") * 2 + "</p>"), "en").day is None


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("<p>Straße".encode("latin-1"), "text/html; charset=latin-1", "Straße"), ("<meta charset=utf-8><p>Straße".encode("cp1252"), None, "Stra"),
        ("<meta charset=latin-1><p>Straße".encode(), None, "Straße"), ("\ufeff<p>Straße".encode(), "text/html; charset=koi8-r", "<p>Straße"),
        ("<meta charset=windows-1251><p>Привет".encode("cp1251"), None, "Привет"), ("<p>テスト".encode("iso-2022-jp"), "text/html; charset=iso-2022-jp", "テスト"),
        ("<p>Straße".encode("utf-16"), None, "Straße"),
    ],
)  # fmt: skip
def test_decoding(body, content_type, text):
    assert text in decode(body, content_type)


def test_words_weigh_the_same_in_every_process():
    """A sum in the order of a set of words depends on the process; large weights show it in the first digits."""
    for n in range(20):
        (block,) = blocks(f"<p>much{n} little{n} less{n}</p>")
        weights = {f"much{n}": 1e16, f"little{n}": 1.0, f"less{n}": -1e16}
        # Column 16: the words' weights, summed as they stand: (10^16 + 1) - 10^16 is 0 for a float, in other orders it is 1.
        assert matrix([block], Hints(), {}, weights)[0][16] == 0.0
