"""Selling a pass: product, payment and receipt. A sale by mistake is cancelled by a reversal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec.structs import replace

from kiosk.answers import Answered, Done, SalePreview
from kiosk.commands import CancelSale, Command, PreviewSale, SellPass
from kiosk.model import Product
from kiosk.payments import LONGEST_WORDS, METHODS, Payment, received
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import BODY, DETAIL, INK, QUIET, SMALL
from kiosk.screen.scene import Ask, Back, Context, Effects, Go, Scene, Swap
from kiosk.screen.scenes import wording
from kiosk.screen.scenes.text_entry import TextEntry
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import Choice, button, grid
from kiosk.screen.widgets.calendar import Calendar
from kiosk.screen.widgets.listing import Listing, Row
from kiosk.screen.widgets.message import Message


class Sell(Scene):
    """The products on sale."""

    def __init__(self, context: Context, member_id: str, name: str, products: Sequence[Product], currency: str) -> None:
        super().__init__(context)
        self._member, self._name, self._currency = member_id, name, currency
        self._products = {one.id: one for one in products}
        self._list = Listing([self._row(one) for one in products], empty=context.words.say("Nothing is on sale"))

    def _row(self, product: Product) -> Row:
        given = wording.product_and_price(self.words, product, self._currency)
        return Row(id=product.id, title=given, detail=product.name)

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("Sell to {name}", name=self._name)

    def touched(self, target: str) -> Effects:
        """Go on to the payment."""
        chosen = self._list.chosen(target)
        if not chosen:
            return None
        return Go(pay(self.context, self._member, self._name, product=self._products[chosen], currency=self._currency))

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the passes."""
        self._list.draw(canvas, rect)


def pay(context: Context, member_id: str, name: str, *, product: Product, currency: str) -> Pay:
    """Return the scene that asks how a pass that begins today is paid."""
    sale = SellPass(members=(member_id,), product=product.id, by=context.by)
    return Pay(context, name, sale, product=product, currency=currency)


class Pay(Scene):
    """The ways to pay, with the price: the only question of a sale."""

    def __init__(self, context: Context, name: str, sale: SellPass, *, product: Product, currency: str) -> None:
        super().__init__(context)
        self._name, self._sale, self._product, self._currency = name, sale, product, currency
        self._preview: SalePreview | None = None

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("Sell to {name}", name=self._name)

    def opened(self) -> Effects:
        """Ask for the last day of the pass."""
        return Ask(PreviewSale(sale=self._sale))

    def touched(self, target: str) -> Effects:
        """Sell, or choose another first day."""
        if target == "begins":
            return Swap(FirstDay(self.context, self))
        name = target.removeprefix("pay:")
        if name not in METHODS or self._preview is None:
            return None
        if name == "other":
            return Swap(
                OtherWay(self.context, replace(self._sale, method=name), self._product, currency=self._currency)
            )
        return Ask(replace(self._sale, method=name))

    def beginning(self, day: date) -> Pay:
        """Return the same scene for a pass that begins on another day."""
        sale = replace(self._sale, starts=day)
        return Pay(self.context, self._name, sale, product=self._product, currency=self._currency)

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Show the last day, or the receipt."""
        if isinstance(answer, SalePreview):
            self._preview = answer
            return None
        if isinstance(answer, Done) and isinstance(command, SellPass):
            return Swap(Receipt(self.context, answer, self._product, command=command, currency=self._currency))
        return super().answered(command, answer)

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw what is sold, and the ways to pay."""
        head, rest = canvas.split(rect, 132, side="top")
        begins, head = canvas.split(head, 200, side="right")
        lines = [
            canvas.line(wording.product_and_price(self.words, self._product, self._currency), BODY + 4, INK, bold=True),
            canvas.line(self._product.name, SMALL, INK),
            *([canvas.line(wording.sale_dates(self.words, self._preview), SMALL, INK)] if self._preview else []),
            canvas.line(self.words.say("How is it paid? A touch sells."), DETAIL, QUIET, before=4),
        ]
        canvas.column(head, lines, valign="middle")
        place = begins.inflate(0, -begins.height // 3)
        button(canvas, place, self.words.say("Another first day"), "begins", look="quiet")
        choices = [
            Choice(
                target=f"pay:{name}",
                label=wording.payment_method(self.words, name),
                look="main" if name == METHODS[0] else "plain",
            )
            for name in METHODS
        ]
        grid(canvas, rest, choices, columns=1 if canvas.is_portrait else 2, highest=110)


class OtherWay(TextEntry):
    """Asks for another way to pay in a few words, then sells."""

    def __init__(self, context: Context, sale: SellPass, product: Product, *, currency: str) -> None:
        super().__init__(context, hint=context.words.say("A few words"), longest=LONGEST_WORDS)
        self._sale, self._product, self._currency = sale, product, currency

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("How is it paid?")

    def key(self) -> str:
        """Return the word on the large key."""
        return self.words.say("Sell")

    def written(self, text: str) -> Effects:
        """Sell."""
        return Ask(replace(self._sale, words=text)) if text else None

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Show the receipt."""
        if isinstance(answer, Done) and isinstance(command, SellPass):
            return Swap(Receipt(self.context, answer, self._product, command=command, currency=self._currency))
        return super().answered(command, answer)


class FirstDay(Scene):
    """Chooses the day on which a pass begins, and returns to the payment."""

    def __init__(self, context: Context, payment: Pay) -> None:
        super().__init__(context)
        self._payment = payment
        self._calendar = Calendar(self.words.local(context.now()).date())

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("On which day does the pass begin?")

    def touched(self, target: str) -> Effects:
        """Choose the day, or turn to another month."""
        self._calendar.touched(target)
        first = self._calendar.first
        return Swap(self._payment.beginning(first)) if first else None

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the month."""
        month, rect = canvas.split(rect, 60, side="top")
        self._calendar.draw_month(canvas, month, self.words)
        self._calendar.draw(canvas, canvas.split(rect, 8, side="top")[1], self.words)


class Receipt(Scene):
    """The receipt of a sale; the sale can be cancelled at once."""

    def __init__(self, context: Context, done: Done, product: Product, *, command: SellPass, currency: str) -> None:
        super().__init__(context)
        self._done, self._product, self._payment = done, product, Payment(command.method, command.words).stored()
        self._price = context.words.money(received(command.method, product.price_cents), currency)

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("Sold")

    def touched(self, target: str) -> Effects:
        """Go back to the member, or cancel the sale."""
        if target == "done":
            return Back()
        if target == "take-back" and self._done.id:
            return Swap(WhyCancel(self.context, self._done.id, self._done.receipt or ""))
        return None

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the receipt."""
        foot, rest = canvas.split(rect, 70, side="bottom")
        method = wording.payment_method(self.words, self._payment)
        lines = [
            canvas.line(self.words.say("Receipt {number}", number=self._done.receipt or ""), BODY + 10, INK, bold=True),
            canvas.line(self._product.name, BODY, INK, before=8),
            canvas.line(f"{self._price} · {method}", BODY, INK, bold=True, before=4),
        ]
        canvas.column(rest, lines, align="center", valign="middle")
        choices = [
            Choice(target="take-back", label=self.words.say("Take the sale back"), look="quiet"),
            Choice(target="done", label=self.words.say("Done"), look="main"),
        ]
        grid(canvas, foot, choices, columns=2, highest=70)


class WhyCancel(Scene):
    """The reasons to cancel a sale: choosing one cancels it. The reason stays in the accounts."""

    def __init__(self, context: Context, pass_id: str, receipt: str) -> None:
        super().__init__(context)
        self._pass, self._receipt = pass_id, receipt

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("Cancel sale {number}: why?", number=self._receipt)

    def _reasons(self) -> dict[str, str]:
        say = self.words.say
        return {
            "wrong pass": say("Wrong pass"),
            "wrong member": say("Wrong member"),
            "paid otherwise": say("Paid otherwise"),
            "money given back": say("Money given back"),
        }

    def touched(self, target: str) -> Effects:
        """Cancel the sale for this reason."""
        reason = target.removeprefix("why:")
        if reason not in self._reasons():
            return None
        return Ask(CancelSale(pass_id=self._pass, reason=reason, by=self.context.by))

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Go back to the scene before."""
        if isinstance(answer, Done):
            return Back(message=Message(self.words.say("Receipt {number} is cancelled", number=self._receipt)))
        return super().answered(command, answer)

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the reasons."""
        choices = [Choice(target=f"why:{name}", label=label) for name, label in self._reasons().items()]
        grid(canvas, rect, choices, columns=1 if canvas.is_portrait else 2, highest=110)
