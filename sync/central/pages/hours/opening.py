"""The page of opening hours: staff's decision for today, the week, dated exceptions, and a calendar."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from functools import partial
from typing import cast

from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException

from kiosk import hours, local_time
from kiosk.answers import Hours, HoursPreview, Present
from kiosk.commands import (
    AddException,
    BackToHours,
    CloseToday,
    Command,
    HoursChange,
    PreviewHours,
    RemoveException,
    SetHours,
    ShowHours,
    StayOpen,
)
from kiosk.desk import DeskError
from kiosk.hours.dated import read_dates
from kiosk.model import DatedHours, DayHours, Noun, Window
from kiosk.notices.language import sentence
from sync.central.accounts.staff import Role
from sync.central.pages.framework.page_request import Answer, PageRequest
from sync.central.pages.framework.routes import reads, writes
from sync.central.pages.hours import week_form
from sync.central.pages.members.passes import day_of

WEEK = timedelta(days=7)
LONGEST_EXCEPTION = timedelta(days=366)


class CalendarDay(Noun, frozen=True, kw_only=True):
    """A day of the calendar on the page."""

    day: date
    open: tuple[Window, ...]
    because: str = ""
    in_month: bool = True
    """Whether it belongs to the month shown."""


class ChangedDay(Noun, frozen=True, kw_only=True):
    """A day of the week that a change of the hours begins in: its times before and after, as they are shown."""

    day: date
    before: str
    after: str
    because: str = ""


@reads("/hours")
def show(page: NamedDependency[PageRequest]) -> Answer:
    """Show the hours of the chosen site."""
    return _show(page)


def _show(page: PageRequest) -> Answer:
    site = page.site
    told = cast("Hours", page.ask(ShowHours(count=4)))
    by_week = page.request.query_params.get("view") == "week"
    start = _start(page)
    first = start - timedelta(days=start.weekday()) if by_week else start.replace(day=1)
    week = week_form.read(site.hours)
    return page.show(
        "hours.html",
        told=told,
        week=week[0] if week else None,
        holidays=week[1] if week else True,
        by_week=by_week,
        first=first,
        before=first - (WEEK if by_week else timedelta(days=1)),
        after=first + (WEEK if by_week else timedelta(days=32)),
        dates=_weeks(page, first, by_week=by_week),
        exceptions=[rule for rule in site.exceptions if hours.next_effect(rule, site.calendar, page.today)],
        read_dates=read_dates,
        dates_told=partial(_dates_told, page),
        times_told=partial(_times_told, page),
    )


def _dates_told(page: PageRequest, dates: DatedHours) -> str:
    """Write the days of an exception."""
    first, last = (page.words.weekday_of(day, page.today) for day in (dates.first, dates.last))
    told = first if dates.first == dates.last else page.say("{first} to {last}", first=first, last=last)
    return sentence(told)


def _times_told(page: PageRequest, dates: DatedHours) -> str:
    """Write the hours of an exception and its reason."""
    times = ", ".join(f"{one.start:%H:%M} – {one.end:%H:%M}" for one in dates.open)
    what = page.say("open {times}", times=times) if times else page.say("closed")
    return f"{sentence(what)} – {dates.why}" if dates.why else sentence(what)


def _start(page: PageRequest) -> date:
    """Return the date that the address names; today without one or for nonsense."""
    try:
        asked = date.fromisoformat(page.request.query_params.get("on", ""))
    except ValueError:
        return cast("date", page.today)
    return asked if abs(asked.year - page.today.year) <= 5 else cast("date", page.today)


def _weeks(page: PageRequest, first: date, *, by_week: bool) -> list[list[CalendarDay]]:
    if by_week:
        return [[_calendar_day(page, first + timedelta(days=n), month=None) for n in range(7)]]
    weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
    return [[_calendar_day(page, day, month=first.month) for day in week] for week in weeks]


def _calendar_day(page: PageRequest, day: date, *, month: int | None) -> CalendarDay:
    site, where = page.site, local_time.zone(page.site.zone)
    override = page.roster.override(site.id, page.now)
    start, end = local_time.midnight(where, day), local_time.midnight(where, day + timedelta(days=1))
    found = tuple(hours.openings(site, override, start, end=end))
    told = hours.opening(site, override, found[0].start if found else start + timedelta(hours=12))
    return CalendarDay(day=day, open=found, because=told.because or "", in_month=month in (None, day.month))


# ---------------------------------------------------------------- changes


@reads("/hours/today", role=Role.HOST)
def ask_today(page: NamedDependency[PageRequest]) -> Answer:
    """Show what closing for today, or going back to the usual hours, changes, with the button to do it."""
    site, closes = page.site, page.request.query_params.get("what") == "close"
    told = cast("HoursPreview", page.ask(PreviewHours(change=CloseToday() if closes else BackToHours())))
    if not told.changes:
        return page.go("/hours")
    title = page.say("Close for today") if closes else page.say("Back to the usual hours")
    button = page.say("Close {site} until midnight", site=site.name)
    if not closes:
        button = page.say("Usual hours again ({site})", site=site.name)
    lines = [_after_closing(page, told), *_given_back(page, told)] if closes else _after_going_back(page, told)
    people = [_present(page, one) for one in told.people]
    hidden = {"what": "close" if closes else "back"}
    kind = "danger" if closes else ""
    return page.confirm(title, lines, button, kind=kind, hidden=hidden, people=people, back="/hours")


def _present(page: PageRequest, one: Present) -> str:
    """Write who is in, and until when they have paid."""
    name = one.name or page.say("somebody whose name is erased")
    return f"{name}, {page.words.until(one.until, page.now)}" if one.until else name


def _after_closing(page: PageRequest, told: HoursPreview) -> str:
    if told.next:
        moment = page.words.moment(told.next[0].start, page.now)
        return page.say("Closed from now until midnight. Opens again {moment}.", moment=moment)
    return page.say("Closed from now until midnight.")


def _given_back(page: PageRequest, told: HoursPreview) -> list[str]:
    if not told.given_back_to:
        return [page.say("No entry is given back: nobody loses more than half of the time that they paid for.")]
    what = page.words.count("{n} entry is given back", "{n} entries are given back", told.given_back)
    return [f"{sentence(what)}{page.say(': ')}{', '.join(told.given_back_to)}."]


def _after_going_back(page: PageRequest, told: HoursPreview) -> list[str]:
    lines = [
        page.say("Open again at once.") if told.opening.is_open else page.say("Closed now, as usual at this time.")
    ]
    if told.stays_given_back:
        names = ", ".join(told.stays_given_back)
        lines.append(page.say("Entries that the closing gave back are not taken again: {names}.", names=names))
        lines.append(page.say("Whoever of them stays taps again, and that uses an entry."))
    return lines


@writes("/hours/today")
def today(page: NamedDependency[PageRequest]) -> Answer:
    """Close now, stay open longer, or go back to the usual hours."""
    match page.form.text("what"):
        case "close":
            return _done(page, CloseToday(), "what")
        case "open":
            return _done(page, StayOpen(until=page.form.text("until")), "until")
        case "back":
            return _done(page, BackToHours(), "what")
    raise NotFoundException


def _done(page: PageRequest, command: Command, field: str) -> Answer:
    try:
        page.ask(command)
    except DeskError as error:
        page.form.add_error(field, page.refusal(error))
        return _show(page)
    return page.go("/hours", "hours-kept")


@writes("/hours/week")
def change_week(page: NamedDependency[PageRequest]) -> Answer:
    """Save weekly hours from the form with a line for each day."""
    form = page.form
    try:
        written = week_form.write([form.text(f"day-{n}") for n in range(7)], holidays=form.ticked("holidays"))
    except week_form.WeekError as error:
        day = page.words.weekdays()[error.day]
        form.add_error(
            f"day-{error.day}", page.say("{day}: write the times like 09:00-12:30, 14:00-17:00", day=sentence(day))
        )
        return _show(page)
    return _keep(page, written, "day-0")


@writes("/hours/written")
def change_written(page: NamedDependency[PageRequest]) -> Answer:
    """Save weekly hours written in OpenStreetMap's language."""
    return _keep(page, page.form.text("hours"), "hours")


def _keep(page: PageRequest, written: str, field: str) -> Answer:
    if not written:
        page.form.add_error(field, page.say("Enter the opening hours"))
    elif page.refuse_if_stale(page.site.hours, written, field):
        return _show(page)
    else:
        return _change(page, SetHours(hours=written), field)
    return _show(page)


def _change(page: PageRequest, change: HoursChange, field: str, *, what: str = "", then: str = "/hours") -> Answer:
    """Make a change of the hours; first show the days that it changes, unless the form says that they were seen."""
    if page.form.ticked("seen"):
        return _show(page) if page.attempt(change, field) is None else page.go(then, "hours-kept")
    try:
        told = cast("HoursPreview", page.ask(PreviewHours(change=change)))
    except DeskError as error:
        page.refuse(error, field)
        return _show(page)
    if not told.changes:
        return page.go(then, "hours-kept")
    title = page.say("Change the hours: {site}", site=page.site.name)
    week = [_changed_day(page, before, after) for before, after in zip(told.before, told.days, strict=True)]
    first = page.say("First change: {day}", day=page.words.weekday_of(told.first, page.today))
    lines = [what] if what else []
    button = page.say("Change the hours ({site})", site=page.site.name)
    hidden = page.form.sent_fields | {"seen": "yes"}
    return page.confirm(title, [*lines, first], button, kind="", hidden=hidden, week=week, back="/hours")


def _changed_day(page: PageRequest, before: DayHours, after: DayHours) -> ChangedDay:
    told = [", ".join(f"{span.start:%H:%M} – {span.end:%H:%M}" for span in day.open) for day in (before, after)]
    was, is_ = (times or page.say("closed") for times in told)
    return ChangedDay(day=after.on, before=was, after=is_, because=after.because or "")


@writes("/hours/exceptions")
def add_exception(page: NamedDependency[PageRequest]) -> Answer:
    """Add a dated exception: closed or open at other times, from one day to another."""
    form = page.form
    first, last = day_of(page, "first"), day_of(page, "last")
    if first is None:
        form.add_error("first", page.say("Enter the first day"))
    last = last or first
    if first and last and not timedelta(0) <= last - first <= LONGEST_EXCEPTION:
        form.add_error("last", page.say("The last day is not before the first, and not more than a year after it"))
    state = _state(page)
    if form.errors or first is None or last is None:
        return _show(page)
    label = form.text("label").replace('"', "”")
    rule = f"{_span(first, last)} {state}" + (f' "{label}"' if label else "")
    return _change(page, AddException(rule=rule), "first", what=_rule_told(page, rule), then=f"/hours?on={first}")


def _rule_told(page: PageRequest, rule: str) -> str:
    """Write the days of an exception and what holds on them; a rule of another shape as it is."""
    dates = read_dates(rule)
    return f"{_dates_told(page, dates)}{page.say(': ')}{_times_told(page, dates)}" if dates else rule


def _state(page: PageRequest) -> str:
    if page.form.text("state") != "open":
        return "off"
    try:
        written = week_form.write([page.form.text("times"), *[""] * 6], holidays=False)
    except week_form.WeekError:
        written = "off"
    if written == "off":
        page.form.add_error("times", page.say("Write the times like 09:00-12:30, 14:00-17:00"))
    return written.removeprefix("Mo ")


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _span(first: date, last: date) -> str:
    start = f"{first.year} {_MONTHS[first.month - 1]} {first.day:02}"
    return start if first == last else f"{start}-{last.year} {_MONTHS[last.month - 1]} {last.day:02}"


@writes("/hours/exceptions/remove")
def remove_exception(page: NamedDependency[PageRequest]) -> Answer:
    """Remove a dated exception, by its text."""
    rule = page.form.text("rule")
    what = page.say("Removed: {rule}", rule=_rule_told(page, rule))
    return _change(page, RemoveException(rule=rule), "first", what=what)


HANDLERS = [show, ask_today, today, change_week, change_written, add_exception, remove_exception]
