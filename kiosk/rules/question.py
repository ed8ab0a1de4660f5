"""A tap to be judged at an instant, with the facts that several rules need, each computed once.

The order of the rules is in kiosk.rules, who pays in kiosk.rules.charging. Nothing here grants or denies.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from kiosk import hours, local_time
from kiosk.model import Case, ClockQuality, Holding, Reason, Source, Visit, Window
from kiosk.rules.passes import balance, is_for, validity

OPENS_WINDOW = frozenset({Reason.ENTRY_USED, Reason.DEBT, Reason.UNLIMITED, Reason.COURTESY})
"""Verdicts that begin a window. A re-entry only shows the one it is in."""


class Way(NamedTuple):
    """A pass, and whether its hours let the member in at the tap."""

    holding: Holding
    door: hours.TapHours


class Question:
    """A case at an instant."""

    def __init__(self, case: Case, now: datetime) -> None:
        self.case = case
        self.now = local_time.clamp(now)
        self.site = case.site
        self.policy = case.site.policy
        self.where = local_time.zone(case.site.zone)
        self.today = self.local(self.now)
        self.untrusted = case.clock is ClockQuality.UNTRUSTED

    def local(self, at: datetime) -> date:
        """The local date of an instant."""
        return local_time.today(self.where, at)

    # ---- passes

    @cached_property
    def held(self) -> tuple[Holding, ...]:
        """The passes that the member holds."""
        member = self.case.member
        return tuple(h for h in self.case.holdings if member and member.id in h.pass_.holders)

    @cached_property
    def valid(self) -> tuple[Holding, ...]:
        """The passes valid today and here; while the clock is unknown, those that need no clock."""
        here = (h for h in self.held if is_for(h.pass_.terms, self.site) and validity(h.pass_, self.today) == "valid")
        return tuple(h for h in here if not self.untrusted or self._never_shut(h))

    def left(self, holding: Holding) -> int:
        """The units left, 0 if none can be counted."""
        return balance(holding, self.site, self.now) or 0

    def _never_shut(self, holding: Holding) -> bool:
        own = holding.pass_.terms.access_hours
        return own is not None and hours.never_closes(hours.of_pass(self.site, own), self.now)

    # ---- windows

    @cached_property
    def windows(self) -> tuple[tuple[Visit, Window], ...]:
        """The member's windows at this site, running or over, cut by reversals."""
        here = (v for v in self.case.visits if v.site_id == self.site.id and v.reversed_at is None)
        return tuple((v, v.window) for v in here if v.window is not None and v.reason in OPENS_WINDOW)

    @cached_property
    def running(self) -> tuple[Visit, Window] | None:
        """The running window, the longest one.

        A window that starts at the opening counts as running from an early tap on.
        """
        early = local_time.minutes(self.policy.early_minutes)
        found = [(v, w) for v, w in self.windows if w.start - self.now <= early and self.now < w.end]
        longest = max(found, key=lambda pair: pair[1].end, default=None)
        return self._prolonged(*longest) if longest else None

    def _prolonged(self, visit: Visit, window: Window) -> tuple[Visit, Window]:
        """The window joined with those bought to follow it without a gap; the visit is that of the last."""
        following = [(v, w) for v, w in self.windows if w.start == window.end and w.end > w.start]
        if not following:
            return visit, window
        last, more = following[0]
        return self._prolonged(last, Window(start=window.start, end=more.end))

    @property
    def is_inside(self) -> bool:
        """Whether the member already counts as present, and so takes no additional place."""
        here = (v for v in self.case.visits if v.site_id == self.site.id and v.reversed_at is None and not v.left_at)
        return any(v.present_until is not None and v.at <= self.now < v.present_until for v in here)

    # ---- hours

    @property
    def host_here(self) -> bool:
        """Whether a host is present, or is checking the member in."""
        return self.case.staff_present or self.case.tap.source is Source.STAFF

    @property
    def early(self) -> timedelta:
        """How long before opening a tap is accepted: zero unless somebody is present."""
        return local_time.minutes(self.policy.early_minutes) if self.host_here else timedelta()

    @cached_property
    def ways(self) -> tuple[Way, ...]:
        """The valid passes whose hours let the member in now."""
        return self.ways_by(self.valid, early=self.early)

    @cached_property
    def door(self) -> hours.TapHours | None:
        """Of the hours that let the member in, those that last longest; without a valid pass, the site's."""
        return longest(way.door for way in self.ways) if self.valid else self.at_site(early=self.early)

    def ways_by(self, holdings: Iterable[Holding], *, early: timedelta) -> tuple[Way, ...]:
        """The passes whose hours let the member in now, or that open within `early`."""
        doors = ((h, self._door_of(h, early=early)) for h in holdings)
        return tuple(Way(h, door) for h, door in doors if door is not None)

    def _door_of(self, holding: Holding, *, early: timedelta) -> hours.TapHours | None:
        own = holding.pass_.terms.access_hours
        return self.at_site(early=early) if own is None else self.door_by(own, early=early)

    def door_by(self, own: str, *, early: timedelta = timedelta()) -> hours.TapHours | None:
        """The hours of a pass that the tap falls into, if any."""
        return hours.at_tap(hours.of_pass(self.site, own), self.now, early=early)

    def at_site(self, *, early: timedelta) -> hours.TapHours | None:
        """The site's hours that the tap falls into, if any."""
        return hours.at_tap(hours.of_site(self.site), self.now, early=early, override=self.case.override)


def longest(doors: Iterable[hours.TapHours]) -> hours.TapHours | None:
    """Return the hours that end last."""
    return max(doors, key=lambda door: door.closing or local_time.LAST, default=None)
