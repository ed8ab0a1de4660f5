"""`kiosk member` and `badge`: who comes, and with what."""

from __future__ import annotations

import time
from datetime import date, datetime
from typing import Any

import click

from kiosk import commands
from kiosk.answers import Account, UnknownBadges
from kiosk.cli.frame import DAY, Call, RefusedError, asks
from kiosk.cli.reach import ask, ask_running, do, show
from kiosk.languages import languages
from kiosk.settings.config import Config

LANGUAGE = click.Choice(languages())
GREETING = click.Choice(["first_name", "initials", "pseudonym", "nothing"])
POLL_SECONDS = 0.4


# ---------------------------------------------------------------- members


@click.group()
def member() -> None:
    """Add, find, change and check in members; see who is in.

    A member is named by any part of the name; accents and capitals do not matter.
    """


@member.command("add")
@click.argument("name")
@click.option("--staff", is_flag=True, help="A host: the door opens at any hour, no pass is needed.")
@click.option("--language", type=LANGUAGE, help="What the screen speaks to them.  [default: the site's language]")
@click.option("--greeting", type=GREETING, default="first_name", show_default=True, help="What the screen calls them.")
@click.option("--pseudonym", help="The name for --greeting pseudonym.")
@click.option("--anyway", is_flag=True, help="Add them even if somebody has the same name.")
@asks
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
@click.option("--name", help="Their new name.")
@click.option("--role", type=click.Choice(["member", "staff"]))
@click.option("--language", type=LANGUAGE)
@click.option("--greeting", type=GREETING)
@click.option("--pseudonym")
@click.option("--large-text/--no-large-text", default=None, help="What matters most, alone and larger.")
@click.option("--sound", type=click.Choice(["usual", "slow", "none"]), help="How their tap sounds.")
@click.option("--listed/--no-listed", default=None, help="They agree to be named on the screen while they are in.")
@asks
def change_member(call: Call, **told: Any) -> None:
    """Change what is known of a member; what is not named stays."""
    do(call, commands.ChangeMember(**told))


@member.command("suspend")
@click.argument("member")
@asks
def suspend(call: Call, member: str) -> None:
    """Refuse a member at the door until `kiosk member restore`."""
    do(call, commands.ChangeMember(member=member, status="suspended"))


@member.command("restore")
@click.argument("member")
@asks
def restore(call: Call, member: str) -> None:
    """Let a suspended member in again."""
    do(call, commands.ChangeMember(member=member, status="active"))


@member.command("note")
@click.argument("member")
@click.argument("text", required=False, default="")
@asks
def note(call: Call, *, member: str, text: str) -> None:
    """Keep a short note about a member for other hosts; without TEXT, take it away."""
    do(call, commands.ChangeMember(member=member, note=text))


@member.command("export")
@click.argument("member")
@asks
def export(call: Call, member: str) -> None:
    """Print all that is kept about a member, as JSON to be given to them.

    \b
    Example:
      kiosk member export celine > celine.json
    """
    do(call, commands.ExportMember(member=member))


@member.command("erase")
@click.argument("member")
@click.confirmation_option(prompt="The member will be forgotten for ever, on all kiosks. Go on?")
@asks
def erase(call: Call, member: str) -> None:
    """Forget a member who asks for it. Sales stay in the accounts, without a name."""
    do(call, commands.EraseMember(member=member))


@member.command("list")
@click.argument("text", required=False, default="")
@asks
def list_members(call: Call, text: str) -> None:
    """List all members, or those whose name has TEXT in it."""
    do(call, commands.ListMembers(text=text))


@member.command("show")
@click.argument("member")
@asks
def show_member(call: Call, member: str) -> None:
    """Show badges, passes, entries left and last visits of a member."""
    do(call, commands.ShowAccount(member=member))


@member.command("in")
@click.argument("member")
@asks
def check_in(call: Call, member: str) -> None:
    """Check in a member without their badge, by the rules of a tap. Exit code 1 when it is denied."""
    do(call, commands.CheckIn(member=member))


@member.command("out")
@click.argument("member")
@asks
def leave(call: Call, member: str) -> None:
    """Note that a member has left. It gives nothing back."""
    do(call, commands.Leave(member=member))


@member.command("inside")
@asks
def inside(call: Call) -> None:
    """List who is in."""
    do(call, commands.ListInside())


@member.command("taps")
@click.option("--on", type=DAY, help="Another day, like 2026-06-01.  [default: today]")
@asks
def taps(call: Call, on: date | None) -> None:
    """List the taps of a day, refusals included."""
    do(call, commands.ListTaps(on=on))


@click.command("pin")
@click.argument("member")
@asks
def pin(call: Call, member: str) -> None:
    """Give a host the PIN by which they sign in at the screen, after their badge. It is asked for, and not shown.

    4 to 8 digits; 6 are a good number. Whoever forgot theirs is given another: it cannot be looked up.
    """
    typed = click.prompt("PIN", hide_input=True, confirmation_prompt=True, err=True)
    do(call, commands.SetPin(member=member, pin=typed))


# ---------------------------------------------------------------- badges


@click.group()
def badge() -> None:
    """Give badges to members, report them lost, take them back."""


def _which_badge(function: click.decorators.FC) -> click.decorators.FC:
    function = click.option("--code", help="Its four letters, where a member has several badges.")(function)
    function = click.option("--number", help="Its number, like 04:A2:3B:12.")(function)
    return click.argument("member", required=False)(function)


@badge.command("assign")
@click.argument("member")
@click.option("--number", help="Its number, like 04:A2:3B:12:C0:5E:80.")
@click.option("--code", help="The four letters that the screen showed when it was tapped.")
@click.option("--wait", default=60, show_default=True, help="Seconds to wait for the tap.")
@asks
def assign(call: Call, *, member: str, number: str | None, code: str | None, wait: int) -> None:
    """Give a member a badge.

    Tap it on the reader when asked, or name it by its number or the code that the screen showed.

    \b
    Examples:
      kiosk badge assign celine
      kiosk badge assign celine --code K7PM
      kiosk badge assign celine --number 04:A2:3B:12:C0:5E:80
    """
    config = call.config()
    if number is None and code is None:
        known = ask(config, commands.ShowAccount(member=member))  # a mistyped name is told before anybody taps
        if not isinstance(known, Account):
            show(call, known)
            return
        member = known.member.id
        code = _tapped(config, known.member.name, seconds=wait)
    show(call, ask(config, commands.AssignBadge(member=member, number=number, code=code)))


def _tapped(config: Config, name: str, *, seconds: float) -> str:
    """Wait for the tap of a badge that nobody carries, and return its code."""
    since = _unknown_badges(config, None).now
    click.echo(f"Tap the new badge of {name} on the reader...", err=True)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = _unknown_badges(config, since).badges
        if found:
            return found[0].code
        time.sleep(POLL_SECONDS)
    raise RefusedError(f"no unknown badge was tapped within {seconds:g} s; if it is somebody's, take it back first")


def _unknown_badges(config: Config, since: datetime | None) -> UnknownBadges:
    answered = ask_running(config, commands.ListUnknownBadges(since=since), otherwise="name the badge with --number")
    if not isinstance(answered, UnknownBadges):
        raise RefusedError(getattr(answered, "message", str(answered)))
    return answered


@badge.command("replace")
@click.argument("member")
@click.option("--number", help="The number of the new one.")
@click.option("--code", help="The four letters that the screen showed when the new one was tapped.")
@click.option("--old", help="The four letters of the one that is lost, where a member has several.")
@asks
def replace(call: Call, *, member: str, number: str | None, code: str | None, old: str | None) -> None:
    """Give a member a new badge; the old one is reported lost.

    \b
    Example:
      kiosk badge replace celine --code K7PM
    """
    do(call, commands.ReplaceBadge(member=member, number=number, code=code, old=old))


@badge.command("claim")
@click.argument("member")
@click.argument("code")
@asks
def claim(call: Call, *, member: str, code: str) -> None:
    """Give a member the badge that was just refused under CODE, and judge them again, as they stand there."""
    do(call, commands.ClaimBadge(member=member, code=code))


@badge.command("lost")
@_which_badge
@asks
def lost(call: Call, **which: str | None) -> None:
    """Report a badge lost: it opens nothing any more.

    \b
    Examples:
      kiosk badge lost celine
      kiosk badge lost celine --code K7PM
    """
    do(call, commands.SetBadge(status="lost", **which))


@badge.command("block")
@_which_badge
@asks
def block(call: Call, **which: str | None) -> None:
    """Block a badge."""
    do(call, commands.SetBadge(status="blocked", **which))


@badge.command("found")
@_which_badge
@asks
def found(call: Call, **which: str | None) -> None:
    """Put a lost or blocked badge back in use."""
    do(call, commands.SetBadge(status="active", **which))


@badge.command("return")
@_which_badge
@asks
def give_back(call: Call, **which: str | None) -> None:
    """Take a badge back, to be assigned anew."""
    do(call, commands.ReturnBadge(**which))


@badge.command("unknown")
@asks
def unknown(call: Call) -> None:
    """List badges tapped in the last hour that nobody carries."""
    do(call, commands.ListUnknownBadges())
