"""When entries really were that a kiosk wrote before it knew the time."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table of corrections, once to live and once to be staged."""
    for name in ("corrections", "staged_corrections"):
        op.create_table(
            name,
            sa.Column("ledger_id", sa.String, primary_key=True),
            sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("at", sa.BigInteger, nullable=False),
            sqlite_with_rowid=False,
        )
