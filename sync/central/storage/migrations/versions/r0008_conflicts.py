"""Conflicts that were reported, apart from their alarms, of which one may stand for many; and the site of an alarm."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

KINDS = (
    "overdraft",
    "overlap",
    "blocked_badge",
    "suspended_member",
    "refunded_pass",
    "withdrawn_product",
    "changed_apart",
)
"""Until now each of these had an alarm for each entry."""


def upgrade() -> None:
    """Take the conflicts reported from their alarms, which stay."""
    conflicts = op.create_table(
        "conflicts",
        sa.Column("network_id", sa.String, primary_key=True),
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("ledger_id", sa.String, primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    )
    columns = [column.name for column in conflicts.columns]
    alarms = sa.table("alarms", *(sa.column(name) for name in columns))
    told = sa.select(alarms).distinct().where(alarms.c.kind.in_(KINDS), alarms.c.ledger_id.is_not(None))
    op.execute(sa.insert(conflicts).from_select(columns, told.where(alarms.c.seq.is_not(None))))
    op.add_column("alarms", sa.Column("site_id", sa.String))
    op.create_index("alarms_by_ledger", "alarms", ["network_id", "ledger_id", "kind"])
