"""`kiosk backup` and `kiosk restore`: copies of the ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from kiosk.answers import Done
from kiosk.cli.options import Call, common_options
from kiosk.cli.perform import show
from kiosk.files import drop_root


@click.command()
@common_options
def backup(call: Call) -> None:
    """Copy the ledger now, also while the kiosk runs.

    The kiosk does this each night by itself. The last 14 copies are kept, among the state and in the folder that
    [backup] in the settings names.
    """
    from kiosk.upkeep import backup as copies

    config = call.config()
    drop_root(config.paths.state)
    made = copies.make(config, datetime.now(UTC).date())
    show(call, Done(said=tuple(f"The ledger is copied to {copy}." for copy in made)))


@click.command()
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@common_options
def restore(call: Call, source: Path) -> None:
    """Replace the ledger by a copy, while no kiosk runs.

    SOURCE is a copy, or a folder of copies: then the newest one is used. The old ledger is kept under another name.

    \b
    Example, on a new card, with the copies on a USB stick:
      sudo systemctl stop kiosk
      sudo kiosk restore /media/kiosk-backup
      sudo systemctl start kiosk
    """
    from kiosk.upkeep import backup as copies

    config = call.config()
    drop_root(config.paths.state)
    show(call, Done(said=(*copies.restore(config, source), "now start the kiosk: it continues in a new ledger")))
