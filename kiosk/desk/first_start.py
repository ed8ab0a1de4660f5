"""The first start: sets up site, products and first host in one transaction, while there is neither site nor host."""

from __future__ import annotations

from kiosk import hours, local_time
from kiosk.answers import Done, DoorOpened, FirstStart, Status
from kiosk.commands import SetUp, ShowFirstStart, TryDoor
from kiosk.desk import pins
from kiosk.desk.changes import change
from kiosk.desk.contact_data import refuse_contact
from kiosk.desk.desk import Desk, DeskError, refuse_unknown_region
from kiosk.desk.members import new_id
from kiosk.desk.site import LONGEST_NAME
from kiosk.facts import AnyFact, Happened
from kiosk.hours import week
from kiosk.languages import languages
from kiosk.model import Badge, Member, Opening, Site
from kiosk.roster import Roster


def is_open(roster: Roster, site_id: str) -> bool:
    """Tell whether anybody may set up the kiosk: only while there is no host."""
    return roster.site(site_id) is None and not any(member.role == "staff" for member in roster.members())


def show_first_start(desk: Desk, _command: ShowFirstStart) -> FirstStart:
    """Return whether the kiosk may be set up; the daemon adds the state of its parts."""
    status = Status(
        site="",
        now=desk.now,
        clock=desk.clock,
        opening=Opening(is_open=False),
        people_in=0,
        staff_present=False,
        members=desk.roster.member_count(),
        ledger_id=desk.ledger.ledger_id,
        entries=desk.ledger.head.seq,
    )
    return FirstStart(is_open=is_open(desk.roster, desk.site_id), status=status, countries=hours.countries())


def try_door(desk: Desk, _command: TryDoor) -> DoorOpened:
    """Record that the door is tried; the running kiosk opens it. Allowed only before the set-up."""
    _check_is_open(desk)
    desk.append(Happened(what="door_tried", site_id=desk.site_id))
    return DoorOpened()


def set_up(desk: Desk, command: SetUp) -> Done:
    """Create the site, its product, and its first host with badge and PIN, all or nothing.

    `id` of the answer: the host.

    Slow, unless the command brings the PIN hashed.
    """
    _check_is_open(desk)
    site, host = _site(desk, command), _host(desk, command)
    facts: list[AnyFact] = [change(desk.roster, None, site), change(desk.roster, None, host)]
    facts += [change(desk.roster, None, product) for product in command.products]
    if command.code is not None:
        badge = desk.roster.find_badge(command.code)
        if badge is None:
            message = f'no badge was tapped with the code "{command.code}": tap the host\'s badge again'
            raise DeskError(message, code="NO_SUCH_CODE", badge=command.code)
        facts.append(change(desk.roster, None, Badge(id=badge, member_id=host.id)))
    desk.append(*facts, Happened(what="set_up", site_id=site.id))
    return Done(said=(f"{site.name} is set up. {host.name} is its first host.",), id=host.id)


def _check_is_open(desk: Desk) -> None:
    if not is_open(desk.roster, desk.site_id):
        message = "this kiosk is set up already: its hosts change what there is to change"
        raise DeskError(message, code="SET_UP_ALREADY")


def _site(desk: Desk, command: SetUp) -> Site:
    name = _named(command.name, "the space", country=command.country)
    refuse_unknown_region(command.region, command.country)
    try:
        expression = week.write_week(command.week)
        hours.check(expression, (), command.region or command.country)
    except hours.HoursError as error:
        raise DeskError(str(error), code=error.code, **error.facts) from None
    if not local_time.is_zone(command.zone):
        message = f'"{command.zone}" is no time zone: write it like Europe/Paris'
        raise DeskError(message, code="NO_SUCH_ZONE", zone=command.zone)
    if command.language not in languages():
        raise DeskError(f'the screen does not speak "{command.language}"', languages(), code="NO_SUCH_LANGUAGE")
    return Site(
        id=desk.site_id,
        name=name,
        zone=command.zone,
        hours=expression,
        country=command.country,
        region=command.region,
        currency=command.currency,
        language=command.language,
    )


def _host(desk: Desk, command: SetUp) -> Member:
    name = _named(command.host, "the first host", country=command.country)
    hashed = command.hashed or pins.hash_pin(command.pin, desk.badge_key)
    return Member(id=new_id(), name=name, role="staff", language=command.language, pin=hashed)


def _named(text: str, what: str, *, country: str) -> str:
    name = " ".join(text.split())
    if not 0 < len(name) <= LONGEST_NAME:
        message = f"{what} needs a name, of {LONGEST_NAME} letters at most"
        raise DeskError(message, code="PLACE_NAME", most=str(LONGEST_NAME))
    refuse_contact(name, field="name", country=country)
    return name
