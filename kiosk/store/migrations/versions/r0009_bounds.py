"""Entries beyond the bounds of kiosk.bounds change no roster; upgrading folds it anew without them."""

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Change no table."""
