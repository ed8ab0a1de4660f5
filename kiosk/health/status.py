"""The status of a running kiosk: what the ledger tells, completed by reader, screen, server and machine."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

from msgspec.structs import replace

from kiosk.answers import Status
from kiosk.door.controller import Controller
from kiosk.health import machine
from kiosk.health.vitals import Surroundings, medium_troubles, troubles, vitals
from kiosk.ledger import LedgerError
from kiosk.messages import ReaderDown, ReaderUp
from kiosk.settings.config import Config
from kiosk.upkeep import backup
from kiosk.uplink import Uplink


class StatusReporter:
    """Puts together the status of a running kiosk. Slow while a disk hangs: not for the threads of its parts."""

    def __init__(
        self, config: Config, controller: Controller, *, screen: Callable[[], tuple[str, str]], root: Path
    ) -> None:
        """`screen`: its driver and the code of its trouble, if any; `root`: the root of the system's files."""
        self.reader: ReaderUp | ReaderDown | None = None
        """What the reader said last; None: nothing yet."""
        self.uplink: Uplink | None = None
        self._config, self._controller, self._root = config, controller, root
        self._screen = screen

    def complete(self, status: Status) -> Status:
        """Add to a status what is not in the ledger: health, central server, and each part.

        Raises OSError when the size of the disk cannot be read.
        """
        controller = self._controller
        status = replace(status, running=True, health=controller.health(), mending=controller.unread_repair)
        status = replace(status, change_lost=controller.lost_change)
        if self.uplink:
            with suppress(LedgerError):  # the health tells of the ledger's trouble
                status = replace(status, server=self.uplink.live_link())
        return replace(status, vitals=vitals(status, self._surroundings(status.now.date())))

    def machine_troubles(self, today: date) -> tuple[str, ...]:
        """Return the troubles of disk, second medium, screen and supply, for the server.

        Raises OSError like `complete`.
        """
        disk = troubles(machine.disk(self._config.paths.state, self._root))
        _, screen = self._screen()
        supply = "power_low" if machine.undervoltage(self._root) else ""
        copies = medium_troubles(backup.last_copies(self._config, today), today)
        return (*disk, *copies, *filter(None, (screen, supply)))

    def _surroundings(self, today: date) -> Surroundings:
        config, (drawn_by, trouble) = self._config, self._screen()
        return Surroundings(
            machine=machine.look(config.paths.state, self._root),
            reader=self.reader,
            strike_wired=config.door.strike is not None,
            contact_wired=config.door.contact is not None,
            paired=self.uplink is not None and self.uplink.is_paired,
            screen_drawn_by=drawn_by,
            screen_trouble=trouble,
            copies=backup.last_copies(config, today),
        )
