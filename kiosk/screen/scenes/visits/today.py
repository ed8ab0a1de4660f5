"""Today's taps with their reasons; denials and unknown badges in a list of their own."""

from __future__ import annotations

from kiosk.answers import Answered, TapLine, Taps
from kiosk.codes import reason_text
from kiosk.commands import Command, ListTaps
from kiosk.model import Reason
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import ACTION, DANGER, OPEN
from kiosk.screen.scene import Ask, Context, Effects, Go, Scene
from kiosk.screen.scenes.people.member import MemberAccount
from kiosk.screen.scenes.people.members import Members
from kiosk.screen.scenes.visits.give_back import GiveBack
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import Choice, tabs
from kiosk.screen.widgets.listing import Listing, Row

TAKES = {Reason.ENTRY_USED, Reason.DEBT}
"""Reasons of taps whose entry can be given back."""


class Today(Scene):
    """Two lists: what needs attention, then all taps."""

    every_seconds = 20.0

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._taps: tuple[TapLine, ...] = ()
        self._shown = "attention"
        self._lists = {
            "attention": Listing(empty=self.words.say("Nothing needs attention")),
            "all": Listing(empty=self.words.say("Nobody has tapped today")),
        }

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("Today")

    def opened(self) -> Effects:
        """Ask for the taps of today."""
        return Ask(ListTaps(), blocks=False)

    def touched(self, target: str) -> Effects:
        """Change the list, turn its page, or open what a tap leads to: an entry, a badge, a member."""
        if target in self._lists:
            self._shown = target
            return None
        chosen = self._lists[self._shown].chosen(target)
        tap = next((one for one in self._taps if chosen and str(one.seq) == chosen), None)
        if tap is None:
            return None
        if tap.member_id is None:
            return Go(Members(self.context, tap.code)) if tap.code else None
        if tap.granted:
            return Go(GiveBack(self.context, member_id=tap.member_id, name=tap.name or "", seq=tap.seq))
        return Go(MemberAccount(self.context, tap.member_id))

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Show the taps, the newest first."""
        if not isinstance(answer, Taps):
            return super().answered(command, answer)
        self._taps = tuple(reversed(answer.taps))
        self._lists["attention"].show([self._row(tap) for tap in self._taps if not tap.granted])
        self._lists["all"].show([self._row(tap) for tap in self._taps])
        return None

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the two tabs and the list."""
        top, rest = canvas.split(rect, 56, side="top")
        refused = sum(not tap.granted for tap in self._taps)
        choices = [
            Choice(target="attention", label=self.words.say("To look at ({n})", n=refused)),
            Choice(target="all", label=self.words.say("All ({n})", n=len(self._taps))),
        ]
        tabs(canvas, top, choices, chosen=self._shown)
        self._lists[self._shown].draw(canvas, canvas.split(rest, 10, side="top")[1])

    def _row(self, tap: TapLine) -> Row:
        tone = OPEN if tap.granted else DANGER
        by_hand = self.words.say("checked in by hand") if tap.source == "staff" else ""
        reason = self.words.say(reason_text(tap.reason))
        badge = self.words.say("Badge {code}", code=tap.code) if tap.code else None
        return Row(
            id=str(tap.seq) if _leads_on(tap) else "",
            title=tap.name or badge or reason,
            detail=" · ".join(part for part in (self.words.time(tap.at), by_hand) if part),
            right=reason if tap.name or badge else "",
            picture="granted" if tap.granted else "denied",
            ink=tone.accent if tap.granted or tap.code is None else ACTION.accent,
        )


def _leads_on(tap: TapLine) -> bool:
    """Tell whether a tap leads to an action: an entry to give back, a badge to give, a denied member."""
    if tap.granted:
        return tap.reason in TAKES and tap.member_id is not None
    return tap.code is not None or tap.member_id is not None
