"""`kiosk backup` and `kiosk restore`: copies of the ledger, made and put back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from kiosk.answers import Done
from kiosk.cli.frame import Call, asks
from kiosk.cli.reach import show
from kiosk.files import drop_root


@click.command()
@asks
def backup(call: Call) -> None:
    """Copy the ledger now, beside a running kiosk.

    The kiosk does this each night by itself. Copies are kept for 14 days, among the state and in the folder that
    [backup] in the settings names.
    """
    from kiosk.upkeep import backup as copies

    config = call.config()
    drop_root(config.paths.state)
    made = copies.make(config, datetime.now(UTC).date())
    show(call, Done(said=tuple(f"the ledger is copied to {copy}" for copy in made)))


@click.command()
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@asks
def restore(call: Call, source: Path) -> None:
    """Put a copy in the place of the ledger, while no kiosk runs.

    SOURCE is a copy, or a folder of copies, of which the newest is taken. The ledger that is there is kept aside.

    \b
    Example, on a new card, with the copies on a USB stick:
      sudo systemctl stop kiosk
      sudo kiosk restore /media/kiosk-backup
      sudo systemctl start kiosk
    """
    from kiosk.upkeep import backup as copies

    config = call.config()
    drop_root(config.paths.state)
    show(call, Done(said=(*copies.restore(config, source), "start the kiosk: it goes on in a new ledger")))
