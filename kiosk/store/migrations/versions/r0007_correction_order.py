"""Which correction told when an entry really was: of two of one entry the later counts."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Store the correcting entry with the time; after an upgrade the roster is folded again."""
    for name in ("corrections", "staged_corrections"):
        op.add_column(name, sa.Column("told_by", sa.BigInteger, nullable=False, server_default="0"))
