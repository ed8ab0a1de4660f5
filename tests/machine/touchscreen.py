"""Inside the machine: a touchscreen that does what it is told, made with the kernel's uinput (docs.kernel.org/input).

Each line of its standard input is one finger's way: pairs of X,Y in thousandths of the screen, and seconds to wait in
between. `500,500 0.1` is a tap in the middle, `100,900 1 150,900 200,900` a hold and a slide.
"""

import struct
import sys
import time
from fcntl import ioctl
from pathlib import Path

SET_EVENT, SET_KEY, SET_AXIS, SET_PROPERTY = 0x40045564, 0x40045565, 0x40045567, 0x4004556E
SETUP, SETUP_AXIS, CREATE = 0x405C5503, 0x401C5504, 0x5501
SYN, KEY, ABS = 0, 1, 3
TOUCHED = 0x14A
X, Y, SLOT, MT_X, MT_Y, TRACKING = 0x00, 0x01, 0x2F, 0x35, 0x36, 0x39
DIRECT = 1
"""The finger lies on what it means: a screen, no pad."""
LARGEST = 1000
STEPS = 12
"""Places on the way from one to the next, 15 ms apart, as a finger slides."""

device = Path("/dev/uinput").open("wb", buffering=0)  # noqa: SIM115 - for as long as it is plugged in
for kind in (SYN, KEY, ABS):
    ioctl(device, SET_EVENT, kind)
ioctl(device, SET_KEY, TOUCHED)
ioctl(device, SET_PROPERTY, DIRECT)
for axis in (X, Y, SLOT, MT_X, MT_Y, TRACKING):
    ioctl(device, SET_AXIS, axis)
    largest = {SLOT: 9, TRACKING: 65535}.get(axis, LARGEST)
    ioctl(device, SETUP_AXIS, struct.pack("=HxxiiiiiI", axis, 0, 0, largest, 0, 0, 0)[:28])
ioctl(device, SETUP, struct.pack("=HHHH80sI", 3, 0x1209, 0x0001, 1, b"touchscreen of the tests", 0))
ioctl(device, CREATE)


def tell(*events: tuple[int, int, int]) -> None:
    """Send events that belong together."""
    for kind, code, value in (*events, (SYN, 0, 0)):
        device.write(struct.pack("llHHi", 0, 0, kind, code, value))


def lies_at(x: int, y: int) -> list[tuple[int, int, int]]:
    """Say where the finger is, by both of the kernel's ways."""
    return [(ABS, MT_X, x), (ABS, MT_Y, y), (ABS, X, x), (ABS, Y, y)]


print("plugged in", flush=True)
for number, line in enumerate(sys.stdin, 1):
    at: tuple[int, int] | None = None
    for word in line.split():
        if "," not in word:
            time.sleep(float(word))
            continue
        x, y = (int(part) for part in word.split(","))
        if at is None:
            tell((ABS, SLOT, 0), (ABS, TRACKING, number), *lies_at(x, y), (KEY, TOUCHED, 1))
        else:
            for step in range(1, STEPS + 1):
                tell(*lies_at(*(was + (to - was) * step // STEPS for was, to in zip(at, (x, y), strict=True))))
                time.sleep(0.015)
        at = x, y
    tell((ABS, TRACKING, -1), (KEY, TOUCHED, 0))
    print("lifted", number, flush=True)
