"""Which correction told when an entry really was: of two of one entry the later counts."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Note the correcting entry beside the time that it told; upgrading folds the roster anew."""
    for name in ("corrections", "staged_corrections"):
        op.add_column(name, sa.Column("told_by", sa.BigInteger, nullable=False, server_default="0"))
