"""`kiosk ledger`, `kiosk report` and `kiosk retention`: checks the ledger, counts who came, and erases old data."""

from __future__ import annotations

import re

import click

from kiosk import commands
from kiosk.answers import Done
from kiosk.cli.options import Call, common_options
from kiosk.cli.perform import ask, do, do_without_kiosk, inspect, show


@click.group()
def ledger() -> None:
    """Check the ledger, and the roster computed from it."""


class _Head(click.ParamType[tuple[int, bytes]]):
    """The last entry of a ledger: its sequence number and the beginning of its hash, like 46:3f2a91c0."""

    name = "head"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, bytes]:
        """Read it."""
        written = re.fullmatch(r"([1-9][0-9]{0,17}):([0-9a-f]{6,64})\W*", str(value).strip().lower())
        if written is None:
            self.fail(
                f'"{value}" is not the head of a ledger: copy it from `kiosk status`, like 46:3f2a91c0', param, ctx
            )
        digits = written[2]
        return int(written[1]), bytes.fromhex(digits[: len(digits) // 2 * 2])


@ledger.command("verify")
@click.option("--head", type=_Head(), metavar="SEQ:HASH", help="The head as it was printed before.")
@common_options
def verify(call: Call, *, head: tuple[int, bytes] | None) -> None:
    """Find entries that were edited, removed or moved.

    Each check prints the head: the last entry. Missing newest entries are found only with --head and a head that
    was printed before. Exit code 1 when anything is wrong.

    \b
    Examples:
      kiosk ledger verify
      kiosk ledger verify --head 46:3f2a91c04b7de812
    """
    inspect(call, "verified", head=head)


@ledger.command("rebuild")
@click.option("--repair", is_flag=True, help="Replace the roster by what was recomputed.")
@common_options
def rebuild(call: Call, *, repair: bool) -> None:
    """Recompute the roster from all entries and compare.

    Exit code 1 when they differ.
    """
    if repair:
        do_without_kiosk(call, commands.RepairRoster())
    else:
        inspect(call, "rebuilt")


@click.command()
@click.option("--since", default="", metavar="MONTH", help="From this month, like 2026-07.  [default: the first]")
@click.option("--until", default="", metavar="MONTH", help="To this month, included.  [default: the present one]")
@common_options
def report(call: Call, *, since: str, until: str) -> None:
    """Show who came, when, and what was sold.

    The figures are counts without names, and stay when the passages are erased. With --json all of them.

    \b
    Examples:
      kiosk report
      kiosk report --since 2026-07 --until 2026-12 --json
    """
    do(call, commands.ShowReport(since=since, until=until))


@click.command()
@common_options
def retention(call: Call) -> None:
    """Erase old personal data now.

    Visits are erased after three months, customers after three years. The running kiosk does this every
    night. What the accounts need is kept.
    """
    config = call.config()
    answered = ask(config, commands.ForgetOld())
    while isinstance(answered, Done) and answered.changed:
        if not call.as_json:
            show(call, answered)
        answered = ask(config, commands.ForgetOld())
    show(call, answered)
