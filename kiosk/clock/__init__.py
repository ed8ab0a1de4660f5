"""The machine's clocks, read here and nowhere else. All other code is given an instant.

The wall clock says what time it is, as far as it can be trusted; the monotonic clock measures durations, never jumps.
A small computer without a battery wakes in the past after a power cut, clock chips have been 30 years ahead, and
network time has been 1,024 weeks behind for some seconds. So nothing that tells the time is believed for that alone
(kiosk.clock.sources has the rules).

TRUSTED: the kernel or a chip vouches now. HOLDOVER: something vouched once in this boot, and time is counted from there
on the monotonic clock, whatever the wall clock does. UNTRUSTED: all that is known is a time that is past.
What cannot be undone asks for more (`WallClock.is_witnessed`).
"""

from kiosk.clock.machine_clocks import REAL_TIME_CLOCK, kernel_is_synchronised
from kiosk.clock.movable_clock import MovableClock
from kiosk.clock.wall_clock import WallClock

__all__ = ["REAL_TIME_CLOCK", "MovableClock", "WallClock", "kernel_is_synchronised"]
