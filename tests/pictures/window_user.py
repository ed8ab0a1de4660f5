"""A user in front of a real window: an X server of its own, real clicks and keys by xdotool, every frame checked."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kiosk.screen.sdl import pygame
from tests.pictures import palette_png

SECONDS = 30.0
"""How long something is waited for before it is taken to have failed; the machine may be busy with other things."""
AGAIN_SECONDS = 3.0
"""After so long a click whose target still shows is made again: the scene may still have waited for an answer."""
FINGER_SECONDS = 0.5
"""Of the kiosk's time between two touches: what comes sooner after a new scene was meant for the one before."""
STILL_SECONDS = 0.6
"""Without a new frame for so long, nothing moves any more."""


class WindowUserError(AssertionError):
    """What the user waited for did not appear."""


class WindowUser:
    """A kiosk in a window, and the one who uses it. Use it with `with`."""

    def __init__(self, folder: Path, *, size: tuple[int, int], language: str, is_drawn: bool = False) -> None:
        """`is_drawn`: pictures can be kept of it."""
        self._folder, self._size, self._language = folder, size, language
        self._picture = folder / "seen.png" if is_drawn else None
        self._frames: queue.Queue[dict[str, Any]] = queue.Queue()
        self._done: queue.Queue[str] = queue.Queue()
        self.frame: dict[str, Any] = {"words": [], "targets": {}}

    def __enter__(self) -> Self:
        wide, high = self._size
        reading, writing = os.pipe()
        screen = ["-displayfd", str(writing), "-screen", "0", f"{wide}x{high}x24", "-nolisten", "tcp"]
        quiet = subprocess.DEVNULL
        self._server = subprocess.Popen([tool("Xvfb"), *screen], pass_fds=[writing], stderr=quiet)
        os.close(writing)
        with os.fdopen(reading) as numbers:
            display = f":{numbers.readline().strip()}"
        self._env = {**os.environ, "DISPLAY": display, "SDL_VIDEODRIVER": "x11", "SDL_VIDEO_WINDOW_POS": "0,0"}
        command = [
            sys.executable,
            "-m",
            "tests.pictures.window_kiosk",
            str(self._folder),
            f"{wide}x{high}",
            self._language,
        ]
        command += [str(self._picture)] if self._picture else []
        self._kiosk = subprocess.Popen(
            command, env=self._env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self._eyes = threading.Thread(target=self._look, daemon=True)
        self._eyes.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._kiosk.stdin
        self._kiosk.stdin.close()
        try:
            self._kiosk.wait(SECONDS)
        finally:
            self._kiosk.kill()
            self._eyes.join(SECONDS)
            assert self._kiosk.stdout
            self._kiosk.stdout.close()
            self._server.terminate()
            self._server.wait(SECONDS)

    # ------------------------------------------------------------ what one does

    def tap(self, card: str, *, sees: str) -> None:
        """Lay a card on the reader and take it away; wait until the screen says so."""
        self._order(f"tap {card}")
        self.sees(sees)

    def later(self, seconds: float) -> None:
        """Let time go by."""
        self._order(f"later {seconds}")

    def click(self, target: str, *, sees: str) -> None:
        """Click where a target is, and wait until something is to be read there that was not before."""
        self._wait(lambda: target in self.frame["targets"], f"{target} to touch")
        if sees in self.reads():
            raise ValueError(f'"{sees}" is there already: it cannot tell that the click did anything')
        self.later(FINGER_SECONDS)
        for _ in range(round(SECONDS / AGAIN_SECONDS)):
            if target in self.frame["targets"]:
                self._click(target)
            if self._appears(sees, AGAIN_SECONDS):
                return
        self.sees(sees)

    def click_keys(self, *targets: str) -> None:
        """Click the keys of a pad or keyboard drawn on glass, one after the other as they come."""
        self.later(FINGER_SECONDS)
        for target in targets:
            self._wait(lambda target=target: target in self.frame["targets"], f"{target} to touch")  # type: ignore[misc]
            self._click(target)

    def type(self, text: str) -> None:
        """Type on the keyboard, with Return at the end."""
        self._xdotool("type", "--delay", "40", text)
        self._xdotool("key", "Return")

    def sees(self, text: str) -> None:
        """Wait until this can be read."""
        if not self._appears(text, SECONDS):
            raise WindowUserError(f'"{text}" does not appear; there is: {self.reads()}; {list(self.frame["targets"])}')

    def finds(self, begins: str) -> str:
        """Wait for a target whose name begins so; return all of it."""
        self._wait(lambda: any(name.startswith(begins) for name in self.frame["targets"]), f"{begins}... to touch")
        return next(name for name in map(str, self.frame["targets"]) if name.startswith(begins))

    def reads(self) -> str:
        """All that is written on the screen, with plain spaces."""
        return " ".join(" ".join(text for text, _ in self.frame["words"]).split())

    def target_of(self, words: str) -> str:
        """The target on which these words stand. Raises StopIteration when there is none."""
        x, y = next(place for text, place in self.frame["words"] if text == words)
        targets: dict[str, list[int]] = self.frame["targets"]
        return next(name for name, (left, top, w, h) in targets.items() if 0 <= x - left < w and 0 <= y - top < h)

    def keep(self, file: Path) -> None:
        """Write what shows as a small PNG, once nothing moves any more."""
        assert self._picture
        try:
            while True:
                self.frame = self._frames.get(timeout=STILL_SECONDS)
        except queue.Empty:
            palette_png.write(pygame.image.load(str(self._picture)), file)

    # ------------------------------------------------------------ inside

    def _appears(self, text: str, seconds: float) -> bool:
        try:
            while text not in self.reads():
                self.frame = self._frames.get(timeout=seconds)
        except queue.Empty:
            return False
        return True

    def _wait(self, is_so: Callable[[], bool], what: str) -> None:
        while not is_so():
            try:
                self.frame = self._frames.get(timeout=SECONDS)
            except queue.Empty:
                raise WindowUserError(f"{what} does not come; there is: {self.reads()}") from None

    def _look(self) -> None:
        assert self._kiosk.stdout
        for line in self._kiosk.stdout:
            if line.startswith("{"):
                told = json.loads(line)
                if "done" in told:
                    self._done.put(told["done"])
                else:
                    self._frames.put(told)

    def _order(self, line: str) -> None:
        """Have something done, and wait until it is."""
        assert self._kiosk.stdin
        self._kiosk.stdin.write(line + "\n")
        self._kiosk.stdin.flush()
        try:
            self._done.get(timeout=SECONDS)
        except queue.Empty:
            raise WindowUserError(f'"{line}" was not done; there is: {self.reads()}') from None

    def _click(self, target: str) -> None:
        left, top, wide, high = self.frame["targets"][target]
        self._xdotool("mousemove", str(left + wide // 2), str(top + high // 2), "click", "1")

    def _xdotool(self, *words: str) -> None:
        subprocess.run([tool("xdotool"), *words], env=self._env, check=True, timeout=SECONDS)


def tool(name: str) -> str:
    """Where a program is. Raises FileNotFoundError with what installs it."""
    found = shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"{name} is missing: apt-get install xvfb xdotool")
    return found
