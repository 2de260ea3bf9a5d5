"""From bytes to articles."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from igwire.extract import metadata
from igwire.extract.article import extract
from igwire.extract.dates import read_date
from igwire.extract.metadata import title_without_site
from igwire.extract.page import Page
from igwire.model import FeedEntry

FETCHED = datetime(2026, 11, 24, tzinfo=UTC)
TEXT = (
    "<p>"
    + "</p><p>".join(f"Paragraph {n} tells how the registry decided on the policy after a long consultation with its members." for n in range(12))
    + "</p>"
)


def article(head: str = "", body: str = TEXT, url: str = "http://x.example/2020/05/06/a", entry: FeedEntry | None = None, timezone: str | None = None):
    html = f"<html lang='en'><head><title>The title | Site</title><meta property='og:site_name' content='Site'>{head}</head><body><article><h1>The title</h1>{body}</article></body></html>"
    result = extract(html.encode(), url=url, content_type="text/html", entry=entry, fetched_at=FETCHED, timezone=timezone)
    assert result.article is not None, result.reason
    return result.article


def test_text_title_language_and_hash():
    found = article()
    assert found.title == "The title"
    assert "Paragraph 11 tells" in found.text
    assert found.language == "en"
    assert found.quality.extractor == "blocks"
    assert found.content_hash == article().content_hash


LD = '<script type="application/ld+json">{"@type":"NewsArticle","datePublished":"%s","dateModified":"2020-06-01T00:00:00Z","author":[{"name":"Ana Ruiz"}]}</script>'


@pytest.mark.parametrize(
    ("head", "value", "origin", "precision"),
    [
        (LD % "2020-05-06T10:00:30+02:00", "2020-05-06T10:00:30+02:00", "json_ld", "second"),
        ("<meta property='article:published_time' content='2020-05-06T10:00+02:00'>", "2020-05-06T10:00:00+02:00", "meta", "minute"),
        ("<meta property='article:published_time' content='2020-05-06 10:00'>", "2020-05-06T10:00:00+08:00", "meta", "minute"),
        (LD % "9999-01-01T00:00:00Z", "2020-05-06", "url", "day"), (LD % "1970-01-01T00:00:00Z", "2020-05-06", "url", "day"), ("", "2020-05-06", "url", "day"),
    ],
)  # fmt: skip
def test_dates_with_their_provenance(head, value, origin, precision):
    found = article(head, timezone="Asia/Shanghai").published
    assert found is not None
    assert (found.value, found.origin, found.precision, found.day.isoformat()) == (value, origin, precision, "2020-05-06")


META = "<meta property='article:published_time' content='%s'>"


@pytest.mark.parametrize(
    ("printed", "body", "url", "value"),
    [
        # The address or the readers' day, where a time zone explains it.
        ("2020-05-07T03:00:00Z", "", "http://x.example/2020/05/06/a", "2020-05-06"), ("2020-05-07T03:00:00Z", "<div>6 May 2020</div>", "http://x.example/a", "2020-05-06"),
        ("2020-05-05T22:30:00Z", "<div>6 May 2020</div>", "http://x.example/a", "2020-05-06"),
        # No time zone does: ten in the morning, an offset that was printed, another week.
        ("2020-05-07T10:00:00Z", "", "http://x.example/2020/05/06/a", "2020-05-07T10:00:00+00:00"),
        ("2020-05-07T03:00:00+02:00", "<div>6 May 2020</div>", "http://x.example/a", "2020-05-07T03:00:00+02:00"),
        ("2020-05-07T03:00:00Z", "<div>1 May 2020</div>", "http://x.example/a", "2020-05-07T03:00:00+00:00"),
        # The same moment with the publisher's own offset.
        ("2020-05-07T03:00:00Z", "<time datetime='2020-05-06T23:00:00-04:00'>last night</time>", "http://x.example/a", "2020-05-06T23:00:00-04:00"),
        # Other ways to write for machines.
        ("20200507T10:00:00Z", "", "http://x.example/a", "2020-05-07T10:00:00+00:00"), ("2020-5-7 10:01:02", "", "http://x.example/a", "2020-05-07T10:01:02+00:00"),
        ("May 7, 2020", "", "http://x.example/a", "2020-05-07"), ("Thu May 07 2020 10:00:00 GMT+0000", "", "http://x.example/a", "2020-05-07"),
    ],
)  # fmt: skip
def test_the_publishers_own_day(printed, body, url, value):
    found = article(META % printed, body + TEXT, url=url).published
    assert found is not None
    assert found.value == value


def test_the_day_of_a_stamp_in_utc_is_told_by_the_catalogues_time_zone():
    found = article(META % "2020-05-06T20:00:00Z", url="http://x.example/a", timezone="Asia/Shanghai").published
    assert found is not None
    assert (found.value, found.day.isoformat()) == ("2020-05-06T20:00:00+00:00", "2020-05-07")


def test_linked_data_that_is_no_json_still_dates():
    broken = '<script type="application/ld+json">{"headline": "A "quoted" word", "datePublished": "2019-01-02T10:00:00+02:00"}</script>'
    found = article(broken, url="http://x.example/a").published
    assert found is not None
    assert (found.value, found.origin) == ("2019-01-02T10:00:00+02:00", "json_ld")


def test_the_feed_dates_what_the_page_does_not():
    entry = FeedEntry(source_id="s", guid=None, url="http://x.example/a", title="The title", published="2019-01-02T00:00:00+00:00")
    found = article(url="http://x.example/a", entry=entry).published
    assert found is not None
    assert (found.origin, found.day.isoformat()) == ("feed", "2019-01-02")


def test_authors_and_modification():
    found = article(LD % "2020-05-06T10:00:00Z")
    assert found.authors == ("Ana Ruiz",)
    assert found.modified is not None
    assert found.modified.day.isoformat() == "2020-06-01"


@pytest.mark.parametrize(
    ("claim", "kept"),
    [
        ("http://x.example/canonical", "http://x.example/canonical"), ("/relative", "http://x.example/relative"), ("http://x.example/", "http://x.example/2020/05/06/a"),
        ("http://other.test/a", "http://x.example/2020/05/06/a"), ("javascript:alert(1)", "http://x.example/2020/05/06/a"),
    ],
)  # fmt: skip
def test_canonical_claims(claim, kept):
    assert article(f"<link rel='canonical' href='{claim}'>").url == kept


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", "rejected", "empty"), (b"   \n", "rejected", "empty"), (b"%PDF-1.4 ...", "failed", "broken_pdf"), (b"\x89PNG\r\n\x00", "rejected", "not_html"),
        (b"just words", "rejected", "not_html"), (b"<p>" + b"x" * 6_000_000, "rejected", "too_large"), (b"<html><body></body></html>", "rejected", "no_text"),
        (b"<div>" * 260 + b"text" + b"</div>" * 260, "failed", "too_deep"), (b"<p>" + b"<a href='x'>y</a>" * 20_000, "failed", "too_complex"),
        (b"<p " + b" ".join(b"a%d=1" % n for n in range(100_000)) + b">x</p>", "failed", "too_complex"),
    ],
)  # fmt: skip
def test_what_is_no_article(body, status, reason):
    result = extract(body, url="http://x.example/a", fetched_at=FETCHED)
    assert (result.status, result.reason) == (status, reason)


def test_a_page_without_text_falls_back_on_linked_data_then_on_the_feed():
    long = "The commission opened the procedure after months of complaints by users and rivals alike. " * 12
    page = f'<html><head><title>T</title><script type="application/ld+json">{{"articleBody": "{long}"}}</script></head><body><div id="app"></div></body></html>'
    found = extract(page.encode(), url="http://x.example/a", fetched_at=FETCHED).article
    assert found is not None
    assert found.text.count("The commission opened") == 12
    entry = FeedEntry(source_id="s", guid=None, url="http://x.example/a", title="T", content=long)
    found = extract(b"<html><body><div id=app></div></body></html>", url="http://x.example/a", fetched_at=FETCHED, entry=entry).article
    assert found is not None
    assert (found.quality.extractor, found.title) == ("feed", "T")


def test_depth_is_the_trees_and_not_the_scripts():
    script = "<script>document.write('" + "<div>" * 400 + "')</script>"
    assert "Paragraph 11 tells" in article(body=script + TEXT).text


@pytest.mark.parametrize(
    ("text", "declared", "language"),
    [
        ("આખી દુનિયામાં કોરોનાના કહેર વચ્ચે રાજકોટના મનોચિકિત્સક ડૉક્ટરે કહ્યું", "en", "gu"), ("Dragi prijatelji, želim da vas obavijestim o svemu.", "bs", "bs"),
        ("Le Conseil a adopté hier le règlement sur les services numériques.", "en-US", "fr"), ("12 34", "de", "de"), ("", None, "und"),
    ],
)  # fmt: skip
def test_the_language_is_the_texts(text, declared, language):
    assert metadata.language(text, None, declared)[0] == language


def test_hostile_text_is_clean():
    found = article(body=TEXT + "<p>nul\x00 and \u202eturned</p>")
    assert "\x00" not in found.text


@pytest.mark.parametrize(
    ("title", "headings", "expected"),
    [
        ("Site of Note - The door opens again", "<h1>Site of Note</h1><h2>The door opens again</h2>", "The door opens again"),
        ("数据出境松绑不必再申报_观察网", "<h1>数据出境松绑不必再申报</h1>", "数据出境松绑不必再申报"), ("One - two three - Other", "<h1>One - two three</h1>", "One - two three"),
        ("Only a title here | Unknown", "<h1>Nothing like it</h1>", "Only a title here | Unknown"),
    ],
)  # fmt: skip
def test_a_title_loses_the_site_where_a_heading_confirms_it(title, headings, expected):
    page = Page(f"<title>{title}</title><body>{headings}</body>")
    assert metadata.title(page, None) == expected


def test_invitations_to_read_something_else_go():
    found = article(body=TEXT + "<p>Read also: <a href='/b'>The other decision of the registry</a></p>" + TEXT)
    assert "Read also" not in found.text


@pytest.mark.parametrize(
    ("head", "body", "flag"),
    [
        ('<script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree":"False"}</script>', TEXT, "paywall"),
        ('<script type="application/ld+json">{"@type":"LiveBlogPosting","headline":"x"}</script>', TEXT, "live_blog"),
        ('<script type="application/ld+json">{"@graph":[{"@type":"ImageGallery"}]}</script>', TEXT, "gallery"),
        ("", "<p>We and our partners use cookies. Accept all cookies or see the cookie settings to go on.</p>", "consent_wall"),
        ("", "<p>The registry decided on the policy after a long consultation with its members, said its head on Monday …</p>", "teaser"), ("", "<p>A few words.</p>", "too_short"),
    ],
)  # fmt: skip
def test_flags(head, body, flag):
    found = article(head, body)
    assert flag in found.quality.flags
    assert found.quality.confidence <= article().quality.confidence


def test_helpers():
    assert title_without_site("Word - play - Site", ["Site"]) == "Word - play"
    assert title_without_site("Site: no", ["Site"]) == "Site: no"
    assert read_date("2026-11-27", "meta", fetched_at=FETCHED, timezone=None) is None
    assert read_date("nonsense", "meta", fetched_at=FETCHED, timezone=None) is None
