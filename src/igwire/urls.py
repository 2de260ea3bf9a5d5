"""URLs: what may be fetched, and which addresses mean the same article.

Two forms, never one: `fetch_url` is the address as published, only parsed and serialised as browsers do (WHATWG URL, by ada);
`identity_url` drops what does not name the article. Nothing is dropped that might: paths keep their case, `www.` stays,
query parameters go only when the exact list `trackers.txt` names them.
"""

from __future__ import annotations

import hashlib
import re
import string
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import ada_url

from igwire.errors import BadUrl

# Longer addresses are made by machines for machines; feeds of the field stay under 500.
MAX_LENGTH = 2048
# First byte of every document id: a new way of identification gets a new one, so that old ids are told apart.
_ID_VERSION = "1"
_DEFAULT_PORTS = {"http:": "80", "https:": "443"}
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset(string.ascii_letters + string.digits + "-._~")
# Servlet containers write the session into the path for visitors without cookies, which robots are.
_SESSION = re.compile(r";(?:jsessionid|phpsessid)=[^/?;]*", re.IGNORECASE)
_SECTION_PAGES = {"", "/", "/index.html", "/index.htm", "/index.php", "/home", "/home/"}


def fetch_url(url: str, base: str | None = None) -> str:
    """The address to send a request to. Raises BadUrl (scheme, no_host, credentials, too_long, invalid)."""
    if len(url) > MAX_LENGTH:
        raise BadUrl(url, "too_long")
    try:
        parsed = ada_url.URL(url.strip(), base=base) if base else ada_url.URL(url.strip())
    except ValueError as error:
        raise BadUrl(url, "invalid") from error
    if parsed.protocol not in _DEFAULT_PORTS:
        raise BadUrl(url, "scheme")
    if not parsed.hostname:
        raise BadUrl(url, "no_host")
    if parsed.username or parsed.password:
        raise BadUrl(url, "credentials")
    if len(parsed.href) > MAX_LENGTH:
        raise BadUrl(url, "too_long")
    return str(parsed.href)


def secured(url: str) -> str:
    """The address by https; a port that is written out stays."""
    return f"https:{url[5:]}" if url[:5].lower() == "http:" else url


def identity_url(url: str) -> str:
    """The address by which an article is known: https, no default port, no fragment (but `#!`), sorted query without trackers.

    Escapes are written one way (RFC 3986, 6.2.2), and session ids in the path are dropped. Kept, because they may name other articles:
    case and trailing slashes of paths, doubled slashes, index pages, `www.` and `m.`. Idempotent. Raises BadUrl like `fetch_url`.
    """
    parsed = ada_url.URL(fetch_url(url))
    host = parsed.hostname.rstrip(".")
    # The scheme is folded, so that 443 is the default port of both.
    port = f":{parsed.port}" if parsed.port and parsed.port != _DEFAULT_PORTS["https:"] else ""
    fragment = parsed.hash if parsed.hash.startswith("#!") else ""
    return f"https://{host}{port}{_one_way(_SESSION.sub('', parsed.pathname))}{_query(parsed.search)}{fragment}"


def _query(search: str) -> str:
    """The query sorted by name (equal names keep their order) without trackers, escapes written one way."""
    parts = [_one_way(part.replace("+", "%20")) for part in search.removeprefix("?").split("&") if part]
    kept = [part for part in parts if not _is_tracker(unquote(part.split("=", 1)[0]))]
    return "?" + "&".join(sorted(kept, key=lambda part: part.split("=", 1)[0])) if kept else ""


def _one_way(text: str) -> str:
    """Escapes in capitals, and none for letters, digits and -._~, which need none."""
    plain = _ESCAPE.sub(lambda found: char if (char := chr(int(found[1], 16))) in _UNRESERVED else found[0].upper(), text)
    # "%4%31" becomes "%41" first: again, until nothing changes.
    return plain if plain == text else _one_way(plain)


def _is_tracker(name: str) -> bool:
    exact, prefixes = _trackers()
    lowered = name.lower()
    return lowered in exact or lowered.startswith(prefixes)


@lru_cache(maxsize=1)
def _trackers() -> tuple[frozenset[str], tuple[str, ...]]:
    lines = (Path(__file__).parent / "trackers.txt").read_text(encoding="utf-8").splitlines()
    names = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return frozenset(n for n in names if not n.endswith("*")), tuple(n[:-1] for n in names if n.endswith("*"))


# A page is asked for its id in each step that looks at its address; a chunk has a few hundred addresses.
@lru_cache(maxsize=1024)
def document_id(url: str) -> str:
    """Id of the document at a URL: version byte and SHA-256 (hex) of its identity. Raises BadUrl."""
    return _ID_VERSION + hashlib.sha256(identity_url(url).encode()).hexdigest()


def host_of(url: str) -> str:
    """The host name in lower case; "" when there is none."""
    return (urlsplit(url).hostname or "").rstrip(".").lower()


def slot_host(url: str) -> str:
    """The unit of politeness: the host name, where `www.example.org` and `example.org` are one; they are one server nearly everywhere."""
    return host_of(url).removeprefix("www.")


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL: what one robots file is valid for."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def registrable_domain(url: str) -> str:
    """The domain that somebody registered (example.co.uk), by the public suffix list; the host itself for addresses."""
    return domain_of(host_of(url))


def same_site(one: str, other: str) -> bool:
    """Whether two URLs belong to one registered domain. Equal hosts need no look at the list, whose reader takes as long to import as a page to read."""
    return host_of(one) == host_of(other) or registrable_domain(one) == registrable_domain(other)


# An archive has some hundred hosts, and thousands of pages of each.
@lru_cache(maxsize=10_000)
def domain_of(host: str) -> str:
    """See `registrable_domain`, for a host name."""
    return _suffixes()(host).top_domain_under_public_suffix or host


@lru_cache(maxsize=1)
def _suffixes():  # type: ignore[no-untyped-def]  # tldextract is imported only when somebody asks
    import tldextract

    # The list that comes with the package: no request, no cache folder.
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def is_home_page(url: str) -> bool:
    """True for the start page of a host: no path and nothing in the query but trackers."""
    parts = urlsplit(url)
    return parts.path in _SECTION_PAGES and not [k for k, _ in parse_qsl(parts.query, keep_blank_values=True) if not _is_tracker(k)]
