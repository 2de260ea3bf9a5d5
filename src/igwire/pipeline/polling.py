"""What a poll means: pure decisions about one feed's answer, taken alike by the poller and by `igwire stage poll`.

state before + answer + entries known ─▶ Decision: new entries, changed ones, possible gap, state after, next poll

The rules come from what publishers ask for and what feed readers learnt the hard way: conditional requests are byte-exact, a poll
never comes early, a fault changes nothing but the time of the next try, and nothing is given up silently.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from igwire import __version__
from igwire.feeds.select import Selection, select
from igwire.fetch import policy
from igwire.ledger.packing import fingerprint, instant
from igwire.ledger.sources import Known, SourceState
from igwire.model import FeedEntry, ParsedFeed, Source
from igwire.pipeline.matching import Match, match
from igwire.text import whole_number
from igwire.urls import document_id

# What `SourceState.state` may say.
STATES = {
    "never": "not polled yet",
    "ok": "entries were read",
    "unchanged": "nothing changed since the last poll",
    "empty": "a feed without entries",
    "frozen": "readable, but its newest entry is half a year old",
    "not_a_feed": "something else lies at the address",
    "blocked": "a bot wall answers instead of the site",
    "refused": "the site answers 401, 403 or 451",
    "cooling": "the site asks for patience (429, 503)",
    "retrying": "faults that may pass",
    "failing": "faults for 30 days; tried once a week",
    "moved": "the redirect could not be followed",
    "gone": "410 on three days; looked at once a month, then once a year",
}
# States that are nobody's fault and need nobody's look.
HEALTHY = ("ok", "unchanged", "cooling")
# Generation of what reads feeds: a new one reads every body again.
PARSER = f"igwire {__version__}"

# Once an hour is what publishers bear; an agreement in the catalogue may say less.
FLOOR = timedelta(hours=1)
# A daily run must find every feed due, so the longest wait stays below a day.
LONGEST = timedelta(hours=23)
_LONGEST_COOLING = timedelta(hours=24)
_FULL_EVERY = timedelta(days=7)
_FROZEN = timedelta(days=180)
_FAILING = timedelta(days=30)
# An address that a move led to may prove wrong; after so long the catalogue's is tried again.
_MOVE_DOUBTED = timedelta(days=14)
_WEEK, _DAY, _MONTH, _YEAR = timedelta(days=7), timedelta(days=1), timedelta(days=30), timedelta(days=365)
_FIRST_RETRY = timedelta(minutes=30)
# 410 is believed after three days, and looked at monthly three times more.
_GONE_AFTER, _GONE_CHECKS = 3, 3
# A permanent redirect is believed after ten sightings in three days: captive portals answer 301 too.
_MOVE_SIGHTINGS, _MOVE_SPAN = 10, timedelta(days=3)
_EMPTY_ALERT = 3
_MADE_UP = "addresses and guids change with every answer"
# How far polls of different feeds are spread; a host that asked for patience gets more.
_SPREAD, _SPREAD_COOLING = timedelta(minutes=5), timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back from one feed. `status` 0 and `error` (a word of FetchError) when nothing did."""

    at: datetime
    status: int
    # Names in lower case.
    headers: Mapping[str, str]
    final_url: str = ""
    # Where a chain of nothing but permanent redirects (301, 308) led.
    permanent_to: str | None = None
    # A redirect led from https to http.
    downgraded: bool = False
    body_hash: str | None = None
    # The parsed body; None when there was none to parse, or it is the last one again.
    feed: ParsedFeed | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What follows from an answer. `after` is the state to keep; `gap` a span in which entries may have been missed."""

    after: SourceState
    new: tuple[FeedEntry, ...] = ()
    # Entries known before whose texts differ now, and all that were known, each with what was known.
    changed: tuple[FeedEntry, ...] = ()
    known: tuple[tuple[FeedEntry, Known], ...] = ()
    dropped: Mapping[str, int] | None = None
    gap: tuple[datetime, datetime] | None = None
    # Sentences for the report.
    alerts: tuple[str, ...] = ()


# ── before the request ──────────────────────────────────────────────────────────────────────────────────────────────


def address(source: Source, state: SourceState) -> str:
    """The feed's address: the one that a permanent move led to, unless the catalogue changed its mind since."""
    found = state.feed_url if state.feed_url and state.feed_url_was == source.feed_url else source.feed_url or ""
    return policy.address(source, found)


def validators(source: Source, state: SourceState, now: datetime) -> dict[str, str]:
    """Headers that make the request conditional, exactly as the server sent them; {} when the whole feed is wanted."""
    due = state.last_full_at is None or now - state.last_full_at >= _FULL_EVERY
    if due or not state.conditional or state.validators_for != _stamp(address(source, state)):
        return {}
    fields = {"If-None-Match": state.etag, "If-Modified-Since": state.last_modified}
    return {name: value for name, value in fields.items() if value}


def _stamp(url: str) -> str:
    return f"{PARSER} {url}"


def same_body(source: Source, state: SourceState, body_hash: str) -> bool:
    """Whether the last good parse read exactly this, so that it need not be parsed again."""
    return state.body_hash == body_hash and state.validators_for == _stamp(address(source, state))


# ── after the answer ────────────────────────────────────────────────────────────────────────────────────────────────


def unfamiliar(feed: ParsedFeed, known: Iterable[Known]) -> bool:
    """Whether no address of the answer is known, so that `decide` must also be told what the source named lately."""
    ids = set(keys(feed)[1])
    return bool(ids) and not any(was.item_id in ids for was in known)


def keys(feed: ParsedFeed) -> tuple[Selection, list[str], list[str]]:
    """The entries that name articles, their item ids, and their guids: what to ask the ledger for before `decide`."""
    chosen = select(feed.entries)
    return chosen, [document_id(e.url) for e in chosen.entries], [e.guid for e in chosen.entries if e.guid]


def decide(source: Source, before: SourceState, answer: Answer, known: Iterable[Known] = ()) -> Decision:
    """Judge one answer. `known`: what the source named before under the ids and guids of `keys(answer.feed)`; where they are `unfamiliar`, also lately."""
    if answer.status == 304:
        return _not_modified(source, before, answer)
    if answer.status != 200 or answer.error:
        return _no_feed(source, before, answer)
    if answer.feed is None:
        return _as_before(source, before, answer, "200 with the same body")
    if answer.feed.status in ("ok", "empty"):
        return _read(source, before, answer, answer.feed, list(known))
    return _no_feed(source, before, answer)


def _not_modified(source: Source, before: SourceState, answer: Answer) -> Decision:
    moved = before.validators_url and answer.final_url and answer.final_url != before.validators_url
    if moved or before.last_success_at is None:
        # Whoever says "not modified" here never gave us what was not modified.
        after = _fault(source, before, answer, "retrying", "304, but to validators of another address; the next request is unconditional")
        return Decision(after=replace(after, etag=None, last_modified=None, validators_url=None))
    return _as_before(source, before, answer, "304 not modified")


def _as_before(source: Source, before: SourceState, answer: Answer, said: str) -> Decision:
    """Nothing new, which is a good answer. Where it comes from counts all the same: the known entries lie at the end of the redirect."""
    after, alerts = _moving(source, _success(source, before, answer, said, fresh=0, of=before.entries), answer, sharing=bool(before.entries))
    return Decision(after=_standing(after, answer.at, "unchanged"), alerts=alerts)


def _read(source: Source, before: SourceState, answer: Answer, feed: ParsedFeed, known: Sequence[Known]) -> Decision:
    chosen = select(feed.entries)
    matched = match(chosen.entries, known)
    new, paired = matched.new, matched.paired
    changed = tuple(entry for entry, was in paired if was.fingerprint and was.fingerprint != fingerprint(entry))
    gap = _gap(before, chosen.entries, paired, answer.at)
    alerts = (*_alerts(source, before, answer, new), *_distrust(source, before, matched))
    said = "; ".join([f"{len(chosen.entries)} entries, {len(new)} new", *([_MADE_UP] if matched.volatile else []), *feed.problems])
    after = _success(source, before, answer, said, fresh=len(new), of=len(chosen.entries), rolled=gap is not None)
    after = replace(
        after, body_hash=answer.body_hash, hub=feed.hub or before.hub, newest_at=_newest(feed.entries, answer.at) or before.newest_at,
        empties=0 if feed.entries else before.empties + 1, entries=len(chosen.entries) or before.entries, proposed_url=None,
        last_new_at=answer.at if new else before.last_new_at, conditional=before.conditional and not any("304" in alert for alert in alerts),
    )  # fmt: skip
    after, moved = _moving(source, after, answer, sharing=bool(paired))
    after = _standing(after, answer.at, "ok" if feed.entries else "empty")
    if after.empties == _EMPTY_ALERT:
        alerts = (*alerts, f"{source.id}: {_EMPTY_ALERT} good answers in a row without an entry")
    return Decision(after=after, new=new, changed=changed, known=tuple(paired), dropped=chosen.dropped, gap=gap, alerts=(*alerts, *moved))


def _distrust(source: Source, before: SourceState, matched: Match) -> tuple[str, ...]:
    """What turned out of the feed's guids and addresses, told once."""
    told = []
    if matched.spoilt:
        told.append(f"{source.id}: one guid for several articles ({min(matched.spoilt)[:80]!r}); such guids are not trusted, only addresses count")
    if matched.volatile and _MADE_UP not in (before.state_reason or ""):
        told.append(f"{source.id}: {_MADE_UP}; its entries are known by title, date and text")
    return tuple(told)


def _gap(before: SourceState, entries: Sequence[FeedEntry], paired: Sequence[object], at: datetime) -> tuple[datetime, datetime] | None:
    """Nothing of the last good poll is there any more: something may have come and gone in between."""
    if paired or not entries or not before.entries or before.last_success_at is None:
        return None
    return before.last_success_at, at


def _newest(entries: Iterable[FeedEntry], at: datetime) -> datetime | None:
    """The newest date that is not in the future."""
    moments = [moment for e in entries for text in (e.published, e.updated) if (moment := instant(text)) and moment <= at + _DAY]
    return max(moments, default=None)


def _alerts(source: Source, before: SourceState, answer: Answer, new: Sequence[FeedEntry]) -> tuple[str, ...]:
    """A server that said 304 although it had news is not asked conditionally any more."""
    if before.state != "unchanged" or before.last_poll_at is None or not (before.state_reason or "").startswith("304"):
        return ()
    old = [e for e in new if (moment := instant(e.published)) and moment < before.last_poll_at - FLOOR]
    if not old and not (new and before.etag and answer.headers.get("etag") == before.etag):
        return ()
    return (f"{source.id}: the server answered 304 although it had {len(old) or len(new)} new entries; from now on it is asked unconditionally",)


def _moving(source: Source, state: SourceState, answer: Answer, *, sharing: bool) -> tuple[SourceState, tuple[str, ...]]:
    """Count sightings of a permanent redirect; adopt its target when it has proved itself and holds entries that we know."""
    target = answer.permanent_to
    if not target or target == address(source, state):
        return replace(state, moving_to=None, moving_seen=0, moving_since=None), ()
    if target != state.moving_to:
        return replace(state, moving_to=target, moving_seen=1, moving_since=answer.at), ()
    state = replace(state, moving_seen=state.moving_seen + 1)
    since = state.moving_since or answer.at
    if not sharing or state.moving_seen < _MOVE_SIGHTINGS or answer.at - since < _MOVE_SPAN:
        return state, ()
    told = f"{source.id}: the feed moved for good from {address(source, state)} to {target}; please correct the catalogue"
    # The validators came from the target and stay good.
    adopted = replace(state, feed_url=target, feed_url_was=source.feed_url, moving_to=None, moving_seen=0, moving_since=None)
    return replace(adopted, validators_for=_stamp(target)), (told,)


def _standing(state: SourceState, at: datetime, word: str) -> SourceState:
    """Empty and frozen feeds stay so although they answer well."""
    if state.empties:
        return replace(state, state="empty", state_reason=f"no entries in {state.empties} answers in a row")
    if state.newest_at and at - state.newest_at > _FROZEN:
        return replace(state, state="frozen", state_reason=f"its newest entry is of {state.newest_at:%Y-%m-%d}")
    return replace(state, state=word)


def _success(source: Source, before: SourceState, answer: Answer, said: str, *, fresh: int, of: int, rolled: bool = False) -> SourceState:
    """The state after a good answer, next poll included; the caller adds what it read."""
    interval = _interval(source, before, fresh=fresh, of=of, rolled=rolled)
    conditional = answer.status == 304
    return replace(
        before, state_reason=said, failures=0, failing_since=None, gone_seen=0, gone_at=None, last_poll_at=answer.at, last_success_at=answer.at,
        etag=_kept(answer, "etag", before.etag), last_modified=_kept(answer, "last-modified", before.last_modified),
        validators_url=answer.final_url or before.validators_url, validators_for=_stamp(address(source, before)),
        last_full_at=before.last_full_at if conditional or _asked_lately(before, answer.at) else answer.at, interval_s=interval.total_seconds(),
        next_poll_at=answer.at + _wait(source, interval, answer),
    )  # fmt: skip


def _asked_lately(before: SourceState, at: datetime) -> bool:
    """Whether the request was conditional, so that this answer says nothing about the server's honesty."""
    return bool(before.conditional and before.last_full_at and at - before.last_full_at < _FULL_EVERY and (before.etag or before.last_modified))


def _kept(answer: Answer, name: str, before: str | None) -> str | None:
    """The validator to send next time, byte-exact; a 304 without the header keeps the old one."""
    value = answer.headers.get(name)
    if value is None:
        return before if answer.status == 304 else None
    # A value that cannot be sent back in a header is no validator.
    return value if all(" " <= c <= "ÿ" and c != "\x7f" for c in value) else None


# ── when to come back ───────────────────────────────────────────────────────────────────────────────────────────────


def _floor(source: Source) -> timedelta:
    return FLOOR if source.poll_min_s is None else timedelta(seconds=source.poll_min_s)


def _interval(source: Source, before: SourceState, *, fresh: int, of: int, rolled: bool) -> timedelta:
    """The feed's own rhythm: half as long when a quarter of its places is new, half as long again when nothing is."""
    floor = _floor(source)
    last = timedelta(seconds=before.interval_s) if before.interval_s is not None else floor
    first = before.last_success_at is None
    factor = 1.0 if first else 0.5 if rolled or (of and fresh / of >= 0.25) else 1.0 if fresh else 1.5
    return min(max(last * factor, floor), max(LONGEST, floor))


def _wait(source: Source, interval: timedelta, answer: Answer) -> timedelta:
    """Until the next poll: the feed's rhythm, or longer where feed or cache headers ask for it; an agreement overrules both."""
    if source.poll_min_s is not None:
        return interval
    feed = timedelta(seconds=min(answer.feed.interval_s or 0, LONGEST.total_seconds())) if answer.feed else timedelta()
    cache = min(cache_span(answer.headers, answer.at), LONGEST, 4 * FLOOR)
    return min(max(interval, feed, cache) + _SPREAD * _stable(source.id), LONGEST)


def cache_span(headers: Mapping[str, str], at: datetime) -> timedelta:
    """How long the answer stays fresh (RFC 9111 section 4.2): max-age less Age, else Expires less Date; zero where caching is forbidden."""
    asked = dict(part.strip().lower().partition("=")[::2] for part in headers.get("cache-control", "").split(","))
    if {"no-store", "no-cache"} & set(asked):
        return timedelta()
    if (fresh := whole_number(asked.get("max-age", "").strip('"'))) is not None:
        age = whole_number(headers.get("age", "")) or 0
        return timedelta(seconds=max(min(fresh, 10**9) - age, 0))
    expires, date = policy.http_date(headers.get("expires")), policy.http_date(headers.get("date")) or at
    return max(expires - date, timedelta()) if expires else timedelta()


def _stable(text: str) -> float:
    """A number in [0, 1) that is always the same for the same text: spreads polls without dice."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32


# ── faults ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _no_feed(source: Source, before: SourceState, answer: Answer) -> Decision:
    """The poll failed: validators and entries stay as they were, and nothing counts as read."""
    word, said, wait = _meaning(source, before, answer)
    after = _fault(source, before, answer, word, said, wait)
    alerts = []
    if answer.status == 410:
        after = _gone(before, after, answer.at)
    if answer.feed and answer.feed.alternates:
        after = replace(after, proposed_url=answer.feed.alternates[0])
    if after.state != before.state and after.state not in ("retrying", "cooling"):
        alerts.append(f"{source.id}: {STATES[after.state]}: {after.state_reason}")
    return Decision(after=after, alerts=tuple(alerts))


def _meaning(source: Source, before: SourceState, answer: Answer) -> tuple[str, str, timedelta | None]:
    """State, reason in words, and the wait where it is not the usual back-off."""
    if answer.error:
        return "retrying", f"{answer.error}: no answer", None
    if answer.feed is not None:
        proposal = f"; the page names the feed {answer.feed.alternates[0]}" if answer.feed.alternates else ""
        word = "not_a_feed" if answer.feed.status == "not_a_feed" else "retrying"
        return word, ("; ".join(answer.feed.problems) or "not a feed") + proposal, None
    if policy.is_wall(answer.status, answer.headers):
        return "blocked", f"HTTP status {answer.status} from a bot wall", _DAY
    if answer.status in policy.PATIENCE:
        asked = policy.retry_after(answer.headers.get("retry-after"), answer.headers.get("date"), answer.at)
        return "cooling", f"HTTP status {answer.status}" + (f", asks for {asked}" if asked else ""), _patience(source, before, asked)
    if answer.status in (401, 403, 451):
        return "refused", f"HTTP status {answer.status}", None
    if 300 <= answer.status < 400:
        return "moved", f"HTTP status {answer.status} to {answer.headers.get('location', 'nowhere')[:300]}", None
    return "retrying", f"HTTP status {answer.status}" if answer.status else "no answer", None


def _patience(source: Source, before: SourceState, asked: timedelta | None) -> timedelta:
    """The span that was asked for, else doubling from an hour; at most a day."""
    spread = _SPREAD if asked else _SPREAD_COOLING
    wait = max(asked, FLOOR) if asked else FLOOR * 2 ** min(before.failures, 10)
    return min(wait + spread * _stable(f"{source.id} {before.failures}"), _LONGEST_COOLING)


def _fault(source: Source, before: SourceState, answer: Answer, word: str, said: str, wait: timedelta | None = None) -> SourceState:
    failures, since = before.failures + 1, before.failing_since or answer.at
    if answer.at - since >= _FAILING and word not in ("gone", "blocked"):
        word, said, wait = "failing", f"{said}, for {(answer.at - since).days} days", _WEEK
    if answer.at - since >= _MOVE_DOUBTED and word != "blocked":
        before = replace(before, feed_url=None, feed_url_was=None)
    if wait is None:
        # Faults that may pass are met again soon, refusals are not.
        first = _FIRST_RETRY if word == "retrying" and not 400 <= answer.status < 500 else FLOOR
        wait = min(first * 2 ** min(failures - 1, 10) * (1 + _stable(f"{source.id} {failures}") / 4), LONGEST)
    return replace(before, state=word, state_reason=said[:500], failures=failures, failing_since=since, last_poll_at=answer.at, next_poll_at=answer.at + wait)


def _gone(before: SourceState, after: SourceState, at: datetime) -> SourceState:
    """410 is a promise, and sometimes a slip: believed on the third day, looked at again for a while."""
    apart = before.gone_at is None or at - before.gone_at >= _DAY
    seen = before.gone_seen + 1 if apart else before.gone_seen
    after = replace(after, gone_seen=seen, gone_at=at if apart else before.gone_at)
    if seen < _GONE_AFTER:
        return replace(after, state="retrying", state_reason=f"HTTP status 410, seen on {seen} of {_GONE_AFTER} days", next_poll_at=at + _DAY)
    pause = _MONTH if seen < _GONE_AFTER + _GONE_CHECKS else _YEAR
    return replace(after, state="gone", state_reason=f"HTTP status 410, seen {seen} times", next_poll_at=at + pause)


def header_fields(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Header fields by name in lower case, the first of each."""
    found: dict[str, str] = {}
    for name, value in headers:
        found.setdefault(name.lower(), value)
    return found
