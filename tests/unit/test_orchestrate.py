"""The window of a run, case by case (Airflow 3 gives manual runs no interval, or a misleading one)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from igwire.errors import UsageError
from igwire.orchestrate import resolve_window

NOW = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
DAY = (datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 2, tzinfo=UTC))
YESTERDAY = (datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC))


def window(run_type="manual", params=None, interval=None, run_after=None):
    found = resolve_window(run_type=run_type, params=params or {}, interval=interval, run_after=run_after, now=NOW)
    return found.start.isoformat()[:10], found.end.isoformat()[:10], found.mode


def test_scheduled_and_backfill_runs_use_their_interval():
    assert window("scheduled", interval=YESTERDAY) == ("2026-11-23", "2026-11-24", "live")
    assert window("backfill", interval=DAY) == ("2026-10-01", "2026-10-02", "past")
    assert window("backfill", interval=YESTERDAY)[2] == "past"


def test_manual_runs_take_the_last_closed_day_whatever_their_interval_says():
    assert window() == ("2026-11-23", "2026-11-24", "live")
    assert window(interval=DAY) == ("2026-11-23", "2026-11-24", "live")
    assert window(run_after=datetime(2026, 10, 5, 7, tzinfo=UTC)) == ("2026-10-04", "2026-10-05", "past")


def test_params_win():
    assert window("backfill", {"since": "2015-12-01", "until": "2015-12-31"}, DAY) == ("2015-12-01", "2016-01-01", "past")
    assert window(params={"since": "2015-01-01"}) == ("2015-01-01", "2026-11-24", "live")
    assert window(params={"until": "2015-12-16"}) == ("2015-12-16", "2015-12-17", "past")


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"since": "2026-12-01", "until": "2026-11-01"}, "since 2026-12-01 lies after until 2026-11-01"),
        ({"since": "2027-01-01", "until": "2027-01-02"}, "begins on 2027-01-01, which is in the future"),
        ({"since": "soon"}, "since 'soon' is no day"),
    ],
)
def test_windows_that_cannot_be(params, said):
    with pytest.raises(UsageError, match=said):
        window(params=params)
