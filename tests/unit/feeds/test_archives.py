"""Walks into a source's past: each driven by hand over a small table of answers, without a network."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from igwire.feeds.archives import Ask, Body, Found, Got, Verdict, archive_walk, blogger, listing, paged, sitemaps, spans, ways, wordpress
from igwire.model import Capture, Source, Window

DAY = datetime(2026, 11, 20, tzinfo=UTC)
WINDOW = Window(start=DAY, end=DAY + timedelta(days=2))
SOURCE = Source(id="example", title="Example", site="http://news.example/", feed_url="http://news.example/feed/", archive="wordpress")


def drive(walk, answers: dict[str, object], source: Source = SOURCE):
    """Answers by URL (or by the beginning of one): a body, (body, headers), or a status."""
    found, dropped, asked, answer = [], {}, [], None
    try:
        step = next(walk)
        while True:
            answer = None
            if isinstance(step, Found):
                found += step.entries
                dropped = {k: dropped.get(k, 0) + step.dropped.get(k, 0) for k in {**dropped, **step.dropped}}
            else:
                assert isinstance(step, Ask)
                asked.append(step.url)
                answer = _got(step, answers, source)
            step = walk.send(answer)
    except StopIteration as end:
        return found, dropped, asked, end.value


def _got(ask: Ask, answers: dict[str, object], source: Source) -> Got:
    key = ask.url if ask.url in answers else next((k for k in answers if k.endswith("*") and ask.url.startswith(k[:-1])), None)
    given = answers.get(key, 404) if key else 404
    status = given if isinstance(given, int) else 200
    body, headers = given if isinstance(given, tuple) else (b"" if isinstance(given, int) else given, {})
    capture = Capture(requested_url=ask.url, final_url=ask.url, fetched_at=DAY, status=status, headers=tuple(headers.items()), body=body)
    if status != 200:
        return Got(capture=capture, problem=f"HTTP status {status}")
    return Got(capture=capture, value=ask.read(Body(source=source, url=ask.url, content_type=None, body=body)))


def rss(*days: str | None, start: int = 0) -> bytes:
    items = "".join(
        f"<item><title>T{n}</title><link>/{n}</link>" + (f"<pubDate>{day} Nov 2026 10:00:00 GMT</pubDate>" if day else "") + "</item>"
        for n, day in enumerate(days, start)
    )
    return f"<rss version='2.0'><channel>{items}</channel></rss>".encode()


def posts(*moments: str, start: int = 0, zone: int = 8) -> bytes:
    listed = []
    for n, text in enumerate(moments, start):
        utc = datetime.fromisoformat(text)
        local = utc + timedelta(hours=zone)
        listed.append(
            {"id": n, "link": f"http://news.example/{n}", "title": {"rendered": f"T&amp;{n}"}, "date": local.isoformat(), "date_gmt": utc.isoformat(),
             "excerpt": {"rendered": "<p>short</p>"}, "content": {"rendered": "<p>one</p><p>two</p>"}}
        )  # fmt: skip
    return json.dumps(listed).encode()


# ── WordPress ───────────────────────────────────────────────────────────────────────────────────────────────────────

REST = "http://news.example/wp-json/wp/v2/posts?*"


def test_wordpress_reads_all_pages_and_keeps_the_window_in_utc():
    bodies = iter([posts("2026-11-19T23:59:59", "2026-11-20T00:00:00"), posts("2026-11-21T23:59:59", "2026-11-22T00:00:00", start=2)])
    found, dropped, asked, verdict = [], {}, [], None
    walk = wordpress.walk(SOURCE, WINDOW)
    answers: dict[str, object] = {}
    step = next(walk)
    try:
        while True:
            if isinstance(step, Found):
                found += step.entries
                dropped = {k: dropped.get(k, 0) + v for k, v in step.dropped.items()} or dropped
                step = walk.send(None)
            else:
                asked.append(step.url)
                answers[step.url] = (next(bodies), {"X-WP-TotalPages": "2"})
                step = walk.send(_got(step, answers, SOURCE))
    except StopIteration as end:
        verdict = end.value
    assert verdict == Verdict(True, "2 pages")
    assert [(e.url, e.title, e.published, e.content) for e in found] == [
        ("http://news.example/1", "T&1", "2026-11-20T08:00:00+08:00", "one\ntwo"),
        ("http://news.example/2", "T&2", "2026-11-22T07:59:59+08:00", "one\ntwo"),
    ]
    assert dropped == {"outside": 2}
    # The site's clock may be anywhere on Earth.
    assert "after=2026-11-19T10%3A00%3A00" in asked[0]
    assert "page=2" in asked[1]


def test_wordpress_that_is_closed_falls_back_to_the_feeds_pages_and_then_to_sitemaps():
    answers = {REST: 401, "http://news.example/feed/": rss("Sat, 21", "Fri, 20"), "http://news.example/feed/?paged=2": rss("Thu, 12", start=2)}
    found, _, asked, verdict = drive(archive_walk(SOURCE, WINDOW), answers)
    assert [e.title for e in found] == ["T0", "T1"]
    assert asked[-1] == "http://news.example/feed/?paged=2"
    assert (verdict.complete, "401" in verdict.reason) == (True, True)
    nothing = drive(archive_walk(SOURCE, WINDOW), {})[3]
    assert not nothing.complete
    assert nothing.reason.count("404") >= 2


PLAIN = "http://news.example/?rest_route=/wp/v2/posts&*"


@pytest.mark.parametrize(("feed", "asked_first"), [("http://news.example/feed/", False), ("http://news.example/?feed=rss2", True)])
def test_wordpress_without_pretty_permalinks_is_asked_at_its_other_place(feed, asked_first):
    source = replace(SOURCE, feed_url=feed)
    found, _, asked, verdict = drive(wordpress.walk(source, WINDOW), {PLAIN: posts("2026-11-20T00:00:00")}, source)
    assert ([e.url for e in found], verdict.complete) == (["http://news.example/0"], True)
    assert ["rest_route" in url for url in asked] == ([True] if asked_first else [False, True])


@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_wordpress_that_is_closed_or_down_is_asked_once(status):
    assert len(drive(wordpress.walk(SOURCE, WINDOW), {REST: status})[2]) == 1


def test_where_there_is_no_wordpress_both_places_are_looked_at():
    _, _, asked, verdict = drive(wordpress.walk(SOURCE, WINDOW), {PLAIN: b"<html>a home page</html>"})
    assert (len(asked), verdict) == (2, Verdict(False, "page 1: HTTP status 404"))


@pytest.mark.parametrize("body", [b"<html>no REST here</html>", b'{"code": "rest_no_route"}', b"[" * 100_000, b'["x", {"link": 5}, {}]'])
def test_wordpress_reader_survives_anything(body):
    assert wordpress.read_posts(Body(source=SOURCE, url="http://news.example/", content_type=None, body=body)) in (None, [])


# ── feed pages ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_paging_begins_with_the_bare_address_and_stops_where_the_window_is_covered():
    answers = {f"http://news.example/feed/{q}": body for q, body in
               {"": rss("Mon, 23", "Sun, 22"), "?paged=2": rss("Sat, 21", "Fri, 20", start=2), "?paged=3": rss("Thu, 19", "Wed, 18", start=4)}.items()}  # fmt: skip
    found, dropped, asked, verdict = drive(paged.walk(SOURCE, WINDOW), answers)
    assert (asked[0], len(asked), verdict) == ("http://news.example/feed/", 3, Verdict(True, "3 pages"))
    assert ([e.title for e in found], dropped) == (["T2", "T3"], {"outside": 4})


def test_an_old_entry_pinned_to_the_top_does_not_end_the_walk():
    answers = {"http://news.example/feed/": rss("Sun, 01", "Sat, 21"), "http://news.example/feed/?paged=2": rss("Fri, 20", "Thu, 12", start=2)}
    assert [e.title for e in drive(paged.walk(SOURCE, WINDOW), answers)[0]] == ["T1", "T2"]


@pytest.mark.parametrize("second", [503, rss(), b"<html><body>gone</body></html>"])
def test_an_error_or_an_empty_page_claims_no_coverage(second):
    answers = {"http://news.example/feed/": rss("Sat, 21"), "http://news.example/feed/?paged=2": second}
    found, _, _, verdict = drive(paged.walk(SOURCE, WINDOW), answers)
    assert (len(found), verdict.complete, verdict.passing) == (1, False, True)


def test_a_server_that_repeats_itself_is_left():
    same = rss("Sat, 21")
    verdict = drive(paged.walk(SOURCE, WINDOW), {"http://news.example/feed/*": same})[3]
    assert verdict == Verdict(False, "page 2 repeats what came before")


def test_undated_entries_are_dropped_and_counted_never_dated_now():
    answers = {"http://news.example/feed/": rss("Sat, 21", None, "Sat, 21"), "http://news.example/feed/?paged=2": rss("Fri, 20", "Thu, 12", start=2)}
    found, dropped, _, _ = drive(paged.walk(SOURCE, WINDOW), answers)
    assert ([e.title for e in found], dropped) == (["T0", "T2"], {"undated": 1, "repeated": 1, "outside": 1})


# ── sitemaps ────────────────────────────────────────────────────────────────────────────────────────────────────────


def urlset(*pairs: tuple[str, str | None]) -> bytes:
    urls = "".join(f"<url><loc>{loc}</loc>" + (f"<lastmod>{mod}</lastmod>" if mod else "") + "</url>" for loc, mod in pairs)
    return f"<urlset>{urls}</urlset>".encode()


def index(*children: str) -> bytes:
    return ("<sitemapindex>" + "".join(f"<sitemap><loc>{c}</loc></sitemap>" for c in children) + "</sitemapindex>").encode()


SITE = {
    "http://news.example/robots.txt": b"User-agent: *\nSitemap: http://news.example/all.xml\n",
    "http://news.example/all.xml": index("/posts-2025.xml", "/posts-2026.xml", "/category-sitemap.xml"),
    "http://news.example/posts-2026.xml": urlset(("/a", "2026-11-20"), ("/b", "2026-11-22"), ("/2026/11/21/c", None), ("/d", None)),
}


def test_sitemaps_of_robots_are_read_two_levels_deep_and_only_where_the_window_can_be():
    found, dropped, asked, verdict = drive(sitemaps.walk(SOURCE, WINDOW), SITE)
    assert [e.url for e in found] == ["http://news.example/a", "http://news.example/2026/11/21/c"]
    assert dropped == {"outside": 1, "undated": 1}
    assert (asked, verdict) == (list(SITE), Verdict(True, "2 sitemaps"))


def test_without_robots_the_usual_places_are_tried_until_one_answers():
    answers = {"http://news.example/sitemap_index.xml": urlset(("/a", "2026-11-20"))}
    _, _, asked, verdict = drive(sitemaps.walk(SOURCE, WINDOW), answers)
    assert [u.rpartition("/")[2] for u in asked] == ["robots.txt", "sitemap.xml", "sitemap_index.xml"]
    assert verdict.complete


@pytest.mark.parametrize("lost", [{"http://news.example/posts-2026.xml": 500}, {"http://news.example/posts-2026.xml": urlset(("/d", None))}])
def test_a_sitemap_that_fails_or_has_no_dates_claims_no_coverage(lost):
    assert not drive(sitemaps.walk(SOURCE, WINDOW), SITE | lost)[3].complete


def test_an_index_that_contains_itself_ends():
    answers = {"http://news.example/sitemap.xml": index("/sitemap.xml", "/sitemap.xml?2", "/sitemap.xml?3")}
    assert not drive(sitemaps.walk(SOURCE, WINDOW), answers)[3].complete


def test_indexes_that_name_each_other_end_and_what_they_hold_is_read_once():
    answers = {"http://news.example/sitemap.xml": index("/b.xml"), "http://news.example/b.xml": index("/sitemap.xml", "/posts.xml"),
               "http://news.example/posts.xml": urlset(("/a", "2026-11-20"))}  # fmt: skip
    found, _, asked, verdict = drive(sitemaps.walk(SOURCE, WINDOW), answers)
    assert ([e.url for e in found], verdict.complete) == (["http://news.example/a"], True)
    assert len(asked) == len(set(asked))


def test_what_lies_deeper_than_two_indexes_is_not_taken_for_nothing():
    answers = {"http://news.example/sitemap.xml": index("/1.xml"), "http://news.example/1.xml": index("/2.xml", "/dated.xml"),
               "http://news.example/2.xml": index("/3.xml"), "http://news.example/3.xml": index("/4.xml"), "http://news.example/4.xml": urlset(("/a", "2026-11-20")),
               "http://news.example/dated.xml": urlset(("/b", "2026-11-20"))}  # fmt: skip
    found, _, asked, verdict = drive(sitemaps.walk(SOURCE, WINDOW), answers)
    assert ([e.url for e in found], "http://news.example/4.xml" in asked) == (["http://news.example/b"], False)
    assert (verdict.complete, "nested" in verdict.reason) == (False, True)


def test_an_index_without_end_is_left_after_an_evenings_reading():
    numbers = iter(range(10_000))
    answers = {"http://news.example/robots.txt": 404, "http://news.example/sitemap.xml": index(*(f"/s{next(numbers)}.xml" for _ in range(500)))}
    answers["http://news.example/s*"] = urlset(("/a", "2026-11-20"))
    _, _, asked, verdict = drive(sitemaps.walk(SOURCE, WINDOW), answers)
    assert (len(asked) < 70, verdict.complete) == (True, False)


# ── listing pages ───────────────────────────────────────────────────────────────────────────────────────────────────


def cards(*days: int, older: str = "") -> bytes:
    articles = "".join(
        f"<article><h2><a href='/story-{d}'>The long title of day {d}</a></h2><time datetime='2026-11-{d:02}T08:00:00Z'>x</time></article>" for d in days
    )
    return f"<html><body><nav><a href='/about'>About this publication</a></nav>{articles}<a href='{older}' rel='next'>Older</a></body></html>".encode()


def test_listing_pages_are_followed_back_to_the_windows_start():
    answers = {"http://news.example/": cards(23, 21, older="/page/2"), "http://news.example/page/2": cards(20, 19, older="/page/3"),
               "http://news.example/page/3": cards(18, 17)}  # fmt: skip
    found, _, asked, verdict = drive(listing.walk(SOURCE, WINDOW), answers)
    assert [e.title for e in found] == ["The long title of day 21", "The long title of day 20"]
    assert (len(asked), verdict) == (3, Verdict(True, "3 pages"))


def test_listing_pages_that_repeat_themselves_under_new_addresses_are_left():
    answers = {"http://news.example/": cards(23, 21, older="/page/2"), "http://news.example/page/2": cards(23, 21, older="/page/3")}
    _, _, asked, verdict = drive(listing.walk(SOURCE, WINDOW), answers)
    assert (len(asked), verdict) == (2, Verdict(False, "page 2 repeats what came before", passing=True))


def test_a_rule_names_articles_and_dates_them():
    rule = Source(id="r", title="R", site="http://news.example/", listing_rule=r"/n/(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)-\d+")
    html = b"<a href='/n/20261121-1'>One</a><a href='http://other.example/n/20261121-2'>Two</a><a href='/n/20261399-3'>Three</a><a href='/2026/11/21/x'>Long enough a title</a>"
    page = listing.read_listing(Body(source=rule, url="http://news.example/", content_type=None, body=html))
    assert [(e.url, e.published) for e in page.entries] == [("http://news.example/n/20261121-1", "2026-11-21")]


def test_without_a_rule_dated_addresses_are_articles_and_buttons_are_not():
    html = b"<a href='/2026/11/21/x'>Long enough a title</a><a href='/2026/11/21/x#c'>3 comments</a><a href='/2026/11/'>Archive of November 2026</a><a href='/2026/11/20/y'>more</a>"
    page = listing.read_listing(Body(source=SOURCE, url="http://news.example/", content_type=None, body=html))
    assert [(e.url, e.title, e.published) for e in page.entries] == [("http://news.example/2026/11/21/x", "Long enough a title", "2026-11-21")]


def test_the_times_of_several_articles_date_none_of_them():
    html = b"<div><a href='/one-story'>A title that is long enough</a><time datetime='2026-11-21'>a</time><time datetime='2026-11-20'>b</time></div>"
    page = listing.read_listing(Body(source=SOURCE, url="http://news.example/", content_type=None, body=html))
    assert page.entries == ()


# ── archives that misbehave ─────────────────────────────────────────────────────────────────────────────────────────


def counted(body: bytes, total: int, pages: int) -> tuple[bytes, dict[str, str]]:
    return body, {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)}


def rest(number: int) -> str:
    return wordpress._pretty("http://news.example") + urlencode(wordpress._asked(WINDOW, number))


def many(count: int, start: int = 0) -> bytes:
    return posts(*["2026-11-20T08:00:00"] * count, start=start)


def test_rest_that_repeats_its_first_page_for_ever_is_left():
    verdict = drive(wordpress.walk(SOURCE, WINDOW), {REST: counted(many(100), 5000, 50)})[3]
    assert verdict == Verdict(False, "page 2 repeats what came before", passing=True)


def test_rest_that_breaks_off_half_way_claims_no_coverage():
    answers = {rest(1): counted(many(100), 300, 3), rest(2): 500}
    found, _, _, verdict = drive(wordpress.walk(SOURCE, WINDOW), answers)
    assert (len(found), verdict) == (100, Verdict(False, "page 2: HTTP status 500", passing=True))


@pytest.mark.parametrize(("total", "told"), [(3, "2 posts were read where the server counts 3"), (1, "2 posts were read where the server counts 1")])
def test_rest_that_lies_about_its_total_claims_no_coverage(total, told):
    verdict = drive(wordpress.walk(SOURCE, WINDOW), {REST: counted(many(2), total, 1)})[3]
    assert verdict == Verdict(False, told, passing=True)


def test_rest_that_counts_too_few_pages_is_read_on_to_its_end():
    answers = {rest(1): counted(many(100), 60, 1), rest(2): counted(many(5, start=100), 60, 1)}
    found, _, asked, verdict = drive(wordpress.walk(SOURCE, WINDOW), answers)
    assert (len(found), len(asked), verdict.complete) == (105, 2, False)


def test_posts_that_come_in_between_two_pages_make_the_walk_incomplete():
    answers = {rest(1): counted(many(100), 101, 2), rest(2): counted(many(2, start=100), 102, 2)}
    assert not drive(wordpress.walk(SOURCE, WINDOW), answers)[3].complete


def test_pages_whose_order_changes_while_they_are_read_claim_no_coverage():
    answers = {
        "http://news.example/feed/": rss("Sat, 21", "Fri, 20"), "http://news.example/feed/?paged=2": rss("Sun, 22", "Fri, 20", start=2),
        "http://news.example/feed/?paged=3": rss("Thu, 12", start=4),
    }  # fmt: skip
    assert drive(paged.walk(SOURCE, WINDOW), answers)[3] == Verdict(False, "the order of the pages changed while they were read", passing=True)


def test_a_sitemap_of_50_megabytes_is_read_as_far_as_the_protocol_goes():
    line = b"<url><loc>/%09d</loc><lastmod>2026-11-20</lastmod></url>"
    body = b"<urlset>" + b"".join(line % n for n in range(51_000)) + b" " * (50 * 1024 * 1024) + b"</urlset>"
    found, _, _, verdict = drive(sitemaps.walk(SOURCE, WINDOW), {"http://news.example/sitemap.xml": body})
    assert (len(found), verdict.complete) == (50_000, False)
    assert "too_many" in verdict.reason or "too_large" in verdict.reason


# ── further ways ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_archived_feeds_are_followed_by_their_links_to_the_windows_start():
    def page(older: str, *days: int) -> bytes:
        entries = "".join(f"<entry><id>{d}</id><title>T</title><link href='/{d}'/><updated>2026-11-{d:02}T08:00:00Z</updated></entry>" for d in days)
        return f"<feed xmlns='http://www.w3.org/2005/Atom'>{older}{entries}</feed>".encode()

    answers = {
        "http://news.example/feed/": page("<link rel='next' href='/wrong'/><link rel='prev-archive' href='/2'/>", 23, 21),
        "http://news.example/2": page("<link rel='prev-archive' href='/3'/>", 20), "http://news.example/3": page("<link rel='prev-archive' href='/4'/>", 12),
    }  # fmt: skip
    found, _, asked, verdict = drive(paged.walk_links(SOURCE, WINDOW), answers)
    assert ([e.url[-2:] for e in found], len(asked), verdict) == (["21", "20"], 3, Verdict(True, "3 pages"))
    loop = {"http://news.example/feed/": page("<link rel='next' href='/2'/>", 21), "http://news.example/2": page("<link rel='next' href='/feed/'/>", 20)}
    assert not drive(paged.walk_links(SOURCE, WINDOW), loop)[3].complete


def test_blogger_is_asked_by_date_until_a_page_is_empty():
    first, second = blogger._url(SOURCE, WINDOW, 1), blogger._url(SOURCE, WINDOW, 3)
    assert "published-min=2026-11-20T00%3A00%3A00Z" in first
    found, _, asked, verdict = drive(blogger.walk(SOURCE, WINDOW), {first: rss("Fri, 20", "Sat, 21"), second: rss()})
    assert (len(found), asked, verdict) == (2, [first, second], Verdict(True, "2 pages"))


def test_blogger_that_repeats_or_breaks_off_claims_no_coverage():
    blog = replace(SOURCE, feed_url="http://news.example/feeds/posts/default?alt=rss", archive="blogger")
    for second in (rss("Sat, 21"), 500):
        pages = iter([rss("Sat, 21"), second])

        class Turns(dict):
            def get(self, key, default=None, pages=pages):
                return next(pages)

        answers = Turns({"http://news.example/feeds*": b""})
        assert not drive(blogger.walk(blog, WINDOW), answers, blog)[3].complete


def test_ghost_pages_are_folders():
    answers = {"http://news.example/feed/": rss("Sat, 21"), "http://news.example/feed/2/": rss("Thu, 12", start=1)}
    assert drive(paged.walk_ghost(SOURCE, WINDOW), answers)[3] == Verdict(True, "2 pages")


def test_what_one_listing_covers():
    start = datetime(2015, 11, 5, tzinfo=UTC)
    window = Window(start=start, end=datetime(2016, 1, 2, tzinfo=UTC))
    by_unit = {way.unit: [(s.start.date().isoformat(), s.end.date().isoformat()) for s in spans(way, window, DAY)] for way in ways(SOURCE)}
    assert by_unit == {
        "month": [("2015-11-01", "2015-12-01"), ("2015-12-01", "2016-01-01"), ("2016-01-01", "2016-02-01")],
        "year": [("2015-01-01", "2016-01-01"), ("2016-01-01", "2017-01-01")],
        "onward": [("2015-01-01", "2026-11-20")],
    }
