"""The ledgers that a kiosk kept before its present one."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make their table."""
    op.create_table(
        "former_ledgers",
        sa.Column("network_id", sa.String, primary_key=True),
        sa.Column("ledger_id", sa.String, primary_key=True),
        sa.Column("kiosk_id", sa.String, nullable=False),
    )
