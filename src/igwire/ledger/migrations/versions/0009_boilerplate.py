"""Lines that a source repeats on its pages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from igwire.ledger.tables import UtcDateTime

revision = "0009_boilerplate"
down_revision = "0008_archives"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of repeated lines."""
    op.create_table(
        "boilerplate",
        sa.Column("source_id", sa.String(length=120), nullable=False),
        sa.Column("line_hash", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("learnt_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "line_hash"),
    )
