"""Nothing is erased by a server's clock that nobody confirms: the time service and kiosks are its witnesses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from kiosk.model import ClockQuality
from sync.central import orders
from sync.central.feed.change_signal import ChangeSignal
from sync.central.kiosks.paired import Kiosk
from sync.central.orders import Forget, OrderError
from sync.central.roster import retention
from sync.central.roster.thread import FORGET_EVERY, FORGET_FIRST, RosterThread
from sync.central.server import Central
from sync.wire import Beacon
from tests.office.ledgers.small_house import house_facts, let_in
from tests.office.servers.server import MemoryLedger, ServerClock, pairs, sends, serving

YEARS = timedelta(days=4 * 365)


class House:
    """A server with a customer, and kiosks with clocks of their own."""

    def __init__(self, central: Central, hands: ServerClock) -> None:
        self.central, self.hands, self.true = central, hands, hands.now
        self.kiosks: list[Kiosk] = [pairs(central, f"ledger-{n}").kiosk for n in range(3)]
        written = MemoryLedger(ledger_id="ledger-0").writes(*house_facts(), let_in(hands.now, "ten"))
        sends(central, self.kiosks[0], written)
        self.is_synchronised, self.seconds = True, 0.0
        self.thread = RosterThread(
            central.books,
            ChangeSignal(),
            is_synchronised=lambda: self.is_synchronised,
            monotonic=lambda: self.seconds,
        )
        self.seconds += FORGET_FIRST.total_seconds()

    def hear(self, *days_off: int, clock: ClockQuality = ClockQuality.TRUSTED) -> None:
        """Have the first kiosks tell their time: by how many days it is not the server's."""
        for kiosk, days in zip(self.kiosks, days_off, strict=False):
            sends(self.central, kiosk, [], Beacon(now=self.hands.now + timedelta(days=days), clock=clock))

    def keeps_lea(self) -> bool:
        """Have the roster's thread do the work of two days; return whether Léa is still known.

        The first erases old passages, the second a customer who has none left.
        """
        for _ in range(2):
            self.seconds += FORGET_EVERY.total_seconds()
            self.thread._forget_daily()
        return self.central.books.roster.member("lea") is not None


@contextmanager
def a_house(database: str) -> Iterator[House]:
    hands = ServerClock()
    with serving(database, hands) as central:
        yield House(central, hands)


def test_a_clock_that_jumps_four_years_ahead_erases_nobody(database: str) -> None:
    with a_house(database) as house:
        house.hear(0, 0)
        house.hands.now = house.true + YEARS
        assert house.keeps_lea(), "nobody was heard of at this time"
        house.hear(-YEARS.days, -YEARS.days)
        assert house.keeps_lea(), "the kiosks have another time"
        house.hands.now = house.true
        house.hear(0, 0)
        assert house.keeps_lea()


def test_without_witnesses_the_customer_would_be_gone(database: str) -> None:
    with a_house(database) as house:
        house.hands.now = house.true + YEARS
        retention.forget_old(house.central.books)
        retention.forget_old(house.central.books)
        assert house.central.books.roster.member("lea") is None


@pytest.mark.parametrize(
    ("is_synchronised", "days_off", "is_sure"),
    [
        (True, [0], True),
        (False, [0], False),
        (False, [0, 0], True),
        (True, [], False),
        (True, [0, 99], True),
        (True, [99], False),
        (True, [0, 99, 99], False),
        (False, [0, 0, 99], True),
    ],
)
def test_two_witnesses_are_needed_and_not_more_kiosks_against_than_for(
    database: str, is_synchronised: bool, days_off: list[int], is_sure: bool
) -> None:
    with a_house(database) as house:
        house.is_synchronised = is_synchronised
        house.hands.now = house.true + YEARS
        house.hear(*days_off)
        assert house.keeps_lea() is not is_sure


def test_a_kiosk_that_is_not_sure_of_its_clock_is_no_witness(database: str) -> None:
    with a_house(database) as house:
        house.hands.now = house.true + YEARS
        house.hear(0, 0, clock=ClockQuality.UNTRUSTED)
        assert house.keeps_lea()


def test_a_clock_set_back_does_not_put_erasing_off_for_years(database: str) -> None:
    with a_house(database) as house:
        house.hands.now = house.true + 2 * YEARS
        assert house.keeps_lea()
        house.hands.now = house.true + YEARS
        house.hear(0)
        assert not house.keeps_lea()


def test_whoever_runs_the_server_can_confirm_the_date(database: str) -> None:
    with a_house(database) as house:
        house.hands.now = house.true + YEARS
        today = house.hands.now.date().isoformat()
        for said in ("", "2026-07-13"):
            with pytest.raises(OrderError, match=f"--today {today}"):
                orders._forget(house.central, Forget(today=said))
        assert "1 stretch" in orders._forget(house.central, Forget(today=today))[0]
        assert "1 customer forgotten" in orders._forget(house.central, Forget(today=today))[0]
