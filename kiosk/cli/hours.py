"""`kiosk hours`: when the place is open, what members will see of a change, and changing it."""

from __future__ import annotations

from datetime import date, time

import click

from kiosk import commands
from kiosk.cli.frame import DAY, Call, asks, config_option, json_option
from kiosk.cli.reach import do
from kiosk.model import DatedHours, Span, WeekHours
from kiosk.settings.site_words import span

ANY_COUNTRY = "FR"
"""Weekly hours mean the same grid whatever the holidays are that `PH` stands for."""


@click.group(invoke_without_command=True)
@click.option(
    "--next", "count", type=click.IntRange(1, 366), default=7, show_default=True, help="How many openings to show."
)
@json_option
@config_option
@click.pass_context
def hours(context: click.Context, count: int) -> None:
    """Show the next openings; close, stay open, add exceptions.

    \b
    Examples:
      kiosk hours
      kiosk hours week
      kiosk hours close
      kiosk hours open 19:30
      kiosk hours exception close 2026-08-03 2026-08-14 --why congés
    """
    if context.invoked_subcommand is None:
        do(context.obj, commands.ShowHours(count=count))


@hours.command("week")
@click.argument("on", type=DAY, required=False)
@asks
def show_week(call: Call, on: date | None) -> None:
    """Show the week of a day, and what is not as usual from today on."""
    do(call, commands.ShowWeek(on=on))


def _changes(call: Call, change: commands.HoursChange, *, preview: bool) -> None:
    do(call, commands.PreviewHours(change=change) if preview else change)


preview_option = click.option("--preview", is_flag=True, help="Only show what members would see.")


@hours.command("close")
@preview_option
@asks
def close(call: Call, *, preview: bool) -> None:
    """Close from now until midnight. Entries cut by more than half are given back."""
    _changes(call, commands.CloseToday(), preview=preview)


@hours.command("open")
@click.argument("until")
@preview_option
@asks
def stay_open(call: Call, *, until: str, preview: bool) -> None:
    """Be open from now until a time of day, like 19:30."""
    _changes(call, commands.StayOpen(until=until), preview=preview)


@hours.command("back")
@preview_option
@asks
def back(call: Call, *, preview: bool) -> None:
    """Take `close` or `open` back: the usual hours apply."""
    _changes(call, commands.BackToHours(), preview=preview)


def week_grid(expression: str) -> WeekHours:
    """The grid of a week that an expression means. Raises BadParameter for one that cannot be read, or means more."""
    from kiosk import week
    from kiosk.hours import HoursError, check

    try:
        check(expression, (), ANY_COUNTRY)
    except HoursError as error:
        raise click.BadParameter(str(error)) from error
    grid = week.read_week(expression, ANY_COUNTRY)
    if grid is None:
        advice = "this is more than the hours of a week: write it into the site's file and `kiosk site import` it"
        raise click.BadParameter(advice)
    return grid


@hours.command("set")
@click.argument("expression")
@preview_option
@asks
def set_week(call: Call, *, expression: str, preview: bool) -> None:
    """Change the weekly hours; exceptions stay.

    \b
    Example:
      kiosk hours set "Mo,Tu 09:00-17:00; Th 14:00-17:00; PH off"
    """
    _changes(call, commands.SetWeek(week=week_grid(expression)), preview=preview)


# ---------------------------------------------------------------- dated exceptions


@hours.group("exception")
def exception() -> None:
    """Add or remove dated rules, which win over all hours."""


class _Span(click.ParamType[Span]):
    """A part of a day, like 10:00-16:00."""

    name = "times"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Span:
        """Read it."""
        try:
            return span(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


why_option = click.option("--why", default="", help="What members read: a holiday, a workshop.")


@exception.command("close")
@click.argument("first", type=DAY)
@click.argument("last", type=DAY, required=False)
@why_option
@preview_option
@asks
def close_dates(call: Call, *, first: date, last: date | None, why: str, preview: bool) -> None:
    """Be closed from the day FIRST to the day LAST, both included.

    \b
    Examples:
      kiosk hours exception close 2026-08-03 2026-08-14 --why congés
      kiosk hours exception close 2026-05-15 --why "pont de l'Ascension"
    """
    _changes(call, commands.SetDates(dates=DatedHours(first=first, last=last or first, why=why)), preview=preview)


@exception.command("open")
@click.argument("on", type=DAY)
@click.argument("times", type=_Span(), nargs=-1, required=True)
@click.option("--to", "last", type=DAY, help="The last day, for several.")
@why_option
@preview_option
@asks
def open_dates(call: Call, *, on: date, times: tuple[Span, ...], last: date | None, why: str, preview: bool) -> None:
    """Be open on the day ON at these TIMES, and at no others.

    \b
    Examples:
      kiosk hours exception open 2026-07-14 10:00-16:00
      kiosk hours exception open 2026-11-02 09:00-12:00 14:00-18:00 --to 2026-11-06 --why vacances
    """
    ordered = tuple(sorted(times, key=lambda one: (one.start, one.end or time.max)))
    dates = DatedHours(first=on, last=last or on, open=ordered, why=why)
    _changes(call, commands.SetDates(dates=dates), preview=preview)


@exception.command("add")
@click.argument("rule")
@preview_option
@asks
def add_exception(call: Call, *, rule: str, preview: bool) -> None:
    """Add a dated rule, in the opening_hours language of OpenStreetMap.

    \b
    Examples:
      kiosk hours exception add '2026 Aug 03-14 off "congés"'
      kiosk hours exception add 'Dec 24 09:00-12:00'
    """
    _changes(call, commands.AddException(rule=rule), preview=preview)


@exception.command("remove")
@click.argument("rule")
@preview_option
@asks
def remove_exception(call: Call, *, rule: str, preview: bool) -> None:
    """Remove a dated rule, by its text or its number in `kiosk hours`."""
    _changes(call, commands.RemoveException(rule=rule), preview=preview)
