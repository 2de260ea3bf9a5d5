"""Where a redirect leads, and whether the one who asked may go there at once."""

from __future__ import annotations

from igwire.errors import BadUrl, Elsewhere, FetchError
from igwire.urls import fetch_url, slot_host

MAX_REDIRECTS = 5
STATUSES = {301, 302, 303, 307, 308}
# Every address that was left, with the status that led on; oldest first.
Hops = tuple[tuple[int, str], ...]


def next_hop(hops: Hops, location: str, *, across: bool = False, https_only: bool = False) -> str:
    """The address that the last of the `hops`, over the whole chain, leads to by its Location header, when it lies on the same host.

    Raises Elsewhere for another host (unless `across`), FetchError too_many_redirects, bad_redirect or, with `https_only`, downgrade.
    """
    current = hops[-1][1]
    if len(hops) > MAX_REDIRECTS:
        raise FetchError(current, "too_many_redirects", f"more than {MAX_REDIRECTS} redirects")
    target = _target(current, location)
    if any(target == left for _, left in hops):
        # No cookies are kept, so the same request would get the same answer.
        raise FetchError(current, "too_many_redirects", f"redirects in a circle to {target[:200]}")
    if https_only and not target.startswith("https:"):
        raise FetchError(current, "downgrade", f"redirects to {target[:200]}, and the source is only asked by https")
    if not across and slot_host(target) != slot_host(current):
        raise Elsewhere(target, hops)
    return target


def _target(current: str, location: str) -> str:
    try:
        # requests hands header values over as Latin-1; most servers mean UTF-8.
        target = location.encode("latin-1").decode("utf-8", "replace")
        if "\\" in target:
            # Parsers disagree about what is the host then, and whoever writes it counts on that.
            raise BadUrl(target, "invalid")
        return fetch_url(target, current)
    except (BadUrl, UnicodeEncodeError, ValueError) as error:
        raise FetchError(current, "bad_redirect", f"redirects to {location[:200]!r}") from error
