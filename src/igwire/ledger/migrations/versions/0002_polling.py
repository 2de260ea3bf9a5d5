"""What polling remembers of a source, gaps in the coverage, probes, and how each source printed an entry."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from igwire.ledger.tables import UtcDateTime

revision = "0002_polling"
down_revision = "0001"
branch_labels = None
depends_on = None

_TEXTS = ("validators_for", "feed_url", "feed_url_was", "moving_to", "proposed_url", "hub")
_INSTANTS = ("last_full_at", "failing_since", "gone_at", "newest_at", "moving_since")
_COUNTS = ("gone_seen", "empties", "entries", "moving_seen")


def upgrade() -> None:
    """Add columns and tables."""
    columns = [sa.Column(name, sa.Text()) for name in _TEXTS] + [sa.Column(name, UtcDateTime()) for name in _INSTANTS]
    columns += [sa.Column(name, sa.Integer(), nullable=False, server_default="0") for name in _COUNTS]
    columns += [sa.Column("conditional", sa.Boolean(), nullable=False, server_default=sa.true()), sa.Column("interval_s", sa.Float())]
    for column in columns:
        op.add_column("sources", column)
    for column in (sa.Column("guid", sa.Text()), sa.Column("title", sa.Text()), sa.Column("fingerprint", sa.String(length=64))):
        op.add_column("item_sources", column)
    op.create_index("item_sources_guid", "item_sources", ["source_id", "guid"])
    _coverage()
    _probes()


def _coverage() -> None:
    op.create_table(
        "coverage",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("source_id", sa.String(length=120), nullable=False),
        sa.Column("from_at", UtcDateTime(), nullable=False),
        sa.Column("to_at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_coverage_source_id"), "coverage", ["source_id"], unique=False)


def _probes() -> None:
    op.create_table(
        "probes",
        sa.Column("source_id", sa.String(length=120), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("way", sa.String(length=20), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("source_id"),
    )
