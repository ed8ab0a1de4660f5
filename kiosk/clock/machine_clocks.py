"""The clocks of the machine: the wall clock, the monotonic one, the clock chip, and whether the network keeps them."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
REAL_TIME_CLOCK = Path("/sys/class/rtc/rtc0/since_epoch")
"""What the clock chip says, in seconds since 1970. The chip of a Pi 5 is there without a battery too, and then has
counted from nought since the power came back."""
TIME_ERROR = 5
"""Answer of adjtimex(2) while the kernel's clock is not synchronised."""
TIMEX_BYTES = 256
"""struct timex is 208 bytes on 64-bit Linux and 128 on 32-bit; all zero asks and changes nothing."""


def ask_kernel() -> int:
    """Return the state of the kernel's clock as adjtimex(2) reports it to any user; -1 where it fails."""
    state: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))
    return state


def kernel_is_synchronised(ask: Callable[[], int] = ask_kernel) -> bool:
    """Tell whether something keeps the kernel's clock to the world's time."""
    return 0 <= ask() < TIME_ERROR


class MachineClocks(Protocol):
    """The clocks of a machine, unchecked."""

    @property
    def boot_id(self) -> str:
        """The name of this boot."""

    def wall(self) -> datetime:
        """The wall clock, in UTC; it can be any time after a power cut."""

    def monotonic(self) -> float:
        """Seconds since the start of this boot; never backwards."""

    def synchronised(self) -> bool:
        """Whether the network keeps the wall clock now."""

    def battery(self) -> datetime | None:
        """The time of the clock chip; None without one."""


class ThisMachine:
    """The clocks of the machine that this runs on."""

    def __init__(self) -> None:
        self._boot_id = BOOT_ID.read_text().strip()

    @property
    def boot_id(self) -> str:
        """The kernel's random name of this boot."""
        return self._boot_id

    def wall(self) -> datetime:
        """The wall clock, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since the start of this boot, without those in which the machine slept."""
        return time.monotonic()

    def synchronised(self) -> bool:
        """Whether the kernel says so."""
        return kernel_is_synchronised()

    def battery(self) -> datetime | None:
        """The time of the clock chip; None without one."""
        try:
            return datetime.fromtimestamp(int(REAL_TIME_CLOCK.read_text()), UTC)
        except (OSError, ValueError, OverflowError):
            return None
