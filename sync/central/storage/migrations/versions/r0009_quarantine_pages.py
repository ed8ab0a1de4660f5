"""The quarantine page by page: an index of what is not settled."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the index."""
    op.create_index("quarantine_by_time", "quarantine", ["network_id", "settled_at", "received_at"])
