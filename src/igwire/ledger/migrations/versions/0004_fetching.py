"""Lanes and daily counts of hosts, stored bodies by digest, wishes of publishers about use.

Revision ID: 0004_fetching
Revises: 0003_copies
"""

import sqlalchemy as sa
from alembic import op

from igwire.ledger.tables import UtcDateTime

revision = "0004_fetching"
down_revision = "0003_copies"


def upgrade() -> None:
    """Add the columns and the table."""
    with op.batch_alter_table("hosts") as table:
        table.add_column(sa.Column("daily_until", UtcDateTime(), nullable=True))
        table.add_column(sa.Column("day", sa.String(length=10), nullable=True))
        table.add_column(sa.Column("requests", sa.Integer(), server_default="0", nullable=False))
    with op.batch_alter_table("items") as table:
        table.add_column(sa.Column("usage", sa.JSON(), nullable=True))
        table.add_column(sa.Column("raw_unwanted", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "payloads",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("segment", sa.String(length=64), nullable=True),
        sa.Column("raw_offset", sa.BigInteger(), nullable=True),
        sa.Column("raw_length", sa.BigInteger(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("fetched_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("payloads_place", "payloads", ["segment", "raw_offset"], unique=False)
