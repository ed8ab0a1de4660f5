"""A member's page for hosts: passes, badges, note, and the actions on them."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from kiosk.answers import Account, Answered, Done, Exported, Products, Refused
from kiosk.commands import (
    ChangeMember,
    Command,
    EraseMember,
    ExportMember,
    ListProducts,
    ShowAccount,
)
from kiosk.model import Member, Product
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.scene import Ask, Back, Context, Effects, Go, Scene
from kiosk.screen.scenes import wording
from kiosk.screen.scenes.people.badges import BadgeActions, GiveBadge
from kiosk.screen.scenes.people.kept_data import KeptData
from kiosk.screen.scenes.sales.sell import Sell, pay
from kiosk.screen.scenes.text_entry import TextEntry
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import Choice, grid
from kiosk.screen.widgets.listing import Listing, Row
from kiosk.screen.widgets.message import Message

LONGEST_NOTE = 200


class MemberAccount(Scene):
    """A member's passes, badges and note, and the actions on them."""

    def __init__(self, context: Context, member_id: str) -> None:
        super().__init__(context)
        self._id = member_id
        self._account: Account | None = None
        self._products: tuple[Product, ...] = ()
        self._currency = ""
        self._list = Listing()

    def title(self) -> str:
        """The member's name."""
        return self._account.member.name if self._account else self.words.say("Member")

    def opened(self) -> Effects:
        """Ask for the account, and for the products."""
        return Ask(ShowAccount(member=self._id)), Ask(ListProducts())

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Show the account."""
        match answer:
            case Account():
                self._account = answer
                self._list.show(list(self._rows(answer)))
            case Products():
                self._currency = answer.currency
                self._products = tuple(one for one in answer.products if one.on_sale)
            case Done() if isinstance(command, ChangeMember):
                said = self.words.say("Suspended: their badges open nothing")
                self.message = Message(said if command.status == "suspended" else self.words.say("May come in again"))
                return self.opened()
            case Refused() if isinstance(command, ShowAccount) and self._account:
                return Back(message=Message(self.words.say("The member is forgotten")))
            case _:
                return super().answered(command, answer)
        return None

    # ------------------------------------------------------------ what they have

    def _rows(self, account: Account) -> Iterator[Row]:
        words = self.words
        if account.member.status == "suspended":
            yield Row(title=words.say("Suspended"), picture="closed")
        if account.member.note:
            yield Row(id="note", title=account.member.note, detail=words.say("Note"))
        for line in reversed(account.passes):
            state = wording.entries_left(words, line.left) if line.validity != "expired" else words.say("Expired")
            yield Row(title=line.product, detail=wording.pass_validity(words, line), right=state)
        if account.credit_cents:
            yield Row(title=words.say("Credit"), right=words.money(account.credit_cents, account.currency))
        for badge in account.badges:
            states = {"active": words.say("in use"), "lost": words.say("lost"), "blocked": words.say("blocked")}
            title = words.say("Badge {code}", code=badge.code)
            yield Row(id=f"badge {badge.code}", title=title, right=states[badge.status], picture="badge")
        if not account.badges:
            yield Row(title=words.say("No badge yet"), picture="badge")
        last = next((visit for visit in account.visits if not visit.guest), None)
        if last:
            yield Row(title=words.say("Last visit"), right=words.moment(last.at, self.context.now()))

    # ------------------------------------------------------------ what can be done

    def _choices(self) -> list[Choice]:
        account, words = self._account, self.words
        if account is None:
            return []
        best = self._favourite()
        label = wording.product_and_price(words, best, self._currency) if best else words.say("Sell")
        return [
            Choice(target="favourite", label=label, look="main", enabled=best is not None),
            Choice(target="sell", label=words.say("Other passes"), enabled=bool(self._products)),
            Choice(target="badge", label=words.say("Give a badge"), picture="badge"),
            Choice(target="note", label=words.say("Note")),
            Choice(target="more", label=words.say("More"), look="quiet"),
        ]

    def _favourite(self) -> Product | None:
        """Return the product that the member bought last, or else the first one."""
        names = [line.product for line in reversed(self._account.passes)] if self._account else []
        known = {one.name: one for one in self._products}
        return next((known[name] for name in names if name in known), self._products[0] if self._products else None)

    def touched(self, target: str) -> Effects:
        """Carry out an action, or open its scene."""
        account, best = self._account, self._favourite()
        if account is None:
            return None
        member, chosen = account.member, self._list.chosen(target)
        if chosen and chosen.startswith("badge "):
            badge = next(one for one in account.badges if one.code == chosen.removeprefix("badge "))
            return Go(BadgeActions(self.context, member.id, member.name, badge))
        match chosen or target:
            case "favourite" if best:
                return Go(pay(self.context, member.id, member.name, product=best, currency=self._currency))
            case "sell":
                return Go(Sell(self.context, member.id, member.name, self._products, self._currency))
            case "badge":
                return Go(GiveBadge(self.context, member.id, member.name))
            case "note":
                return Go(Note(self.context, member.id, member.note or ""))
            case "more":
                return Go(MoreActions(self.context, account))
        return None

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw passes, badges and note, and beside or below them the buttons."""
        if canvas.is_portrait:
            side, rest = canvas.split(rect, 330, side="bottom")
        else:
            side, rest = canvas.split(rect, rect.width / canvas.unit * 0.38, side="right")
        rest = canvas.split(rest, 12, side="bottom" if canvas.is_portrait else "right")[1]
        self._list.draw(canvas, rest)
        grid(canvas, side, self._choices(), columns=1, highest=84, gap=10)


class Note(TextEntry):
    """Edits the note about a member, a few words for other hosts."""

    def __init__(self, context: Context, member_id: str, text: str) -> None:
        hint = context.words.say("A few words for other hosts")
        super().__init__(context, text, hint=hint, longest=LONGEST_NOTE)
        self._id = member_id

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("Note: no addresses, no numbers")

    def written(self, text: str) -> Effects:
        """Save the note; an empty text deletes it."""
        return Ask(ChangeMember(member=self._id, note=text))

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Go back to the member."""
        return Back() if isinstance(answer, Done) else super().answered(command, answer)


class Rename(TextEntry):
    """Corrects a member's name."""

    def __init__(self, context: Context, member: Member) -> None:
        super().__init__(context, member.name, hint=context.words.say("First and last name"), names=True)
        self._id = member.id

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("Correct the name")

    def written(self, text: str) -> Effects:
        """Save the name."""
        if not text:
            self.message = Message(self.words.say("A member needs a name"), is_good=False)
            return None
        return Ask(ChangeMember(member=self._id, name=text))

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Go back to the member."""
        if isinstance(answer, Done):
            return Back(to=MemberAccount, message=Message(self.words.say("The name is corrected")))
        if isinstance(answer, Refused) and answer.code == "NAME_TAKEN" and isinstance(command, ChangeMember):
            self.confirm(
                self.words.say("There is a {name} already", name=answer.facts.get("name", command.name or "")),
                self.words.say("Is this somebody else with the same name?"),
                yes=self.words.say("Yes, somebody else"),
                then=Ask(replace(command, anyway=True)),
            )
            return None
        return super().answered(command, answer)


class MoreActions(Scene):
    """Rare actions: correct the name, suspend, show the stored data, erase."""

    def __init__(self, context: Context, account: Account) -> None:
        super().__init__(context)
        self._member = account.member

    def title(self) -> str:
        """The member's name."""
        return self._member.name

    def touched(self, target: str) -> Effects:
        """Ask once, then do it."""
        member, say = self._member, self.words.say
        match target:
            case "export":
                return Ask(ExportMember(member=member.id))
            case "rename":
                return Go(Rename(self.context, member))
            case "restore":
                self.confirm(
                    say("Let {name} in again?", name=member.name),
                    say("Their badges open the door again."),
                    yes=say("Let in again"),
                    then=Ask(ChangeMember(member=member.id, status="active")),
                )
            case "suspend":
                self.confirm(
                    say("Suspend {name}?", name=member.name),
                    say("The door stays shut for them until the suspension is lifted."),
                    yes=say("Suspend"),
                    then=Ask(ChangeMember(member=member.id, status="suspended")),
                )
            case "erase":
                self.confirm(
                    say("Forget {name} for ever?", name=member.name),
                    say("Name, badges and visits are erased on all kiosks. Entries left are lost."),
                    say("The accounts keep the sales, without a name. This cannot be undone."),
                    yes=say("Forget for ever"),
                    then=Ask(EraseMember(member=member.id, by=self.context.by), seconds=30.0),
                    danger=True,
                )
        return None

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Report the result on the page where it can be seen."""
        say = self.words.say
        if isinstance(answer, Exported):
            return Go(KeptData(self.context, self._member.id, answer))
        if isinstance(answer, Done) and isinstance(command, EraseMember):
            return Back()
        if isinstance(answer, Done) and isinstance(command, ChangeMember):
            is_out = command.status == "suspended"
            return Back(message=Message(say("Suspended") if is_out else say("May come in again")))
        return super().answered(command, answer)

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the buttons."""
        say = self.words.say
        is_out = self._member.status == "suspended"
        state = (
            Choice(target="restore", label=say("Let in again"), picture="open")
            if is_out
            else Choice(target="suspend", label=say("Suspend"), picture="closed")
        )
        choices = [
            Choice(target="rename", label=say("Correct the name"), picture="list"),
            state,
            Choice(target="export", label=say("What is kept of them"), picture="people"),
            Choice(target="erase", label=say("Forget for ever"), picture="cross", look="danger"),
        ]
        grid(canvas, rect, choices, columns=1 if canvas.is_portrait else 2, highest=110)
