"""The till: the sales of a day by their receipts, the sums, and cancelling a sale."""

from __future__ import annotations

from datetime import date, timedelta

from kiosk import answers
from kiosk.answers import Answered, SaleLine
from kiosk.commands import Command, ShowTill
from kiosk.notices.language import sentence
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.lettering import Line
from kiosk.screen.drawing.theme import BODY, DANGER, INK, SMALL
from kiosk.screen.scene import Ask, Context, Effects, Go, Scene
from kiosk.screen.scenes import wording
from kiosk.screen.scenes.sales.sell import WhyCancel
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import button
from kiosk.screen.widgets.listing import Listing, Row


class SalesOfDay(Scene):
    """The till of a day: the total, the sum of each way to pay, the sales."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._on: date | None = None
        self._till: answers.Till | None = None
        self._list = Listing(empty=self.words.say("Nothing was sold"))

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("Till")

    def opened(self) -> Effects:
        """Ask for the day."""
        return Ask(ShowTill(on=self._on))

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Show the day."""
        if isinstance(answer, answers.Till):
            self._till, self._on = answer, answer.on
            back = [self._row(sale) for sale in answer.taken_back if sale not in answer.sales]
            self._list.show([*back, *(self._row(sale) for sale in answer.sales)])
            return None
        return super().answered(command, answer)

    def touched(self, target: str) -> Effects:
        """Show another day, or cancel a sale."""
        if target in ("day:<", "day:>") and self._on:
            self._on += timedelta(days=1 if target == "day:>" else -1)
            return self.opened()
        chosen = self._list.chosen(target)
        sale = next((one for one in self._till.sales if one.receipt == chosen), None) if self._till else None
        return Go(WhyCancel(self.context, sale.pass_id, sale.receipt)) if sale else None

    def _row(self, sale: SaleLine) -> Row:
        till = self._till
        price = self.words.money(sale.cents, till.currency if till else "EUR")
        who = ", ".join(sale.members) or self.words.say("Forgotten member")
        method = wording.payment_method(self.words, sale.method)
        if sale.taken_back_at is not None:
            detail = self.words.say("{number}, {price}: sale cancelled", number=sale.receipt, price=price)
            cancelled = self.words.say("cancelled")
            return Row(title=who, detail=detail, right=cancelled, picture="cross", ink=DANGER.accent)
        detail = f"{self.words.time(sale.at)} · {sale.receipt} · {method}"
        return Row(id=sale.receipt, title=who, detail=detail, right=price)

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw day, sums and sales."""
        till = self._till
        if till is None:
            return
        head, rest = canvas.split(rect, 56, side="top")
        before, head = canvas.split(head, 60, side="left")
        after, head = canvas.split(head, 60, side="right")
        button(canvas, before, "", "day:<", picture="chevron", look="quiet")
        today = self.words.local(self.context.now()).date()
        button(canvas, after, "", "day:>", picture="chevron", turn=180, look="quiet", enabled=till.on < today)
        canvas.column(
            head, [canvas.line(self._day(till.on, today), BODY, INK, bold=True)], align="center", valign="middle"
        )
        sums, rest = canvas.split(canvas.split(rest, 8, side="top")[1], 60, side="top")
        canvas.column(
            sums, [canvas.line(self._total(till), BODY, INK, bold=True), self._each(canvas, till)], valign="middle"
        )
        self._list.draw(canvas, canvas.split(rest, 8, side="top")[1])

    def _day(self, on: date, today: date) -> str:
        return self.words.say("Today") if on == today else sentence(self.words.weekday_of(on, today))

    def _total(self, till: answers.Till) -> str:
        return self.words.say("In all {sum}", sum=self.words.money(till.total_cents, till.currency))

    def _each(self, canvas: Canvas, till: answers.Till) -> Line:
        parts = (
            f"{wording.payment_method(self.words, one.method)} {self.words.money(one.cents, till.currency)}"
            for one in till.sums
        )
        return canvas.line(" · ".join(parts), SMALL, INK)
