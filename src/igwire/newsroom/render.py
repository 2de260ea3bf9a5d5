"""What the newsroom's sites answer: pages, feeds, listings, sitemaps, a WordPress-like REST archive. Pure functions of data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from igwire.newsroom.articles import Site, Story

PAGE_SIZE = 10
FEED_TYPES = {"rss20": "application/rss+xml", "atom10": "application/atom+xml", "rss10": "application/rdf+xml", "json": "application/feed+json"}


@lru_cache(maxsize=1)
def _templates() -> Any:
    from jinja2 import Environment, FileSystemLoader

    return Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True)


def path_of(site: Site, story: Story) -> str:
    """Address of the article on its site."""
    moment = story.moment
    return site.path.format(slug=story.slug, year=moment.year, month=f"{moment.month:02}", day=f"{moment.day:02}")


def page(site: Site, story: Story, others: Sequence[Story], origin: str) -> bytes:
    """The article's page."""
    related = [(other.title, path_of(site, other)) for other in others if other.slug != story.slug][:4]
    teasers = [other.summary for other in others if other.slug != story.slug][:4]
    template = _templates().get_template(f"{site.template}.html")
    html = template.render(site=site, a=story, url=origin + path_of(site, story), related=related, teasers=teasers)
    return str(html).encode()


def listing(site: Site, newest_first: Sequence[Story], number: int) -> bytes:
    """Home page (number 1) and archive pages."""
    chosen = newest_first[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    older = f"/archive?page={number + 1}" if len(newest_first) > number * PAGE_SIZE else None
    rows = [(story, path_of(site, story)) for story in chosen]
    template = _templates().get_template("listing.html")
    return str(template.render(site=site, page=rows, older=older, feed_type=FEED_TYPES[site.feed_format])).encode()


def feed(site: Site, newest_first: Sequence[Story], origin: str) -> bytes:
    """The site's feed in its format."""
    return {"rss20": _rss20, "atom10": _atom10, "rss10": _rss10, "json": _json_feed}[site.feed_format](site, newest_first, origin)


def _rss20(site: Site, stories: Sequence[Story], origin: str) -> bytes:
    items = "".join(
        f'<item><title>{escape(s.title)}</title><link>{origin}{path_of(site, s)}</link><guid isPermaLink="false">{site.id}-{s.slug}</guid>'
        f"<pubDate>{format_datetime(s.moment)}</pubDate><category>{escape(s.section)}</category><description>{escape(s.summary)}</description>"
        + (f"<content:encoded><![CDATA[{_html(s)}]]></content:encoded>" if site.feed_content else "")
        + "</item>"
        for s in stories
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>{escape(site.title)}</title><link>{origin}/</link><description>{escape(site.title)}</description><language>{site.language}</language>"
        f"<ttl>60</ttl>{items}</channel></rss>"
    ).encode()


def _atom10(site: Site, stories: Sequence[Story], origin: str) -> bytes:
    entries = "".join(
        f'<entry><title>{escape(s.title)}</title><link rel="alternate" href="{origin}{path_of(site, s)}"/><id>tag:{site.id},2015:{s.slug}</id>'
        f"<published>{s.published}</published><updated>{s.modified or s.published}</updated><summary>{escape(s.summary)}</summary>"
        + "".join(f"<author><name>{escape(name)}</name></author>" for name in s.authors)
        + "</entry>"
        for s in stories
    )
    updated = stories[0].published if stories else "2015-01-01T00:00:00Z"
    return (
        f'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{site.language}"><title>{escape(site.title)}</title>'
        f'<id>tag:{site.id},2015:feed</id><link rel="self" href="{origin}{site.feed}"/><updated>{updated}</updated>{entries}</feed>'
    ).encode()


def _rss10(site: Site, stories: Sequence[Story], origin: str) -> bytes:
    links = [f"{origin}{path_of(site, s)}" for s in stories]
    listed = "".join(f'<rdf:li rdf:resource="{link}"/>' for link in links)
    items = "".join(
        f'<item rdf:about="{link}"><title>{escape(s.title)}</title><link>{link}</link><description>{escape(s.summary)}</description>'
        f"<dc:date>{s.published}</dc:date><dc:creator>{escape(', '.join(s.authors))}</dc:creator></item>"
        for s, link in zip(stories, links, strict=True)
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="{origin}{site.feed}"><title>{escape(site.title)}</title><link>{origin}/</link>'
        f"<description>{escape(site.title)}</description><items><rdf:Seq>{listed}</rdf:Seq></items></channel>{items}</rdf:RDF>"
    ).encode()


def _json_feed(site: Site, stories: Sequence[Story], origin: str) -> bytes:
    items = [
        {
            "id": f"{site.id}/{s.slug}", "url": origin + path_of(site, s), "title": s.title, "summary": s.summary, "date_published": s.published,
            "authors": [{"name": name} for name in s.authors],
        }
        for s in stories
    ]  # fmt: skip
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": site.title, "home_page_url": f"{origin}/", "language": site.language, "items": items}
    return json.dumps(feed, ensure_ascii=False).encode()


def _html(story: Story) -> str:
    parts = []
    for kind, value in story.blocks:
        if kind == "list":
            parts.append("<ul>" + "".join(f"<li>{escape(item)}</li>" for item in value) + "</ul>")
        else:
            tag = {"p": "p", "h2": "h2", "quote": "blockquote"}[kind]
            parts.append(f"<{tag}>{escape(value)}</{tag}>")
    return "".join(parts)


def robots(origin: str, crawl_delay: int | None = None) -> bytes:
    """Everything is allowed but the search page."""
    delay = f"Crawl-delay: {crawl_delay}\n" if crawl_delay else ""
    return f"User-agent: *\n{delay}Disallow: /search\n\nSitemap: {origin}/sitemap.xml\n".encode()


def sitemap_index(stories: Sequence[Story], origin: str) -> bytes:
    """One sitemap a year."""
    years = sorted({s.moment.year for s in stories})
    listed = "".join(f"<sitemap><loc>{origin}/sitemap-{year}.xml</loc></sitemap>" for year in years)
    return f'<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{listed}</sitemapindex>'.encode()


def sitemap(site: Site, stories: Sequence[Story], year: int, origin: str) -> bytes:
    """The year's articles with the day of their last change."""
    listed = "".join(
        f"<url><loc>{origin}{path_of(site, s)}</loc><lastmod>{s.modified or s.published}</lastmod></url>" for s in stories if s.moment.year == year
    )
    return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{listed}</urlset>'.encode()


def rest_posts(site: Site, stories: Sequence[Story], query: str, origin: str) -> tuple[int, bytes, dict[str, str]]:
    """A WordPress-like answer to /wp-json/wp/v2/posts: (status, body, headers); `after` and `before` compare the site's local time."""
    asked = {name: values[-1] for name, values in parse_qs(query).items()}
    size, number = min(int(asked.get("per_page", 10)), 100), int(asked.get("page", 1))
    after, before = asked.get("after", "")[:19], asked.get("before", "9999")[:19]
    chosen = [s for s in stories if after < s.published[:19] < before]
    chosen.sort(key=lambda s: s.published[:19], reverse=asked.get("order", "desc") == "desc")
    pages = -(-len(chosen) // size)
    if number > max(pages, 1):
        return 400, b'{"code":"rest_post_invalid_page_number","message":"The page number requested is larger than the number of pages available."}', {}
    posts = [_rest_post(site, s, origin) for s in chosen[(number - 1) * size : number * size]]
    return 200, json.dumps(posts, ensure_ascii=False).encode(), {"X-WP-Total": str(len(chosen)), "X-WP-TotalPages": str(pages)}


def _rest_post(site: Site, story: Story, origin: str) -> dict[str, Any]:
    utc = story.moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    changed = datetime.fromisoformat(story.modified).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") if story.modified else utc
    return {
        "id": story.slug, "date": story.published[:19], "date_gmt": utc, "modified_gmt": changed, "link": origin + path_of(site, story),
        "title": {"rendered": story.title}, "excerpt": {"rendered": f"<p>{escape(story.summary)}</p>"}, "content": {"rendered": _html(story)},
    }  # fmt: skip
