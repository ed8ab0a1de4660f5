"""`kiosk site` and `ledger`: the place and its books."""

from __future__ import annotations

import re
from pathlib import Path

import click

from kiosk import commands
from kiosk.answers import Done
from kiosk.cli.frame import Call, asks
from kiosk.cli.hours import week_grid
from kiosk.cli.reach import ask, do, do_without_kiosk, inspect, show
from kiosk.languages import DEFAULT, languages

# ---------------------------------------------------------------- site


@click.group()
def site() -> None:
    """Load the description of the site: hours, tariffs, hosts."""


@site.command("import")
@click.argument("file")
@asks
def import_site(call: Call, file: str) -> None:
    """Make the site as FILE describes it.

    Importing again changes only what differs.

    \b
    Example:
      kiosk site import la-serre.toml
    """
    from kiosk.settings.site_file import read_site

    read = read_site(Path(file))
    do(call, commands.ImportSite(site=read.site, products=read.products, members=read.members))


@site.command("check")
@click.argument("file")
def check_site(file: str) -> None:
    """Find the mistakes in FILE, and import nothing."""
    from kiosk.settings.site_file import read_site

    read = read_site(Path(file))
    click.echo(f"{file}: no mistakes. {read.site.name}, products: {len(read.products)}, members: {len(read.members)}.")


@site.command("start")
@click.option("--name", help="Of the place.")
@click.option("--host", help="Name of its first host.")
@click.option("--hours", "expression", default="Mo-Fr 09:00-17:00; PH off", show_default=True)
@click.option("--code", help="Claim code of the host's badge, which the screen shows when it is tapped.")
@click.option("--language", type=click.Choice(languages()), default=DEFAULT, show_default=True)
@click.option("--country", default="FR", show_default=True, help="Whose public holidays it keeps.")
@click.option("--zone", default="Europe/Paris", show_default=True, help="Time zone.")
@click.option("--currency", default="EUR", show_default=True)
@asks
def start_site(call: Call, *, name: str, host: str, expression: str, **chosen: str | None) -> None:
    """Set up a kiosk that knows nothing yet, as its screen does; without a name, tell whether it waits for that.

    The host's PIN is asked for, and not shown: 4 to 8 digits.

    \b
    Example:
      kiosk site start --name "La Serre" --host "Accueil" --code K7PX
    """
    if name is None or host is None:
        do(call, commands.ShowFirstStart())
        return
    grid = week_grid(expression)
    typed = click.prompt("PIN", hide_input=True, confirmation_prompt=True, err=True)
    do(call, commands.SetUp(name=name, host=host, week=grid, pin=typed, **chosen))  # type: ignore[arg-type]


@site.command("try-door")
@asks
def try_door(call: Call) -> None:
    """Open the door once, to see whether it does, on a kiosk that is not set up yet."""
    do(call, commands.TryDoor())


# ---------------------------------------------------------------- ledger


@click.group()
def ledger() -> None:
    """Check the books: entries unchanged, sums right."""


class _Head(click.ParamType[tuple[int, bytes]]):
    """The last entry of a ledger as `verify` and `status` print it: its number, and how its hash begins."""

    name = "head"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, bytes]:
        """Read it."""
        written = re.fullmatch(r"([1-9][0-9]{0,17}):([0-9a-f]{6,64})\W*", str(value).strip().lower())
        if written is None:
            self.fail(f'"{value}" is no head: write it as `kiosk status` prints it, like 46:3f2a91c0', param, ctx)
        digits = written[2]
        return int(written[1]), bytes.fromhex(digits[: len(digits) // 2 * 2])


@ledger.command("verify")
@click.option("--head", type=_Head(), metavar="SEQ:HASH", help="The last entry as it was printed before.")
@asks
def verify(call: Call, *, head: tuple[int, bytes] | None) -> None:
    """Find entries that were edited, removed or moved.

    That the newest ones were cut off only shows to who wrote down a head, which is printed at the end of each check.
    Exit code 1 when anything is wrong.

    \b
    Examples:
      kiosk ledger verify
      kiosk ledger verify --head 46:3f2a91c04b7de812
    """
    inspect(call, "verified", head=head)


@ledger.command("rebuild")
@click.option("--repair", is_flag=True, help="Put what the entries add up to in the place of the roster.")
@asks
def rebuild(call: Call, *, repair: bool) -> None:
    """Add all entries up anew, compare with the roster.

    Exit code 1 when they differ.
    """
    if repair:
        do_without_kiosk(call, commands.RepairRoster())
    else:
        inspect(call, "rebuilt")


# ---------------------------------------------------------------- forgetting


@click.command()
@asks
def retention(call: Call) -> None:
    """Forget what is old: passages after three months, customers after three years.

    The running kiosk does so every night; what the accounts need is kept.
    """
    config = call.config()
    answered = ask(config, commands.ForgetOld())
    while isinstance(answered, Done) and answered.changed:
        if not call.as_json:
            show(call, answered)
        answered = ask(config, commands.ForgetOld())
    show(call, answered)
