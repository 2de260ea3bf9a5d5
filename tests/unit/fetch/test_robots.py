"""robots.txt by RFC 9309: groups by whole tokens, the longest rule, what must not mislead the parser."""

import pytest

from igwire.fetch.robots import Robots

URL = "http://x.example"


def allowed(text: str | bytes, path: str, agent: str = "newsbot") -> bool:
    return Robots.parse(text.encode() if isinstance(text, str) else text, 200, agent).allowed(URL + path)[0]


@pytest.mark.parametrize(
    ("name", "agent", "mine"),
    [
        ("newsbot", "newsbot", True),
        ("NewsBot", "newsbot", True),
        ("newsbot/2.1", "newsbot", True),
        ("news", "newsbot", False),
        ("bot", "newsbot", False),
        ("newsbot-images", "newsbot", False),
        ("newsbot", "newsbot-images", False),
        ("newsbot", "Mozilla/5.0 (compatible; NewsBot/3; +http://x.example)", True),
        ("*", "newsbot", True),
    ],
)
def test_a_group_is_meant_for_whole_tokens_only(name, agent, mine):
    assert allowed(f"User-agent: {name}\nDisallow: /", "/a", agent) is not mine


def test_own_group_replaces_the_one_for_all_and_groups_merge():
    text = "User-agent: *\nDisallow: /all\n\nUser-agent: newsbot\nDisallow: /one\n\nUser-agent: other\nDisallow: /\n\nUser-agent: newsbot/9\nDisallow: /two\n"
    assert [allowed(text, p) for p in ("/all", "/one", "/two", "/three")] == [True, False, False, True]


@pytest.mark.parametrize(
    ("rules", "path", "verdict", "line"),
    [
        ("Disallow: /a\nAllow: /a/b", "/a/b/c", True, "Allow: /a/b"),
        ("Allow: /a\nDisallow: /a", "/a", True, "Allow: /a"),
        ("Disallow: /*.pdf$", "/x/y.pdf", False, "Disallow: /*.pdf$"),
        ("Disallow: /*.pdf$", "/x/y.pdf?download", True, None),
        ("Disallow: /*?amp=", "/story?amp=1", False, "Disallow: /*?amp="),
        ("Disallow:", "/a", True, None),
        ("Disallow: /ä", "/%C3%A4/b", False, "Disallow: /ä"),
        ("Disallow: /", "/robots.txt", True, "Disallow: /"),
        ("Disallow: " + "*a" * 200 + "b", "/" + "a" * 2000, True, None),
    ],
)
def test_the_longest_rule_decides_and_allow_wins_ties(rules, path, verdict, line):
    robots = Robots.parse(f"User-agent: *\n{rules}\n".encode(), 200)
    assert (robots.allowed(URL + path)[0], robots.rule(URL + path)) == (verdict, line)


def test_what_must_not_mislead():
    assert not allowed(b"\xef\xbb\xbfUser-agent: *\nDisallow: /", "/a")
    assert not allowed("User-agent: newsbot\nContent-Signal: ai-train=no\nUser-agent: other\nDisallow: /a", "/a")
    assert not allowed("User-agent: *\nSitemap: http://x.example/s.xml\nDisallow: /a", "/a")
    assert not allowed("User-agent: *\rDisallow: /a\r", "/a")
    assert allowed("<html>User-agent: *<br>Disallow: /</html>", "/a")
    assert allowed("Disallow: /", "/a")


def test_the_line_that_the_size_limit_cuts_is_not_read():
    filler = b"User-agent: *\n" + b"#" * (512 * 1024 - 14 - 1 - len(b"Disallow: /")) + b"\n"
    assert allowed(filler + b"Disallow: /private\n", "/open")
    assert allowed(filler + b"Disallow: /\n" + b"Disallow: /x\n", "/open")


def test_delay_and_sitemaps():
    robots = Robots.parse(b"User-agent: *\nCrawl-delay: 2.5\nDisallow: /a\nSitemap: http://x.example/s.xml\n", 200)
    assert (robots.crawl_delay, robots.sitemaps) == (2.5, ("http://x.example/s.xml",))
    assert Robots.parse(b"User-agent: newsbot\nDisallow:\nUser-agent: *\nCrawl-delay: 9", 200, "newsbot").crawl_delay is None


@pytest.mark.parametrize(
    ("status", "may"), [(404, True), (401, True), (403, True), (301, True), (200, True), (429, False), (500, False), (503, False), (0, False)]
)
def test_status_of_the_request(status, may):
    assert Robots.parse(b"", status).allowed(URL + "/a")[0] is may
