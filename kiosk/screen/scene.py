"""The base class of scenes: the screens that hosts or members open by a touch.

A scene holds plain state and draws it. It is given touches, keys and answers, and returns effects, which
kiosk.screen.stage carries out. docs/screen.md explains how to add one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal

from kiosk.answers import Answered, Refused
from kiosk.commands import Command
from kiosk.notices import Language, refusal
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.input.keys import Key
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.message import Message, draw_message
from kiosk.screen.widgets.page import draw_page

QUIET_SECONDS = 60.0
"""Time without a touch after which a scene closes."""
ANSWER_SECONDS = 10.0
"""How long an answer is waited for, unless `Ask.seconds` says otherwise."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """The context of a scene: language, who has signed in, the time."""

    words: Language
    now: Callable[[], datetime]
    """The instant, UTC."""
    member_id: str
    """The host who has come in."""
    name: str = ""

    @property
    def by(self) -> str:
        """The member id that commands record as their author."""
        return self.member_id


# ---------------------------------------------------------------- effects


@dataclass(frozen=True)
class Ask:
    """Effect: perform a command; the answer is given to `Scene.answered`.

    Until then touches can only leave the scene, so that nothing is done twice. `blocks` False keeps touches working,
    for a query that is repeated with every letter.
    """

    command: Command
    blocks: bool = field(default=True, kw_only=True)
    seconds: float = field(default=ANSWER_SECONDS, kw_only=True)


@dataclass(frozen=True)
class Go:
    """Effect: show another scene; Back returns here."""

    to: Scene


@dataclass(frozen=True)
class Swap:
    """Effect: replace this scene by another."""

    to: Scene


@dataclass(frozen=True)
class Back:
    """Effect: return to the scene before, or to the last one of a kind; `message` is shown there."""

    to: type[Scene] | None = None
    message: Message | None = None


@dataclass(frozen=True)
class Quit:
    """Effect: return to the idle screen."""


Effect = Ask | Go | Swap | Back | Quit
Effects = Effect | tuple[Effect, ...] | None


@dataclass(frozen=True, kw_only=True)
class Dialog:
    """Effect: ask a question over the scene; after a yes, carry out `then`."""

    title: str
    lines: tuple[str, ...] = ()
    yes: str
    no: str
    then: Effects
    danger: bool = False


# ---------------------------------------------------------------- a scene


class Scene:
    """A screen. Subclasses implement the methods they need, at least `title` and `body`."""

    quiet_seconds: float | None = QUIET_SECONDS
    """None: it never closes by itself."""
    every_seconds: ClassVar[float | None] = None
    """How often `opened` is called again while the scene shows, for what changes by itself."""
    waits_for_badge: bool = False
    """True: an unknown badge calls `badge`, instead of closing the scene."""
    outlasts_notices: bool = False
    """True: a notice does not end the visit, its title is shown on the message line. For the first start, when there
    is nobody yet whose data could be seen."""
    default: str | None = None
    """The target that Enter means when none has the focus."""

    def __init__(self, context: Context) -> None:
        self.context, self.words = context, context.words
        self.message: Message | None = None
        """Shown until the next touch."""
        self.dialog: Dialog | None = None

    # ------------------------------------------------------------ for subclasses

    def title(self) -> str:
        """The title of the scene."""
        raise NotImplementedError

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw what is below the title; touch targets are added to `canvas.targets`."""
        raise NotImplementedError

    def opened(self) -> Effects:
        """Return the commands to ask when the scene appears, both at first and on return."""
        return None

    def touched(self, target: str) -> Effects:
        """Handle a target that was touched, clicked, or chosen by the keyboard."""
        return None

    def typed(self, key: Key) -> Effects | Literal[False]:
        """Handle a key; False leaves it to the stage (moving the focus, pressing the focused target, going back)."""
        return False

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Handle the answer to a command of this scene, Refused if none came in time. A refusal is shown as message."""
        if isinstance(answer, Refused):
            self.message = self.refused(answer)
        return None

    def badge(self, code: str) -> Effects:
        """Handle an unknown badge, tapped while the scene `waits_for_badge`; `code` is its claim code."""
        return None

    # ------------------------------------------------------------ what all have

    def draw(self, canvas: Canvas) -> None:
        """Draw the whole scene: title, body, message."""
        rect = draw_page(canvas, self.title(), back=self.words.say("Back"), leave=self.words.say("Quit"))
        if self.message:
            foot, rect = canvas.split(rect, 54, side="bottom")
            draw_message(canvas, foot, self.message)
            rect = canvas.split(rect, 8, side="bottom")[1]
        self.body(canvas, rect)

    def refused(self, answer: Refused) -> Message:
        """Return a refusal in words."""
        return Message(refusal(self.words, answer), is_good=False)

    def confirm(self, title: str, *lines: str, yes: str, then: Effects, danger: bool = False) -> None:
        """Ask a question first; after a yes, carry out `then`."""
        no = self.words.say("No, go back")
        self.dialog = Dialog(title=title, lines=lines, yes=yes, no=no, then=then, danger=danger)
