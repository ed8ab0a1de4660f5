"""Months are summed before their passages are erased, and a member is seen last at each site by itself."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Recreate the table of who was seen last, and add the one of the months, live and staged."""
    for kind in ("", "staged_"):
        op.drop_table(f"{kind}last_seen")
        op.create_table(
            f"{kind}last_seen",
            sa.Column("member_id", sa.String, primary_key=True),
            sa.Column("site_id", sa.String, primary_key=True),
            sa.Column("month", sa.String, nullable=False),
            sa.Column("before", sa.String, nullable=False),
            sqlite_with_rowid=False,
        )
        op.create_table(
            f"{kind}months",
            sa.Column("site_id", sa.String, primary_key=True),
            sa.Column("month", sa.String, primary_key=True),
            sa.Column("ledger_id", sa.String, primary_key=True),
            sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("doc", sa.Text, nullable=False),
            sqlite_with_rowid=False,
        )
