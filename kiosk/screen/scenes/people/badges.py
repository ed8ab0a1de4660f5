"""A member's badges: giving, replacing, blocking and returning them."""

from __future__ import annotations

from kiosk.answers import Answered, BadgeLine, Done, Judged, UnknownBadges
from kiosk.commands import AssignBadge, ClaimBadge, Command, ListUnknownBadges, ReplaceBadge, ReturnBadge, SetBadge
from kiosk.model import Granted
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import BODY, INK, QUIET, SMALL
from kiosk.screen.scene import Ask, Back, Context, Effects, Scene, Swap
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import Choice, grid
from kiosk.screen.widgets.listing import Listing, Row
from kiosk.screen.widgets.message import Message


class GiveBadge(Scene):
    """Gives a member a badge: tapped now, or chosen from the recent unknown badges."""

    waits_for_badge = True

    def __init__(
        self,
        context: Context,
        member_id: str,
        name: str,
        *,
        lost: str | None = None,
        code: str | None = None,
        after: Scene | None = None,
    ) -> None:
        """`lost`: the badge to replace; `code`: a badge tapped before; `after`: the scene that follows."""
        super().__init__(context)
        self._member_id, self._name, self._lost, self._code, self._after = member_id, name, lost, code, after
        self._list = Listing(empty="")

    def title(self) -> str:
        """The title of the scene."""
        if self._lost:
            return self.words.say("New badge for {name}", name=self._name)
        return self.words.say("A badge for {name}", name=self._name)

    def opened(self) -> Effects:
        """Give the badge tapped before, or ask for the recent unknown badges."""
        if self._code:
            return self.badge(self._code)
        return Ask(ListUnknownBadges(), blocks=False)

    def badge(self, code: str) -> Effects:
        """Give this badge."""
        if self._lost:
            return Ask(ReplaceBadge(member=self._member_id, code=code, old=self._lost))
        if self._code == code:
            return Ask(ClaimBadge(member=self._member_id, code=code))
        return Ask(AssignBadge(member=self._member_id, code=code))

    def touched(self, target: str) -> Effects:
        """Choose a badge of the list, or none for now."""
        if target == "later":
            return self._on(None)
        chosen = self._list.chosen(target)
        if chosen:
            self._ask(chosen)
        return None

    def _ask(self, code: str) -> None:
        """Ask before giving a badge of the list, because a touch may miss its row."""
        lines = [self.words.say("The old badge opens nothing from then on.")] if self._lost else []
        self.confirm(
            self.words.say("Give the badge {code} to {name}?", code=code, name=self._name),
            *lines,
            yes=self.words.say("Give the badge"),
            then=self.badge(code),
        )

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Show the unknown badges; go on when the badge is given."""
        match answer:
            case UnknownBadges():
                self._list.show([self._row(one.code, self.words.time(one.at)) for one in answer.badges])
            case Judged() if isinstance(answer.verdict, Granted):
                return self._on(self.words.say("{name} has the badge, and is checked in", name=self._name))
            case Judged() | Done():
                return self._on(self._said())
            case _:
                return super().answered(command, answer)
        return None

    def _said(self) -> str:
        if self._lost:
            return self.words.say("{name} has a new badge; the old one opens nothing", name=self._name)
        return self.words.say("{name} has a badge now", name=self._name)

    def _on(self, said: str | None) -> Effects:
        message = Message(said) if said else None
        if self._after is None:
            return Back(message=message)
        self._after.message = message
        return Swap(self._after)

    def _row(self, code: str, time: str) -> Row:
        return Row(id=code, title=self.words.say("Unknown badge {code}", code=code), right=time, picture="badge")

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the instructions, and the recent unknown badges."""
        foot, rect = canvas.split(rect, 58, side="bottom")
        later = [Choice(target="later", label=self.words.say("Not now"), look="quiet")]
        grid(canvas, foot, later, columns=1, highest=58)
        rect = canvas.split(rect, 8, side="bottom")[1]
        high = 150 if self._list.rows else rect.height / canvas.unit
        top, rest = canvas.split(rect, min(high, rect.height / canvas.unit), side="top")
        icon, words = canvas.split(top, min(110, top.height / canvas.unit), side="left")
        canvas.picture("badge", icon.inflate(-icon.width // 5, -icon.height // 5), INK)
        lines = [
            canvas.line(self.words.say("Tap the badge on the reader"), BODY + 6, INK, bold=True),
            canvas.line(self.words.say("One that nobody carries yet"), SMALL, QUIET),
        ]
        canvas.column(canvas.split(words, 12, side="left")[1], lines, valign="middle")
        if self._list.rows:
            self._list.draw(canvas, rest)


class BadgeActions(Scene):
    """Actions on one badge: replace, report lost, block, put back in use, return."""

    def __init__(self, context: Context, member_id: str, name: str, badge: BadgeLine) -> None:
        super().__init__(context)
        self._member_id, self._name, self._badge = member_id, name, badge

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("Badge {code} of {name}", code=self._badge.code, name=self._name)

    def touched(self, target: str) -> Effects:
        """Ask once, then do it."""
        member, code = self._member_id, self._badge.code
        if target == "replace":
            return Swap(GiveBadge(self.context, member, self._name, lost=code))
        if target == "return":
            self.confirm(
                self.words.say("Take the badge back?"),
                self.words.say("It then belongs to nobody, and can be given to somebody else."),
                yes=self.words.say("Take it back"),
                then=Ask(ReturnBadge(member=member, code=code)),
            )
        elif target == "active":
            self.confirm(
                self.words.say("Put the badge back in use?"),
                self.words.say("It opens the door for {name} again.", name=self._name),
                yes=self.words.say("In use again"),
                then=Ask(SetBadge(status="active", member=member, code=code)),
            )
        elif target in ("lost", "blocked"):
            title = self.words.say("Lost?") if target == "lost" else self.words.say("Block the badge?")
            self.confirm(
                title,
                self.words.say("It opens nothing until it is put back in use."),
                yes=self.words.say("Yes, refuse it"),
                then=Ask(SetBadge(status=target, member=member, code=code)),  # type: ignore[arg-type]
            )
        return None

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Go back to the member."""
        if isinstance(answer, Done):
            return Back(message=Message(self.words.say("Done: badge {code}", code=self._badge.code)))
        return super().answered(command, answer)

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the buttons."""
        say, is_active = self.words.say, self._badge.status == "active"
        choices = [
            Choice(target="replace", label=say("Lost: give a new one"), picture="badge", look="main"),
            Choice(target="lost", label=say("Lost"), picture="cross", enabled=is_active),
            Choice(target="blocked", label=say("Block"), picture="closed", enabled=is_active),
            Choice(target="active", label=say("In use again"), picture="tick", enabled=not is_active),
            Choice(target="return", label=say("Take it back"), picture="arrow"),
        ]
        grid(canvas, rect, choices, columns=1 if canvas.is_portrait else 2, highest=100)
