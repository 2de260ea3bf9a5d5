"""First ledger: sources, items, documents, revisions, runs, dead letters, trace, hosts, robots."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from igwire.ledger.tables import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("item_id", sa.String(length=80), nullable=False),
        sa.Column("source_id", sa.String(length=120), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("segment", sa.String(length=64), nullable=True),
        sa.Column("raw_offset", sa.BigInteger(), nullable=True),
        sa.Column("raw_length", sa.BigInteger(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("resolved_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_dead_letters_item_id"), "dead_letters", ["item_id"], unique=False)
    op.create_table(
        "documents",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("item_id", sa.String(length=80), nullable=False),
        sa.Column("source_id", sa.String(length=120), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("article", sa.LargeBinary(), nullable=False),
        sa.Column("extract_stamp", sa.String(length=120), nullable=False),
        sa.Column("tags", sa.LargeBinary(), nullable=True),
        sa.Column("tag_stamp", sa.String(length=120), nullable=True),
        sa.Column("projected_hash", sa.String(length=64), nullable=True),
        sa.Column("write_seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("indexed_seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("first_seen_at", UtcDateTime(), nullable=False),
        sa.Column("revised_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_documents_item_id"), "documents", ["item_id"], unique=False)
    op.create_index(op.f("ix_documents_published_at"), "documents", ["published_at"], unique=False)
    op.create_index(op.f("ix_documents_source_id"), "documents", ["source_id"], unique=False)
    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("run_id", sa.String(length=250), nullable=True),
        sa.Column("source_id", sa.String(length=120), nullable=True),
        sa.Column("item_id", sa.String(length=80), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_events_item_id"), "events", ["item_id"], unique=False)
    op.create_index(op.f("ix_events_source_id"), "events", ["source_id"], unique=False)
    op.create_table(
        "hosts",
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("fence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("holder", sa.String(length=120), nullable=True),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("cooling_until", UtcDateTime(), nullable=True),
        sa.Column("cooling_reason", sa.String(length=60), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("host"),
    )
    op.create_table(
        "item_sources",
        sa.Column("item_id", sa.String(length=80), nullable=False),
        sa.Column("source_id", sa.String(length=120), nullable=False),
        sa.Column("first_seen_at", UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("item_id", "source_id"),
    )
    op.create_table(
        "items",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("source_id", sa.String(length=120), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.Column("entry", sa.JSON(), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("first_seen_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("mode", sa.String(length=20), server_default="live", nullable=False),
        sa.Column("run_id", sa.String(length=250), nullable=True),
        sa.Column("fetched_at", UtcDateTime(), nullable=True),
        sa.Column("segment", sa.String(length=64), nullable=True),
        sa.Column("raw_offset", sa.BigInteger(), nullable=True),
        sa.Column("raw_length", sa.BigInteger(), nullable=True),
        sa.Column("doc_id", sa.String(length=80), nullable=True),
        sa.Column("claimed_by", sa.String(length=250), nullable=True),
        sa.Column("claimed_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("items_state_published", "items", ["state", "published_at"], unique=False)
    op.create_index(op.f("ix_items_doc_id"), "items", ["doc_id"], unique=False)
    op.create_index(op.f("ix_items_source_id"), "items", ["source_id"], unique=False)
    op.create_table(
        "revisions",
        sa.Column("doc_id", sa.String(length=80), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("article", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("doc_id", "revision"),
    )
    op.create_table(
        "robots",
        sa.Column("origin", sa.String(length=300), nullable=False),
        sa.Column("fetched_at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("origin"),
    )
    op.create_table(
        "run_items",
        sa.Column("run_id", sa.String(length=250), nullable=False),
        sa.Column("item_id", sa.String(length=80), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.Column("stage", sa.String(length=20), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "item_id"),
    )
    op.create_index("run_items_batch", "run_items", ["run_id", "batch"], unique=False)
    op.create_index("run_items_item", "run_items", ["item_id"], unique=False)
    op.create_table(
        "runs",
        sa.Column("id", sa.String(length=250), nullable=False),
        sa.Column("mode", sa.String(length=20), nullable=False),
        sa.Column("window_start", UtcDateTime(), nullable=True),
        sa.Column("window_end", UtcDateTime(), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("totals", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "sources",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("validators_url", sa.Text(), nullable=True),
        sa.Column("body_hash", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=40), server_default="never", nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_poll_at", UtcDateTime(), nullable=True),
        sa.Column("last_success_at", UtcDateTime(), nullable=True),
        sa.Column("last_new_at", UtcDateTime(), nullable=True),
        sa.Column("next_poll_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
