"""Answers a command by opening the ledger, while no kiosk runs. Imported only then, because it is slow to load."""

from __future__ import annotations

from msgspec.structs import replace

from kiosk import uplink
from kiosk.answering import Answering, DeskHere
from kiosk.answers import Answered
from kiosk.badges import badge_key
from kiosk.cli.errors import RefusedError
from kiosk.clock import WallClock
from kiosk.commands import Command, ImportSite, Pair, SetUp
from kiosk.desk import Desk
from kiosk.ledger import Ledger, open_ledger
from kiosk.ledger.timekeeping import tell_known_times
from kiosk.settings.config import Config

MAKE_A_LEDGER = (ImportSite, SetUp, Pair)
"""The commands that a machine may begin with."""


def answer(config: Config, command: Command) -> Answered:
    """Open the ledger, answer a command, close the ledger.

    Raises RefusedError where there is no ledger yet, LedgerError when it cannot be opened.
    """
    if isinstance(command, MAKE_A_LEDGER):
        config.paths.state.mkdir(parents=True, exist_ok=True)
    elif not config.paths.ledger.exists():
        raise RefusedError(f"there is no ledger at {config.paths.ledger} yet: run `kiosk site import FILE` first")
    clock = WallClock()
    with open_ledger(config.paths.ledger, stamp=clock.stamp) as ledger:
        tell_known_times(clock, ledger)
        return _answering(config, ledger, clock).answer(command)


def _answering(config: Config, ledger: Ledger, clock: WallClock) -> Answering:
    """Return the same table of answers as a running kiosk's, with the desk in this thread."""

    def desk() -> Desk:
        moment, hidden = clock.stamp(), ledger.roster.badge_count()
        given, mark = config.badges.given, ledger.key_mark
        key = badge_key(config.paths.key_file, given=given, hidden=hidden, mark=mark)
        return Desk(books=ledger, site_id=config.site, badge_key=key, now=moment.at, clock=moment.clock)

    return Answering(
        DeskHere(desk),
        clock,
        site_id=config.site,
        ledger=config.paths.ledger,
        pair=lambda command: uplink.pair(config, command, ledger)[0],
        complete_status=lambda status: replace(status, server=uplink.stored_link(config, ledger)),
    )
