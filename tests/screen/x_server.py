"""An X server that nobody sees, for windows of their own process."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.pictures.window_user import tool


@contextmanager
def x_server(wide: int, high: int) -> Iterator[dict[str, str]]:
    """Run Xvfb; the environment of a program that shows its window there, at the top left."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        [tool("Xvfb"), "-displayfd", str(writing), "-screen", "0", f"{wide}x{high}x24", "-nolisten", "tcp"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as numbers:
            display = f":{numbers.readline().strip()}"
        yield {**os.environ, "DISPLAY": display, "SDL_VIDEODRIVER": "x11", "SDL_VIDEO_WINDOW_POS": "0,0"}
    finally:
        server.terminate()
        server.wait(30)
