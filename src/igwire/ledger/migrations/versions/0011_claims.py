"""Canonical addresses that pages claim although they lie elsewhere."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011_claims"
down_revision = "0010_printed"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of claims."""
    op.create_table(
        "canonical_claims",
        sa.Column("claimed", sa.String(length=80), nullable=False),
        sa.Column("item_id", sa.String(length=80), nullable=False),
        sa.Column("own_url", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("claimed", "item_id"),
    )
    op.create_index(op.f("ix_canonical_claims_item_id"), "canonical_claims", ["item_id"], unique=False)
