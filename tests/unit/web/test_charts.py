"""Volume over time as bars and as a table."""

from __future__ import annotations

from datetime import date
from xml.etree import ElementTree

import pytest

from igwire.search.request import SearchRequest
from igwire.search.results import Span
from igwire.web.charts import interval_for, volume, within_years

TODAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("request_", "years", "interval"),
    [
        ({"since": date(2026, 11, 1)}, ["2026"], "day"), ({"since": date(2026, 1, 1)}, ["2026"], "week"), ({}, ["2026"], "week"), ({}, ["2022", "2026"], "month"),
        ({}, ["2010", "2026"], "quarter"), ({}, ["1990"], "week"), ({}, ["1970", "2026"], "year"),
        ({"since": date(2015, 1, 1), "until": date(2015, 1, 31)}, ["2015"], "day"),
    ],
)  # fmt: skip
def test_the_interval_suits_the_span(request_, years, interval):
    assert interval_for(within_years(SearchRequest(**request_), years, TODAY), TODAY) == interval


def test_bars_are_as_high_as_their_numbers():
    made = volume(
        [Span(start="2015-11-01", found=1, covered=100), Span(start="2015-12-01", found=4, covered=8), Span(start="2016-01-01", found=0, covered=0)], "month"
    )
    bars = [int(bar.get("height")) for bar in ElementTree.fromstring(made.found) if bar.tag == "rect"]
    assert bars == [25, 100, 0]
    shares = [int(bar.get("height")) for bar in ElementTree.fromstring(made.share) if bar.tag == "rect"]
    assert shares == [2, 100, 0]
    assert (made.most, made.most_share, made.first, made.last) == (4, 0.5, date(2015, 11, 1), date(2016, 1, 31))
    # Three bars are no blocks.
    assert ElementTree.fromstring(made.found).get("viewBox") == "0 0 200 100"
    assert "5 in all, at most 4" in ElementTree.fromstring(made.found).get("aria-label")
    assert [(span.start, first, last) for span, first, last in made.rows] == [
        ("2015-11-01", date(2015, 11, 1), date(2015, 11, 30)), ("2015-12-01", date(2015, 12, 1), date(2015, 12, 31)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("interval", "start", "last"),
    [("day", "2016-02-28", date(2016, 2, 28)), ("week", "2015-12-28", date(2016, 1, 3)), ("quarter", "2015-10-01", date(2015, 12, 31)), ("year", "2016-01-01", date(2016, 12, 31))],
)  # fmt: skip
def test_a_row_leads_to_its_days(interval, start, last):
    assert volume([Span(start=start, found=1, covered=1)], interval).rows[0][2] == last


def test_years_that_no_calendar_has_are_left_out_and_the_far_future_is_cut_off():
    assert within_years(SearchRequest(), ["-1", "0", "9999"], TODAY) is None
    assert within_years(SearchRequest(), ["9000"], TODAY) is None
    next_year = date(TODAY.year + 1, 12, 31)
    assert within_years(SearchRequest(), ["2015", "9000"], TODAY).until == next_year
    assert within_years(SearchRequest(until=date.max), ["2015"], TODAY).until == next_year


def test_a_chart_covers_the_years_in_which_something_was_found_and_no_others():
    found = within_years(SearchRequest(text="wuzhen"), ["2015", "2016"], TODAY)
    assert (found.since, found.until, found.text) == (date(2015, 1, 1), date(2016, 12, 31), "wuzhen")
    asked = SearchRequest(since=date(2015, 12, 1))
    assert within_years(asked, ["2015"], TODAY) == SearchRequest(since=date(2015, 12, 1), until=date(2015, 12, 31))
    # Nothing that is found has a day: there is nothing to draw.
    assert within_years(asked, [], TODAY) is None


def test_where_everything_is_found_the_share_says_nothing():
    assert volume([Span(start="2015-11-01", found=8, covered=8), Span(start="2015-12-01", found=0, covered=0)], "month").share is None


def test_nothing_is_no_fault():
    assert volume([], "month").rows == ()
