"""Several kiosks may have kept one former ledger: copies of a card that each went on from there."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table anew, with the kiosk in its key, and keep its rows."""
    wider = op.create_table(
        "former_ledgers_wider",
        sa.Column("network_id", sa.String, primary_key=True),
        sa.Column("ledger_id", sa.String, primary_key=True),
        sa.Column("kiosk_id", sa.String, primary_key=True),
    )
    columns = [column.name for column in wider.columns]
    before = sa.table("former_ledgers", *(sa.column(name) for name in columns))
    op.execute(sa.insert(wider).from_select(columns, sa.select(before)))
    op.drop_table("former_ledgers")
    op.rename_table("former_ledgers_wider", "former_ledgers")
