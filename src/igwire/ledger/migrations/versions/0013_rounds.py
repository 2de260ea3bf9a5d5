"""Until when a round of re-visits holds a page, so that two rounds at once do not ask for it twice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013_rounds"
down_revision = "0012_copy_keys"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("revisits", sa.Column("taken_until", sa.DateTime(timezone=True)))
