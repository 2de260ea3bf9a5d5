"""Alerts: when each target was served, and what it was told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from igwire.ledger.tables import UtcDateTime

revision = "0006_alerts"
down_revision = "0005_revisits"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of alerts."""
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.String(length=80), nullable=False),
        sa.Column("target", sa.String(length=300), nullable=False),
        sa.Column("last_success_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "target"),
    )
    op.create_table(
        "alert_told",
        sa.Column("alert_id", sa.String(length=80), nullable=False),
        sa.Column("target", sa.String(length=300), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "target", "key"),
    )
