"""Two kiosks of one network that are cut off from each other until a test has them exchange what they wrote."""

from __future__ import annotations

from typing import Any

from kiosk.commands import Command
from kiosk.desk import perform
from tests.office.kiosks.stepped import KEY, SteppedKiosk


class Pair:
    """Two kiosks, what each wrote is told to the other."""

    def __init__(self, one: SteppedKiosk, other: SteppedKiosk) -> None:
        self.one, self.other = one, other
        self._place = 0
        self._told: dict[str, int] = {}

    def exchange(self) -> None:
        """Tell each what the other wrote since the last time."""
        for teller, hearer in ((self.one, self.other), (self.other, self.one)):
            name = teller.ledger.ledger_id
            for entry in list(teller.ledger.entries(after=self._told.get(name, 0))):
                self._place += 1
                assert hearer.ledger.add_from_feed([(self._place, entry)]) == ()
                self._told[name] = entry.ref.seq


def does(counter: SteppedKiosk, command: Command, *, site: str = "la-serre") -> Any:
    """Have a kiosk's desk perform a command."""
    return perform(command, counter.ledger, counter.clock.now(), site_id=site, badge_key=KEY)
