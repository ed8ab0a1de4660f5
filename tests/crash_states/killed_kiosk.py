"""A whole kiosk that will be killed: `python -m tests.crash_states.killed_kiosk FOLDER PORT`.

Its reader is at a port of the parent process. Each strike pulse and verdict is a line of its output. Everything else is
the real kiosk. `furnish` fills the folder before the first start. With `in-two` an entry and its effect on the roster
are two transactions, on a slow disk: the bad twin.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from hardware.simulator.board import WIRING, Board
from kiosk.badges import badge_id, badge_key
from kiosk.clock import MovableClock
from kiosk.daemon import Kiosk, World
from kiosk.facts import AnyFact, BadgeSet, Entry, MemberSet, PassSold, ProductSet, SiteSet
from kiosk.ledger import Ledger, open_ledger
from kiosk.messages import ReaderUp
from kiosk.model import Badge, Case, Member, Verdict
from kiosk.rules import passes
from kiosk.screen.window import Screen
from kiosk.settings.config import Config, Door, Paths, Reader
from kiosk.settings.config import Screen as ScreenSettings
from kiosk.store import chain, fold
from kiosk.store.entry_rows import INSERT, to_row
from tests.office.kiosks.stepped import CARNET, SERRES

ALWAYS = replace(SERRES, hours="24/7")
SIZE = (480, 320)
PULSE_SECONDS = 0.1
BUYERS = 8
"""Members who buy and never come: their passes are the hosts' load."""
SLOW_SECONDS = 0.03
"""How long the second transaction of the twin is in coming."""


def uid(number: int) -> bytes:
    """The number of a member's card."""
    return b"\x04" + number.to_bytes(6)


def settings(folder: Path, port: str) -> Config:
    return Config(
        site=ALWAYS.id,
        reader=Reader(path=f"pty:{port}"),
        door=Door(strike=WIRING["strike"], unlock_seconds=PULSE_SECONDS),
        screen=ScreenSettings(fullscreen=False, size=SIZE),
        paths=Paths(state=folder, socket=folder / "kiosk.sock"),
    )


def furnish(folder: Path, members: int) -> None:
    """Write a site that never closes, members with a card of ten entries each, and some who buy."""
    config = settings(folder, "")
    key, clock = badge_key(config.paths.key_file), MovableClock()
    facts: list[AnyFact] = [SiteSet(site=ALWAYS), ProductSet(product=CARNET)]
    for number in range(members):
        name = f"m{number}"
        sold = passes.sell(CARNET, [], now=clock.now(), site=ALWAYS, holders=(name,), pass_id=f"p{number}")
        facts += [
            MemberSet(member=Member(id=name, name=f"Member {number}")),
            BadgeSet(badge=Badge(id=badge_id(uid(number), key), member_id=name)),
            PassSold(pass_=sold, site_id=ALWAYS.id, price_cents=CARNET.price_cents),
        ]
    facts += [MemberSet(member=Member(id=f"buyer{number}", name=f"Buyer {number}")) for number in range(BUYERS)]
    with open_ledger(config.paths.ledger, stamp=clock.stamp) as ledger:
        ledger.append(*facts)


class TwoCommitLedger(Ledger):
    """Commits the entry, and then, in another transaction, its effect on the roster."""

    def append(self, *facts: AnyFact) -> tuple[Entry, ...]:
        with self._writing() as connection:
            sealed = tuple(chain.seal(facts, ledger_id=self.ledger_id, head=self._read_head(), stamp=self._stamp()))
            connection.execute(INSERT, [to_row(entry) for entry in sealed])
        time.sleep(SLOW_SECONDS)
        with self._writing() as connection:
            for entry, fact in zip(sealed, facts, strict=True):
                fold.apply(connection, entry, fact)
        return sealed


def tell(*words: object) -> None:
    """Print and flush a line, so that a kill a moment later does not lose it."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def main(folder: Path, port: str, *, in_two: bool) -> None:
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    board = Board()
    was_on = [False]

    def changed() -> None:
        is_on = board.state()["strike"]
        if is_on and not was_on[0]:
            tell("strike")
        was_on[0] = is_on

    def witness(verdict: Verdict, case: Case, now: datetime) -> None:
        tell("verdict", verdict.reason, case.member.id if case.member else "")

    board._on_change = changed
    world = World(
        clock=MovableClock(),
        pin_factory=board.factory,
        simulated=True,
        on_verdict=witness,
        on_reader=lambda said: tell("reader up") if isinstance(said, ReaderUp) else None,
    )
    with Kiosk(settings(folder, port), world, Screen(SIZE)) as kiosk:
        if in_two:
            kiosk.controller._ledger.__class__ = TwoCommitLedger
        tell("serves")
        kiosk.serve()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], in_two="in-two" in sys.argv)
