"""Copies: fingerprints of every document's text, and who had a band or a sentence first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_copies"
down_revision = "0002_polling"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of copies."""
    op.create_table(
        "copies",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("doc_id", sa.String(length=80), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("arrived", sa.BigInteger(), nullable=False),
        sa.Column("text_key", sa.BigInteger(), nullable=True),
        sa.Column("shingles", sa.Integer(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("units", sa.LargeBinary(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("cluster", sa.BigInteger(), nullable=False),
        sa.Column("followers", sa.Integer(), nullable=False),
        sa.Column("copy_of", sa.BigInteger(), nullable=True),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("stamp", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index(op.f("ix_copies_cluster"), "copies", ["cluster"], unique=False)
    op.create_table(
        "copy_keys",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "copy_sentences",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("holders", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "copy_sources",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("number", "source"),
    )
    op.create_index(op.f("ix_copy_sources_source"), "copy_sources", ["source"], unique=False)
