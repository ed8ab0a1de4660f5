"""The list of members: searching by name, adding one, and unknown badges."""

from __future__ import annotations

from typing import Literal

from kiosk.answers import Answered, Judged, People, Person, UnknownBadges
from kiosk.commands import ClaimBadge, Command, ListMembers, ListUnknownBadges
from kiosk.model import Granted
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.input.keys import Key
from kiosk.screen.scene import Ask, Context, Effects, Go, Scene
from kiosk.screen.scenes import wording
from kiosk.screen.scenes.people.member import MemberAccount
from kiosk.screen.scenes.people.new_member import NewMember
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import button
from kiosk.screen.widgets.field import TextField
from kiosk.screen.widgets.keyboard import HEIGHT, Keyboard
from kiosk.screen.widgets.listing import Listing, Row
from kiosk.screen.widgets.message import Message

FIELD = 54
AT_ONCE = 60
"""Members asked for at once: a list of thousands must not keep the door waiting."""
LEAST = 56
"""Points of height that the list needs to be worth showing above the keyboard."""


class Members(Scene):
    """A search field, a keyboard and the members found; without text the recent unknown badges, or all members."""

    def __init__(self, context: Context, code: str | None = None) -> None:
        """`code`: the claim code of a badge to give to the member."""
        super().__init__(context)
        self._code = code
        self._field = TextField(hint=self.words.say("A name, or a part of it"), longest=60)
        self._keyboard = Keyboard(self.words.code, names=True)
        self._list = Listing(empty=self.words.say("Nobody has such a name"))
        self._badges: tuple[Row, ...] = ()
        self._is_writing = True

    def title(self) -> str:
        """The title of the scene."""
        if self._code:
            return self.words.say("Whose is the badge {code}?", code=self._code)
        return self.words.say("Members")

    def opened(self) -> Effects:
        """Ask for the unknown badges, or repeat the search."""
        self._keyboard.follow(self._field.text)
        return self._search()

    def _search(self, start: int = 0) -> Ask:
        """Ask for matching members; without text for the recent unknown badges, or for all members page by page."""
        text = self._field.text.strip()
        if text:
            return Ask(ListMembers(text=text), blocks=False)
        if self._is_writing:
            return Ask(ListUnknownBadges(), blocks=False)
        return Ask(ListMembers(start=start, limit=AT_ONCE), blocks=False)

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Show who was found, unless the text has changed in the meantime."""
        match answer:
            case UnknownBadges():
                self._badges = tuple(
                    Row(
                        id=f"badge {one.code}",
                        title=self.words.say("Unknown badge {code}", code=one.code),
                        right=self.words.time(one.at),
                        picture="badge",
                    )
                    for one in answer.badges
                    if self._code is None
                )
            case People() if isinstance(command, ListMembers) and command.text == self._field.text.strip():
                return self._found(command, answer)
            case Judged():
                return self._judged(answer)
            case _:
                return super().answered(command, answer)
        return None

    def _found(self, command: ListMembers, answer: People) -> Effects:
        """Show them after those shown already; ask for the next page of all members until the last."""
        before = self._list.rows if command.start else ()
        self._list.show([*before, *(self._row(one) for one in answer.people)])
        if command.limit is None or len(answer.people) < command.limit or self._is_writing:
            return None
        return self._search(command.start + command.limit)

    def _judged(self, answer: Judged) -> Effects:
        if isinstance(answer.verdict, Granted):
            text = self.words.say("{name} has the badge, and is checked in", name=answer.name)
        else:
            text = self.words.say("{name} has the badge, but cannot come in now", name=answer.name)
        self.message = Message(text, is_good=isinstance(answer.verdict, Granted))
        self._code, self._field.text, self._is_writing = None, "", True
        return self._search()

    def _row(self, person: Person) -> Row:
        state = (
            self.words.say("Suspended") if person.status == "suspended" else wording.member_summary(self.words, person)
        )
        return Row(id=person.id, title=person.name, right=self.words.say("Host") if person.role == "staff" else state)

    # ------------------------------------------------------------ touches and keys

    def touched(self, target: str) -> Effects:
        """Handle a key of the on-screen keyboard, a member, a badge, or the button for a new member."""
        if target == "new":
            return Go(NewMember(self.context, self._field.text, self._code))
        if target in ("write", "find"):
            return self._write(is_writing=target == "write")
        key = self._keyboard.touched(target)
        if key:
            return self.typed(key) or None
        chosen = self._list.chosen(target)
        if chosen is None:
            return None
        return self._badge(chosen.removeprefix("badge ")) if chosen.startswith("badge ") else self._chosen(chosen)

    def _badge(self, code: str) -> Effects:
        return Go(Members(self.context, code))

    def _chosen(self, member_id: str) -> Effects:
        if self._code is None:
            return Go(MemberAccount(self.context, member_id))
        name = next(one.title for one in self._list.rows if one.id == member_id)
        self.confirm(
            self.words.say("Give the badge {code} to {name}?", code=self._code, name=name),
            self.words.say("The tap denied at the door is judged again at once."),
            yes=self.words.say("Give the badge"),
            then=Ask(ClaimBadge(member=member_id, code=self._code)),
        )
        return None

    def typed(self, key: Key) -> Effects | Literal[False]:
        """Type a letter, or finish typing."""
        if self._list.typed(key):
            return None
        if key.name == "enter" and self._is_writing:
            return self._write(is_writing=False)
        if not self._field.typed(key):
            return False
        self._keyboard.follow(self._field.text)
        return self._search()

    def _write(self, *, is_writing: bool) -> Effects:
        """Begin or finish typing: without text all members are listed then, instead of the unknown badges."""
        self._is_writing = is_writing
        self._list.show([])
        return self._search()

    # ------------------------------------------------------------ drawing

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw field, list and keyboard; on a small screen the list shows once typing is finished."""
        head, rest = canvas.split(rect, FIELD, side="top")
        new, field = canvas.split(head, min(190, rect.width / canvas.unit * 0.3), side="right")
        self._field.draw(canvas, canvas.split(field, 10, side="right")[1], target="write", active=self._is_writing)
        button(canvas, new, self.words.say("New"), "new", picture="people", size=20)
        rest = canvas.split(rest, 8, side="top")[1]
        if self._is_writing:
            keys, rest = canvas.split(rest, min(HEIGHT, rect.height / canvas.unit - FIELD - 8 - LEAST), side="bottom")
            enter = self.words.say("Find") if self._field.text.strip() else self.words.say("All members")
            self._keyboard.draw(canvas, keys, enter=enter)
            rest = canvas.split(rest, 6, side="bottom")[1]
        if self._is_writing and not self._field.text.strip():
            self._list.empty = self.words.say("Accents and small slips do not matter")
            self._list.show(self._badges)
        else:
            self._list.empty = self.words.say("Nobody has such a name")
        self._list.draw(canvas, rest)
