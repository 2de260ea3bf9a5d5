"""Which document a page belongs to: its canonical address, unless other articles claim that one as well.

claims its own address ─▶ it; who holds it with another article goes to its own address
claims another address ─▶ that one (AMP, mobile and print twins), but its own one, if the document there has another text,
                          or if three texts claim the address: then it is no article's identity, and whoever has it goes as well

Of two articles that claim a third address the first that came has it, until the third: then all have their own, in whatever order they came.
"""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from igwire.extract.blocks import tokens_of
from igwire.ledger import claims, documents, items
from igwire.ledger.items import Item
from igwire.model import Article
from igwire.pipeline import copies
from igwire.urls import document_id

# A site whose every page names one section page, or the first page that its template was made for.
_NO_IDENTITY = 3
_SHINGLE = 4
# Twins have the same text, but for what surrounds it; a teaser is a part of its article. Sentences that a site repeats make up less.
_SAME, _SAME_TITLE = 0.8, 0.5


def settle(conn: sa.Connection, item: Item, article: Article, own_url: str) -> tuple[Article, str, dict[str, int]]:
    """The article with the address that is its identity, the id of its document, and documents that exist no longer (id → version above theirs)."""
    claimed, own = document_id(article.url), document_id(own_url)
    if claimed == own:
        _come_home(conn, item, article, own)
        return article, item.doc_id or own, {}
    refused, gone = _refused(conn, item, article, claimed, own_url)
    if not refused:
        return article, item.doc_id or claimed, gone
    keeps = item.doc_id if item.doc_id not in (None, claimed) and claims.holder_of(conn, item.doc_id) == item.id else None
    return replace(article, url=own_url), keeps or own, gone


def _come_home(conn: sa.Connection, item: Item, article: Article, own: str) -> None:
    """The page that really lies at the address takes it over from another article that only claimed it."""
    holder = claims.holder_of(conn, own)
    if holder in (None, item.id) or not (away := claims.of(conn, own).get(holder or "")):
        return
    (document,) = documents.get(conn, [own])
    if not same_content(document.article, article):
        _move(conn, own, away, heir=item.id)


def _refused(conn: sa.Connection, item: Item, article: Article, claimed: str, own_url: str) -> tuple[bool, dict[str, int]]:
    holder = claims.holder_of(conn, claimed)
    known = claims.of(conn, claimed)
    another = holder not in (None, item.id) and not same_content(documents.get(conn, [claimed])[0].article, article)
    if another or holder in (None, item.id) or item.id in known:
        claims.add(conn, claimed, item.id, own_url)
        known[item.id] = own_url
    contents = len(known) + (holder is not None and holder not in known)
    if contents < _NO_IDENTITY:
        return another or (item.id in known and item.doc_id == document_id(own_url)), {}
    return True, _move(conn, claimed, known[holder], heir=None) if holder in known else {}


def _move(conn: sa.Connection, old: str, url: str, *, heir: str | None) -> dict[str, int]:
    """Move the document `old` to its article's own address; what has to leave the index."""
    (document,) = documents.get(conn, [old])
    new = document_id(url)
    copies.forget_document(conn, old)
    claims.move_document(conn, old, new, replace(document.article, url=url), heir=heir)
    copies.place_documents(conn, copies.rows_of(documents.get(conn, [new])))
    items.project_again(conn, [new])
    return {} if heir else {old: document.write_seq + 1}


def same_content(one: Article, other: Article) -> bool:
    """Whether two pages show one article: equal titles and half, or any titles and four fifths of the shorter text in the other."""
    same_title = bool(one.title) and (one.title or "").casefold() == (other.title or "").casefold()
    mine, theirs = _shingles(one.text), _shingles(other.text)
    smaller = min(len(mine), len(theirs))
    if not smaller:
        # A text of a few words, or none that may be kept.
        return same_title or (one.text == other.text and not one.title)
    return len(mine & theirs) / smaller >= (_SAME_TITLE if same_title else _SAME)


def _shingles(text: str) -> set[tuple[str, ...]]:
    tokens = tokens_of(text)
    return set(zip(*(tokens[n:] for n in range(_SHINGLE)), strict=False))
