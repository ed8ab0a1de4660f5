"""The strike, the door contact and the exit button, as the controller sees them.

Which pins they are and how a pulse ends is in hardware.door.
"""

from __future__ import annotations

import logging

from kiosk.door.devices import Clock, DoorDevices
from kiosk.door.recording import Recorder
from kiosk.facts import Happened
from kiosk.messages import DoorMoved
from kiosk.notices import Health

log = logging.getLogger(__name__)

EXIT_BUTTON, DOOR_CONTACT = "exit_button", "contact"
EXIT_SECONDS = 5.0
"""So long somebody waits at the door after pressing the exit button, before pressing it again or leaving."""
FLUTTERING = {EXIT_BUTTON: Health.EXIT_BUTTON_FLUTTERS, DOOR_CONTACT: Health.DOOR_CONTACT_FLUTTERS}
"""Sources of events that repeat themselves when a lead is loose or wet."""


class DoorLines:
    """The strike, the door contact and the exit button."""

    def __init__(
        self, devices: DoorDevices, clock: Clock, recorder: Recorder, *, site_id: str, health: set[Health]
    ) -> None:
        """`health` is the set of health codes, to which faults of the door are added."""
        self._devices, self._clock, self._recorder = devices, clock, recorder
        self._site_id, self._health = site_id, health

    def unlock(self) -> None:
        """Release the strike for the seconds of the settings. A line that fails becomes a health code."""
        try:
            self._devices.door.unlock(self._devices.unlock_seconds)
        except Exception as error:  # noqa: BLE001 - whatever a line raises, the next tap is to be answered
            log.error("the door does not move: %s", error)  # noqa: TRY400 - a sentence
            self.report_fault()

    def report_fault(self) -> None:
        """Report that the door's lines do not work; reader, ledger and screen go on. A restart tries them again."""
        self._health.add(Health.DOOR_DOWN)

    def handle(self, moved: DoorMoved) -> None:
        """Handle an event of the door contact or the exit button."""
        match what := moved.what:
            case "exit_pressed":
                self._let_out(moved.monotonic)
            case "exit_stuck" | "exit_released":
                (self._health.add if what == "exit_stuck" else self._health.discard)(Health.EXIT_BUTTON_STUCK)
            case "forced_open" | "held_open":
                self._health.add(Health.DOOR_FORCED_OPEN if what == "forced_open" else Health.DOOR_HELD_OPEN)
                self._store_if_rare(DOOR_CONTACT, what)
            case "opened":
                self._recorder.limiter.count(DOOR_CONTACT, self._clock.monotonic())
            case "closed":
                self._health.discard(Health.DOOR_HELD_OPEN)

    def _let_out(self, pressed_at: float) -> None:
        """Open at every press, so that whoever is inside can leave; only the number of stored entries is bounded.

        A press older than EXIT_SECONDS, from before a long repair of the ledger, opens nothing.
        """
        if self._clock.monotonic() - pressed_at > EXIT_SECONDS:
            log.warning("the exit button was pressed too long ago: nothing opens")
            return
        if self._store_if_rare(EXIT_BUTTON, "exit_pressed") or Health.LEDGER_FAILED not in self._health:
            self.unlock()

    def check_flutter(self) -> None:
        """Update the health codes of fluttering inputs."""
        for source, code in FLUTTERING.items():
            (self._health.add if source in self._recorder.limiter.flooding() else self._health.discard)(code)

    def _store_if_rare(self, source: str, what: str) -> bool:
        """Store an event unless its source repeats itself too often, and tell whether it was stored."""
        is_rare = self._recorder.limiter.admit(source, self._clock.monotonic())
        return is_rare and self._recorder.write_if_possible(Happened(what=what, site_id=self._site_id))
