"""Who is in; checking somebody in without a badge, opening the door, checking somebody out."""

from __future__ import annotations

from kiosk.answers import Answered, Done, DoorOpened, Inside, Judged, Person, Present
from kiosk.codes import reason_text
from kiosk.commands import CheckIn, Command, Leave, ListInside, OpenDoor
from kiosk.model import Granted
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import BODY, INK, QUIET
from kiosk.screen.scene import Ask, Back, Context, Effects, Go, Scene, Swap
from kiosk.screen.scenes.people.pick_member import PickMember
from kiosk.screen.scenes.visits.give_back import GiveBack
from kiosk.screen.scenes.wording import name_or_erased
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import Choice, grid, row
from kiosk.screen.widgets.listing import Listing, Row
from kiosk.screen.widgets.message import Message


class WhoIsIn(Scene):
    """The people who are in."""

    every_seconds = 20.0

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._list = Listing(empty=self.words.say("Nobody is in"))
        self._people: dict[str, Present] = {}

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("Who is in")

    def opened(self) -> Effects:
        """Ask who is in."""
        return Ask(ListInside(), blocks=False)

    def touched(self, target: str) -> Effects:
        """Open the door, check somebody in, or show the actions for a person."""
        if target == "door":
            self.confirm(
                self.words.say("Open the door once?"),
                self.words.say("It is written down, with your name."),
                yes=self.words.say("Open the door"),
                then=Ask(OpenDoor(by=self.context.by)),
            )
        elif target == "check_in":
            return Go(PickMember(self.context, self.words.say("Check in"), self._ask_to_check_in))
        chosen = self._list.chosen(target)
        return Go(PersonInside(self.context, self._people[chosen])) if chosen else None

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Show who is in, or the result of an action."""
        match answer:
            case Inside():
                self._people = {person.member_id: person for person in answer.people}
                self._list.show([self._row(person) for person in answer.people])
            case DoorOpened():
                self.message = Message(self.words.say("The door is open for a moment"))
            case _:
                return super().answered(command, answer)
        return None

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the people, and below them the other actions."""
        foot, rest = canvas.split(rect, 64, side="bottom")
        self._list.draw(canvas, canvas.split(rest, 8, side="bottom")[1])
        check_in = Choice(target="check_in", label=self.words.say("Check in"), picture="people", look="main")
        row(canvas, foot, [check_in, Choice(target="door", label=self.words.say("Open the door"), picture="open")])

    def _row(self, person: Present) -> Row:
        return Row(
            id=person.member_id,
            title=name_or_erased(self.words, person),
            detail=_since(self, person),
            right=_until(self, person),
            picture="tick" if person.sure else "ring",
        )

    def _ask_to_check_in(self, scene: Scene, person: Person) -> Effects:
        scene.confirm(
            self.words.say("Check {name} in?", name=person.name),
            self.words.say("Judged like a tap: it may use an entry."),
            yes=self.words.say("Check in"),
            then=Go(CheckingIn(self.context, person)),
        )
        return None


def _until(scene: Scene, person: Present) -> str:
    if not person.sure:
        return scene.words.say("probably gone")
    return scene.words.until(person.until, scene.context.now()) if person.until else ""


def _since(scene: Scene, person: Present) -> str:
    """Return since when somebody is in, and by which rule; nothing for erased members."""
    if not person.name:
        return ""
    since = scene.words.say("since {time}", time=scene.words.time(person.since))
    return f"{since} · {scene.words.say(reason_text(person.reason))}"


class CheckingIn(Scene):
    """The verdict on a member whom a host checks in."""

    def __init__(self, context: Context, person: Person) -> None:
        super().__init__(context)
        self._person, self._told, self._asked = person, "", False

    def title(self) -> str:
        """The title of the scene."""
        return self._person.name

    def opened(self) -> Effects:
        """Ask for the check-in, once; not again on return."""
        if self._asked:
            return None
        self._asked = True
        return Ask(CheckIn(member=self._person.id))

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Show the verdict, on the list of people if it was granted."""
        if not isinstance(answer, Judged):
            return super().answered(command, answer)
        self._told = self.words.say(reason_text(answer.verdict.reason))
        if isinstance(answer.verdict, Granted):
            return Back(to=WhoIsIn, message=Message(f"{answer.name} · {self._told}"))
        self.message = Message(self.words.say("Not let in: {reason}", reason=self._told), is_good=False)
        return None

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the member's name; the verdict is the message."""
        canvas.column(rect, [canvas.line(self._told, BODY + 8, INK, bold=True)], align="center", valign="middle")


class PersonInside(Scene):
    """The actions for somebody who is in."""

    def __init__(self, context: Context, person: Present) -> None:
        super().__init__(context)
        self._person = person

    def title(self) -> str:
        """The title of the scene."""
        return name_or_erased(self.words, self._person)

    def touched(self, target: str) -> Effects:
        """Record that they left, or give their entry back."""
        person = self._person
        if target == "has_left":
            self.confirm(
                self.words.say("{name} has left?", name=self.title()),
                *([self.words.say("Coming back in the time window stays free.")] if person.name else []),
                yes=self.words.say("Has left"),
                then=Ask(Leave(member=person.member_id)),
            )
        if target == "reverse":
            return Swap(GiveBack(self.context, member_id=person.member_id, name=person.name, seq=person.seq))
        return None

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Go back to the list."""
        if isinstance(answer, Done):
            return Back(message=Message(self.words.say("{name} has left", name=self.title())))
        return super().answered(command, answer)

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw since when and until when, and the buttons."""
        person = self._person
        top, rest = canvas.split(rect, 130, side="top")
        column = [canvas.line(_since(self, person), BODY + 2, INK, bold=True)] if person.name else []
        if _until(self, person):
            column.append(canvas.line(_until(self, person), BODY, QUIET, before=6))
        canvas.column(top, column, valign="middle")
        choices = [
            Choice(target="has_left", label=self.words.say("Check out"), picture="arrow"),
            Choice(
                target="reverse",
                label=self.words.say("Give an entry back"),
                picture="re_entry",
                enabled=bool(person.name),
            ),
        ]
        grid(canvas, rest, choices, columns=1 if canvas.is_portrait else 2)
