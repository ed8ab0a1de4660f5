"""The `kiosk` command: reads arguments, has kiosk.answering or kiosk.desk do the work, prints the answer.

It must start fast: commands that need the database, the screen or the reader import them themselves.
"""

from __future__ import annotations

import click

from kiosk.cli.commands.backup import backup, restore
from kiosk.cli.commands.badges import badge
from kiosk.cli.commands.doctor import doctor
from kiosk.cli.commands.hours import hours
from kiosk.cli.commands.ledger import ledger, report, retention
from kiosk.cli.commands.machine import check, clock, demo, export, open_door, pair, run, status, tap
from kiosk.cli.commands.members import member, pin
from kiosk.cli.commands.passes import pass_
from kiosk.cli.commands.site import site
from kiosk.cli.errors import Group
from kiosk.cli.options import CONTEXT, Call
from kiosk.cli.terminal import prepare_terminal

__all__ = ["kiosk", "main"]


@click.group(cls=Group, context_settings=CONTEXT)
@click.version_option(package_name="kiosk")
@click.pass_context
def kiosk(context: click.Context) -> None:
    """Check-in kiosk for small coworking spaces: member cards, opening hours, prepaid passes, the door.

    \b
    First steps on a new machine:
      kiosk check                                   check the settings of this machine
      kiosk site import la-serre.toml               load hours, prices and hosts
      kiosk member add "Céline Martin"
      kiosk badge assign celine                     then tap the badge on the reader
      kiosk pass sell carte-10 celine
    Without any hardware: kiosk demo
    """
    context.ensure_object(Call)


TOP = (
    backup,
    restore,
    run,
    demo,
    tap,
    check,
    doctor,
    status,
    pair,
    open_door,
    site,
    member,
    pin,
    badge,
    pass_,
    hours,
    ledger,
    clock,
    export,
    report,
    retention,
)
for command in TOP:
    kiosk.add_command(command)


def main() -> None:
    """Run the command line and exit with 0 (done), 1 (refused, or a mistake was found) or 2 (wrong usage)."""
    prepare_terminal()
    kiosk(prog_name="kiosk")
