"""A host of La Serre at the desk, for the tests of what hosts do."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import kiosk
from kiosk import commands, desk
from kiosk.answering import Answering, DeskHere
from kiosk.answers import Account, Answered, Done, Refused, decode_answer
from kiosk.badges import badge_id
from kiosk.clock import MovableClock, WallClock
from kiosk.commands import (
    ImportSite,
    ShowAccount,
)
from kiosk.desk import Desk, DeskError
from kiosk.facts import Tapped
from kiosk.ledger import Ledger, open_ledger
from kiosk.model import ClockQuality, Denied, Granted, Tap
from kiosk.rules import decide
from kiosk.settings.site_file import Description, read_site
from tests.office.ledgers.small_house import lay_new_ledger

EXAMPLES = Path(kiosk.__file__).parent / "examples"
KEY = bytes(range(32))
PARIS = ZoneInfo("Europe/Paris")
UID = "04:A2:3B:12:C0:5E:80"
MONDAY = datetime(2026, 6, 1, 9, 5, tzinfo=PARIS)


@cache
def description(name: str = "la-serre.toml") -> Description:
    """What an example of a site file says; it cannot be changed."""
    return read_site(EXAMPLES / name)


def answering(ledger: Ledger, clock: WallClock, key: bytes) -> Answering:
    """The table of answers on a ledger of La Serre, without a running kiosk."""

    def here() -> Desk:
        return Desk(books=ledger, site_id="la-serre", badge_key=key, now=clock.now(), clock=clock.quality())

    return Answering(
        DeskHere(here),
        clock,
        site_id="la-serre",
        ledger=Path(ledger._name),
        pair=lambda _: Refused(message="there is no network here", code="SERVER_SILENT"),
    )


class Host:
    """A host of La Serre at the desk, and badges that come to the door."""

    def __init__(self, path: Path) -> None:
        self.clock = MovableClock(MONDAY, runs=False)
        if not (path / "ledger.db").exists():
            lay_new_ledger(path / "ledger.db")
        self.ledger: Ledger = open_ledger(path / "ledger.db", stamp=self.clock.stamp)

    def does(self, command: commands.Command) -> Any:
        return desk.perform(command, self.ledger, self.clock.now(), site_id="la-serre", badge_key=KEY)

    def hears(self, line: bytes) -> Answered:
        """What is answered to a line of JSON at the socket."""
        return decode_answer(answering(self.ledger, self.clock, KEY).answer_line(line))

    def imports(self, read: Description) -> Done:
        done = self.does(ImportSite(site=read.site, products=read.products, members=read.members))
        assert isinstance(done, Done)
        return done

    def waits(self, **time: float) -> None:
        self.clock.move(timedelta(**time))

    def tap(self, number: str) -> Granted | Denied:
        name = badge_id(bytes.fromhex(number.replace(":", "")), KEY)
        case = self.ledger.roster.gather(
            Tap(uid=bytes.fromhex(number.replace(":", "")), monotonic=self.clock.monotonic()),
            site_id="la-serre",
            badge_id=name,
            now=self.clock.now(),
            clock=ClockQuality.TRUSTED,
        )
        verdict = decide(case, self.clock.now())
        member_id = case.member.id if case.member else None
        self.ledger.append(Tapped(site_id="la-serre", verdict=verdict, badge_id=name, member_id=member_id))
        return verdict

    def left(self, member: str) -> int | None:
        account = self.does(ShowAccount(member=member))
        assert isinstance(account, Account)
        return account.passes[-1].left

    def is_refused(self, command: commands.Command) -> DeskError:
        with pytest.raises(DeskError) as error:
            self.does(command)
        return error.value
