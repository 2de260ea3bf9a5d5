"""Re-visits of pages, and which revisions Elasticsearch holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from igwire.ledger.tables import UtcDateTime

revision = "0005_revisits"
down_revision = "0004_fetching"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of re-visits and mark revisions."""
    op.create_table(
        "revisits",
        sa.Column("item_id", sa.String(length=80), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=True),
        sa.Column("moved_to", sa.Text(), nullable=True),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("misses", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("item_id"),
    )
    op.create_index(op.f("ix_revisits_due_at"), "revisits", ["due_at"], unique=False)
    op.add_column("revisions", sa.Column("indexed", sa.Boolean(), server_default=sa.false(), nullable=False))
