"""`kiosk backup` and `kiosk restore`: copies of the ledger, made and put back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import click

from kiosk.answers import Done
from kiosk.cli.frame import Call, asks
from kiosk.cli.reach import be_its_owner, show


@click.command()
@click.option("--due", is_flag=True, help="Only if this night has no copy yet, and the date is sure.")
@asks
def backup(call: Call, *, due: bool) -> None:
    """Copy the ledger now, beside a running kiosk.

    The kiosk does this each night by itself, and with --due a timer stands in for one that does not run. Copies
    are kept for 14 days, among the state and in the folder that [backup] in the settings names.
    """
    from kiosk.upkeep import backup as copies

    config = call.config()
    be_its_owner(config.paths.state)
    if due and not _is_due(copies.newest(config)):
        show(call, Done(said=("nothing to do: this night has its copy, or the date is not sure",), changed=False))
        return
    made = copies.make(config, datetime.now(UTC).date())
    show(call, Done(said=tuple(f"the ledger is copied to {copy}" for copy in made)))


def _is_due(newest: date | None) -> bool:
    from kiosk.clock import WallClock
    from kiosk.model import Clock
    from kiosk.upkeep.worker import is_due

    clock = WallClock()
    clock.remember(None)
    return clock.quality() is not Clock.UNTRUSTED and is_due(clock.now(), newest)


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
    be_its_owner(config.paths.state)
    show(call, Done(said=(*copies.restore(config, source), "start the kiosk: it goes on in a new ledger")))
