"""Drives the strike to rest and ends: `python -m kiosk.strike_at_rest SETTINGS`.

A process that is killed in the middle of a pulse leaves the line as it was, and the door unlocked. kiosk.service starts
this whenever the kiosk has ended, for whatever reason. It loads only what it needs, to be quick.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hardware.door import Door
from hardware.pins import open_pins
from kiosk.settings.config import Config, load


def rest(config: Config, pin_factory: Any = None) -> bool:
    """Claim the strike's line at its rest level and release it; return whether a strike is wired.

    `pin_factory` is None for the machine's own pins. Raises HardwareError, or what gpiozero raises.
    """
    if config.door.strike is None:
        return False
    pins = pin_factory or open_pins()
    Door(
        strike=config.door.strike,
        active_high=config.door.active_high,
        emit=lambda _: None,
        pin_factory=pins,
    ).close()
    return True


if __name__ == "__main__":
    rest(load(Path(sys.argv[1])))
