"""`igwire stage fetch`: URLs in, what became of each request out; the same client as the pipeline, no ledger.

Politeness without a ledger: one request at a time to a host, the general gap between two, and its robots file first.
Addresses that `--allow-loopback` lets through are the user's own: no robots file is asked for and no gap is kept there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from igwire.errors import BadUrl, FetchError
from igwire.fetch.policy import REFUSING
from igwire.fetch.robots import Robots
from igwire.model import Capture
from igwire.ports import Fetcher
from igwire.urls import fetch_url, host_of, origin_of

Row = dict[str, Any]
# Requests under way at once, each to another host; they wait on the network, so they do not follow the number of processes.
_THREADS = 16


def run(rows: Iterable[Row], root: Path, workers: int, *, fetcher: Fetcher, gap_s: float, own: Callable[[str], bool]) -> Iterator[Row]:
    """Fetch the `url` of each row, host by host; one answer a row. `own`: whether a host is the user's own (no manners needed)."""
    by_host: dict[str, list[Row]] = {}
    for row in rows:
        by_host.setdefault(_host(row["url"]) or row["url"], []).append(row)
    # A host of the user's own may get many requests at once: that is what it is tried for.
    shares = [[row] for host, group in by_host.items() if own(host) for row in group]
    shares += [group for host, group in by_host.items() if not own(host)]
    polite = _Polite(fetcher, gap_s, own)
    with ThreadPoolExecutor(max(_THREADS, workers)) as pool:
        for answers in pool.map(polite.fetch_all, shares):
            yield from answers


def _host(url: str) -> str:
    """The host as the client reads it (2130706433 is 127.0.0.1), "" for what is no URL."""
    try:
        return host_of(fetch_url(url))
    except BadUrl:
        return ""


class _Polite:
    def __init__(self, fetcher: Fetcher, gap_s: float, own: Callable[[str], bool]) -> None:
        self._fetcher, self._gap_s, self._own = fetcher, gap_s, own
        self._rules: dict[str, Robots] = {}

    def fetch_all(self, rows: list[Row]) -> list[Row]:
        """The answers to one host's rows, in turn."""
        answers: list[Row] = []
        for row in rows:
            if answers and answers[-1]["address"]:
                self._wait(row["url"])
            answers.append({"id": row["id"], **self._answer(row["url"])})
        return answers

    def _answer(self, url: str) -> Row:
        start = time.monotonic()
        try:
            held = None if self._own(_host(url)) else self._held(fetch_url(url))
            if held:
                return _refused(held, url, start)
            capture = self._fetcher.get(url)
        except (FetchError, BadUrl) as error:
            return _refused(error.reason, error.url, start, detail=str(error))
        return {
            "outcome": _word(capture), "reason": None, "detail": "", "status": capture.status, "final_url": capture.final_url, "bytes": len(capture.body),
            "seconds": capture.seconds, "address": capture.address,
        }  # fmt: skip

    def _held(self, url: str) -> str | None:
        """The reason why robots.txt does not let the URL be fetched."""
        origin = origin_of(url)
        if origin not in self._rules:
            self._rules[origin] = self._robots(origin)
        return self._rules[origin].allowed(url)[1]

    def _robots(self, origin: str) -> Robots:
        try:
            capture = self._fetcher.get(f"{origin}/robots.txt")
        except FetchError as error:
            # Where nothing could be sent the page will fail in the same way, and says it better.
            return Robots.parse(b"", 404 if error.reason in ("blocked_address", "no_contact", "dns") else 0)
        self._wait(origin)
        return Robots.parse(capture.body, capture.status)

    def _wait(self, url: str) -> None:
        if not self._own(_host(url)):
            time.sleep(self._gap_s)


def _word(capture: Capture) -> str:
    """How the answer is counted in a run: fetched, or the reason of its disposition."""
    if capture.status == 200:
        return "fetched"
    return REFUSING.get(capture.status, f"http_{capture.status}")


def _refused(reason: str, url: str, start: float, detail: str = "") -> Row:
    return {
        "outcome": reason, "reason": reason, "detail": detail, "status": None, "final_url": url, "bytes": 0, "seconds": round(time.monotonic() - start, 3),
        "address": None,
    }  # fmt: skip
