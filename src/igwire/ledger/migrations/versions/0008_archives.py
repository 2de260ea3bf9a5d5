"""Archives: what was listed of which span, the entries that were found, and the pages that listed them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from igwire.ledger.tables import UtcDateTime

revision = "0008_archives"
down_revision = "0007_erasures"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of archives."""
    op.create_table(
        "listings",
        sa.Column("source_id", sa.String(length=120), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("from_at", UtcDateTime(), nullable=False),
        sa.Column("to_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("found", sa.Integer(), server_default="0", nullable=False),
        sa.Column("listed_at", UtcDateTime(), nullable=True),
        sa.Column("again_at", UtcDateTime(), nullable=True),
        sa.Column("holder", sa.String(length=250), nullable=True),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("source_id", "method", "from_at"),
    )
    op.create_table(
        "inventory",
        sa.Column("source_id", sa.String(length=120), nullable=False),
        sa.Column("item_id", sa.String(length=80), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.Column("entry", sa.JSON(), nullable=False),
        sa.Column("listed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "item_id"),
    )
    op.create_index("inventory_published", "inventory", ["source_id", "published_at"], unique=False)
    op.create_table(
        "archive_pages",
        sa.Column("source_id", sa.String(length=120), nullable=False),
        sa.Column("url_hash", sa.String(length=64), nullable=False),
        sa.Column("fetched_at", UtcDateTime(), nullable=False),
        sa.Column("segment", sa.String(length=64), nullable=True),
        sa.Column("raw_offset", sa.BigInteger(), nullable=True),
        sa.Column("raw_length", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("source_id", "url_hash"),
    )
