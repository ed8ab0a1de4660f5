"""Stands for the GPIO library lgpio, and for the Pi: writes each level that a line is driven to into a file.

Put its folder on PYTHONPATH and name the file in LINES. As with a kernel that keeps outputs, a line stays at its level
when the process dies; a line that becomes an input is pulled to ground. Each row: seconds since boot, line, level.
"""

import os
import time
from pathlib import Path

import gpiozero.pins.local

gpiozero.pins.local.get_pi_revision = lambda: 0xC03111  # a Pi 4

SET_PULL_NONE, SET_PULL_UP, SET_PULL_DOWN = 0, 32, 64
RISING_EDGE, FALLING_EDGE, BOTH_EDGES = 1, 2, 3
IS_OUT = 2

lines: dict[int, tuple[bool, int]] = {}
"""Line -> whether it is an output, and its level."""


class error(Exception):  # noqa: N801, N818 - as in lgpio
    """What lgpio raises."""


class _Callback:
    def cancel(self) -> None:
        """Nothing is called back."""


def _drive(line: int, level: int, *, is_output: bool) -> None:
    lines[line] = is_output, level
    with Path(os.environ["LINES"]).open("a") as file:
        file.write(f"{time.monotonic():.3f} {line} {level}\n")


def gpiochip_open(chip: int) -> int:
    """Open a chip."""
    return chip


def gpiochip_close(handle: int) -> None:
    """Close a chip."""


def gpio_claim_input(handle: int, line: int, flags: int = 0) -> None:
    """Make a line an input."""
    _drive(line, int(flags == SET_PULL_UP), is_output=False)


def gpio_claim_output(handle: int, line: int, level: int = 0, flags: int = 0) -> None:
    """Make a line an output."""
    _drive(line, level, is_output=True)


def gpio_write(handle: int, line: int, level: int) -> None:
    """Set the level of an output."""
    _drive(line, int(level), is_output=True)


def gpio_read(handle: int, line: int) -> int:
    """Return the level of a line."""
    return lines[line][1]


def gpio_get_mode(handle: int, line: int) -> int:
    """Return the flags of a line: only whether it is an output."""
    return IS_OUT if lines[line][0] else 0


def gpio_free(handle: int, line: int) -> None:
    """Let a line go."""


def gpio_set_debounce_micros(handle: int, line: int, micros: int) -> None:
    """Set how long a line has to be still."""


def callback(handle: int, line: int, edge: int, called: object) -> _Callback:
    """Call back at edges: there are none."""
    return _Callback()
