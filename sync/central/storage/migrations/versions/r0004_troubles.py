"""What people were told of, by e-mail or otherwise, and what they will be told of if it goes on."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table. What goes wrong at this moment is told once more after the upgrade."""
    op.create_table(
        "troubles",
        sa.Column("network_id", sa.String, primary_key=True),
        sa.Column("trouble_id", sa.String, primary_key=True),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("place", sa.String, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("told_at", sa.BigInteger),
    )
