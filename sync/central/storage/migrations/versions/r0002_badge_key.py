"""By what the network's badge key is told from others; the key itself is in a file."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the mark. A network that has none gets it with the next kiosk that is paired."""
    op.add_column("networks", sa.Column("badge_key_mark", sa.LargeBinary))
