"""The till: the sales of a day by their receipts, what must be in it, and taking a sale back."""

from __future__ import annotations

from datetime import date, timedelta

from kiosk.answers import Answered, SaleLine
from kiosk.answers import Till as Told
from kiosk.commands import Command, ShowTill
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.lettering import Line
from kiosk.screen.drawing.theme import BODY, DANGER, INK, SMALL
from kiosk.screen.scene import Ask, Go, Scene, Setting, Wishes
from kiosk.screen.scenes import wording as people_words
from kiosk.screen.scenes.sales.sell import TakeBack
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import button
from kiosk.screen.widgets.listing import Listing, Row


class Till(Scene):
    """A day: its sum, the sum by each way to pay, its sales."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._on: date | None = None
        self._told: Told | None = None
        self._list = Listing(empty=self.words.say("Nothing was sold"))

    def title(self) -> str:
        """What the scene is called."""
        return self.words.say("Till")

    def opened(self) -> Wishes:
        """Ask for the day."""
        return Ask(ShowTill(on=self._on))

    def answered(self, command: Command, answer: Answered) -> Wishes:
        """Show the day."""
        if isinstance(answer, Told):
            self._told, self._on = answer, answer.on
            back = [self._row(sale) for sale in answer.taken_back if sale not in answer.sales]
            self._list.show([*back, *(self._row(sale) for sale in answer.sales)])
            return None
        return super().answered(command, answer)

    def touched(self, target: str) -> Wishes:
        """Another day, or a sale to be taken back."""
        if target in ("day:<", "day:>") and self._on:
            self._on += timedelta(days=1 if target == "day:>" else -1)
            return self.opened()
        chosen = self._list.chosen(target)
        sale = next((one for one in self._told.sales if one.receipt == chosen), None) if self._told else None
        return Go(TakeBack(self.setting, sale.pass_id, sale.receipt)) if sale else None

    def _row(self, sale: SaleLine) -> Row:
        told = self._told
        price = self.words.money(sale.cents, told.currency if told else "EUR")
        who = ", ".join(sale.members) or self.words.say("Forgotten member")
        method = people_words.method(self.words, sale.method)
        if sale.taken_back_at is not None:
            detail = self.words.say("{number}, {price}: sale cancelled", number=sale.receipt, price=price)
            cancelled = self.words.say("cancelled")
            return Row(title=who, detail=detail, right=cancelled, picture="cross", ink=DANGER.accent)
        detail = f"{self.words.time(sale.at)} · {sale.receipt} · {method}"
        return Row(id=sale.receipt, title=who, detail=detail, right=price)

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw day, sums and sales."""
        told = self._told
        if told is None:
            return
        head, rest = canvas.split(rect, 56, side="top")
        before, head = canvas.split(head, 60, side="left")
        after, head = canvas.split(head, 60, side="right")
        button(canvas, before, "", "day:<", picture="chevron", look="quiet")
        today = self.words.local(self.setting.now()).date()
        button(canvas, after, "", "day:>", picture="chevron", turn=180, look="quiet", enabled=told.on < today)
        canvas.column(
            head, [canvas.line(self._day(told.on, today), BODY, INK, bold=True)], align="center", valign="middle"
        )
        sums, rest = canvas.split(canvas.split(rest, 8, side="top")[1], 60, side="top")
        canvas.column(
            sums, [canvas.line(self._total(told), BODY, INK, bold=True), self._each(canvas, told)], valign="middle"
        )
        self._list.draw(canvas, canvas.split(rest, 8, side="top")[1])

    def _day(self, on: date, today: date) -> str:
        return self.words.say("Today") if on == today else self.words.weekday_of(on, today)

    def _total(self, told: Told) -> str:
        return self.words.say("In all {sum}", sum=self.words.money(told.total_cents, told.currency))

    def _each(self, canvas: Canvas, told: Told) -> Line:
        parts = (
            f"{people_words.method(self.words, one.method)} {self.words.money(one.cents, told.currency)}"
            for one in told.sums
        )
        return canvas.line(" · ".join(parts), SMALL, INK)
