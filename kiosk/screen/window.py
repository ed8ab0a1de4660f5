"""The window: draws when something changed, and passes on touches and keys. Runs in the main thread.

`show`, `idle`, `enter` and `answer` may be called from any thread: they only put into a queue. Everything else belongs
to the thread that made the Screen.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path

from kiosk.answers import Answered
from kiosk.messages import Touch
from kiosk.notices import Admission, Idle, Notice
from kiosk.screen.display import MEMORY_DRIVERS, DisplayConnectors, open_display
from kiosk.screen.door.idle import draw_idle
from kiosk.screen.door.night import draw_dim, draw_night
from kiosk.screen.door.notice import STEPS
from kiosk.screen.door.shown_notice import ShownNotice
from kiosk.screen.door.sleep import Light, Sleep
from kiosk.screen.drawing.canvas import Canvas, cut
from kiosk.screen.entrances import ENTRANCES
from kiosk.screen.input import events
from kiosk.screen.input.keys import Key
from kiosk.screen.input.pointer import Pointer, PointerEvent
from kiosk.screen.panel import Panel, PanelTouch
from kiosk.screen.renderer import look
from kiosk.screen.rotation import Frame, Rotation
from kiosk.screen.sdl import pygame
from kiosk.screen.sound.speaker import Speaker
from kiosk.screen.stage import SceneCommand, Stage

log = logging.getLogger(__name__)

BUSY_SECONDS = 1 / 30
"""How long the queue is waited for between two looks at the touchscreen, while there is something to touch."""
QUIET_SECONDS = 1 / 10
"""The same while there is not: events of the queue are still handled at once."""
IDLES = {Light.AWAKE: draw_idle, Light.DIM: draw_dim, Light.DARK: draw_night}
Emitted = Touch | SceneCommand | PanelTouch
"""What comes from the screen: a button of a notice, a command of the hosts' side, a touch of the panel below."""


class Screen:
    """One window, or one whole display."""

    def __init__(
        self,
        size: tuple[int, int] | None = None,
        *,
        fullscreen: bool = False,
        title: str = "kiosk",
        rotation: Rotation = 0,
        panel: Panel | None = None,
        picture: Path | None = None,
        note: Path | None = None,
        sleep: Sleep = Sleep(),  # noqa: B008 - a frozen value
        monotonic: Callable[[], float] = time.monotonic,
        connectors: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        """`size` None: the whole display, or 800x480 in a window.

        `rotation`: of picture and touch, in degrees clockwise.

        `panel`: drawn below the kiosk's picture. `sleep` decides when the screen goes dark. After each frame the window
        is also written to `picture`, a PNG, as long as the disk takes it. Without a display everything is drawn into
        memory (see `is_seen`), and a line in the log says so; `note` is for open_display, `connectors` for
        DisplayConnectors.
        """
        self.frames = 0
        self.closed = False
        self.on_frame: Callable[[pygame.Surface], None] | None = None
        """Called with the picture after each frame."""
        self.speaker: Speaker | None = None
        """What notices sound on, if there is one."""
        self.stage = Stage(ENTRANCES, monotonic)
        """The hosts' side; only for the thread that draws, and for tests."""
        self._incoming: queue.SimpleQueue[Notice | Idle | Admission | tuple[int, Answered]] = queue.SimpleQueue()
        self._idle: Idle | None = None
        self._facing: ShownNotice | None = None
        self._panel = panel
        self._picture, self._is_written = picture, True
        self._monotonic, self._sleep, self._pointer = monotonic, sleep, Pointer(monotonic)
        self._stirred = monotonic()
        """When somebody was last seen here, or expected."""
        self._drawn: object = None
        self._kiosk, self._below = Canvas(pygame.Surface((1, 1))), Canvas(pygame.Surface((1, 1)))
        self._connectors = DisplayConnectors(connectors)
        below = panel.share if panel else 0.0
        display = open_display(size, fullscreen=fullscreen, title=title, below=below, note=note)
        self.driver, self._rotation = display.driver, rotation
        self._frame = Frame(display.window, rotation)
        self._is_wanted = display.wanted
        self.renderer = look()
        """What SDL draws with; None where it copies pixels itself."""

    @property
    def is_seen(self) -> bool:
        """Whether it is drawn on a real display, not into memory."""
        return self.driver not in MEMORY_DRIVERS

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, with the panel below."""
        return self._frame.window.get_size()

    @property
    def trouble(self) -> str:
        """Health code of why nobody can see the screen; empty while somebody can, or none is wanted."""
        if not self._is_wanted:
            return ""
        if not self.is_seen:
            return "screen_dark"
        if self.renderer and self.renderer.is_mismatched:
            return "screen_black"
        return "screen_pulled" if self._connectors.is_pulled else ""

    @property
    def drawn_by(self) -> str:
        """SDL's driver, the size, and the renderer with its version, for `kiosk doctor` and the log."""
        return f"{self.driver} {self.size[0]}x{self.size[1]}" + (f", {self.renderer}" if self.renderer else "")

    def plugged_in(self) -> frozenset[str]:
        """Return the connectors on which a screen was plugged in since the last call, while drawing into memory."""
        was_missed, appeared = bool(self.trouble), self._connectors.appeared()
        return appeared if was_missed else frozenset()

    # ------------------------------------------------------------ from any thread

    def show(self, notice: Notice) -> None:
        """Show a notice for its duration; the next notice replaces it."""
        self._incoming.put(notice)

    def idle(self, view: Idle) -> None:
        """Set what is shown while there is no notice; a notice that is showing stays."""
        self._incoming.put(view)

    def enter(self, admission: Admission) -> None:
        """Open the scenes of an admission; see kiosk.screen.stage."""
        self._incoming.put(admission)

    def answer(self, number: int, answered: Answered) -> None:
        """Give a scene the answer to the command emitted under this number."""
        self._incoming.put((number, answered))

    # ------------------------------------------------------------ the main thread

    def run(self, stop: threading.Event, beat: Callable[[], None], emit: Callable[[Emitted], None]) -> None:
        """Draw and listen until `stop`, or until the window is closed (then `closed` is true)."""
        while not stop.is_set() and not self.closed:
            for event in self.events():
                emit(event)
            self._take(self._patience())
            self.draw()
            beat()

    def draw(self) -> bool:
        """Draw if something has changed; tell whether a frame was drawn."""
        self._take(0)
        if self._facing and self._monotonic() >= self._facing.ends:
            self._facing = None
        self.stage.tick()
        if self._idle and self._idle.instead and not self._facing and not self.stage.scene:
            self.stage.enter(self._idle.instead)
        facing, light = self._facing, self._light()
        step = facing.step(self._monotonic()) if facing else STEPS
        shown = (facing.notice, facing.focus) if facing else self.stage.scene or self._idle
        view = (shown, step, light, self._panel and self._panel.view, self.size, self.stage.changes)
        if view == self._drawn or view[0] is None:
            return False
        self._paint(step, light)
        self._frame.present()
        pygame.display.flip()
        if facing:
            facing.was_drawn(self._monotonic())
        self._drawn = view
        self.frames += 1
        if self._picture:
            self._keep(self._picture)
        if self.on_frame:
            self.on_frame(self._frame.surface)
        return True

    def events(self) -> list[Emitted]:
        """Return the touches since the last call (of the notice and the panel) and the scenes' commands."""
        found: list[Emitted] = []
        for event in pygame.event.get():
            if event.type == pygame.QUIT:
                self.closed = True
            elif event.type in (pygame.VIDEOEXPOSE, pygame.VIDEORESIZE):
                window = pygame.display.get_surface() or self._frame.window
                self._frame, self._drawn = Frame(window, self._rotation), None
            elif pointed := self._pointer.read(event, self.size):
                found += self._pointed(pointed._replace(at=self._frame.inside(pointed.at)))
            elif key := events.key_of(event):
                self._stirred = self._monotonic()
                found += self._typed(key)
        return found + self.stage.asked()

    def save(self, path: Path) -> None:
        """Write the picture as PNG; a reader sees the old picture or the new, never a part of one.

        Raises OSError or pygame.error when it cannot be written.
        """
        fresh = path.with_name(f".{path.stem}.new.png")
        pygame.image.save(self._frame.surface, str(fresh))
        fresh.replace(path)

    def close(self) -> None:
        """Close the display and the loudspeaker."""
        if self.speaker:
            self.speaker.close()
        pygame.display.quit()

    # ------------------------------------------------------------ inside

    def _keep(self, picture: Path) -> None:
        """Write the picture; log the first of several failures."""
        try:
            self.save(picture)
            self._is_written = True
        except (OSError, pygame.error) as error:
            if self._is_written:
                log.warning("the picture of the screen cannot be written: %s", error)
            self._is_written = False

    def _patience(self) -> float:
        facing = self._facing
        moves = facing is not None and facing.moves(self._monotonic())
        is_touched = self._panel or self.stage.scene or (facing and facing.notice.buttons)
        return BUSY_SECONDS if moves or is_touched else QUIET_SECONDS

    def _light(self) -> Light:
        """Return how bright the idle screen is; taps and expected arrivals keep it awake."""
        now = self._monotonic()
        if self._facing or self.stage.scene or self._idle is None or not self._idle.rests:
            self._stirred = now
            return Light.AWAKE
        return self._sleep.light(self._idle, now - self._stirred)

    def _take(self, seconds: float) -> None:
        """Return all events that came in, waiting this long for the first."""
        try:
            self._set(self._incoming.get(timeout=seconds) if seconds else self._incoming.get_nowait())
            while True:
                self._set(self._incoming.get_nowait())
        except queue.Empty:
            return

    def _set(self, item: Notice | Idle | Admission | tuple[int, Answered]) -> None:
        match item:
            case Notice() if not self.stage.outlasts(item):
                self.stage.leave()
                self._facing = ShownNotice(item, self._monotonic())
                if self.speaker:
                    self.speaker.play(item.signal, item.sound)
            case Admission():
                self._facing = None
                self.stage.enter(item)
            case (int(number), answered):
                self.stage.answer(number, answered)
            case Idle():
                if self._idle and self._idle.instead and not item.instead:
                    self.stage.leave_first_start()
                self._idle = item

    def _paint(self, step: int, light: Light) -> None:
        whole, panel = self._frame.surface.get_rect(), self._panel
        if panel and panel.view is not None:
            strip, whole = cut(whole, round(whole.height * panel.share), side="bottom")
            self._below = Canvas(self._frame.surface.subsurface(strip), panel.base)
            panel.draw(self._below)
        self._kiosk = Canvas(self._frame.surface.subsurface(whole))
        if self._facing:
            self._facing.draw(self._kiosk, step)
        elif self.stage.scene:
            self.stage.draw(self._kiosk)
        elif self._idle:
            IDLES[light](self._kiosk, self._idle)

    def _pointed(self, pointed: PointerEvent) -> list[Touch | PanelTouch]:
        match pointed.how:
            case "down":
                self._stirred = self._monotonic()
                return self._touched(pointed.at)
            case "move" if not self._facing:
                self.stage.slide(pointed.at)
            case "up":
                self.stage.release()
        return []

    def _touched(self, at: tuple[int, int]) -> list[Touch | PanelTouch]:
        if at[1] >= self._kiosk.rect.height:
            below = (at[0], at[1] - self._kiosk.rect.height)
            hit = next((target for rect, target in self._below.targets if rect.collidepoint(below)), None)
            return [PanelTouch(hit)] if hit else []
        if self._facing:
            return [*self._facing.touched(at, self._monotonic())]
        self.stage.touch(at)
        return []

    def _typed(self, key: Key) -> list[Touch]:
        if self._facing:
            return self._facing.key(key, self._monotonic())
        self.stage.key(key)
        return []
