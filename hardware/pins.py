"""Checks which GPIO lines may be used for what, and opens them.

Numbers are BCM numbers ("GPIO 17"), not positions on the header. What is wired to a line is in `hardware.door` and
`hardware.indicator`; the numbers come from the settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hardware.errors import HardwareError

HEADER = range(2, 28)
"""The lines on the 40-pin header that are free for use; 0 and 1 belong to the identity chip of add-on boards."""
USABLE = "9-13 or 16-27"

_PULLED_UP = range(9)
_UART = (14, 15)


class PinError(HardwareError, ValueError):
    """A GPIO line cannot be used in this way."""


def check_pins(pins: Mapping[str, int | None], *, active_high: bool, force: bool) -> list[str]:
    """Yield one sentence for each mistake in a wiring.

    `pins` maps the name of a part (`strike`, `red`, ...) to its BCM number, None for a part that is not there; a name
    may be a settings path, such as `door.strike`. `active_high` is the strike's. `force` allows what is only risky on
    most boards; a line that does not exist or is used twice stays refused.

    Sources: the BCM283x datasheet gives lines 0-8 a pull-up at reset, and the firmware uses 14 and 15 as the serial
    console while it boots.
    """
    wired = {name: pin for name, pin in pins.items() if pin is not None}
    faults = _impossible(wired)
    if not force:
        faults += [f"{name}: {why}" for name, pin in wired.items() if (why := _danger(pin))]
        if not active_high:
            faults += [f"{name}: {_ACTIVE_LOW}" for name in wired if name.rpartition(".")[2] == "strike"]
    return faults


_ACTIVE_LOW = (
    "an active-low relay board opens the door whenever its line floats or dies (at power-on, after a crash, "
    "with a broken lead); use a board that switches on a high level, or force it if nothing can happen behind this door"
)


def _impossible(wired: Mapping[str, int]) -> list[str]:
    faults = []
    seen: dict[int, str] = {}
    for name, pin in wired.items():
        if pin not in HEADER:
            faults.append(f"{name}: GPIO {pin} is not on the header, whose lines are 2 to 27; use one of {USABLE}")
        if pin in seen:
            faults.append(f"{name}: GPIO {pin} is already taken by {seen[pin]}; give each part a line of its own")
        seen.setdefault(pin, name)
    return faults


def _danger(pin: int) -> str | None:
    if pin not in HEADER:
        return None
    if pin in _PULLED_UP:
        return (
            f"GPIO {pin} is pulled up from power-on until the kiosk runs, so that what hangs on it is switched on at "
            f"every boot; use one of {USABLE}, or force it if your board prevents that"
        )
    if pin in _UART:
        return (
            f"GPIO {pin} is the serial port: it chatters while the machine boots, which has been seen to trip relays, "
            f"and a reader on the UART needs it; use one of {USABLE}, or force it if the serial port is off"
        )
    return None


def open_pins() -> Any:
    """Open the machine's GPIO lines: a gpiozero pin factory to give to `Door` and `Indicator`, closed by the caller.

    Raises PinError when the lines cannot be reached, with the way to repair it.
    """
    try:
        from gpiozero.pins import lgpio as driver

        factory = driver.LGPIOFactory()
        factory.pin_class = resting_pin(driver.LGPIOPin, driver.lgpio)
    except ImportError as error:
        raise PinError("the GPIO library lgpio is missing: install it with `apt install python3-lgpio`") from error
    except Exception as error:  # lgpio and gpiozero have families of their own, and lgpio opens a pipe when imported
        raise PinError(
            f"cannot open the GPIO lines ({error}): is there a /dev/gpiochip0, is this user in the group gpio, and can "
            "it write to the folder LG_WD (or the working folder), where lgpio keeps a pipe?"
        ) from error
    return factory


def resting_pin(pin_class: Any, lgpio: Any) -> Any:
    """Return a class of lgpio pin that becomes an output with its first level set at once.

    gpiozero's own first becomes a low output and is set afterwards, which would energise an active-low strike for a
    moment.
    """

    class RestingPin(pin_class):  # type: ignore[misc]
        def output_with_state(self, state: bool) -> None:
            lgpio.gpio_claim_output(self.factory._handle, self._number, int(state))  # noqa: SLF001 - as gpiozero's pins do

    return RestingPin


def require_factory(pin_factory: Any, *pins: int | None) -> None:
    """Return the pin factory. Raises PinError when something is wired and there is none.

    Without one gpiozero would create a process-wide factory, which guesses the machine and is never closed.
    """
    if pin_factory is None and any(pin is not None for pin in pins):
        raise PinError("a part is wired but no pin_factory is given: pass hardware.pins.open_pins() or a bench's")
