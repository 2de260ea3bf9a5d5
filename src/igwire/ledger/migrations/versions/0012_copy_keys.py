"""On SQLite: tables of copies that are their own index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012_copy_keys"
down_revision = "0011_claims"
branch_labels = None
depends_on = None

_TABLES = {
    "copy_keys": "key integer not null primary key, number bigint not null",
    "copy_sentences": "key integer not null primary key, number bigint not null, holders integer not null",
    "copy_sources": "number bigint not null, source bigint not null, primary key (number, source)",
}


def upgrade() -> None:
    """Write the tables anew, in the order of their keys: a BIGINT key has an index beside the table, an INTEGER key is the table."""
    if op.get_bind().dialect.name != "sqlite":
        return
    for name, columns in _TABLES.items():
        op.execute(sa.text(f"alter table {name} rename to {name}_before"))
        op.execute(sa.text(f"create table {name} ({columns}){' without rowid' if name == 'copy_sources' else ''}"))
        op.execute(sa.text(f"insert into {name} select * from {name}_before order by 1, 2"))
        op.execute(sa.text(f"drop table {name}_before"))
    op.create_index(op.f("ix_copy_sources_source"), "copy_sources", ["source"], unique=False)
