"""`kiosk pass`: what members bought."""

from __future__ import annotations

from datetime import date

import click

from kiosk import commands
from kiosk.cli.frame import DAY, Call, asks
from kiosk.cli.reach import do


@click.group("pass")
def pass_() -> None:
    """Sell passes, give entries back."""


@pass_.command("sell")
@click.argument("product")
@click.argument("members", nargs=-1, required=True)
@click.option("--method", default="cash", show_default=True, help="How it was paid: cash, card, transfer...")
@click.option("--from", "starts", type=DAY, help="First day of validity, like 2026-06-01.  [default: today]")
@asks
def sell(call: Call, *, product: str, members: tuple[str, ...], method: str, starts: date | None) -> None:
    """Sell PRODUCT to a member, or to several who share it.

    What they owe is settled with it.

    \b
    Examples:
      kiosk pass sell carte-10 celine
      kiosk pass sell carte-10 celine --method card
      kiosk pass sell entreprise-20 celine paul
    """
    do(call, commands.SellPass(product=product, members=members, method=method, starts=starts))


@pass_.command("products")
@asks
def products(call: Call) -> None:
    """List what is sold, with prices."""
    do(call, commands.ListProducts())


@pass_.command("undo")
@click.argument("member")
@click.option("--reason", required=True, help="Why, for the ledger.")
@click.option("--visit", "seq", type=int, help="Its number in `kiosk member show`.  [default: the last one paid]")
@asks
def undo(call: Call, *, member: str, reason: str, seq: int | None) -> None:
    """Give an entry back to a member: the last one that they used.

    \b
    Example:
      kiosk pass undo celine --reason "power cut"
    """
    do(call, commands.Undo(member=member, reason=reason, seq=seq))


@pass_.command("cancel")
@click.argument("pass_id")
@click.option("--reason", required=True, help="Why, for the ledger.")
@asks
def cancel(call: Call, *, pass_id: str, reason: str) -> None:
    """Take back a sale made by mistake.

    Only of a pass of which nothing was used. `kiosk member show` tells its id.
    """
    do(call, commands.CancelSale(pass_id=pass_id, reason=reason))


@pass_.command("till")
@click.option("--on", type=DAY, help="Another day, like 2026-06-01.  [default: today]")
@asks
def till(call: Call, on: date | None) -> None:
    """Tell what was sold and taken back on a day, and the sums by way to pay."""
    do(call, commands.ShowTill(on=on))
