"""`kiosk pass`: sells passes, gives entries back, cancels sales."""

from __future__ import annotations

import sys
from datetime import date

import click

from kiosk import commands
from kiosk.cli.options import DAY, Call, common_options
from kiosk.cli.perform import ask, do, show
from kiosk.payments import METHODS


@click.group("pass")
def pass_() -> None:
    """Sell passes, give entries back, show the till."""


@pass_.command("sell")
@click.argument("product")
@click.argument("members", nargs=-1, required=True)
@click.option("--method", type=click.Choice(METHODS), default="cash", show_default=True, help="How it was paid.")
@click.option("--words", default="", help="Which way, with --method other.")
@click.option("--from", "starts", type=DAY, help="First day of validity, like 2026-06-01.  [default: today]")
@click.option("--dry-run", is_flag=True, help="Only tell the price and the first and last day; sell nothing.")
@click.option("--yes", is_flag=True, help="Sell without asking.")
@common_options
def sell(
    call: Call,
    *,
    product: str,
    members: tuple[str, ...],
    method: str,
    words: str,
    starts: date | None,
    dry_run: bool,
    yes: bool,
) -> None:
    """Sell PRODUCT to a member, or to several who share it.

    Tells price and dates first, and asks in a terminal. Entries that they owe are taken off it.

    \b
    Examples:
      kiosk pass sell carte-10 celine
      kiosk pass sell carte-10 celine --method card
      kiosk pass sell carte-10 celine --from 2026-07-01 --dry-run
      kiosk pass sell entreprise-20 celine paul
    """
    sale = commands.SellPass(product=product, members=members, method=method, words=words, starts=starts)
    if dry_run:
        do(call, commands.PreviewSale(sale=sale))
        return
    if not call.as_json:
        preview = ask(call.config(), commands.PreviewSale(sale=sale))
        show(call, preview)
        if not yes and sys.stdin.isatty():
            click.confirm("Sell it?", abort=True)
    do(call, sale)


@pass_.command("products")
@common_options
def products(call: Call) -> None:
    """List the products and their prices."""
    do(call, commands.ListProducts())


@pass_.command("undo")
@click.argument("member")
@click.option("--reason", required=True, help="The reason, for the ledger.")
@click.option("--visit", "seq", type=int, help="Its number in `kiosk member show`.  [default: the last one paid]")
@common_options
def undo(call: Call, *, member: str, reason: str, seq: int | None) -> None:
    """Give back the last entry that a member used.

    That of a guest: by its number, or by `NAME +1`.

    \b
    Example:
      kiosk pass undo celine --reason "power cut"
      kiosk pass undo "celine +1" --reason "the guest did not come"
    """
    do(call, commands.Undo(member=member, reason=reason, seq=seq))


@pass_.command("cancel")
@click.argument("pass_id")
@click.option("--reason", required=True, help="The reason, for the ledger.")
@common_options
def cancel(call: Call, *, pass_id: str, reason: str) -> None:
    """Cancel a sale made by mistake.

    Only while nothing of the pass was used. `kiosk member show` prints its id.
    """
    do(call, commands.CancelSale(pass_id=pass_id, reason=reason))


@pass_.command("till")
@click.option("--on", type=DAY, help="Another day, like 2026-06-01.  [default: today]")
@common_options
def till(call: Call, on: date | None) -> None:
    """Show the sales of a day, and the sums for each way to pay."""
    do(call, commands.ShowTill(on=on))
