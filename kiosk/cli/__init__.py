"""The `kiosk` command. What it does is done by kiosk.desk; here it is asked for and printed.

It must start fast: what is heavy (the database, the screen, the reader) is imported by the commands that need it.
"""

from __future__ import annotations

import click

from kiosk.cli.backup import backup, restore
from kiosk.cli.doctor import doctor
from kiosk.cli.frame import CONTEXT, Call, Group, prepare_terminal
from kiosk.cli.hours import hours
from kiosk.cli.machine import check, clock, demo, export, open_door, pair, run, status, tap
from kiosk.cli.passes import pass_
from kiosk.cli.people import badge, member, pin
from kiosk.cli.place import ledger, retention, site

__all__ = ["kiosk", "main"]


@click.group(cls=Group, context_settings=CONTEXT)
@click.version_option(package_name="kiosk")
@click.pass_context
def kiosk(context: click.Context) -> None:
    """Check-in kiosk for small coworking spaces: member cards, opening hours, prepaid passes, the door.

    \b
    First steps on a new machine:
      kiosk check                                   are this machine's settings right?
      kiosk site import la-serre.toml               hours, tariffs and hosts of the place
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
    retention,
)
for command in TOP:
    kiosk.add_command(command)


def main() -> None:
    """Run the command line, and exit: 0 fine, 1 refused or mistaken, 2 wrong usage."""
    prepare_terminal()
    kiosk(prog_name="kiosk")
