"""Opens the devices on the machine's pins at the start: strike, door contact, exit button, light and buzzer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from hardware.door import Door, DoorEvent
from hardware.indicator import Indicator
from hardware.pins import open_pins
from kiosk.settings.config import Config

log = logging.getLogger(__name__)


def open_wires(
    config: Config, pin_factory: Any, emit: Callable[[DoorEvent], None], stack: ExitStack
) -> tuple[Door, Indicator, str]:
    """Return door, indicator and fault; the door is opened first, which puts the strike at rest.

    `pin_factory` is None for the machine's own pins, which are opened if any is wired. `stack` closes each device. A
    line that cannot be opened raises nothing: a door and a light without wires are returned, with a sentence that says
    why.
    """
    with ExitStack() as opening:
        try:
            wired = any(pin is not None for pin in config.pins().values())
            pins = pin_factory or (open_pins() if wired else None)
            if pins is not None and pins is not pin_factory:
                opening.callback(pins.close)
            door = _build_door(config, emit, pins)
            opening.callback(door.close)
            lamp = config.indicator
            indicator = Indicator(red=lamp.red, green=lamp.green, blue=lamp.blue, buzzer=lamp.buzzer, pin_factory=pins)
            opening.callback(indicator.close)
        except Exception as error:  # noqa: BLE001 - lgpio and gpiozero have families of their own
            log.error("the door does not move: %s", error)  # noqa: TRY400 - a sentence
            return Door(emit=emit), Indicator(), str(error) or type(error).__name__
        stack.push(opening.pop_all())
    return door, indicator, ""


def _build_door(config: Config, emit: Callable[[DoorEvent], None], pins: Any) -> Door:
    wires = config.door
    return Door(
        strike=wires.strike,
        contact=wires.contact,
        exit_button=wires.exit_button,
        active_high=wires.active_high,
        held_open_seconds=wires.held_open_seconds,
        spring_seconds=wires.spring_seconds,
        emit=emit,
        pin_factory=pins,
    )
