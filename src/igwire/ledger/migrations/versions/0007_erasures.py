"""Erasures: the tombstones of what was taken out for good."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from igwire.ledger.tables import UtcDateTime

revision = "0007_erasures"
down_revision = "0006_alerts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of tombstones."""
    op.create_table(
        "erasures",
        sa.Column("id", sa.String(length=150), nullable=False),
        sa.Column("doc_id", sa.String(length=80), nullable=True),
        sa.Column("source_id", sa.String(length=120), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("write_seq", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_erasures_doc_id", "erasures", ["doc_id"])
