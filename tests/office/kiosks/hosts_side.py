"""The hosts' side of the screen without a window, for tests: the real stage and scenes, drawn on a surface.

The real controller and ledger answer commands. Touches hit what is drawn; the clock moves with every touch.
"""

from __future__ import annotations

from collections.abc import Callable

from kiosk.answers import Answered
from kiosk.commands import Command
from kiosk.notices import Admission, Notice
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.entrances import ENTRANCES
from kiosk.screen.input.keys import Key, Name
from kiosk.screen.scene import Context, Scene
from kiosk.screen.sdl import pygame
from kiosk.screen.stage import Stage
from tests.office.kiosks.stepped import SteppedKiosk

WIDE = (800, 480)


class HostsSide:
    """A host at the screen of a counter, let in to one scene."""

    def __init__(
        self,
        counter: SteppedKiosk,
        to: str | Callable[[Context], Scene],
        *,
        member_id: str = "claire",
        language: str = "fr",
        size: tuple[int, int] = WIDE,
    ) -> None:
        """`to`: an entrance, or a scene's class for a test that begins there."""
        self.counter, self._size = counter, size
        self.asked: list[Command] = []
        """Every command that a scene asked, the oldest first."""
        self.answers = True
        """False: nobody answers."""
        entrances = ENTRANCES if isinstance(to, str) else {"test": to}
        self.stage = Stage(entrances, counter.clock.monotonic)
        self.stage.enter(
            Admission(
                to=to if isinstance(to, str) else "test",
                member_id=member_id,
                name=member_id,
                language=language,
                zone="Europe/Paris",
                now=counter.clock.now(),
                notice=1,
            )
        )
        self.settle()

    # ------------------------------------------------------------ what one sees

    @property
    def scene(self) -> Scene | None:
        """The scene that shows; None: the idle screen."""
        return self.stage.scene

    def reads(self) -> str:
        """All that is written on the screen, line after line."""
        return "\n".join(placed.line.text for placed in self.canvas.written)

    def targets(self) -> list[str]:
        """What can be touched."""
        return [name for _, name in self.canvas.targets]

    # ------------------------------------------------------------ what one does

    def touch(self, target: str) -> None:
        """Touch a target by its name. Raises LookupError when there is none such."""
        rect = next((rect for rect, name in self.canvas.targets if name == target), None)
        if rect is None:
            raise LookupError(f"{target} is not on the screen: {self.targets()}")
        self.counter.later(seconds=1)
        self.stage.touch(rect.center)
        self.stage.release()
        self.settle()

    def choose(self, target: str) -> None:
        """Go to a target by the tabulator and press it by Enter. Raises LookupError when it never has the focus."""
        for _ in self.canvas.targets:
            self.stage.key(Key(name="tab"))
            if self.stage.focus == target:
                break
        else:
            raise LookupError(f"the tabulator does not reach {target}: {self.targets()}")
        self.counter.later(seconds=1)
        self.press("enter")

    def hold(self, target: str, seconds: float) -> None:
        """Lay a finger on a target for so long, and lift it."""
        rect = next(rect for rect, name in self.canvas.targets if name == target)
        self.counter.later(seconds=1)
        self.stage.touch(rect.center)
        self._wait_in_steps(seconds)
        self.stage.release()
        self.settle()

    def slide(self, target: str, *way: str) -> None:
        """Hold a key until it offers others, slide the finger over some targets, and lift it from the last."""
        self.counter.later(seconds=1)
        self.stage.touch(self.middle(target))
        self._wait_in_steps(0.7)
        self.settle()
        for stop in way:
            self.stage.slide(self.middle(stop))
            self.settle()
        self.stage.release()
        self.settle()

    def _wait_in_steps(self, seconds: float) -> None:
        for _ in range(round(seconds * 20)):
            self.counter.later(seconds=0.05)
            self.stage.tick()
            self._answer()

    def middle(self, target: str) -> tuple[int, int]:
        """The middle of a target."""
        x, y = next(rect for rect, name in self.canvas.targets if name == target).center
        return x, y

    def type(self, text: str) -> None:
        """Type on a keyboard, letter by letter."""
        for letter in text:
            self.stage.key(Key(name="text", text=letter))
            self._answer()
        self.settle()

    def press(self, *names: Name) -> None:
        """Press keys of a keyboard that have names."""
        for name in names:
            self.stage.key(Key(name=name))
            self.settle()

    def wait(self, seconds: float) -> None:
        """Let time go by without touching anything."""
        self.counter.later(seconds=seconds)
        self.stage.tick()
        self.settle()

    def notice(self, notice: Notice) -> bool:
        """A badge is tapped meanwhile; tell whether the visit goes on."""
        keeps = self.stage.outlasts(notice)
        if not keeps:
            self.stage.leave()
        self.settle()
        return keeps

    def settle(self) -> None:
        """Answer what is asked until nothing more is, and draw."""
        self._answer()
        self.canvas = Canvas(pygame.Surface(self._size))
        self.stage.draw(self.canvas)

    def _answer(self) -> None:
        while asked := self.stage.asked():
            for asking in asked:
                self.asked.append(asking.command)
                if self.answers:
                    self.stage.answer(asking.number, self.perform(asking.command))

    def perform(self, command: Command) -> Answered:
        """Have the counter's controller do it."""
        return self.counter.asks(command)
