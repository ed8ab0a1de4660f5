"""The front panel: keeps the notice, the idle screen and the light up to date. It decides nothing.

The words of a verdict are in kiosk.notices; the controller says when something has changed.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from kiosk import hours, local_time, notices
from kiosk.door.devices import Clock, DoorDevices
from kiosk.door.offers import AnsweredTap
from kiosk.model import Case, Member, Override, Signal, Site, Visit
from kiosk.notices import Health, Idle, Notice
from kiosk.roster import Roster

GRAVE = {Health.LEDGER_FAILED, Health.READER_DOWN}
"""Troubles for which the light shows a fault: nobody can come in by badge."""


@dataclass(frozen=True, kw_only=True)
class IdleFacts:
    """The facts on the idle screen, as last read from the ledger."""

    site: Site
    override: Override | None
    people_in: int
    here: tuple[Member, ...] = ()


def read_idle_facts(roster: Roster, site: Site, now: datetime) -> IdleFacts:
    """Read the facts on the idle screen. Raises LedgerError."""
    people_in, here = roster.people_in(site.id, now), roster.members_in(site.id, now)
    return IdleFacts(site=site, override=roster.override(site.id, now), people_in=people_in, here=here)


class FrontPanel:
    """The display and the light at the door."""

    def __init__(self, devices: DoorDevices, clock: Clock, site_id: str) -> None:
        self.answered: AnsweredTap | None = None
        """The last tap's notice, until another takes its place."""
        self.facts: IdleFacts | None = None
        """None: the site is not known yet."""
        self.cause = ""
        """Health code of a disk that took nothing when the ledger failed last; empty for other causes."""
        self.may_be_set_up = False
        """Nobody could be asked for leave yet: the first start shows in place of the idle screen."""
        self._devices, self._clock, self._site_id = devices, clock, site_id
        self._numbers = itertools.count(1)
        self._notice_ends = 0.0
        """Monotonic seconds; afterwards the buttons are gone."""
        self._light = Signal.IDLE
        """What the light comes to rest at: a fault goes on until another signal, all others end by themselves."""

    def find_touched(self, notice: int, button: str) -> AnsweredTap | None:
        """Return the tap whose notice has this number and button; None when that notice no longer shows."""
        answered = self.answered
        if answered is None or notice != answered.notice.number or self._clock.monotonic() > self._notice_ends:
            return None
        return answered if answered.has_button(button) else None

    def show_verdict(self, notice: Notice, case: Case, *, undoable: Visit | None) -> None:
        """Show the verdict on a tap, with a notice number that no earlier notice had."""
        notice = replace(notice, number=next(self._numbers))
        self.answered = AnsweredTap(case=case, notice=notice, undoable=undoable)
        self._present(notice)

    def show_outcome(self, notice: Notice, answered: AnsweredTap, *, undoable: Visit | None) -> None:
        """Show what a button did; buttons of this notice belong to the member who tapped."""
        if notice.buttons:
            self.show_verdict(notice, answered.case, undoable=undoable)
        else:
            self.show(notice)

    def show(self, notice: Notice) -> None:
        """Show a notice that replaces the last tap's."""
        self.answered = None
        self._present(notice)

    def repeat(self) -> None:
        """Show the notice of the last tap once more."""
        if self.answered:
            self._present(self.answered.notice)

    def _present(self, notice: Notice) -> None:
        """Show a notice by screen, light and sound."""
        if self._is_quiet():
            notice = replace(notice, sound="none")
        self._devices.indicator.signal(notice.signal, notice.sound)
        self._devices.display.show(notice)
        self._notice_ends = self._clock.monotonic() + notice.seconds
        self._light = Signal.FAULT if notice.signal is Signal.FAULT else Signal.IDLE

    def _is_quiet(self) -> bool:
        """Tell whether sounds are off now, by the site's local time."""
        quiet, facts = self._devices.quiet, self.facts
        if quiet is None or facts is None:
            return False
        since, until = quiet
        now = local_time.to_local(local_time.zone(facts.site.zone), self._clock.now()).time()
        return since <= now < until if since <= until else now >= since or now < until

    def refresh(self, health: Collection[Health]) -> None:
        """Update the idle screen and the light."""
        self._devices.display.idle(self._idle(health))
        self.rest(health)

    def rest(self, health: Collection[Health]) -> None:
        """Set the light to idle or fault, unless a notice shows: it has its own signal."""
        rest = Signal.FAULT if GRAVE.intersection(health) else Signal.IDLE
        if rest is not self._light and self._clock.monotonic() >= self._notice_ends:
            self._light = rest
            self._devices.indicator.signal(rest, "none" if self._is_quiet() else "usual")

    def _idle(self, health: Collection[Health]) -> Idle:
        """Return the idle screen from the facts read last; the health line says if the ledger cannot be read."""
        now, facts = self._clock.now(), self.facts
        if facts is None and Health.LEDGER_FAILED in health:
            return notices.cannot_start(self._site_id, self.cause, self._devices.language)
        if facts is None:
            waits = self.may_be_set_up
            return notices.not_set_up(self._site_id, self._devices.language, now=now, may_be_set_up=waits)
        return notices.idle(
            facts.site,
            hours.opening(facts.site, facts.override, now),
            now,
            people_in=facts.people_in,
            here=facts.here,
            health=health,
            clock=self._clock.stamp().clock,
            reader_side=self._devices.reader_side,
            language=self._devices.language,
        )
