"""Opens the display, or draws into memory if none opens: a kiosk without a screen still opens the door.

A graphics driver can fail, kill the process or hang it. A failure is answered at once by drawing into memory; the other
two are noticed at the next start, by a note in a file. What is drawn is decided in the window.
"""

from __future__ import annotations

import faulthandler
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from kiosk.files import write_whole
from kiosk.screen.sdl import pygame

log = logging.getLogger(__name__)

DEFAULT_SIZE = (800, 480)
MEMORY_DRIVERS = ("dummy", "offscreen")
OPEN_SECONDS = 60
"""A Pi opens its screen in two seconds, a machine under emulation in twenty. What takes longer hangs."""
TRIES = 2
"""Attempts that did not finish before memory is drawn into: a single one may have been ended by a power key."""


class Display(NamedTuple):
    """An open display: SDL's name for the driver, and the surface that covers it."""

    driver: str
    window: pygame.Surface
    wanted: bool
    """Somebody should see it: to draw into memory was not asked for."""


def open_display(
    size: tuple[int, int] | None = None,
    *,
    fullscreen: bool = False,
    title: str = "kiosk",
    below: float = 0.0,
    note: Path | None = None,
    seconds: float = OPEN_SECONDS,
) -> Display:
    """Open a window, or with `fullscreen` the whole display; if that fails, draw into memory and log it.

    `size` is that of the kiosk's picture; below it the window has room for a panel, `below` of its height (0 to 1).
    `note` is a file that counts openings that did not end: after TRIES of them one start does not try, the next one
    does again. An opening that takes longer than `seconds` ends the process. Without `note`, nothing is counted or
    ended.
    """
    asked = os.environ.get("SDL_VIDEODRIVER")
    wanted = asked not in MEMORY_DRIVERS
    try:
        with _noted(note if wanted else None, seconds):
            driver, window = _open(size, fullscreen=fullscreen, title=title, below=below)
    except pygame.error as error:
        log.warning("no display could be opened (%s): the screen is drawn into memory, where nobody sees it", error)
        pygame.display.quit()
        os.environ["SDL_VIDEODRIVER"] = "dummy"
        driver, window = _open(size, fullscreen=fullscreen, title=title, below=below)
        return Display(driver, window, wanted)
    if wanted and driver in MEMORY_DRIVERS:
        log.warning("no display was found: the screen is drawn into memory, where nobody sees it (driver %s)", driver)
    return Display(driver, window, wanted)


def _open(size: tuple[int, int] | None, *, fullscreen: bool, title: str, below: float) -> tuple[str, pygame.Surface]:
    pygame.display.init()
    driver = pygame.display.get_driver()
    if fullscreen:
        window = pygame.display.set_mode(size or (0, 0), pygame.FULLSCREEN)
    else:
        width, height = size or DEFAULT_SIZE
        whole = round(height / (1 - below))
        window = pygame.display.set_mode((width, whole), pygame.RESIZABLE)
    pygame.display.set_caption(title)
    pygame.mouse.set_visible(not fullscreen)
    return driver, window


@contextmanager
def _noted(note: Path | None, seconds: float) -> Iterator[None]:
    """Keep a note file while the display is being opened. Raises pygame.error after TRIES openings that did not end."""
    if note is None:
        yield
        return
    unfinished = 0
    with suppress(OSError, ValueError):
        unfinished = int(note.read_text())
    with suppress(OSError):  # a full disk keeps nobody from trying
        if unfinished >= TRIES:
            note.unlink()
        else:
            write_whole(note, str(unfinished + 1).encode())
    if unfinished >= TRIES:
        raise pygame.error(f"the last {unfinished} starts crashed or hung there")
    faulthandler.dump_traceback_later(seconds, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        with suppress(OSError):
            note.unlink()


class DisplayConnectors:
    """Watches the machine's display connectors for a screen that is unplugged or plugged in."""

    def __init__(self, look: Callable[[], frozenset[str]]) -> None:
        """`look` returns the names of the connectors with a screen on them now."""
        self._look, self._plugged = look, look()
        self._had_one = bool(self._plugged)

    @property
    def is_pulled(self) -> bool:
        """Tell whether the last screen was unplugged: there was one at the start, or later."""
        return self._had_one and not self._plugged

    def appeared(self) -> frozenset[str]:
        """Return the connectors on which a screen was plugged in since the last call."""
        before, self._plugged = self._plugged, self._look()
        self._had_one = self._had_one or bool(self._plugged)
        return self._plugged - before
