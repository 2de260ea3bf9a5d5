"""Charts as inline SVG, drawn here so that no script is needed; each goes with a table of the same numbers (see `_chart.html`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from markupsafe import Markup

from igwire.search.request import SearchRequest
from igwire.search.results import Span

# Days up to which an interval gives no more bars than a chart has room for.
_INTERVALS = ((62, "day"), (420, "week"), (366 * 6, "month"), (366 * 20, "quarter"))
_HEIGHT, _STEP, _BAR = 100, 10, 8
# Fewer bars would be blocks.
_FEWEST = 20
# More bars cannot be told apart; the latest are shown.
_MOST = 400


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: the stretch's name, its height in the unit of the chart, and what is said of it."""

    label: str
    value: float
    tip: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """Volume over time, ready to be shown: two charts, their first and last day, the rows of the table (each with its days), and the interval."""

    interval: str
    found: Markup
    # None where everything is found that was covered: a row of full bars says nothing.
    share: Markup | None
    first: date | None
    last: date | None
    rows: tuple[tuple[Span, date, date], ...]
    most: int
    most_share: float


def within_years(request: SearchRequest, years: Sequence[str], today: date) -> SearchRequest | None:
    """The search in the years in which it finds something, where it names no days: a chart of the whole archive would hide two months of it.

    None where nothing that is found has a day. What is dated later than next year is a fault of its page and would stretch the chart to it.
    """
    # What no calendar has stands in some documents.
    known = sorted(int(year) for year in years if year.isdigit() and 0 < int(year) < 9999)
    if not known:
        return None
    last = min(request.until or date(known[-1], 12, 31), date(today.year + 1, 12, 31))
    first = request.since or date(known[0], 1, 1)
    return replace(request, since=first, until=last) if first <= last else None


def interval_for(request: SearchRequest, today: date) -> str:
    """The interval that suits the days asked for."""
    last = min(request.until or today, today)
    days = max(1, (last - (request.since or today)).days)
    return next((name for limit, name in _INTERVALS if days <= limit), "year")


def volume(spans: Sequence[Span], interval: str) -> Volume:
    """Charts and table of `Reader.volume`."""
    shown = spans[-_MOST:]
    found = [Bar(s.start, s.found, f"{s.start}: {s.found} of {s.covered}") for s in shown]
    days = [(span, day := date.fromisoformat(span.start), _last_day(day, interval)) for span in shown]
    total, most = sum(s.found for s in shown), max((s.found for s in shown), default=0)
    return Volume(
        interval=interval, found=_bars(found, f"Articles found per {interval}: {total} in all, at most {most}."), most=most, share=_share(shown, interval),
        most_share=max((s.share for s in shown), default=0.0), first=days[0][1] if days else None, last=days[-1][2] if days else None,
        rows=tuple(row for row in days if row[0].covered),
    )  # fmt: skip


def _share(spans: Sequence[Span], interval: str) -> Markup | None:
    if all(span.found == span.covered for span in spans):
        return None
    peak = max(spans, key=lambda s: s.share)
    bars = [Bar(s.start, s.share, f"{s.start}: {s.share:.1%} of {s.covered}") for s in spans]
    return _bars(bars, f"Share of all coverage per {interval}" + (f": at most {peak.share:.1%}, from {peak.start}." if peak.found else "."))


def _bars(bars: Sequence[Bar], says: str) -> Markup:
    tallest = max((bar.value for bar in bars), default=0) or 1
    drawn = Markup("").join(_bar(number, bar, bar.value / tallest) for number, bar in enumerate(bars))
    width = max(_FEWEST, len(bars)) * _STEP
    head = Markup('<svg viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">').format(width, _HEIGHT, says)
    return head + drawn + Markup("</svg>")


def _bar(number: int, bar: Bar, share: float) -> Markup:
    # What is there must be seen, however small.
    height = max(2, round(share * _HEIGHT)) if bar.value else 0
    place = (number * _STEP, _HEIGHT - height, _BAR, height)
    return Markup('<rect x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>').format(*place, bar.tip)


def _last_day(first: date, interval: str) -> date:
    if interval in ("day", "week"):
        return first + timedelta(days=6 if interval == "week" else 0)
    months = {"month": 1, "quarter": 3, "year": 12}[interval]
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1) - timedelta(days=1)
