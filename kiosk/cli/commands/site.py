"""`kiosk site`: imports and retires sites, and sets up a new kiosk."""

from __future__ import annotations

from pathlib import Path

import click

from kiosk import commands
from kiosk.cli.commands.hours import week_grid
from kiosk.cli.options import Call, common_options
from kiosk.cli.perform import do
from kiosk.languages import DEFAULT, languages


@click.group()
def site() -> None:
    """Load the site file: opening hours, prices, hosts. Retire a site."""


@site.command("import")
@click.argument("file")
@common_options
def import_site(call: Call, file: str) -> None:
    """Load the site from FILE.

    Loading a file again changes what differs; what is left alone is listed.

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
    """Check FILE without loading it."""
    from kiosk.settings.site_file import read_site

    read = read_site(Path(file))
    click.echo(f"{file}: no mistakes. {read.site.name}, products: {len(read.products)}, members: {len(read.members)}.")
    for note in read.notes():
        click.echo(f"Note: {note}")


@site.command("retire")
@click.argument("site_id")
@click.option("--undo", is_flag=True, help="Reopen the site; its weekly hours must then be set again.")
@common_options
def retire_site(call: Call, *, site_id: str, undo: bool) -> None:
    """Close a site for good.

    Members are no longer let in and nothing is sold there. Its sales and visits stay in the ledger. SITE_ID is the
    `id` of its site file.

    \b
    Examples:
      kiosk site retire les-tuves
      kiosk site retire les-tuves --undo
    """
    do(call, commands.RetireSite(site=site_id, retired=not undo))


@site.command("start")
@click.option("--name", help="Name of the site.")
@click.option("--host", help="Name of the first host.")
@click.option(
    "--hours", "expression", default="Mo-Fr 09:00-17:00; PH off", show_default=True, help="Weekly opening hours."
)
@click.option("--code", help="Code of the host's badge, which the screen shows when it is tapped.")
@click.option(
    "--language", type=click.Choice(languages()), default=DEFAULT, show_default=True, help="Language of the screen."
)
@click.option("--country", default="FR", show_default=True, help="Country of the public holidays.")
@click.option("--region", default="", help="Region with holidays of its own, such as FR-57 (Moselle) or FR-974.")
@click.option("--zone", default="Europe/Paris", show_default=True, help="Time zone.")
@click.option("--currency", default="EUR", show_default=True, help="Currency of all prices.")
@common_options
def start_site(call: Call, *, name: str, host: str, expression: str, **chosen: str | None) -> None:
    """Set up a new kiosk, as its screen does.

    Without a name, tell whether the kiosk is set up. The host's PIN is asked for and not shown: 4 to 8 digits.

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
@common_options
def try_door(call: Call) -> None:
    """Try the door of a kiosk that is not set up yet."""
    do(call, commands.TryDoor())
