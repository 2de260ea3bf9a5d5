"""How a source printed an entry: its address, date and a hash of its texts, so that a guid is not believed alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from igwire.ledger.tables import UtcDateTime

revision = "0010_printed"
down_revision = "0009_boilerplate"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, empty until the source names the article again, and an index of what it named last."""
    op.add_column("item_sources", sa.Column("url", sa.Text(), nullable=True))
    op.add_column("item_sources", sa.Column("printed_at", UtcDateTime(), nullable=True))
    op.add_column("item_sources", sa.Column("text_hash", sa.String(length=64), nullable=True))
    op.create_index("item_sources_seen", "item_sources", ["source_id", "last_seen_at"])
