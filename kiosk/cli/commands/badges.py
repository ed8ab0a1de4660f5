"""`kiosk badge`: commands about badges."""

from __future__ import annotations

import time
from datetime import datetime

import click

from kiosk import commands
from kiosk.answers import UnknownBadges
from kiosk.cli.errors import RefusedError
from kiosk.cli.options import Call, common_options
from kiosk.cli.perform import ask, ask_running, do, named_member, show
from kiosk.settings.config import Config

POLL_SECONDS = 0.4


@click.group()
def badge() -> None:
    """Give badges to members, block them, take them back."""


def _which_badge(function: click.decorators.FC) -> click.decorators.FC:
    function = click.option("--code", help="Its four-letter code, when the member has several badges.")(function)
    function = click.option("--number", help="Its number, like 04:A2:3B:12.")(function)
    return click.argument("member", required=False)(function)


@badge.command("assign")
@click.argument("member")
@click.option("--number", help="Its number, like 04:A2:3B:12:C0:5E:80.")
@click.option("--code", help="The four-letter code that the screen showed when it was tapped.")
@click.option("--wait", default=60, show_default=True, help="Seconds to wait for the tap.")
@common_options
def assign(call: Call, *, member: str, number: str | None, code: str | None, wait: int) -> None:
    """Give a member a badge.

    Tap it on the reader when asked, or give its number or the code that the screen showed.

    \b
    Examples:
      kiosk badge assign celine
      kiosk badge assign celine --code K7PM
      kiosk badge assign celine --number 04:A2:3B:12:C0:5E:80
    """
    config = call.config()
    if number is None and code is None:
        known = named_member(call, config, member)
        member = known.id
        code = _tapped(config, known.name, seconds=wait)
    show(call, ask(config, commands.AssignBadge(member=member, number=number, code=code)))


def _tapped(config: Config, name: str, *, seconds: float) -> str:
    """Wait for the tap of an unknown badge, and return its claim code."""
    since = _unknown_badges(config, None).now
    click.echo(f"Tap the new badge of {name} on the reader...", err=True)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = _unknown_badges(config, since).badges
        if found:
            return found[0].code
        time.sleep(POLL_SECONDS)
    raise RefusedError(
        f"no unknown badge was tapped within {seconds:g} s; if it belongs to a member, take it back first"
    )


def _unknown_badges(config: Config, since: datetime | None) -> UnknownBadges:
    answered = ask_running(config, commands.ListUnknownBadges(since=since), otherwise="name the badge with --number")
    if not isinstance(answered, UnknownBadges):
        raise RefusedError(getattr(answered, "message", str(answered)))
    return answered


@badge.command("replace")
@click.argument("member")
@click.option("--number", help="The number of the new one.")
@click.option("--code", help="The four-letter code that the screen showed when the new one was tapped.")
@click.option("--old", help="The four-letter code of the lost one, when the member has several badges.")
@common_options
def replace(call: Call, *, member: str, number: str | None, code: str | None, old: str | None) -> None:
    """Give a member a new badge and report the old one lost.

    \b
    Example:
      kiosk badge replace celine --code K7PM
    """
    do(call, commands.ReplaceBadge(member=member, number=number, code=code, old=old))


@badge.command("claim")
@click.argument("member")
@click.argument("code")
@common_options
def claim(call: Call, *, member: str, code: str) -> None:
    """Give a member the badge that was just denied, and let them in.

    CODE is what the screen showed. The rules of a tap apply.
    """
    do(call, commands.ClaimBadge(member=member, code=code))


@badge.command("lost")
@_which_badge
@common_options
def lost(call: Call, **which: str | None) -> None:
    """Report a badge lost: it no longer opens the door.

    \b
    Examples:
      kiosk badge lost celine
      kiosk badge lost celine --code K7PM
    """
    do(call, commands.SetBadge(status="lost", **which))


@badge.command("block")
@_which_badge
@common_options
def block(call: Call, **which: str | None) -> None:
    """Block a badge."""
    do(call, commands.SetBadge(status="blocked", **which))


@badge.command("found")
@_which_badge
@common_options
def found(call: Call, **which: str | None) -> None:
    """Use a lost or blocked badge again."""
    do(call, commands.SetBadge(status="active", **which))


@badge.command("return")
@_which_badge
@common_options
def give_back(call: Call, **which: str | None) -> None:
    """Take a badge back, so that it can be given to somebody else."""
    do(call, commands.ReturnBadge(**which))


@badge.command("unknown")
@common_options
def unknown(call: Call) -> None:
    """List the unknown badges tapped in the last hour."""
    do(call, commands.ListUnknownBadges())
