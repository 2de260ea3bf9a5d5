"""`igwire stage urls|robots|sitemaps`: one answer a row, as the contract says."""

import json
from pathlib import Path

from igwire.pipeline.stagefile import run_stage


def answers(folder: Path, stage: str, rows: list[dict]) -> tuple[dict[str, dict], int]:
    source, target = folder / "in.jsonl", folder / "out.jsonl"
    source.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    failed = run_stage(stage, source, target, workers=1)
    return {row["id"]: row for row in map(json.loads, target.read_text(encoding="utf-8").splitlines())}, failed


def test_urls(tmp_path):
    got, failed = answers(
        tmp_path,
        "urls",
        [
            {"id": "a", "url": "HTTP://News.Example:80/A?utm_source=x&b=1#top"},
            {"id": "b", "url": "../c", "base": "https://news.example/a/b/"},
            {"id": "c", "url": "javascript:alert(1)"},
            {"id": "d"},
        ],
    )
    assert failed == 1
    assert got["a"] == {"id": "a", "fetch_url": "http://news.example/A?utm_source=x&b=1#top", "identity": "https://news.example/A?b=1", "refused": None}
    assert got["b"]["fetch_url"] == "https://news.example/a/c"
    assert got["c"] == {"id": "c", "fetch_url": None, "identity": None, "refused": "scheme"}
    assert got["d"]["reason"] == "the field 'url' is missing"


def test_robots(tmp_path):
    text = "User-agent: *\nCrawl-delay: 4\nDisallow: /a\n"
    got, failed = answers(
        tmp_path,
        "robots",
        [
            {"id": "a", "url": "http://x.example/a", "agent": "anybot", "robots": text},
            {"id": "b", "url": "http://x.example/b", "agent": "anybot", "robots": text},
            {"id": "c", "url": "http://x.example/b", "agent": "anybot", "status": 503},
            {"id": "d", "url": "http://x.example/b", "agent": "anybot", "status": 404},
            {"id": "e", "url": "http://x.example/b", "status": "soon"},
        ],
    )
    assert failed == 1
    assert "neither" in got["e"]["reason"]
    assert got["a"] == {"id": "a", "allowed": False, "rule": "Disallow: /a", "crawl_delay": 4.0}
    assert got["b"] == {"id": "b", "allowed": True, "rule": None, "crawl_delay": 4.0}
    assert (got["c"]["allowed"], got["d"]["allowed"]) == (False, True)


def test_sitemaps(tmp_path):
    (tmp_path / "s.xml").write_bytes(b"<urlset><url><loc>/a</loc><lastmod>2026-01-01</lastmod></url></urlset>")
    got, failed = answers(tmp_path, "sitemaps", [{"id": "a", "file": "s.xml", "url": "http://x.example/s.xml"}, {"id": "b", "file": "none.xml"}])
    assert failed == 1
    entry = {"url": "http://x.example/a", "lastmod": "2026-01-01", "title": None, "published": None}
    assert got["a"] == {"id": "a", "status": "ok", "kind": "urlset", "entries": [entry], "children": [], "problems": []}
    assert got["b"]["reason"] == "there is no file 'none.xml'"


def test_poll_keeps_its_state_from_row_to_row(tmp_path):
    def feed(*names: str) -> str:
        items = "".join(f"<item><title>{n}</title><link>https://x.example/{n}</link><guid>{n}</guid></item>" for n in names)
        (tmp_path / f"{''.join(names)}.xml").write_text(f"<rss version='2.0'><channel>{items}</channel></rss>")
        return f"{''.join(names)}.xml"

    row = {"source": "x", "status": 200, "headers": {"ETag": '"1"'}}
    got, failed = answers(
        tmp_path,
        "poll",
        [
            {"id": "1", **row, "at": "2026-11-24T00:00:00Z", "file": feed("a", "b")},
            {"id": "2", **row, "at": "2026-11-24T01:30:00Z", "status": 304},
            {"id": "3", **row, "at": "2026-11-24T03:00:00Z", "file": feed("c", "b")},
            {"id": "4", **row, "at": "2026-11-24T05:00:00Z", "file": feed("e", "f")},
            {"id": "5", **row, "at": "2026-11-24T05:00:00Z", "file": feed("e", "f"), "source": "y"},
            {"id": "6", **row, "at": "2026-11-24T06:10:00Z", "status": 429, "headers": [["Retry-After", "7200"]]},
            {"id": "7", **row, "at": "some day"},
            {"id": "8", **row, "at": "2026-11-24T06:10:00Z", "status": "x", "headers": [["half"], 7]},
        ],
    )
    assert failed == 2
    assert [e["title"] for e in got["1"]["new"]] == ["a", "b"]
    assert (got["2"]["state"], got["2"]["new"], got["2"]["possible_gap"]) == ("unchanged", [], None)
    assert got["3"]["new"] == [{"guid": "c", "url": "https://x.example/c", "title": "c"}]
    assert got["4"]["possible_gap"] == {"from": "2026-11-24T03:00:00+00:00", "to": "2026-11-24T05:00:00+00:00"}
    assert got["5"]["possible_gap"] is None
    assert (got["6"]["state"], got["6"]["next_poll"][:13]) == ("cooling", "2026-11-24T08")
    assert got["7"]["status"] == "failed"
