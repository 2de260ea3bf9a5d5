"""The rules of polling, row by row of the checklist: what an answer means, and when the feed is asked again."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igwire.feeds.parse import parse_feed
from igwire.ledger.sources import Known, SourceState, printed
from igwire.model import ParsedFeed, Source
from igwire.pipeline import polling
from igwire.pipeline.polling import Answer, Decision, decide
from igwire.urls import document_id

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
URL = "http://news.example/feed"
SOURCE = Source(id="example", title="Example", site="http://news.example/", feed_url=URL)
FIRST = SourceState(id="example")


def rss(*names: str, date: str = "Tue, 24 Nov 2026 09:00:00 GMT", more: str = "", guid: str = "{}") -> bytes:
    items = "".join(
        f"<item><title>{n}</title><link>http://news.example/{n}</link><guid isPermaLink='false'>{guid.format(n)}</guid><pubDate>{date}</pubDate></item>"
        for n in names
    )
    return f"<rss version='2.0' xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'><channel><title>T</title>{more}{items}</channel></rss>".encode()


class Reader:
    """One source polled again and again, with the memory that the ledger would have."""

    def __init__(self, source: Source = SOURCE) -> None:
        self.source, self.state, self.seen = source, FIRST, {}

    def poll(self, at: datetime, status: int = 200, body: bytes | None = None, **more) -> Decision:
        headers = {k.lower().replace("_", "-"): v for k, v in more.pop("headers", {}).items()}
        body_hash = hashlib.sha256(body).hexdigest() if body is not None else None
        feed = parse_feed(body, source_id="example", url=URL) if body is not None and not polling.same_body(self.source, self.state, body_hash) else None
        answer = Answer(at=at, status=status, headers=headers, final_url=more.pop("final_url", URL), body_hash=body_hash, feed=feed, **more)
        decided = decide(self.source, self.state, answer, list(self.seen.values()) if feed else ())
        for entry, item_id in [*((e, document_id(e.url)) for e in decided.new), *((e, was.item_id) for e, was in decided.known)]:
            self.seen[item_id] = Known(item_id=item_id, **printed(entry))
        self.state = decided.after
        return decided

    def asks(self, at: datetime) -> dict[str, str]:
        return polling.validators(self.source, self.state, at)


def after_first(**headers: str) -> Reader:
    reader = Reader()
    reader.poll(NOW, body=rss("a", "b"), headers=headers)
    return reader


# 1 to 3: validators


def test_first_fetch_and_changed_configuration_are_unconditional():
    assert Reader().asks(NOW) == {}
    reader = after_first(ETag='"v1"')
    assert reader.asks(NOW + HOUR) == {"If-None-Match": '"v1"'}
    reader.source = replace(SOURCE, feed_url="http://news.example/other")
    assert reader.asks(NOW + HOUR) == {}


def test_another_parser_reads_everything_again(monkeypatch):
    reader = after_first(ETag='"v1"')
    monkeypatch.setattr(polling, "PARSER", "a later one")
    assert reader.asks(NOW + HOUR) == {}
    assert not polling.same_body(SOURCE, reader.state, reader.state.body_hash)


@pytest.mark.parametrize("tag", ['W/"weak"', "no quotes", '"\xe9\xff"', '"a\\"b"'])
def test_validators_are_sent_back_byte_by_byte(tag):
    reader = after_first(ETag=tag, Last_Modified="yesterday, or so")
    assert reader.asks(NOW + HOUR) == {"If-None-Match": tag, "If-Modified-Since": "yesterday, or so"}


@pytest.mark.parametrize("tag", ['"a\r\nX: y"', '"\u4e00"', '"\x00"'])
def test_a_validator_that_cannot_be_sent_is_not_kept(tag):
    assert after_first(ETag=tag).asks(NOW + HOUR) == {}


# 4 to 6: 200 with the same body, 304, servers that lie


def test_the_same_body_updates_validators_and_is_not_read_again():
    reader = after_first(ETag='"v1"', Last_Modified="monday")
    decided = reader.poll(NOW + HOUR, body=rss("a", "b"), headers={"ETag": '"v2"'})
    assert (decided.after.state, decided.new, decided.after.etag, decided.after.last_modified) == ("unchanged", (), '"v2"', None)


def test_a_body_that_failed_to_parse_is_read_again():
    reader = Reader()
    reader.poll(NOW, body=b"<html><body>Log in</body></html>")
    assert not polling.same_body(SOURCE, reader.state, hashlib.sha256(b"<html><body>Log in</body></html>").hexdigest())


def test_304_keeps_what_it_does_not_repeat():
    reader = after_first(ETag='"v1"', Last_Modified="monday")
    decided = reader.poll(NOW + HOUR, 304, headers={"Last-Modified": "tuesday"})
    assert (decided.after.state, decided.after.etag, decided.after.last_modified) == ("unchanged", '"v1"', "tuesday")


def test_304_to_somebody_who_has_nothing_is_a_fault():
    assert Reader().poll(NOW, 304).after.state == "retrying"
    reader = after_first(ETag='"v1"')
    reader.poll(NOW + HOUR, 304, final_url="http://elsewhere.example/feed")
    assert reader.state.state == "retrying"
    assert reader.asks(NOW + 2 * HOUR) == {}


def test_once_a_week_the_whole_feed_is_asked_for():
    reader = after_first(ETag='"v1"')
    reader.poll(NOW + 6 * DAY, 304)
    assert reader.asks(NOW + 6 * DAY + 23 * HOUR)
    assert reader.asks(NOW + 7 * DAY) == {}
    reader.poll(NOW + 7 * DAY, body=rss("a", "b"), headers={"ETag": '"v1"'})
    assert reader.asks(NOW + 7 * DAY + HOUR)


def test_a_server_that_hid_news_behind_304_is_not_asked_conditionally_again():
    reader = after_first(ETag='"v1"')
    reader.poll(NOW + 7 * DAY - HOUR, 304)
    decided = reader.poll(NOW + 7 * DAY, body=rss("a", "b", "c", date="Wed, 25 Nov 2026 09:00:00 GMT"), headers={"ETag": '"v2"'})
    assert [e.title for e in decided.new] == ["c"]
    assert "304" in decided.alerts[0]
    assert reader.asks(NOW + 8 * DAY) == {}


def test_news_that_came_after_the_last_304_are_no_lie():
    reader = after_first(ETag='"v1"')
    reader.poll(NOW + HOUR, 304)
    decided = reader.poll(NOW + 2 * HOUR, body=rss("c", "a", "b", date="Tue, 24 Nov 2026 13:30:00 GMT"), headers={"ETag": '"v2"'})
    assert decided.alerts == ()
    assert decided.after.conditional


# 7 and 8: when to come back


def wait(headers: dict[str, str] | None = None, more: str = "", source: Source = SOURCE) -> timedelta:
    reader = Reader(source)
    return reader.poll(NOW, body=rss("a", more=more), headers=headers or {}).after.next_poll_at - NOW


@pytest.mark.parametrize(
    ("headers", "more", "least"),
    [
        ({}, "", 1),
        ({"Cache-Control": "max-age=60"}, "", 1),
        ({"Cache-Control": "public, max-age=7200"}, "", 2),
        ({"Cache-Control": "max-age=10800", "Age": "3600"}, "", 2),
        ({"Cache-Control": "max-age=2592000"}, "", 4),
        ({"Expires": "Tue, 24 Nov 2026 15:00:00 GMT", "Date": "Tue, 24 Nov 2026 12:00:00 GMT"}, "", 3),
        ({"Expires": "Tue, 24 Nov 2026 15:00:00 GMT", "Date": "Tue, 24 Nov 2026 14:30:00 GMT"}, "", 1),
        ({"Expires": "0"}, "", 1),
        ({"Cache-Control": "no-cache, max-age=7200"}, "", 1),
        ({"Cache-Control": "no-store"}, "", 1),
        ({}, "<ttl>180</ttl>", 3),
        ({}, "<ttl>soon</ttl>", 1),
        ({}, "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", 6),
        ({}, "<sy:updatePeriod>weekly</sy:updatePeriod>", 23),
    ],
)
def test_interval_by_feed_and_cache_headers(headers, more, least):
    assert timedelta(hours=least) <= wait(headers, more) <= timedelta(hours=least, minutes=5)


def test_an_agreement_overrules_headers():
    assert wait({"Cache-Control": "max-age=7200"}, "<ttl>60</ttl>", replace(SOURCE, poll_min_s=600)) == timedelta(minutes=10)


def test_the_spread_is_stable_and_differs_between_sources():
    assert wait() == wait()
    assert len({wait(source=replace(SOURCE, id=f"s{n}")) for n in range(20)}) > 10


def test_quiet_feeds_are_asked_less_often_and_busy_ones_more():
    reader = after_first()
    for n in range(1, 30):
        reader.poll(NOW + n * DAY, 304)
    assert timedelta(hours=22) < reader.state.next_poll_at - (NOW + 29 * DAY) <= timedelta(hours=23)
    before = reader.state.interval_s
    reader.poll(NOW + 30 * DAY, body=rss("a", "b", "c", "d"))
    assert reader.state.interval_s == before / 2


# 9 to 12: faults


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"Retry-After": "7200"}, 2, 2.1),
        ({"Retry-After": "Tue, 24 Nov 2026 20:00:00 GMT", "Date": "Tue, 24 Nov 2026 17:00:00 GMT"}, 3, 3.1),
        ({"Retry-After": "-5"}, 1, 2),
        ({"Retry-After": "999999999"}, 24, 24),
        ({}, 1, 2),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_in_every_form(status, headers, least, most):
    decided = after_first().poll(NOW, status, headers=headers)
    assert decided.after.state == "cooling"
    assert timedelta(hours=least) <= decided.after.next_poll_at - NOW <= timedelta(hours=most)


def test_without_retry_after_the_wait_doubles():
    reader, waits = after_first(), []
    for n in range(6):
        reader.poll(NOW + n * DAY, 429)
        waits.append(reader.state.next_poll_at - (NOW + n * DAY))
    assert all(2**n * HOUR <= w <= min(2**n * HOUR + HOUR, DAY) for n, w in enumerate(waits[:5]))
    assert waits[5] == DAY


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 522}, {"status": 0, "error": "dns"}, {"status": 0, "error": "decode_error"}])
def test_faults_back_off_and_change_nothing_else(fault):
    reader = after_first(ETag='"v1"')
    kept = reader.state
    first = reader.poll(NOW + HOUR, **fault).after
    assert (first.state, first.etag, first.body_hash, first.last_success_at, first.failures) == ("retrying", '"v1"', kept.body_hash, NOW, 1)
    assert timedelta(minutes=30) <= first.next_poll_at - (NOW + HOUR) <= timedelta(minutes=40)
    second = reader.poll(NOW + 2 * HOUR, **fault).after
    assert second.next_poll_at - second.last_poll_at > first.next_poll_at - first.last_poll_at
    assert reader.poll(NOW + 3 * HOUR, body=rss("a", "b")).after.failures == 0


@pytest.mark.parametrize(("status", "word"), [(404, "retrying"), (403, "refused"), (401, "refused"), (451, "refused")])
def test_refusals_are_soft_for_30_days_and_then_asked_weekly(status, word):
    reader = after_first()
    assert reader.poll(NOW + DAY, status).after.state == word
    assert reader.poll(NOW + 30 * DAY, status).after.state == word
    failing = reader.poll(NOW + 31 * DAY, status)
    assert failing.after.state == "failing"
    assert failing.after.next_poll_at - (NOW + 31 * DAY) == timedelta(days=7)
    assert failing.alerts


def test_410_is_believed_on_the_third_day():
    reader = after_first()
    assert reader.poll(NOW + HOUR, 410).after.state == "retrying"
    assert reader.poll(NOW + 2 * HOUR, 410).after.gone_seen == 1
    assert reader.poll(NOW + 26 * HOUR, 410).after.gone_seen == 2
    gone = reader.poll(NOW + 51 * HOUR, 410)
    assert gone.after.state == "gone"
    assert gone.alerts
    assert gone.after.next_poll_at - gone.after.last_poll_at == timedelta(days=30)
    for n in range(2, 5):
        reader.poll(NOW + n * timedelta(days=30), 410)
    assert reader.state.next_poll_at - reader.state.last_poll_at == timedelta(days=365)


def test_410_once_and_then_an_answer_is_forgotten():
    reader = after_first()
    reader.poll(NOW + DAY, 410)
    reader.poll(NOW + 2 * DAY, body=rss("a", "b", "c"))
    assert (reader.state.gone_seen, reader.state.state) == (0, "ok")


# 13 and 14: redirects


def moved(reader: Reader, at: datetime, target: str = "https://news.example/new", body: bytes | None = None, **more) -> Decision:
    return reader.poll(at, body=rss("a", f"n{at.timestamp():.0f}") if body is None else body, final_url=target, permanent_to=target, **more)


def test_a_permanent_redirect_is_adopted_after_ten_equal_sightings_in_three_days():
    reader = after_first()
    for n in range(9):
        moved(reader, NOW + n * 10 * HOUR)
    assert polling.address(SOURCE, reader.state) == URL
    decided = moved(reader, NOW + 90 * HOUR)
    assert polling.address(SOURCE, reader.state) == "https://news.example/new"
    assert "moved for good" in decided.alerts[-1]
    assert polling.address(replace(SOURCE, feed_url="http://news.example/corrected"), reader.state) == "http://news.example/corrected"


def test_after_two_weeks_of_faults_at_an_adopted_address_the_old_one_is_asked_again():
    reader = after_first()
    adopted = "https://news.example/new"
    reader.state = replace(reader.state, feed_url=adopted, feed_url_was=URL)
    reader.poll(NOW + DAY, 404)
    reader.poll(NOW + 14 * DAY, 404)
    assert polling.address(SOURCE, reader.state) == adopted
    reader.poll(NOW + 15 * DAY, 404)
    assert polling.address(SOURCE, reader.state) == URL
    assert reader.poll(NOW + 16 * DAY, body=rss("a", "b", "c")).after.state == "ok"
    assert polling.address(SOURCE, reader.state) == URL


def test_one_sighting_a_hasty_ten_and_another_feed_adopt_nothing():
    portal = after_first()
    moved(portal, NOW + HOUR, "http://portal.example/", b"<html><body>Welcome to the hotel</body></html>")
    portal.poll(NOW + 2 * HOUR, body=rss("a", "b"))
    assert (polling.address(SOURCE, portal.state), portal.state.moving_seen) == (URL, 0)
    hasty = after_first()
    for n in range(15):
        moved(hasty, NOW + n * HOUR)
    assert polling.address(SOURCE, hasty.state) == URL
    foreign = after_first()
    for n in range(15):
        moved(foreign, NOW + n * 10 * HOUR, body=rss(f"other{n}"))
    assert polling.address(SOURCE, foreign.state) == URL


def test_a_temporary_redirect_is_followed_and_not_kept():
    reader = after_first()
    for n in range(20):
        reader.poll(NOW + n * 10 * HOUR, body=rss("a", f"n{n}"), final_url="http://mirror.example/feed")
    assert polling.address(SOURCE, reader.state) == URL
    assert reader.state.validators_url == "http://mirror.example/feed"


def test_an_adopted_address_that_fails_for_a_month_is_given_up():
    reader = after_first()
    for n in range(10):
        moved(reader, NOW + n * 10 * HOUR)
    for days in (10, 41):
        reader.poll(NOW + days * DAY, 404)
    assert polling.address(SOURCE, reader.state) == URL


# 20 to 24: what is in the body


def test_a_page_instead_of_a_feed_is_no_success_and_may_propose_one():
    reader = after_first(ETag='"v1"')
    page = b"<html><head><link rel='alternate' type='application/rss+xml' href='/real.xml'></head><body>Hello</body></html>"
    after = reader.poll(NOW + HOUR, body=page, headers={"ETag": '"page"'}).after
    assert (after.state, after.etag, after.failures, after.proposed_url) == ("not_a_feed", '"v1"', 1, "http://news.example/real.xml")
    assert "http://news.example/real.xml" in after.state_reason


@pytest.mark.parametrize("marks", [{"cf-mitigated": "challenge"}, {"X-DataDome": "protected"}])
def test_a_bot_wall_is_told_apart_and_tried_daily(marks):
    decided = after_first().poll(NOW, 403, headers=marks)
    assert decided.after.state == "blocked"
    assert decided.after.next_poll_at == NOW + DAY
    assert decided.alerts


def test_three_answers_without_entries_raise_an_alert():
    reader = after_first()
    decided = [reader.poll(NOW + n * HOUR, body=rss(more=f"<ttl>{n}</ttl>")) for n in range(1, 4)]
    assert [d.after.state for d in decided] == ["empty"] * 3
    assert [bool(d.alerts) for d in decided] == [False, False, True]
    assert reader.poll(NOW + 4 * HOUR, 304).after.state == "empty"


def test_a_feed_whose_newest_entry_is_old_is_frozen_and_thaws():
    reader = Reader()
    reader.poll(NOW, body=rss("a", date="Thu, 03 Mar 2016 09:00:00 GMT"))
    assert (reader.state.state, reader.state.state_reason) == ("frozen", "its newest entry is of 2016-03-03")
    assert reader.poll(NOW + HOUR, 304).after.state == "frozen"
    assert reader.poll(NOW + 2 * HOUR, body=rss("b", "a")).after.state == "ok"


def test_malformed_xml_gives_what_could_be_read():
    decided = Reader().poll(NOW, body=rss("a", "b").replace(b"</channel></rss>", b"<item><title>cut"))
    assert [e.title for e in decided.new][:2] == ["a", "b"]
    assert "bozo" in decided.after.state_reason


def test_a_parser_that_was_killed_is_a_fault_that_may_pass():
    killed = ParsedFeed(status="failed", problems=("parser_timeout",))
    decided = decide(SOURCE, FIRST, Answer(at=NOW, status=200, headers={}, final_url=URL, body_hash="x", feed=killed))
    assert (decided.after.state, decided.after.state_reason, decided.after.body_hash) == ("retrying", "parser_timeout", None)


# what is new, what changed, what may be lost


def test_new_changed_and_known_entries():
    reader = after_first()
    body = rss("a", "b", "c").replace(b"<title>b</title>", b"<title>b, corrected</title>")
    decided = reader.poll(NOW + HOUR, body=body)
    assert ([e.title for e in decided.new], [e.title for e in decided.changed]) == (["c"], ["b, corrected"])


def test_one_guid_for_everything_loses_no_article():
    reader = Reader()
    reader.poll(NOW, body=rss("a", "b", guid="N/A"))
    assert [e.title for e in reader.poll(NOW + HOUR, body=rss("c", "a", "b", guid="N/A")).new] == ["c"]


def test_a_guid_of_several_articles_is_not_trusted_and_told_once():
    reader = Reader()
    first = reader.poll(NOW, body=rss("a", "b", guid="N/A"))
    assert any("one guid for several articles ('N/A')" in alert for alert in first.alerts)
    # The same title again at another address: with an honest guid it would be the same article.
    body = rss("c", "b", guid="N/A").replace(b"<title>c</title>", b"<title>a</title>")
    second = reader.poll(NOW + HOUR, body=body)
    assert [e.url for e in second.new] == ["http://news.example/c"]
    assert second.alerts == ()


def test_a_guid_with_the_same_title_at_another_address_is_the_same_article():
    reader = after_first()
    decided = reader.poll(NOW + HOUR, body=rss("a", "b").replace(b"http://news.example/a", b"http://news.example/a-moved"))
    assert decided.new == ()


def test_when_nothing_is_known_any_more_something_may_be_lost():
    reader = Reader()
    assert reader.poll(NOW, body=rss("a", "b")).gap is None
    reader.state = replace(reader.state, interval_s=4 * 3600.0)
    reader.poll(NOW + HOUR, 304)
    decided = reader.poll(NOW + 2 * HOUR, body=rss("c", "d"))
    assert decided.gap == (NOW + HOUR, NOW + 2 * HOUR)
    assert reader.state.interval_s == 3 * 3600
    assert reader.poll(NOW + 3 * HOUR, body=rss("e", "d")).gap is None


def test_faults_and_empty_answers_hide_no_gap():
    reader = after_first()
    reader.poll(NOW + HOUR, 500)
    assert reader.poll(NOW + 5 * HOUR, body=rss("x")).gap == (NOW, NOW + 5 * HOUR)


# whatever comes


ANSWERS = st.lists(
    st.fixed_dictionaries(
        {
            "status": st.sampled_from([0, 200, 200, 200, 301, 304, 304, 401, 403, 404, 410, 429, 500, 503]),
            "body": st.sampled_from([None, b"", b"<html>", rss("a"), rss("a", "b"), rss("c"), rss(date="never"), b"\x1f\x8b"]),
            "headers": st.dictionaries(
                st.sampled_from(["ETag", "Last-Modified", "Cache-Control", "Expires", "Retry-After", "Date", "Age", "Location"]),
                st.one_of(st.text(max_size=20), st.sampled_from(["max-age=99999999999", "86400", "-1", "0", "Tue, 24 Nov 2026 20:00:00 GMT", '"v1"'])),
            ),
            "hours": st.integers(0, 24 * 40),
        }
    ),
    max_size=12,
)


@given(ANSWERS)
@settings(max_examples=150, deadline=None)
def test_no_sequence_of_answers_polls_early_or_sends_what_cannot_be_sent(answers):
    reader, at = Reader(), NOW
    for answer in answers:
        at += timedelta(hours=answer["hours"])
        body = answer["body"] if answer["status"] == 200 else None
        error = None if answer["status"] else "connection"
        decided = reader.poll(at, answer["status"], body if body is not None or answer["status"] != 200 else b"", headers=answer["headers"], error=error)
        after = decided.after
        assert after.state in polling.STATES
        assert after.state_reason
        least = polling.FLOOR if not after.failures else timedelta(minutes=30)
        assert least <= after.next_poll_at - at <= timedelta(days=365)
        assert not decided.new or answer["status"] == 200
        for value in reader.asks(at + HOUR).values():
            assert value.encode("latin-1").decode("latin-1") == value
            assert not any(c < " " or c == "\x7f" for c in value)


@pytest.mark.parametrize("status", [200, 304])
def test_a_move_is_adopted_while_nothing_is_new(status):
    reader, new = after_first(), "http://new.example/feed"
    for day in range(1, 12):
        reader.poll(NOW + timedelta(days=day), status, rss("a", "b") if status == 200 else None, permanent_to=new)
    assert reader.state.feed_url == new
