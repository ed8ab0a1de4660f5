"""Performs commands about sales: selling passes, and cancelling a sale."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from msgspec.structs import replace

from kiosk import payments, rules
from kiosk.answers import Done, Products, SalePreview
from kiosk.commands import CancelSale, ListProducts, PreviewSale, SellPass
from kiosk.desk.contact_data import refuse_contact
from kiosk.desk.desk import Desk, DeskError
from kiosk.desk.members import new_id
from kiosk.facts import PassSold, Reversed
from kiosk.model import Charge, Debt, Member, Pass, Ref
from kiosk.payments import Payment
from kiosk.roster import Roster
from kiosk.rules.passes import is_counted

LONGEST_AHEAD = timedelta(days=366)
"""How long before it begins a pass can be sold."""


def list_products(desk: Desk, _command: ListProducts) -> Products:
    """Return the products, retired ones included."""
    return Products(products=desk.roster.products(), currency=desk.site.currency)


def sell_pass(desk: Desk, command: SellPass) -> Done:
    """Sell a product to one member or to several who share it. Entries they owe are moved to the new pass."""
    if command.id and desk.roster.was_sold(command.id):
        return Done(said=("That is sold already.",), changed=False, id=command.id)
    holders = _holders(desk, command.members)
    sale = _sale(desk, command, holders)
    (entry,) = desk.append(sale)
    receipt = desk.roster.receipt(entry.ref)
    return Done(said=(*_said(desk, sale, holders), f"Receipt {receipt}."), id=sale.pass_.id, receipt=receipt)


def preview_sale(desk: Desk, command: PreviewSale) -> SalePreview:
    """Return what a sale would be: price, first and last day, entries owed."""
    holders = _holders(desk, command.sale.members)
    sale = _sale(desk, command.sale, holders)
    return SalePreview(
        product=sale.pass_.terms.name,
        members=tuple(member.name for member in holders),
        cents=sale.price_cents,
        currency=desk.site.currency,
        valid_from=sale.pass_.valid_from,
        valid_until=sale.pass_.valid_until,
        owed=sum(charge.units for charge in sale.settles),
    )


def _sale(desk: Desk, command: SellPass, holders: Sequence[Member]) -> PassSold:
    """Return the sale asked for. Raises DeskError for an impossible way to pay, product or first day."""
    desk.refuse_if_retired()
    payment = _payment(desk, command)
    product = desk.product(command.product)
    if command.starts is not None and command.starts < desk.today - timedelta(days=desk.site.policy.staff_undo_days):
        raise DeskError(f"{command.starts} is too long ago for a pass to begin", code="STARTS_TOO_EARLY")
    if command.starts is not None and command.starts > desk.today + LONGEST_AHEAD:
        message = f"{command.starts} is more than a year away: sell the pass nearer to that day"
        raise DeskError(message, code="STARTS_TOO_LATE")
    sold = rules.sell(
        product,
        desk.roster.products(),
        now=desk.now,
        site=desk.site,
        holders=tuple(member.id for member in holders),
        pass_id=command.id or new_id(),
        starts=command.starts,
    )
    settles = _debts(desk, holders) if is_counted(product) else ()
    return PassSold(
        pass_=replace(sold, gift=payment.method == "gift"),
        site_id=desk.site.id,
        price_cents=payments.received(payment.method, product.price_cents),
        method=payment.stored(),
        settles=settles,
        by=command.by,
    )


def _payment(desk: Desk, command: SellPass) -> Payment:
    words = " ".join(command.words.split())[: payments.LONGEST_WORDS]
    if command.method not in payments.METHODS:
        ways = ", ".join(payments.METHODS)
        raise DeskError(f"how was it paid? Write one of {ways}", code="NO_METHOD", field="method")
    if command.method != "other":
        return Payment(command.method)
    if not words:
        raise DeskError("which other way was it paid? Say it in a few words", code="NO_METHOD", field="words")
    refuse_contact(words, field="words", country=desk.country)
    return Payment("other", words)


def _holders(desk: Desk, names: Sequence[str]) -> tuple[Member, ...]:
    if not names:
        raise DeskError("to whom? Name a member", code="NO_MEMBER")
    holders = {member.id: member for member in map(desk.member, names)}
    return tuple(holders.values())


def _debts(desk: Desk, holders: Sequence[Member]) -> tuple[Debt, ...]:
    """Return what the holders owe on their other passes, each pass once.

    Not on a pass that is shared with somebody who does not buy: Anna, who buys a card for herself, does not pay for the
    entry that Bert used on their common one.
    """
    buyers = {member.id for member in holders}
    held = {holding.pass_.id: holding for member in holders for holding in desk.roster.holdings(member.id, desk.now)}
    owed = rules.debt(holding for holding in held.values() if buyers.issuperset(holding.pass_.holders))
    return numbered(desk.roster, owed)


def numbered(roster: Roster, owed: Iterable[Charge]) -> tuple[Debt, ...]:
    """Number the units owed on passes, so that two sales at kiosks that are cut off do not both move one."""
    return tuple(Debt(pass_id=of.pass_id, units=of.units, first=roster.next_debt(of.pass_id)) for of in owed)


def _said(desk: Desk, sale: PassSold, holders: Sequence[Member]) -> list[str]:
    sold = sale.pass_
    names = " and ".join(member.name for member in holders)
    until = f" to {sold.valid_until}" if sold.valid_until else ""
    price = money(sale.price_cents, desk.site.currency)
    said = [f"{sold.terms.name} sold to {names} for {price}, valid from {sold.valid_from}{until}."]
    owed = sum(charge.units for charge in sale.settles)
    if owed:
        said.append(f"{entries(owed)} owed moved to it: {(sold.terms.units or 0) - owed} left.")
    return said


def money(cents: int, currency: str) -> str:
    """Return an amount as text: `50.00 EUR`."""
    return f"{cents / 100:.2f} {currency}"


def entries(count: int) -> str:
    """Return a number of entries as text: `1 entry`, `2 entries`."""
    return f"{count} {'entry' if count == 1 else 'entries'}"


def cancel_sale(desk: Desk, command: CancelSale) -> Done:
    """Cancel a sale. Refused while entries of the pass are used: those must be given back first."""
    if not command.reason.strip():
        raise DeskError("why? A sale is cancelled with a reason", code="NO_REASON")
    refuse_contact(command.reason, field="reason", country=desk.country)
    ref = desk.roster.sale_of(command.pass_id)
    if ref is None:
        message = "is the id of no pass, or its sale was cancelled already; `kiosk member show` lists the passes"
        raise DeskError(f'"{command.pass_id}" {message}', code="NO_SUCH_SALE")
    sold = _sold(desk, ref)
    used = _used(desk, ref, sold)
    if used:
        message = f"{entries(used)} of it used: give that back first (kiosk pass undo), or let the sale stand"
        raise DeskError(message, code="PASS_USED")
    desk.append(Reversed(ref=ref, reason=command.reason, by=command.by))
    receipt = desk.roster.receipt(ref)
    return Done(said=(f"The sale of {sold.terms.name} is cancelled, receipt {receipt}.",), receipt=receipt)


def _sold(desk: Desk, ref: Ref) -> Pass:
    """Return what a sale at this site, at any of its kiosks, sold.

    A sale of another site is refused: money is given back where it was paid, and shows in that till.
    """
    sale = desk.roster.sale(ref)
    if sale is None or sale.pass_ is None:
        raise DeskError("this sale has not arrived here yet: take it back where it was made", code="SOLD_ELSEWHERE")
    if sale.site_id != desk.site.id:
        site = desk.roster.site(sale.site_id)
        name = site.name if site else sale.site_id
        raise DeskError(f"this pass was sold at {name}: take the sale back there", code="SOLD_AT", site=name)
    return sale.pass_


def _used(desk: Desk, sale: Ref, sold: Pass) -> int:
    """Return the entries used on a pass, without the debts that its sale moved to it."""
    held = (holding for holder in sold.holders for holding in desk.roster.holdings(holder, desk.now))
    used = next((holding.used for holding in held if holding.pass_.id == sold.id), None)
    if used is None:
        raise DeskError("the buyer of this pass was erased: the sale cannot be cancelled", code="HOLDER_FORGOTTEN")
    return used - desk.roster.debt_moved(sale, sold.id)
