"""What hosts do: a command becomes facts in the books, and an answer. The rules are the same for all who ask.

`perform` is for who holds the books: the running kiosk's controller, the command line while no kiosk runs, and the
pages of the central server. What can be asked is in kiosk.commands, what comes back in kiosk.answers. Nothing here
prints, listens or looks at a clock.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, get_args

import msgspec

from kiosk import commands
from kiosk.answers import Answered, Refused
from kiosk.desk import (
    first_start,
    forgetting,
    machine,
    members,
    opening,
    pins,
    reports,
    sales,
    site,
    till,
    visits,
)
from kiosk.desk.books import Books
from kiosk.desk.desk import Desk, DeskError
from kiosk.model import ClockQuality
from kiosk.roster import RosterError

__all__ = ["Desk", "DeskError", "answered", "perform"]

_PERFORMED_BY: dict[type[commands.Command], Callable[[Desk, Any], Answered]] = {
    commands.AddMember: members.add_member,
    commands.ChangeMember: members.change_member,
    commands.ListMembers: members.list_members,
    commands.ShowAccount: members.show_account,
    commands.AssignBadge: members.assign_badge,
    commands.SetBadge: members.set_badge,
    commands.ReturnBadge: members.return_badge,
    commands.ReplaceBadge: members.replace_badge,
    commands.ClaimBadge: visits.claim_badge,
    commands.ShowTill: till.show_till,
    commands.ExportMember: forgetting.export_member,
    commands.EraseMember: forgetting.erase_member,
    commands.ForgetOld: forgetting.forget_old,
    commands.ListUnknownBadges: members.list_unknown_badges,
    commands.SellPass: sales.sell_pass,
    commands.CancelSale: sales.cancel_sale,
    commands.ListProducts: sales.list_products,
    commands.CheckIn: visits.check_in,
    commands.Leave: visits.leave,
    commands.Undo: visits.undo,
    commands.OpenDoor: visits.open_door,
    commands.SetPin: pins.set_pin,
    commands.SignIn: pins.sign_in,
    commands.ListInside: visits.list_inside,
    commands.ListTaps: visits.list_taps,
    commands.ShowHours: opening.show_hours,
    commands.ShowWeek: opening.show_week,
    commands.PreviewHours: opening.preview_hours,
    **dict.fromkeys(get_args(commands.HoursChange), opening.change_hours),
    commands.ImportSite: site.import_site,
    commands.ShowFirstStart: first_start.show_first_start,
    commands.TryDoor: first_start.try_door,
    commands.SetUp: first_start.set_up,
    commands.SetClock: machine.set_clock,
    commands.ExportBooks: machine.note_export,
    commands.ShowStatus: reports.show_status,
    commands.RepairRoster: reports.repair_roster,
}


def perform(
    command: commands.Command,
    books: Books,
    now: datetime,
    *,
    site_id: str,
    badge_key: bytes,
    clock: ClockQuality = ClockQuality.TRUSTED,
) -> Answered:
    """Do what a command says, at this site and instant (UTC), and tell what was done.

    Raises DeskError for what cannot be done, among it what needs a kiosk's own ledger where the books are none, and
    LedgerError when the books cannot be read or written; then nothing was.
    """
    handler = _PERFORMED_BY.get(type(command))
    if handler is None:
        message = f'"{command.__struct_config__.tag}" is for the demo, which is not running here'
        raise DeskError(message, code="NOT_HERE")
    return handler(Desk(books=books, site_id=site_id, badge_key=badge_key, now=now, clock=clock), command)


def answered(
    line: bytes,
    books: Books,
    now: datetime,
    *,
    site_id: str,
    badge_key: bytes,
    clock: ClockQuality = ClockQuality.TRUSTED,
) -> Answered:
    """Perform the command in a line of JSON; refusals are answers too.

    Raises LedgerError when the ledger cannot be read or written: that is more than this command's trouble.
    """
    try:
        command = commands.decode_command(line)
        return perform(command, books, now, site_id=site_id, badge_key=badge_key, clock=clock)
    except msgspec.DecodeError as error:
        return Refused(message=f"this kiosk does not know that command: {error}", code="NOT_HERE")
    except DeskError as error:
        return Refused(message=str(error), near=error.near, code=error.code, facts=error.facts)
    except RosterError as error:
        return Refused(message=str(error), code="NO_SITE")
