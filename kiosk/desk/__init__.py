"""The desk: performs hosts' commands; each becomes facts in the books and an answer. The same rules for all who ask.

`perform` is called by whoever holds the books: the running kiosk's controller, the command line while no kiosk runs,
and the pages of the central server. Commands are defined in kiosk.commands, answers in kiosk.answers. Instants are
arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, get_args

from kiosk import commands
from kiosk.answers import Answered
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

__all__ = ["Desk", "DeskError", "perform", "perform_at"]

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
    commands.PreviewSale: sales.preview_sale,
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
    commands.SetSite: site.set_site,
    commands.RetireSite: site.retire_site,
    commands.SetProduct: site.set_product,
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
    """Perform a command at this site and instant (UTC), and return its answer.

    Raises what `perform_at` raises.
    """
    return perform_at(Desk(books=books, site_id=site_id, badge_key=badge_key, now=now, clock=clock), command)


def perform_at(desk: Desk, command: commands.Command) -> Answered:
    """Perform a command at a desk, and return its answer.

    Raises DeskError when it cannot be done, for example a command that needs a kiosk's ledger at the central server;
    RosterError while the site is not known; LedgerError when the books cannot be read or written: then nothing was
    written.
    """
    handler = _PERFORMED_BY.get(type(command))
    if handler is None:
        message = f'"{command.__struct_config__.tag}" is for the demo, which is not running here'
        raise DeskError(message, code="NOT_HERE")
    return handler(desk, command)
