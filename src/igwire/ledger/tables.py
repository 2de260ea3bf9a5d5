"""The tables of the ledger: state of sources, items, documents, runs, hosts; everything that raw bytes cannot tell.

sources ─< item_sources >─ items ─▶ documents ─< revisions
runs ─< run_items >─ items          sources ─< coverage, sources ─ probes; hosts, robots, dead_letters, events stand by themselves
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

# A key of 63 bits. On SQLite a table by an INTEGER key is its own index; one by a BIGINT key is written twice.
WholeKey = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC datetimes on every database: SQLite forgets the zone, so it is taken off and put back here."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Refuse naive datetimes: they are how hours get lost."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("the ledger takes aware datetimes only")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Give back an aware datetime in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = sa.MetaData()

# Raw reference: segment, offset, length (see model.RawRef).


def _raw_columns() -> list[sa.Column[Any]]:
    return [sa.Column("segment", sa.String(64)), sa.Column("raw_offset", sa.BigInteger), sa.Column("raw_length", sa.BigInteger)]


sources = sa.Table(
    "sources",
    metadata,
    sa.Column("id", sa.String(120), primary_key=True),
    # Validators, byte-exact, and the URL that answered with them.
    sa.Column("etag", sa.Text),
    sa.Column("last_modified", sa.Text),
    sa.Column("validators_url", sa.Text),
    # Address asked and parser generation that they were kept for; anything else makes the next fetch unconditional.
    sa.Column("validators_for", sa.Text),
    # SHA-256 of the last body that was read without trouble.
    sa.Column("body_hash", sa.String(64)),
    # False: the server was caught answering 304 although there were news.
    sa.Column("conditional", sa.Boolean, nullable=False, server_default=sa.true()),
    # Last answer to a request without validators.
    sa.Column("last_full_at", UtcDateTime),
    # In words; see pipeline.polling.STATES.
    sa.Column("state", sa.String(40), nullable=False, server_default="never"),
    sa.Column("state_reason", sa.Text),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("failing_since", UtcDateTime),
    # Sightings of 410, a day or more apart, and the last of them.
    sa.Column("gone_seen", sa.Integer, nullable=False, server_default="0"),
    sa.Column("gone_at", UtcDateTime),
    # Good answers without entries in a row.
    sa.Column("empties", sa.Integer, nullable=False, server_default="0"),
    # Entries of the last answer that had some, and the newest date in it.
    sa.Column("entries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("newest_at", UtcDateTime),
    # Seconds between two polls, as the feed's habits have taught it.
    sa.Column("interval_s", sa.Float),
    # Address adopted after a permanent move, and the catalogue's address that it stands for.
    sa.Column("feed_url", sa.Text),
    sa.Column("feed_url_was", sa.Text),
    # A permanent redirect under observation: target, sightings, first sighting.
    sa.Column("moving_to", sa.Text),
    sa.Column("moving_seen", sa.Integer, nullable=False, server_default="0"),
    sa.Column("moving_since", UtcDateTime),
    # Feed that a page at the feed's address pointed to; a person decides.
    sa.Column("proposed_url", sa.Text),
    # WebSub hub that the feed names; nobody subscribes yet.
    sa.Column("hub", sa.Text),
    sa.Column("last_poll_at", UtcDateTime),
    sa.Column("last_success_at", UtcDateTime),
    sa.Column("last_new_at", UtcDateTime),
    sa.Column("next_poll_at", UtcDateTime),
)

coverage = sa.Table(
    "coverage",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("source_id", sa.String(120), nullable=False, index=True),
    # The span [from_at, to_at) in which articles may have been missed.
    sa.Column("from_at", UtcDateTime, nullable=False),
    sa.Column("to_at", UtcDateTime, nullable=False),
    # rolled_over: no entry of a poll was known from the one before.
    sa.Column("reason", sa.String(60), nullable=False),
    # possible_gap → filled or unfillable.
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("detail", sa.Text),
    sa.Column("noted_at", UtcDateTime, nullable=False),
    sa.Column("closed_at", UtcDateTime),
)

probes = sa.Table(
    "probes",
    metadata,
    sa.Column("source_id", sa.String(120), primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
    # enabled or wanted.
    sa.Column("verdict", sa.String(20), nullable=False),
    # feed, sitemap or listing, and its address.
    sa.Column("way", sa.String(20)),
    sa.Column("url", sa.Text),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("next_at", UtcDateTime, nullable=False),
)

items = sa.Table(
    "items",
    metadata,
    # document_id of the entry's URL.
    sa.Column("id", sa.String(80), primary_key=True),
    sa.Column("source_id", sa.String(120), nullable=False, index=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("host", sa.String(255), nullable=False),
    # new → captured → extracted → enriched → indexed; or rejected, quarantined, duplicate.
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("reason", sa.String(60)),
    # The feed's entry as JSON (model.FeedEntry).
    sa.Column("entry", sa.JSON, nullable=False),
    # Publication instant by the feed, for windows.
    sa.Column("published_at", UtcDateTime),
    sa.Column("first_seen_at", UtcDateTime, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("mode", sa.String(20), nullable=False, server_default="live"),
    # Run that captured it, and when.
    sa.Column("run_id", sa.String(250)),
    sa.Column("fetched_at", UtcDateTime),
    *_raw_columns(),
    sa.Column("doc_id", sa.String(80), index=True),
    # What the publisher says about use of the page (see fetch.usage), as words.
    sa.Column("usage", sa.JSON),
    # The raw copy must go (noarchive) and is still there.
    sa.Column("raw_unwanted", sa.Boolean, nullable=False, server_default=sa.false()),
    # A run that works on the item holds it until then; a dead run's claim runs out.
    sa.Column("claimed_by", sa.String(250)),
    sa.Column("claimed_until", UtcDateTime),
    sa.Index("items_state_published", "state", "published_at"),
)

item_sources = sa.Table(
    "item_sources",
    metadata,
    sa.Column("item_id", sa.String(80), primary_key=True),
    sa.Column("source_id", sa.String(120), primary_key=True),
    sa.Column("first_seen_at", UtcDateTime, nullable=False),
    sa.Column("last_seen_at", UtcDateTime, nullable=False),
    # As this source printed them when it last named the item; the fingerprint is a hash of all that it printed, text_hash of summary and content.
    sa.Column("url", sa.Text),
    sa.Column("guid", sa.Text),
    sa.Column("title", sa.Text),
    sa.Column("fingerprint", sa.String(64)),
    sa.Column("printed_at", UtcDateTime),
    sa.Column("text_hash", sa.String(64)),
    sa.Index("item_sources_guid", "source_id", "guid"),
    sa.Index("item_sources_seen", "source_id", "last_seen_at"),
)

documents = sa.Table(
    "documents",
    metadata,
    # document_id of the canonical URL.
    sa.Column("id", sa.String(80), primary_key=True),
    # The item whose capture the document shows.
    sa.Column("item_id", sa.String(80), nullable=False, index=True),
    sa.Column("source_id", sa.String(120), nullable=False, index=True),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("content_hash", sa.String(64), nullable=False),
    # model.Article and model.Tags, packed (see ledger.packing).
    sa.Column("article", sa.LargeBinary, nullable=False),
    sa.Column("extract_stamp", sa.String(120), nullable=False),
    sa.Column("tags", sa.LargeBinary),
    sa.Column("tag_stamp", sa.String(120)),
    # Hash of the projected document; write_seq counts its changes, indexed_seq is what Elasticsearch acknowledged.
    sa.Column("projected_hash", sa.String(64)),
    sa.Column("write_seq", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("indexed_seq", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("published_at", UtcDateTime, index=True),
    sa.Column("first_seen_at", UtcDateTime, nullable=False),
    sa.Column("revised_at", UtcDateTime, nullable=False),
)

# Pages that name another page of their site as canonical, one row a text (see pipeline.identity).
canonical_claims = sa.Table(
    "canonical_claims",
    metadata,
    # document_id of the claimed address.
    sa.Column("claimed", sa.String(80), primary_key=True),
    sa.Column("item_id", sa.String(80), primary_key=True, index=True),
    # Where the item's page was found.
    sa.Column("own_url", sa.Text, nullable=False),
)

revisions = sa.Table(
    "revisions",
    metadata,
    sa.Column("doc_id", sa.String(80), primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("article", sa.LargeBinary, nullable=False),
    sa.Column("seen_at", UtcDateTime, nullable=False),
    # Elasticsearch acknowledged its projection; articles of one revision have none.
    sa.Column("indexed", sa.Boolean, nullable=False, server_default=sa.false()),
)

boilerplate = sa.Table(
    "boilerplate",
    metadata,
    # A line that many pages of the source repeat, as the hash of its folded text: no words of a page are kept here.
    sa.Column("source_id", sa.String(120), primary_key=True),
    sa.Column("line_hash", sa.String(32), primary_key=True),
    # The version of the source's list with which it came; lines are added and never taken away.
    sa.Column("version", sa.Integer, nullable=False),
    # Pages that had it when it was learnt.
    sa.Column("pages", sa.Integer, nullable=False),
    sa.Column("learnt_at", UtcDateTime, nullable=False),
)

revisits = sa.Table(
    "revisits",
    metadata,
    # An item whose page is looked at again, less and less often; see pipeline.revisits.
    sa.Column("item_id", sa.String(80), primary_key=True),
    sa.Column("first_at", UtcDateTime, nullable=False),
    # None: not any more.
    sa.Column("due_at", UtcDateTime, index=True),
    # What became of the page: online, gone, moved; since when, and where to.
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("since", UtcDateTime),
    sa.Column("moved_to", sa.Text),
    # Validators of the newest answer, byte-exact; None = those of the capture count.
    sa.Column("etag", sa.Text),
    sa.Column("last_modified", sa.Text),
    # Answers in a row that said nothing or "not found".
    sa.Column("misses", sa.Integer, nullable=False, server_default="0"),
    # A round of visits is at work on it, at most until then.
    sa.Column("taken_until", UtcDateTime),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.String(250), primary_key=True),
    # live, past, import, rebuild.
    sa.Column("mode", sa.String(20), nullable=False),
    sa.Column("window_start", UtcDateTime),
    sa.Column("window_end", UtcDateTime),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("finished_at", UtcDateTime),
    # running, ok, failed.
    sa.Column("status", sa.String(20), nullable=False),
    # Totals by outcome, reasons, feeds polled, as the report wrote them.
    sa.Column("totals", sa.JSON),
)

run_items = sa.Table(
    "run_items",
    metadata,
    sa.Column("run_id", sa.String(250), primary_key=True),
    sa.Column("item_id", sa.String(80), primary_key=True),
    sa.Column("batch", sa.Integer, nullable=False),
    # One word of model.Outcome, or null while the item is under way.
    sa.Column("outcome", sa.String(20)),
    sa.Column("reason", sa.String(60)),
    sa.Column("stage", sa.String(20)),
    sa.Column("detail", sa.Text),
    sa.Column("at", UtcDateTime),
    sa.Index("run_items_batch", "run_id", "batch"),
    sa.Index("run_items_item", "item_id"),
)

dead_letters = sa.Table(
    "dead_letters",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("item_id", sa.String(80), nullable=False, index=True),
    sa.Column("source_id", sa.String(120), nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("stage", sa.String(20), nullable=False),
    sa.Column("reason", sa.String(60), nullable=False),
    sa.Column("detail", sa.Text),
    *_raw_columns(),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("resolved_at", UtcDateTime),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", UtcDateTime, nullable=False),
    # poll, entry, fetch, extract, enrich, index, reject …
    sa.Column("what", sa.String(20), nullable=False),
    sa.Column("run_id", sa.String(250)),
    sa.Column("source_id", sa.String(120), index=True),
    sa.Column("item_id", sa.String(80), index=True),
    sa.Column("detail", sa.Text),
)

# Copies (see pipeline.copies). A document's number is 63 bits of the hash of its id: short rows, and no counter to share.
copies = sa.Table(
    "copies",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("doc_id", sa.String(80), nullable=False),
    # Seconds since 1970: publication where it is known, else first sight. Who has the least was first; of equals, who arrived first.
    sa.Column("seen", sa.BigInteger, nullable=False),
    sa.Column("arrived", sa.BigInteger, nullable=False),
    # What enrich.fingerprints made of the text.
    sa.Column("text_key", sa.BigInteger),
    sa.Column("shingles", sa.Integer, nullable=False),
    sa.Column("signature", sa.LargeBinary, nullable=False),
    sa.Column("units", sa.LargeBinary, nullable=False),
    sa.Column("figures", sa.Text, nullable=False),
    # The earliest document of the cluster, and (in its row) how many others the cluster has.
    sa.Column("cluster", sa.BigInteger, nullable=False, index=True),
    sa.Column("followers", sa.Integer, nullable=False),
    # The earliest document that was compared and found to have this text, and the share of this text that it has.
    sa.Column("copy_of", sa.BigInteger),
    sa.Column("share", sa.Float, nullable=False),
    sa.Column("stamp", sa.String(40), nullable=False),
)

# Who had a text key or a band first. One row a key: a text that is reprinted a thousand times costs one look-up, not a thousand.
copy_keys = sa.Table(
    "copy_keys",
    metadata,
    sa.Column("key", WholeKey, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, nullable=False),
)

# Who had a sentence first, and how many documents have it.
copy_sentences = sa.Table(
    "copy_sentences",
    metadata,
    sa.Column("key", WholeKey, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("holders", sa.Integer, nullable=False),
)

# Document → document that had some of its sentences first, so that both are projected again when an earlier one turns up.
copy_sources = sa.Table(
    "copy_sources",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("source", sa.BigInteger, primary_key=True, autoincrement=False, index=True),
    sqlite_with_rowid=False,
)

hosts = sa.Table(
    "hosts",
    metadata,
    sa.Column("host", sa.String(255), primary_key=True),
    # Fencing: raised with every lease, so a late holder can be told apart.
    sa.Column("fence", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("holder", sa.String(120)),
    sa.Column("leased_until", UtcDateTime),
    # No request starts before this instant.
    sa.Column("next_at", UtcDateTime),
    sa.Column("cooling_until", UtcDateTime),
    sa.Column("cooling_reason", sa.String(60)),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    # Somebody of the daily lane wants the host until then; the other lane waits.
    sa.Column("daily_until", UtcDateTime),
    # Requests of the UTC day `day` (YYYY-MM-DD).
    sa.Column("day", sa.String(10)),
    sa.Column("requests", sa.Integer, nullable=False, server_default="0"),
)

payloads = sa.Table(
    "payloads",
    metadata,
    # SHA-256 (hex) of a body as it came, and where it is stored whole; later captures of it are revisit records.
    sa.Column("digest", sa.String(64), primary_key=True),
    *_raw_columns(),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("fetched_at", UtcDateTime, nullable=False),
    sa.Index("payloads_place", "segment", "raw_offset"),
)

robots = sa.Table(
    "robots",
    metadata,
    # scheme://host:port of a robots file; with the path /.well-known/tdmrep.json behind it, that file's answer.
    sa.Column("origin", sa.String(300), primary_key=True),
    sa.Column("fetched_at", UtcDateTime, nullable=False),
    # HTTP status, 0 = no answer.
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)

listings = sa.Table(
    "listings",
    metadata,
    # What one way into a source's past was asked for: the span [from_at, to_at) (see pipeline.inventory).
    sa.Column("source_id", sa.String(120), primary_key=True),
    sa.Column("method", sa.String(20), primary_key=True),
    sa.Column("from_at", UtcDateTime, primary_key=True),
    sa.Column("to_at", UtcDateTime, nullable=False),
    # listing, complete, partial, failed, unavailable; why, in words.
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("detail", sa.Text),
    # Entries that were found in the span.
    sa.Column("found", sa.Integer, nullable=False, server_default="0"),
    sa.Column("listed_at", UtcDateTime),
    # Until then nobody asks again.
    sa.Column("again_at", UtcDateTime),
    # The run that is listing holds it until then.
    sa.Column("holder", sa.String(250)),
    sa.Column("leased_until", UtcDateTime),
)

inventory = sa.Table(
    "inventory",
    metadata,
    # An entry that a source's archive lists; it becomes an item when the interval of its date is asked for.
    sa.Column("source_id", sa.String(120), primary_key=True),
    sa.Column("item_id", sa.String(80), primary_key=True),
    sa.Column("published_at", UtcDateTime, nullable=False),
    sa.Column("entry", sa.JSON, nullable=False),
    sa.Column("listed_at", UtcDateTime, nullable=False),
    sa.Index("inventory_published", "source_id", "published_at"),
)

archive_pages = sa.Table(
    "archive_pages",
    metadata,
    # A page of an archive that answered 200: it is read again from the raw store instead of asked for again.
    sa.Column("source_id", sa.String(120), primary_key=True),
    # SHA-256 (hex) of the address.
    sa.Column("url_hash", sa.String(64), primary_key=True),
    sa.Column("fetched_at", UtcDateTime, nullable=False),
    *_raw_columns(),
)

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("alert_id", sa.String(80), primary_key=True),
    # As the alerts file writes it: atom, mail:…, webhook:…
    sa.Column("target", sa.String(300), primary_key=True),
    sa.Column("last_success_at", UtcDateTime, nullable=False),
)

alert_told = sa.Table(
    "alert_told",
    metadata,
    sa.Column("alert_id", sa.String(80), primary_key=True),
    sa.Column("target", sa.String(300), primary_key=True),
    # A document's id, or what names a sentence to the operators.
    sa.Column("key", sa.String(300), primary_key=True),
    sa.Column("told_at", UtcDateTime, nullable=False),
)

# What was erased (see pipeline.erase): hashes, a reason and a date, never a text.
erasures = sa.Table(
    "erasures",
    metadata,
    # document_id of an address (an item's or a document's), or "source:" and the id of a source of which nothing is taken any more.
    sa.Column("id", sa.String(150), primary_key=True),
    # The document that the address belonged to.
    sa.Column("doc_id", sa.String(80), index=True),
    sa.Column("source_id", sa.String(120)),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    # Above every version of the document that was ever sent to Elasticsearch.
    sa.Column("write_seq", sa.BigInteger, nullable=False),
    # False: the intent is written, the removal is not finished.
    sa.Column("done", sa.Boolean, nullable=False, server_default=sa.false()),
)
