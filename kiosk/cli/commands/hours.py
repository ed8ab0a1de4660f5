"""`kiosk hours`: shows and changes the opening hours."""

from __future__ import annotations

import sys
from datetime import date, time

import click

from kiosk import commands
from kiosk.answers import HoursPreview
from kiosk.cli.options import DAY, Call, common_options, config_option, json_option
from kiosk.cli.perform import ask, do, show
from kiosk.model import DatedHours, Span, WeekHours
from kiosk.settings.site_words import span

ANY_COUNTRY = "FR"
"""The country whose holidays `PH` means here. The weekly hours are the same in every country."""


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
@common_options
def show_week(call: Call, on: date | None) -> None:
    """Show the week of a day, and the exceptions from today on."""
    do(call, commands.ShowWeek(on=on))


def _changes(call: Call, change: commands.HoursChange, *, preview: bool) -> None:
    do(call, commands.PreviewHours(change=change) if preview else change)


def _changes_dates(call: Call, change: commands.HoursChange, *, preview: bool) -> None:
    """Print the days and hours that a change gives; ask in a terminal; then make the change."""
    if not preview and not call.as_json:
        shown = ask(call.config(), commands.PreviewHours(change=change))
        show(call, shown)
        if isinstance(shown, HoursPreview) and shown.changes and sys.stdin.isatty():
            click.confirm("Change it?", abort=True)
    _changes(call, change, preview=preview)


preview_option = click.option("--preview", is_flag=True, help="Show what members would see, and change nothing.")


@hours.command("close")
@preview_option
@common_options
def close(call: Call, *, preview: bool) -> None:
    """Close from now until midnight.

    Entries that lose more than half of their time are given back.
    """
    _changes(call, commands.CloseToday(), preview=preview)


@hours.command("open")
@click.argument("until")
@preview_option
@common_options
def stay_open(call: Call, *, until: str, preview: bool) -> None:
    """Stay open from now until a time of day, like 19:30."""
    _changes(call, commands.StayOpen(until=until), preview=preview)


@hours.command("back")
@preview_option
@common_options
def back(call: Call, *, preview: bool) -> None:
    """Go back to the usual hours after `close` or `open`."""
    _changes(call, commands.BackToHours(), preview=preview)


def week_grid(expression: str) -> WeekHours:
    """Read an expression as a weekly grid. Raises BadParameter when it cannot be read, or says more than that."""
    from kiosk.hours import HoursError, check, week

    try:
        check(expression, (), ANY_COUNTRY)
    except HoursError as error:
        raise click.BadParameter(str(error)) from error
    grid = week.read_week(expression, ANY_COUNTRY)
    if grid is None:
        advice = (
            "this is more than the hours of a week: write it into the site file and load that with `kiosk site import`"
        )
        raise click.BadParameter(advice)
    return grid


@hours.command("set")
@click.argument("expression")
@preview_option
@common_options
def set_week(call: Call, *, expression: str, preview: bool) -> None:
    """Change the weekly hours and keep the exceptions.

    \b
    Example:
      kiosk hours set "Mo,Tu 09:00-17:00; Th 14:00-17:00; PH off"
    """
    _changes_dates(call, commands.SetWeek(week=week_grid(expression)), preview=preview)


# ---------------------------------------------------------------- dated exceptions


@hours.group("exception")
def exception() -> None:
    """Add or remove exceptions to the weekly hours.

    An exception is a rule for certain dates.
    """


class _Span(click.ParamType[Span]):
    """Two times of a day, like 10:00-16:00."""

    name = "times"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Span:
        """Read it."""
        try:
            return span(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


why_option = click.option("--why", default="", help="The reason that members read, like congés.")


@exception.command("close")
@click.argument("first", type=DAY)
@click.argument("last", type=DAY, required=False)
@why_option
@preview_option
@common_options
def close_dates(call: Call, *, first: date, last: date | None, why: str, preview: bool) -> None:
    """Close from the day FIRST to the day LAST, both included.

    \b
    Examples:
      kiosk hours exception close 2026-08-03 2026-08-14 --why congés
      kiosk hours exception close 2026-05-15 --why "pont de l'Ascension"
    """
    _changes_dates(call, commands.SetDates(dates=DatedHours(first=first, last=last or first, why=why)), preview=preview)


@exception.command("open")
@click.argument("on", type=DAY)
@click.argument("times", type=_Span(), nargs=-1, required=True)
@click.option("--to", "last", type=DAY, help="The last day, when it is several days.")
@why_option
@preview_option
@common_options
def open_dates(call: Call, *, on: date, times: tuple[Span, ...], last: date | None, why: str, preview: bool) -> None:
    """Open on the day ON at these TIMES, and at no others.

    \b
    Examples:
      kiosk hours exception open 2026-07-14 10:00-16:00
      kiosk hours exception open 2026-11-02 09:00-12:00 14:00-18:00 --to 2026-11-06 --why vacances
    """
    ordered = tuple(sorted(times, key=lambda one: (one.start, one.end or time.max)))
    dates = DatedHours(first=on, last=last or on, open=ordered, why=why)
    _changes_dates(call, commands.SetDates(dates=dates), preview=preview)


@exception.command("add")
@click.argument("rule")
@preview_option
@common_options
def add_exception(call: Call, *, rule: str, preview: bool) -> None:
    """Add a rule for dates, in the opening_hours language of OpenStreetMap.

    \b
    Examples:
      kiosk hours exception add '2026 Aug 03-14 off "congés"'
      kiosk hours exception add 'Dec 24 09:00-12:00'
    """
    _changes_dates(call, commands.AddException(rule=rule), preview=preview)


@exception.command("remove")
@click.argument("rule")
@preview_option
@common_options
def remove_exception(call: Call, *, rule: str, preview: bool) -> None:
    """Remove an exception, by its text or its number in `kiosk hours`."""
    _changes_dates(call, commands.RemoveException(rule=rule), preview=preview)
