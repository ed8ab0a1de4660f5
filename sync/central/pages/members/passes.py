"""The pages that sell a pass, give an entry back or cancel a sale. Each keeps a reason; nothing is deleted."""

from __future__ import annotations

import re
from datetime import date

from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from kiosk.answers import Answered
from kiosk.commands import CancelSale, PreviewSale, SellPass, Undo
from kiosk.desk import DeskError, guests
from kiosk.desk.members import new_id
from kiosk.model import Holding, Member, Product, Ref, Visit
from kiosk.payments import METHODS
from sync.central.accounts.staff import Role
from sync.central.pages.framework import access
from sync.central.pages.framework.page_request import Answer, PageRequest, member_path
from sync.central.pages.framework.routes import reads, writes

LONGEST_REASON = 200
PASS_ID = re.compile("[0-9a-f]{16}")


# ---------------------------------------------------------------- selling


@reads("/members/{member_id:str}/sell", role=Role.HOST)
def ask_sale(page: NamedDependency[PageRequest], member_id: FromPath[str]) -> Answer:
    """Show the form of a sale."""
    return _sale_form(page, page.member(member_id), page.today)


def _on_sale(page: PageRequest) -> list[Product]:
    """Return the products on sale at the chosen site."""
    site = page.site
    return [one for one in page.roster.products() if one.on_sale and (not one.sites or site.id in one.sites)]


def _sale_form(page: PageRequest, member: Member, first: date) -> Answer:
    """Show the form of a sale, with the dates of each pass if it begins on this day."""
    try:
        sales = _previews(page, member, first)
    except DeskError as error:
        page.form.add_error("starts", page.refusal(error))
        first, sales = page.today, _previews(page, member, page.today)
    if page.form.sent and not page.form.errors:
        page.form.add_error("starts", page.say("See above when the pass then ends, and sell it"))
    return page.show(
        "sell.html", member=member, products=_on_sale(page), pass_id=new_id(), first=first, sales=sales, methods=METHODS
    )


def _previews(page: PageRequest, member: Member, first: date) -> dict[str, Answered]:
    """Return a preview of the sale of each product. Raises DeskError."""
    asked = (SellPass(members=(member.id,), product=one.id, starts=first) for one in _on_sale(page))
    return {sale.product: page.ask(PreviewSale(sale=sale)) for sale in asked}


@writes("/members/{member_id:str}/sell")
def sell(page: NamedDependency[PageRequest], member_id: FromPath[str]) -> Answer:
    """Sell a pass. What the member owes moves to it."""
    form, member = page.form, page.member(member_id)
    product, method = form.text("product"), form.text("method")
    if product not in {one.id for one in _on_sale(page)}:
        form.add_error("product", page.say("Choose what is sold"))
    if method not in METHODS:
        form.add_error("method", page.say("Choose how it is paid"))
    starts = day_of(page, "starts")
    command = SellPass(
        members=(member.id,),
        product=product,
        starts=starts,
        method=method,
        words=form.text("words"),
        id=_pass_id(page),
    )
    first = starts or page.today
    is_shown = first.isoformat() == (form.text("shown") or page.today.isoformat())
    if form.errors or not is_shown or page.attempt(command, "starts") is None:
        return _sale_form(page, member, first)
    return page.go(member_path(member.id), "pass-sold")


def _pass_id(page: PageRequest) -> str | None:
    """Return the id that the form gives the new pass, so that a form sent twice sells once."""
    told = page.form.text("pass_id")
    return told if PASS_ID.fullmatch(told) else None


def day_of(page: PageRequest, name: str) -> date | None:
    """Return the date in a field, None when it is empty; anything else becomes an error of the field."""
    text = page.form.text(name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        page.form.add_error(name, page.say("Enter a date, like {example}", example=page.today.isoformat()))
        return None


# ---------------------------------------------------------------- taking back


@reads("/members/{member_id:str}/visits/{ledger_id:str}/{seq:str}/undo", role=Role.HOST)
def ask_undo(
    page: NamedDependency[PageRequest], member_id: FromPath[str], ledger_id: FromPath[str], seq: FromPath[str]
) -> Answer:
    """Show the form to give an entry back."""
    return _undo_form(page, page.member(member_id), _visit(page, member_id, ledger_id, seq=seq))


@writes("/members/{member_id:str}/visits/{ledger_id:str}/{seq:str}/undo")
def undo(
    page: NamedDependency[PageRequest], member_id: FromPath[str], ledger_id: FromPath[str], seq: FromPath[str]
) -> Answer:
    """Give an entry back, whichever kiosk took it, within the days that the site gives staff."""
    member, visit = page.member(member_id), _visit(page, member_id, ledger_id, seq=seq)
    command = Undo(member=member.id, reason=_reason(page), seq=visit.ref.seq, ledger_id=visit.ref.ledger_id)
    if page.attempt(command, "reason") is None:
        return _undo_form(page, member, visit)
    return page.go(member_path(member.id), "given-back")


def _visit(page: PageRequest, member_id: str, ledger_id: str, *, seq: str) -> Visit:
    is_number = seq.isascii() and seq.isdigit() and len(seq) < 19
    found = page.roster.visit(Ref(ledger_id=ledger_id, seq=int(seq))) if is_number else None
    if found is None or guests.member_of(found.member_id) != member_id:
        raise NotFoundException(page.say("There is no such visit"))
    page.require_site(found.site_id)
    return found


def _reason(page: PageRequest) -> str:
    return page.form.text("reason")[:LONGEST_REASON]


def _undo_form(page: PageRequest, member: Member, visit: Visit) -> Answer:
    site = page.roster.site(visit.site_id)
    place, at_site = site.name if site else visit.site_id, page.words.at(page.site.name)
    back = member_path(member.id)
    guest = guests.number(visit.member_id)
    return page.show(
        "undo.html",
        member=member,
        visit=visit,
        guest=guest,
        place=place,
        holding=None,
        at_site=at_site,
        back=back,
    )


@reads("/members/{member_id:str}/passes/{pass_id:str}/cancel", role=Role.HOST)
def ask_cancel(page: NamedDependency[PageRequest], member_id: FromPath[str], pass_id: FromPath[str]) -> Answer:
    """Show the form to take a sale back."""
    return _cancel_form(page, page.member(member_id), _holding(page, member_id, pass_id))


@writes("/members/{member_id:str}/passes/{pass_id:str}/cancel")
def cancel(page: NamedDependency[PageRequest], member_id: FromPath[str], pass_id: FromPath[str]) -> Answer:
    """Take back a sale of a pass of which nothing was used, whichever kiosk of this site sold it."""
    member, holding = page.member(member_id), _holding(page, member_id, pass_id)
    if page.attempt(CancelSale(pass_id=pass_id, reason=_reason(page)), "reason") is None:
        return _cancel_form(page, member, holding)
    return page.go(_came_from(page, member), "given-back")


def _came_from(page: PageRequest, member: Member) -> str:
    """Return the page from which the form was opened: the sales of a day, or the member's page."""
    back = page.request.query_params.get("back", "")
    return access.local_path(back) if back.startswith("/sales") else member_path(member.id)


def _holding(page: PageRequest, member_id: str, pass_id: str) -> Holding:
    held = page.roster.holdings(member_id, page.now)
    found = next((one for one in held if one.pass_.id == pass_id), None)
    if found is None:
        raise NotFoundException(page.say("There is no such pass"))
    page.require_site(sold_at(page, member_id).get(pass_id))
    return found


def sold_at(page: PageRequest, member_id: str) -> dict[str, str]:
    """Return the site at which each pass of a member was sold, by pass."""
    return {sale.pass_.id: sale.site_id for sale in page.roster.sales_of(member_id) if sale.pass_}


def _cancel_form(page: PageRequest, member: Member, holding: Holding) -> Answer:
    at_site, back = page.words.at(page.site.name), _came_from(page, member)
    return page.show(
        "undo.html", member=member, visit=None, guest=0, place="", holding=holding, at_site=at_site, back=back
    )


HANDLERS = [ask_sale, sell, ask_undo, undo, ask_cancel, cancel]
