"""The stack of open scenes; routes touches, keys and answers to them. Knows no window.

Scenes open when the controller admits somebody (kiosk.notices.Admission). They close by themselves after a minute
without a touch and when another badge is tapped, and by the button to quit.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from kiosk.answers import Answered, Refused
from kiosk.commands import Command
from kiosk.notices import Admission, Language, Notice
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.input import focus
from kiosk.screen.input.finger import Finger, under
from kiosk.screen.input.keys import Key
from kiosk.screen.scene import Ask, Back, Context, Effects, Go, Quit, Scene, Swap
from kiosk.screen.widgets.message import Message
from kiosk.screen.widgets.page import BACK, LEAVE, NO, YES, draw_question

TOO_SOON_SECONDS = 0.25
"""Seconds in which a second touch is ignored: it was meant for what was there before."""
ERASES = ("key:backspace", "pad:<")
NO_ANSWER = Refused(message="no answer in time: see what was done before you try again", code="NO_ANSWER")

Entrances = Mapping[str, Callable[[Context], Scene]]


@dataclass(frozen=True, kw_only=True)
class SceneCommand:
    """A command that a scene asks for; the answer is returned under its number."""

    number: int
    command: Command


@dataclass(frozen=True, kw_only=True)
class Pending:
    """An answer that a scene waits for."""

    scene: Scene
    ask: Ask
    until: float


class Stage:
    """The open scenes, the last one on top; none while the idle screen shows."""

    def __init__(self, entrances: Entrances, monotonic: Callable[[], float]) -> None:
        self.changes = 0
        """Grows whenever there may be something else to see."""
        self._entrances, self._monotonic = entrances, monotonic
        self._scenes: list[Scene] = []
        self._admitted_by = 0
        self._touched_at = self._appeared_at = self._opened_at = 0.0
        self._targets: list[focus.Target] = []
        self._focus: str | None = None
        self._finger, self._unit = Finger(), 1.0
        self._numbers = itertools.count(1)
        self._outgoing: list[SceneCommand] = []
        self._pending: dict[int, Pending] = {}

    @property
    def scene(self) -> Scene | None:
        """The scene on top."""
        return self._scenes[-1] if self._scenes else None

    @property
    def focus(self) -> str | None:
        """The target that Enter would press."""
        return self._focus

    # ------------------------------------------------------------ coming and going

    def enter(self, admission: Admission) -> None:
        """Open the first scene of an admission."""
        began = self._monotonic()
        self.leave()
        context = Context(
            words=Language(admission.language, admission.zone),
            now=lambda: admission.now + timedelta(seconds=self._monotonic() - began),
            member_id=admission.member_id,
            name=admission.name,
        )
        self._admitted_by, self._touched_at = admission.notice, began
        self._show(self._entrances[admission.to](context))

    def leave(self) -> None:
        """Close all scenes and delete their state."""
        self._scenes, self._pending, self._focus, self._targets = [], {}, None, []
        self._finger.lift()
        self.changes += 1

    def leave_first_start(self) -> None:
        """Close a first start that a central server has made unnecessary; wait for its own last answer."""
        if self.scene and self.scene.outlasts_notices and not self._pending:
            self.leave()

    def outlasts(self, notice: Notice) -> bool:
        """Tell whether the scenes stay open after a notice: one of the same badge, or of a badge that is waited for."""
        scene = self.scene
        if scene is None:
            return False
        if notice.code is not None and scene.waits_for_badge:
            self._touched_at = self._monotonic()
            self._do(scene, scene.badge(notice.code))
            return True
        if scene.outlasts_notices:
            scene.message = Message(notice.title, is_good=False)
            self.changes += 1
            return True
        return notice.number == self._admitted_by != 0

    # ------------------------------------------------------------ what happens

    def touch(self, at: tuple[int, int]) -> None:
        """Handle a touch of a finger or the mouse."""
        self._touched_at = self._monotonic()
        self._focus = None
        target = under(self._targets, at)
        if target is not None and self._monotonic() - self._appeared_at >= TOO_SOON_SECONDS:
            self._finger.lay(target, at, self._touched_at)
            self._press(target)
        self.changes += 1

    def slide(self, at: tuple[int, int]) -> None:
        """Handle a sliding finger: after a held letter, to one of its accents."""
        if self._finger.slide(at, self._targets, self._unit):
            self._touched_at = self._monotonic()
            self.changes += 1

    def release(self) -> None:
        """Handle a lifted finger: it chooses the key that it slid to, if any."""
        self.changes += self._finger.on is not None
        slid = self._finger.lift()
        if slid:
            self._press_long("slide", slid)

    def key(self, key: Key) -> None:
        """Handle a key: pass it to the scene, or move the focus, press the focused target, or go back."""
        scene = self.scene
        if scene is None:
            return
        self._touched_at = self._monotonic()
        self.changes += 1
        chooses = key.name == "enter" and self._focus is not None
        if scene.dialog is None and not chooses and not self._is_waiting(scene):
            effects = scene.typed(key)
            if effects is not False:
                scene.message = None if effects else scene.message
                self._focus = None if key.name in ("text", "backspace") else self._focus
                self._do(scene, effects)
                return
        if key.name == "enter" or (key.text == " " and self._focus):
            self._press(self._focus or (None if scene.dialog else scene.default))
        elif key.name == "escape":
            self._press(NO if scene.dialog else BACK)
        else:
            self._focus = focus.moved(self._targets, self._focus, key)

    def answer(self, number: int, answered: Answered) -> None:
        """Pass an answer to its scene; drop it when the scene no longer waits."""
        pending = self._pending.pop(number, None)
        if pending is not None and pending.scene in self._scenes:
            self._do(pending.scene, pending.scene.answered(pending.ask.command, answered))

    def tick(self) -> None:
        """Check for an overdue answer, a scene to refresh, or a time-out."""
        scene, now = self.scene, self._monotonic()
        if scene is None:
            return
        for number in [number for number, pending in self._pending.items() if now >= pending.until]:
            self.answer(number, NO_ANSWER)
        if self._finger.on and self._finger.is_held(now):
            self._hold(self._finger.on)
        if scene.quiet_seconds is not None and now - self._touched_at >= scene.quiet_seconds:
            self.leave()
        elif scene.every_seconds is not None and now - self._opened_at >= scene.every_seconds:
            self._open(scene)

    def asked(self) -> list[SceneCommand]:
        """Return the commands asked since the last call."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def draw(self, canvas: Canvas) -> None:
        """Draw the scene, the question over it, and the focus."""
        scene = self.scene
        if scene is None:
            return
        canvas.pressed, self._unit = self._finger.over, canvas.unit
        scene.draw(canvas)
        asked = scene.dialog
        if asked:
            draw_question(canvas, asked.title, asked.lines, yes=asked.yes, no=asked.no, danger=asked.danger)
        ways_out = (BACK, LEAVE)  # drawn first, but what one came for comes first by the keyboard
        self._targets = sorted(canvas.targets, key=lambda target: target[1] in ways_out)
        rect = next((rect for rect, name in self._targets if name == self._focus), None)
        if rect:
            canvas.ring(rect)

    # ------------------------------------------------------------ inside

    def _hold(self, target: str) -> None:
        """Handle a held key: the erasing key repeats; a letter shows its accents."""
        if target in ERASES:
            self._finger.repeat_hold()
            self._press(target)
            return
        self._finger.end_hold()
        self._press_long("hold", target)

    def _press_long(self, how: str, target: str) -> None:
        """Handle a letter that was held, or slid to from a held one."""
        scene, (kind, _, letter) = self.scene, target.partition(":")
        if scene and kind == "key" and scene.dialog is None and not self._is_waiting(scene):
            self._do(scene, scene.touched(f"{how}:{letter}"))

    def _press(self, target: str | None) -> None:
        scene = self.scene
        if scene is None or target not in [name for _, name in self._targets]:
            return
        if scene.dialog:
            self._answer_question(scene, target)
        elif target == LEAVE:
            self.leave()
        elif target == BACK:
            self._do(scene, Back())
        elif not self._is_waiting(scene):
            scene.message = None
            self._do(scene, scene.touched(target))

    def _answer_question(self, scene: Scene, target: str) -> None:
        asked, scene.dialog = scene.dialog, None
        self._appear()
        self._do(scene, asked.then if asked and target == YES else None)

    def _is_waiting(self, scene: Scene) -> bool:
        return any(pending.scene is scene and pending.ask.blocks for pending in self._pending.values())

    def _do(self, scene: Scene, effects: Effects) -> None:
        """Carry out a scene's effects. Only the scene on top can open another."""
        self.changes += 1
        if scene.dialog:
            self._appear()
        for effect in effects if isinstance(effects, tuple) else (effects,) if effects else ():
            match effect:
                case Ask():
                    self._ask(scene, effect)
                case Go() | Swap() | Back() | Quit() if scene is self.scene:
                    self._lead(effect)

    def _lead(self, effect: Go | Swap | Back | Quit) -> None:
        match effect:
            case Go():
                self._show(effect.to)
            case Swap():
                self._scenes.pop()
                self._show(effect.to)
            case Back():
                self._back(effect)
            case Quit():
                self.leave()

    def _back(self, effect: Back) -> None:
        self._scenes.pop()
        while self._scenes and effect.to is not None and not isinstance(self._scenes[-1], effect.to):
            self._scenes.pop()
        if not self._scenes:
            self.leave()
            return
        scene = self._scenes.pop()
        scene.message = effect.message
        self._show(scene)

    def _show(self, scene: Scene) -> None:
        self._scenes.append(scene)
        self._focus = None
        self._appear()
        self._open(scene)

    def _appear(self) -> None:
        """Ignore touches for a moment, because the targets have just changed."""
        self._appeared_at = self._monotonic()
        self._targets = []
        self._finger.lift()
        self.changes += 1

    def _open(self, scene: Scene) -> None:
        self._opened_at = self._monotonic()
        self._do(scene, scene.opened())

    def _ask(self, scene: Scene, ask: Ask) -> None:
        number = next(self._numbers)
        self._pending[number] = Pending(scene=scene, ask=ask, until=self._monotonic() + ask.seconds)
        self._outgoing.append(SceneCommand(number=number, command=ask.command))
