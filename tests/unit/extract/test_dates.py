"""Which of a page's days is the publication's where they differ, and what tells it where a page hardly says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from igwire.extract.article import extract

SENTENCE = "The board of the authority met again in its own rooms in the north of the town and agreed on the plan for the coming season."
META = "<meta property='article:published_time' content='%s'>"
CHANGED = "<meta property='article:modified_time' content='%s'>"


def dated(head: str, under: str = "", below: str = "", *, above: str = ""):
    """(value, origin) of a page's publication; `under` stands between headline and text, `below` behind the text."""
    body = (
        f"<html lang=en><head><title>The plan</title>{head}</head><body>{above}<h1>The plan</h1>{under}<article>"
        + f"<p>{SENTENCE}</p>" * 8
        + f"</article>{below}"
    )
    article = extract(body.encode(), url="http://x.example/a", fetched_at=datetime(2026, 11, 24, tzinfo=UTC)).article
    assert article is not None
    return (article.published.value, article.published.origin) if article.published else None


# More lines than what is near a headline.
FAR = f"<ul>{'<li>Contact</li>' * 30}</ul>"
SHOWN, OTHER = "<div><time datetime='2022-03-09'>9 March 2022</time></div>", ("2022-11-17T10:33:00+01:00", "meta")


@pytest.mark.parametrize(
    ("head", "under", "below", "found"),
    [
        (META % OTHER[0], SHOWN, "", ("2022-03-09", "time")),
        # One witness only, the last change, another article's day, a day among many words.
        (META % OTHER[0], "<div>9 March 2022</div>", "", OTHER), (META % OTHER[0], f"<div>Updated {SHOWN[5:]}", "", OTHER),
        (META % OTHER[0] + CHANGED % "2022-03-09T10:00:00+01:00", SHOWN, "", OTHER), (META % OTHER[0], "", SHOWN, OTHER),
        (META % OTHER[0], "<div>The fair of the north opens again on <time datetime='2022-03-09'>9 March 2022</time></div>", "", OTHER),
    ],
)  # fmt: skip
def test_a_day_under_the_headline_that_another_claim_confirms_wins(head, under, below, found):
    assert dated(head, under, below) == found


@pytest.mark.parametrize(
    ("stamp", "shown", "value"),
    [
        ("2026-02-15T03:05:48Z", "Feb 14, 2026 | 9:05 pm", "2026-02-14T21:05:48-06:00"), ("2026-02-14T19:05:48Z", "Sunday, 15.02.2026, 00:35 Uhr", "2026-02-15T00:35:48+05:30"),
        # Another minute; an offset that no zone has; another post.
        ("2026-02-15T03:05:48Z", "Feb 14, 2026 | 9:06 pm", "2026-02-15T03:05:48+00:00"), ("2026-02-15T03:05:48Z", "Feb 14, 2026 | 1:05 pm", "2026-02-15T03:05:48+00:00"),
        ("2026-02-15T03:05:48Z", "Feb 14, 2026 | 9:07 pm</div><div>Feb 14, 2026 | 9:05 pm", "2026-02-15T03:05:48+00:00"),
    ],
)  # fmt: skip
def test_a_clock_with_the_same_minute_tells_the_publishers_day(stamp, shown, value):
    assert dated(META % stamp, below=f"{FAR}<div>{shown}</div>") == (value, "meta")


def test_what_says_that_it_was_published_comes_before_days_that_say_nothing():
    header = "<div><time datetime='2022-05-11'>11 May 2022</time></div>"
    assert dated("", "<div>Crime. Published on May 10, 2022 01:52 PM</div>", above=header) == ("2022-05-10", "text")
    assert dated("", "<div>Crime</div>", above=header) == ("2022-05-11", "time")


@pytest.mark.parametrize(
    ("below", "found"),
    [
        ("<div>Ana Ruiz</div><div>8 April 2024</div>", ("2024-04-08", "text")), ("<div>8 April 2024, 16:26</div><div>9 April 2024, 10:00</div>", ("2024-04-08", "text")),
        ("<div>8 April 2024</div><div>9 April 2024</div>", None), ("<div>Joined: 8 April 2024</div>", None), ("<div>Updated 8 April 2024</div>", None),
        ("<div>The hall, 8 April 2024</div>", None),
    ],
)  # fmt: skip
def test_a_day_that_has_a_line_to_itself_dates_what_nothing_else_does(below, found):
    assert dated("", below=FAR + below) == found


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ('{"publishedAt":"2022-01-31T15:58:43+01:00","createdAt":"2022-01-29"}', ("2022-01-31", "script")), (r'"{\"publicationDate\": \"2022-01-31\"}"', ("2022-01-31", "script")),
        ('[{"publishDate":"2022-01-31"},{"publishDate":"2022-02-01"}]', None), ('{"createdAt":"2022-01-29"}', None),
    ],
)  # fmt: skip
def test_the_only_day_of_publication_in_a_pages_scripts(state, found):
    assert dated(f"<script>window.state = {state}</script>") == found
