"""`igwire stage fetch`: URLs in, what became of each request out; the same client as the pipeline, no ledger.

Politeness without a ledger: one request at a time to a host, the general gap between two, and its robots file first; all of it
anew on a host that a redirect leads to.
Addresses that `--allow-loopback` lets through are the user's own: no robots file is asked for and no gap is kept there.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from igwire.errors import BadUrl, Elsewhere, FetchError
from igwire.fetch.policy import REFUSING
from igwire.fetch.redirects import Hops
from igwire.fetch.robots import Robots
from igwire.model import Capture
from igwire.ports import Fetcher
from igwire.urls import fetch_url, host_of, origin_of, slot_host

Row = dict[str, Any]
# Requests under way at once, each to another host; they wait on the network, so they do not follow the number of processes.
_THREADS = 16
# Failures before a byte was sent.
_NEVER_SENT = {"blocked_address", "no_contact", "dns"}


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
        # By host: whose turn it is, and from when on (monotonic) the next request may start.
        self._turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._free_at: dict[str, float] = {}

    def fetch_all(self, rows: list[Row]) -> list[Row]:
        """The answers to one host's rows, in turn."""
        return [{"id": row["id"], **self._answer(row["url"])} for row in rows]

    def _answer(self, url: str) -> Row:
        start = time.monotonic()
        try:
            capture = self._followed(fetch_url(url), ())
        except (FetchError, BadUrl) as error:
            return _refused(error.reason, error.url, start, detail=str(error))
        if isinstance(capture, str):
            return _refused(capture, url, start)
        return {
            "outcome": _word(capture), "reason": None, "detail": "", "status": capture.status, "final_url": capture.final_url, "bytes": len(capture.body),
            "seconds": capture.seconds, "address": capture.address,
        }  # fmt: skip

    def _followed(self, url: str, came: Hops) -> Capture | str:
        """The final answer, or the reason why a robots file on the way does not let it be fetched."""
        if not self._own(_host(url)) and (held := self._held(url)):
            return held
        try:
            return self._get(url, came=came)
        except Elsewhere as met:
            return self._followed(met.target, met.hops)

    def _held(self, url: str) -> str | None:
        """The reason why robots.txt does not let the URL be fetched."""
        origin = origin_of(url)
        if origin not in self._rules:
            self._rules[origin] = self._robots(origin)
        return self._rules[origin].allowed(url)[1]

    def _robots(self, origin: str) -> Robots:
        try:
            capture = self._get(f"{origin}/robots.txt", across=True)
        except FetchError as error:
            # Where nothing could be sent the page will fail in the same way, and says it better.
            return Robots.parse(b"", 404 if error.reason in _NEVER_SENT else 0)
        return Robots.parse(capture.body, capture.status)

    def _get(self, url: str, *, came: Hops = (), across: bool = False) -> Capture:
        """One request, when it is its turn: one at a time to a host, with the gap after each."""
        host = slot_host(url)
        if self._own(_host(url)):
            return self._fetcher.get(url, came=came, across=across)
        with self._turns[host]:
            time.sleep(max(0.0, self._free_at.get(host, 0.0) - time.monotonic()))
            gap = self._gap_s
            try:
                return self._fetcher.get(url, came=came, across=across)
            except FetchError as error:
                gap = 0.0 if error.reason in _NEVER_SENT else gap
                raise
            finally:
                self._free_at[host] = time.monotonic() + gap


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
