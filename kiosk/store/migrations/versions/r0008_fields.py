"""Nouns are merged of all entries that change fields of them: what each of those still says is kept beside the noun."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add a column to the tables of nouns that several may change, once to live and once staged."""
    for table in ("sites", "overrides", "products", "members", "badges"):
        op.add_column(table, sa.Column("fields", sa.Text))
        op.add_column(f"staged_{table}", sa.Column("fields", sa.Text))
