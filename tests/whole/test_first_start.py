"""An empty machine, whole: threads, reader, strike; set up by commands, and its host's card opens."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from kiosk.answers import Answered, Done, FirstStart, Refused
from kiosk.commands import Command, SetUp, ShowFirstStart, SignIn
from kiosk.demo.bench import Bench
from kiosk.model import Denied, Reason
from kiosk.screen.scenes.hours.week_grid import PRESETS
from kiosk.settings.config import Config
from tests.office.kiosks.running import RunningKiosk
from tests.office.kiosks.stepped import MONDAY


class Bare(Bench):
    """A bench whose ledger is left empty."""

    def prepare(self, config: Config):
        """Leave it as it came from the shop."""
        self.clock.set(MONDAY)


def ask(running: RunningKiosk, command: Command) -> Answered:
    return running.asks(command)


def test_a_machine_from_the_shop_is_set_up_and_its_host_s_card_opens_the_door(tmp_path: Path) -> None:
    running = RunningKiosk(tmp_path)
    running.bench = Bare(tmp_path)
    with running:
        before = ask(running, ShowFirstStart())
        assert isinstance(before, FirstStart)
        assert before.is_open
        unknown = running.tap("claire")
        assert isinstance(unknown, Denied)
        assert running.bench.board.strike_edges == ()
        made = ask(
            running, SetUp(name="La Serre", host="Claire", week=PRESETS[0].week, code=unknown.claim_code, pin="4711")
        )
        assert isinstance(made, Done)
        host = made.id or ""
        assert isinstance(ask(running, SignIn(member=host, pin="4711")), Done)
        assert isinstance(ask(running, SignIn(member=host, pin="1174")), Refused)
        running.bench.clock.move(timedelta(minutes=1))
        assert running.tap("claire").reason is Reason.STAFF
        assert running.bench.board.wait_for(lambda state: state["strike"])
        after = ask(running, ShowFirstStart())
        assert isinstance(after, FirstStart)
        assert not after.is_open
