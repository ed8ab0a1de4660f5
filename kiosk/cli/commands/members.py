"""`kiosk member` and `kiosk pin`: commands about members and hosts."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from kiosk import commands
from kiosk.cli.options import DAY, Call, common_options
from kiosk.cli.perform import ask, do, named_member, show
from kiosk.languages import languages

LANGUAGE = click.Choice(languages())
GREETING = click.Choice(["first_name", "initials", "pseudonym", "nothing"])
POLL_SECONDS = 0.4


# ---------------------------------------------------------------- members


@click.group()
def member() -> None:
    """Add, find, change and check in members; list who is in.

    MEMBER is any part of a name; accents and capitals may be left out.
    """


@member.command("add")
@click.argument("name")
@click.option("--staff", is_flag=True, help="A host: the door opens at any hour, no pass is needed.")
@click.option("--language", type=LANGUAGE, help="Language of the screen for this member.  [default: the site's]")
@click.option("--greeting", type=GREETING, default="first_name", show_default=True, help="Name that the screen shows.")
@click.option("--pseudonym", help="The name for --greeting pseudonym.")
@click.option("--profile", default="", help="What brings them here, for the report: one of the site's profiles.")
@click.option("--anyway", is_flag=True, help="Add the member even if somebody has the same name.")
@common_options
def add_member(call: Call, *, name: str, staff: bool, **told: object) -> None:
    """Add a member.

    \b
    Examples:
      kiosk member add "Céline Martin"
      kiosk member add "Marie Roux" --staff --language fr
    """
    do(call, commands.AddMember(name=name, role="staff" if staff else "member", **told))  # type: ignore[arg-type]


@member.command("change")
@click.argument("member")
@click.option("--name", help="New name.")
@click.option("--role", type=click.Choice(["member", "staff"]), help="staff: a host.")
@click.option("--language", type=LANGUAGE, help="Language of the screen for this member.")
@click.option("--greeting", type=GREETING, help="Name that the screen shows.")
@click.option("--pseudonym", help="The name for --greeting pseudonym.")
@click.option(
    "--large-text/--no-large-text", default=None, help="Show only the most important line, in larger letters."
)
@click.option("--sound", type=click.Choice(["usual", "slow", "none"]), help="Sound of this member's taps.")
@click.option("--profile", help="What brings them here, for the report; an empty one takes it away.")
@click.option("--listed/--no-listed", default=None, help="Show the name on the screen while they are in; ask first.")
@common_options
def change_member(call: Call, **told: Any) -> None:
    """Change a member.

    Only the given options are changed.
    """
    do(call, commands.ChangeMember(**told))


@member.command("suspend")
@click.argument("member")
@common_options
def suspend(call: Call, member: str) -> None:
    """Refuse a member at the door until `kiosk member restore`."""
    do(call, commands.ChangeMember(member=member, status="suspended"))


@member.command("restore")
@click.argument("member")
@common_options
def restore(call: Call, member: str) -> None:
    """Let a suspended member in again."""
    do(call, commands.ChangeMember(member=member, status="active"))


@member.command("note")
@click.argument("member")
@click.argument("text", required=False, default="")
@common_options
def note(call: Call, *, member: str, text: str) -> None:
    """Write a note about a member for other hosts.

    Without TEXT, delete the note.
    """
    do(call, commands.ChangeMember(member=member, note=text))


@member.command("export")
@click.argument("member")
@common_options
def export(call: Call, member: str) -> None:
    """Print all data about a member as JSON, to give to them.

    \b
    Example:
      kiosk member export celine > celine.json
    """
    do(call, commands.ExportMember(member=member))


@member.command("erase")
@click.argument("member")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common_options
def erase(call: Call, *, member: str, yes: bool) -> None:
    """Erase the data of a member who asks for it.

    Sales stay in the accounts, without a name.
    """
    config = call.config()
    if not yes:
        known = named_member(call, config, member)
        told = f"Erase the data of {known.name} on all kiosks? They cannot be restored."
        click.confirm(told, abort=True, err=True)
        member = known.id
    show(call, ask(config, commands.EraseMember(member=member)))


@member.command("list")
@click.argument("text", required=False, default="")
@common_options
def list_members(call: Call, text: str) -> None:
    """List all members, or those whose name contains TEXT."""
    do(call, commands.ListMembers(text=text))


@member.command("show")
@click.argument("member")
@common_options
def show_member(call: Call, member: str) -> None:
    """Show badges, passes, entries left and last visits of a member."""
    do(call, commands.ShowAccount(member=member))


@member.command("in")
@click.argument("member")
@common_options
def check_in(call: Call, member: str) -> None:
    """Check in a member without their badge, by the rules of a tap.

    Exit code 1 when it is denied.
    """
    do(call, commands.CheckIn(member=member))


@member.command("out")
@click.argument("member")
@common_options
def leave(call: Call, member: str) -> None:
    """Note that a member has left. It gives nothing back."""
    do(call, commands.Leave(member=member))


@member.command("inside")
@common_options
def inside(call: Call) -> None:
    """List who is in."""
    do(call, commands.ListInside())


@member.command("taps")
@click.option("--on", type=DAY, help="Another day, like 2026-06-01.  [default: today]")
@common_options
def taps(call: Call, on: date | None) -> None:
    """List the taps of a day, granted and denied."""
    do(call, commands.ListTaps(on=on))


@click.command("pin")
@click.argument("member")
@common_options
def pin(call: Call, member: str) -> None:
    """Set the PIN of a host.

    Hosts type it at the screen after tapping their badge. It is asked for and not shown: 4 to 8 digits, better 6. A
    forgotten PIN cannot be looked up, only replaced.
    """
    config = call.config()
    host = named_member(call, config, member)
    typed = click.prompt(f"PIN of {host.name}", hide_input=True, confirmation_prompt=True, err=True)
    show(call, ask(config, commands.SetPin(member=host.id, pin=typed)))
