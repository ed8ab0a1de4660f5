"""What remains of an entry whose body was erased."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Give the feed a remainder beside each body."""
    op.add_column("feed", sa.Column("remainder", sa.LargeBinary))
