"""The machine's clocks, read here and nowhere else. All other code is given an instant.

The wall clock says what time it is, as far as it can be trusted; the monotonic clock measures durations and never
jumps. A small computer without a battery wakes in the past after a power cut, clock chips have been 30 years ahead, and
network time has been 1,024 weeks behind for some seconds. So no source is believed without a check: kiosk.clock.sources
has the rules.

TRUSTED: the kernel or a chip vouches now. HOLDOVER: something vouched once in this boot, and the time is counted from
there on the monotonic clock, whatever the wall clock does. UNTRUSTED: only a time that is past is known. What cannot be
undone needs more (`WallClock.is_witnessed`).
"""

from kiosk.clock.machine_clocks import REAL_TIME_CLOCK, kernel_is_synchronised
from kiosk.clock.movable_clock import MovableClock
from kiosk.clock.wall_clock import WallClock

__all__ = ["REAL_TIME_CLOCK", "MovableClock", "WallClock", "kernel_is_synchronised"]
