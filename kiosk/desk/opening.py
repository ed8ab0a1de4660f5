"""Performs commands about the opening hours: show, preview, change. The changes themselves are in .hours_plans."""

from __future__ import annotations

from itertools import islice

from msgspec import structs

from kiosk import hours
from kiosk.answers import Done, ExceptionLine, Hours, HoursPreview, Week
from kiosk.commands import HoursChange, ListInside, PreviewHours, ShowHours, ShowWeek
from kiosk.desk.desk import Desk
from kiosk.desk.hours_plans import names_of, plan, standing
from kiosk.desk.visits import list_inside
from kiosk.hours import dated, week
from kiosk.model import Opening, Override, Site, Window

MOST_OPENINGS = 366
SHOWN_OPENINGS = 3
"""Number of next openings in a preview."""


def show_hours(desk: Desk, command: ShowHours) -> Hours:
    """Return the present hours and the next openings, a running one first."""
    override = standing(desk)
    return Hours(
        site=desk.site,
        opening=local_opening(desk, hours.opening(desk.site, override, desk.now)),
        override=override,
        next=_next(desk, desk.site, override, count=min(max(command.count, 0), MOST_OPENINGS)),
    )


def local_opening(desk: Desk, opening: Opening) -> Opening:
    """Return an opening with its change as local time."""
    return structs.replace(opening, changes_at=desk.local_or_none(opening.changes_at))


def _next(desk: Desk, site: Site, override: Override | None, *, count: int) -> tuple[Window, ...]:
    ahead = hours.openings(site, override, desk.now, end=desk.now + hours.HORIZON)
    return tuple(Window(start=desk.local(one.start), end=desk.local(one.end)) for one in islice(ahead, count))


def show_week(desk: Desk, command: ShowWeek) -> Week:
    """Return the week of a day (default: today), and all exceptions from today on."""
    site, override = desk.site, standing(desk)
    return Week(
        site=site,
        now=desk.local(desk.now),
        opening=local_opening(desk, hours.opening(site, override, desk.now)),
        override=_local_override(desk, override),
        days=week.picture(site, override, week.monday(command.on or desk.today), days=7 * command.weeks),
        usual=week.read_week(site.hours, site.country),
        exceptions=tuple(_exceptions(desk, site)),
    )


def _local_override(desk: Desk, override: Override | None) -> Override | None:
    if override is None:
        return None
    return structs.replace(override, since=desk.local(override.since), until=desk.local(override.until))


def _exceptions(desk: Desk, site: Site) -> list[ExceptionLine]:
    """Return the dated rules that still apply today or later, the next one first."""
    lines = []
    for rule in site.exceptions:
        begins = hours.next_effect(rule, site.calendar, desk.today)
        if begins is not None:
            first_day = week.picture(site, None, begins, days=1)[0]
            dates = dated.read_dates(rule)
            lines.append(ExceptionLine(rule=rule, begins=begins, dates=dates, first_day=first_day))
    return sorted(lines, key=lambda line: line.begins)


def preview_hours(desk: Desk, command: PreviewHours) -> HoursPreview:
    """Return what members will see after a change: now, next, the first week that differs, their accounts."""
    desk.refuse_if_retired()
    would_be = plan(command.change, desk)
    site, override = would_be.site, would_be.override
    return HoursPreview(
        now=desk.local(desk.now),
        changes=bool(would_be.facts),
        opening=local_opening(desk, hours.opening(site, override, desk.now)),
        days=week.picture(site, override, week.monday(would_be.first)),
        before=week.picture(desk.site, standing(desk), week.monday(would_be.first)),
        first=would_be.first,
        next=_next(desk, site, override, count=SHOWN_OPENINGS),
        given_back=sum(charge.units for visit in would_be.given_back for charge in visit.charges),
        inside=desk.roster.people_in(desk.site.id, desk.now),
        people=list_inside(desk, ListInside()).people if would_be.override != standing(desk) else (),
        given_back_to=names_of(desk, would_be.given_back),
        stays_given_back=names_of(desk, would_be.stays_given_back),
    )


def change_hours(desk: Desk, command: HoursChange) -> Done:
    """Make a change as its plan says."""
    desk.refuse_if_retired()
    planned = plan(command, desk)
    if not planned.facts:
        return Done(said=planned.said, changed=False)
    desk.append(*planned.facts)
    return Done(said=planned.said)
