"""Politeness as pure decisions: how long a host is left alone after an answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from igwire.model import Capture, Source
from igwire.text import whole_number
from igwire.urls import secured

# Answers that ask for patience with the whole host, whatever was asked for.
PATIENCE = (429, 503)
# A longer crawl-delay is a way of saying no, or a mistake; Common Crawl honours the same span.
_LONGEST_DELAY_S = 120.0
_FIRST_COOLING = timedelta(hours=1)
_LONGEST_COOLING = timedelta(hours=24)
_FIRST_BACKOFF = timedelta(minutes=1)
_UNREACHABLE = timedelta(minutes=10)
# Failures of a request that tell of the host, not of the page.
OF_THE_HOST = {"deadline", "connection", "tls", "dns"}
# Answers that no later try will change soon, and the reason they are rejected for.
REFUSING = {401: "forbidden", 403: "forbidden", 404: "not_found", 410: "gone", 451: "forbidden"}


def gap_s(own: float | None, crawl_delay: float | None, general: float) -> float:
    """Seconds between two requests to a host: an agreement in the catalogue, else the longer of our rule and the site's."""
    asked = min(crawl_delay or 0.0, _LONGEST_DELAY_S)
    return max(own, asked) if own is not None else max(general, asked)


def address(source: Source, url: str) -> str:
    """Where something of the source is asked for: by https where nothing of it goes in the clear."""
    return secured(url) if source.https_only else url


def cooling_until(status: int, headers: Iterable[tuple[str, str]], *, now: datetime, failures: int) -> datetime | None:
    """Until when a host is not asked at all after this answer; None = only the gap. `failures`: in a row before it."""
    fields = {name.lower(): value for name, value in headers}
    if status in PATIENCE:
        asked = retry_after(fields.get("retry-after"), fields.get("date"), now)
        wait: timedelta = asked or _FIRST_COOLING * 2 ** min(failures, 5)
        return now + min(wait, _LONGEST_COOLING)
    if 500 <= status < 600:
        backoff: timedelta = _FIRST_BACKOFF * 2 ** min(failures, 10)
        return now + min(backoff, _LONGEST_COOLING)
    return None


def cooling_after_failure(*, now: datetime, failures: int) -> datetime | None:
    """Until when a host is not asked after a request without an answer; one failure may be the page's own fault, so the second counts."""
    return now + min(_UNREACHABLE * 2 ** min(failures - 1, 8), _LONGEST_COOLING) if failures else None


def retry_after(value: str | None, date: str | None, now: datetime) -> timedelta | None:
    """The span that Retry-After asks for, in seconds or as a date (read against the server's own clock); None for nonsense."""
    if not value:
        return None
    if (seconds := whole_number(value)) is not None:
        return timedelta(seconds=min(seconds, 10**9))
    until, server_now = http_date(value), http_date(date) or now
    return until - server_now if until and until > server_now else None


def http_date(value: str | None) -> datetime | None:
    """An HTTP-date, None for nonsense."""
    try:
        parsed = parsedate_to_datetime(value) if value else None
    except (ValueError, TypeError, IndexError):
        return None
    return parsed.replace(tzinfo=UTC) if parsed and parsed.tzinfo is None else parsed


def is_blocked(capture: Capture) -> bool:
    """True when a bot wall answered instead of the site."""
    return is_wall(capture.status, {name.lower(): value for name, value in capture.headers})


def is_wall(status: int, headers: Mapping[str, str]) -> bool:
    """The marks of bot walls; names of `headers` in lower case."""
    return status in (403, 503) and (headers.get("cf-mitigated") == "challenge" or "x-datadome" in headers)
