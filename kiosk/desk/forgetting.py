"""Erasure of personal data: a member's copy of their data, erasing a member, erasing what is old."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from kiosk.answers import Done, Exported
from kiosk.commands import EraseMember, ExportMember, ForgetOld, ShowAccount
from kiosk.desk import erased_inside
from kiosk.desk.desk import Desk, DeskError
from kiosk.desk.members import show_account
from kiosk.facts import AnyFact, Condensed, Erased, Happened
from kiosk.model import ClockQuality
from kiosk.rules import extras

CUSTOMERS_KEPT = timedelta(days=3 * 365)
"""How long a customer's file is kept after the last contact: what the CNIL advises."""
MOST = 20
"""Customers forgotten at once: all bodies are read for it, and taps wait."""


def export_member(desk: Desk, command: ExportMember) -> Exported:
    """Return all data about a member, for the member: Regulation (EU) 2016/679, articles 15 and 20.

    An export to a stick is recorded without the member's name, because that record outlives the member's data.
    """
    member = desk.member(command.member)
    if command.medium:
        detail = f"{command.medium} by {command.by}"
        desk.append(Happened(what="member_exported", detail=detail, site_id=desk.site.id))
    account = msgspec.to_builtins(show_account(desk, ShowAccount(member=member.id)))
    sales = [
        {"receipt": sale.receipt, "on": desk.local(sale.at).date(), "cents": sale.cents, "method": sale.method}
        for sale in desk.roster.sales_of(member.id)
    ]
    document: dict[str, Any] = {
        "site": desk.site.name,
        "made_at": desk.local(desk.now),
        "currency": desk.site.currency,
        "member": _shown(msgspec.to_builtins(member)),
        "badges": account["badges"],
        "passes": account["passes"],
        "credit_cents": account.get("credit_cents", 0),
        "sales": sales,
        "history": [{"at": desk.local(at), "fact": _told(fact)} for at, fact in desk.books.facts_about(member.id)],
        "visits": account["visits"],
    }
    return Exported(name=member.name, document=msgspec.to_builtins(document))


def _told(fact: AnyFact) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(fact)
    return told | {"member": _shown(told["member"])} if "member" in told else told


def _shown(member: dict[str, Any]) -> dict[str, Any]:
    """Leave out the hash of a PIN: in a file it would help whoever found it to guess the PIN."""
    return {name: value for name, value in member.items() if name != "pin"}


def erase_member(desk: Desk, command: EraseMember) -> Done:
    """Erase a member, here and on all other kiosks. Sales stay in the accounts, without a name."""
    member = desk.member(command.member)
    hosts = [one for one in desk.roster.members() if one.role == "staff" and one.status == "active"]
    if hosts == [member]:
        message = f"{member.name} is the only host: somebody must be able to open the hosts' screen"
        raise DeskError(message, code="ONLY_HOST", name=member.name)
    guests = desk.roster.visitors(member.id + extras.GUEST)
    names = extras.with_guests(member.id, guests)
    erased = [Erased(member_id=name, by=command.by) for name in names]
    if desk.own_ledger is None:  # each kiosk notes who was inside when it hears of this
        desk.append(*erased)
    else:
        desk.append(*erased, *erased_inside.facts(desk, names))
        desk.own_ledger.checkpoint()
    return Done(said=("The member is forgotten. Sales stay in the accounts, without a name.",))


def forget_old(desk: Desk, _command: ForgetOld) -> Done:
    """Erase a month of old data; `changed` of the answer tells whether there may be more.

    With a central server this does nothing: the server does it for all, and kiosks erase what it tells them to.
    """
    if desk.clock is ClockQuality.UNTRUSTED:
        raise DeskError("the clock is not trusted: nothing is erased", code="CLOCK_UNSURE")
    if not desk.ledger.never_synced:
        return Done(said=("The central server does this for all its kiosks.",), changed=False)
    sums = desk.ledger.condense(desk.now)
    silent = () if sums else desk.roster.silent_since(desk.now - CUSTOMERS_KEPT)[:MOST]
    desk.append(*(Erased(member_id=name, by="retention") for name in silent))
    if not sums and not silent:
        return Done(said=("Nothing is old enough to be forgotten.",), changed=False)
    desk.ledger.checkpoint()
    told = f"{len(silent)} customers not heard of for three years"
    if sums:
        told = ", ".join(f"the passages of {one.month}" for one in sums if isinstance(one, Condensed))
    return Done(said=(f"Forgotten: {told}.",))
