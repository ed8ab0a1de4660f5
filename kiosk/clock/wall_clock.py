"""The kiosk's clock: the machine's clocks, checked by the rules of kiosk.clock.sources."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from kiosk.clock.machine_clocks import MachineClocks, ThisMachine
from kiosk.clock.sources import RTC_APART, TimeSources
from kiosk.model import ClockQuality, Stamp


class WallClock:
    """The present time and how sure it is. Every method may be called from any thread."""

    def __init__(self, machine: MachineClocks | None = None) -> None:
        self._machine: MachineClocks = machine or ThisMachine()
        self.boot_id = self._machine.boot_id
        self._lock = threading.Lock()
        self._sources = TimeSources(self._machine.monotonic())

    def now(self) -> datetime:
        """Return the instant in UTC, as sure as it is known."""
        return self.reading()[0]

    def monotonic(self) -> float:
        """Return monotonic seconds."""
        return self._machine.monotonic()

    def quality(self) -> ClockQuality:
        """Tell how sure `now` is."""
        return self.reading()[2]

    def stamp(self) -> Stamp:
        """Return the stamp of both clocks, for a ledger entry."""
        at, seconds, quality = self.reading()
        if quality is not ClockQuality.UNTRUSTED:
            with self._lock:
                self._sources.note_entry(at, seconds)
        return Stamp(at=at, boot_id=self.boot_id, monotonic_ns=int(seconds * 1e9), clock=quality)

    def reading(self) -> tuple[datetime, float, ClockQuality]:
        """Return the instant, its monotonic seconds, and how sure it is."""
        with self._lock:
            wall, seconds = self._machine.wall(), self._machine.monotonic()
            if not self._machine.synchronised():
                self._sources.hear_no_more("kernel")
            elif self._sources.hear("kernel", wall, seconds):
                return wall, seconds, ClockQuality.TRUSTED
            at, quality = self._sources.time(wall, seconds)
            return at, seconds, quality

    def is_witnessed(self) -> bool:
        """Tell whether the time is sure enough for what cannot be undone: erasing, and deleting old copies.

        Network or server have kept it for an hour, in step with the last sure entry; or a host confirmed the date an
        hour ago, and had that time to notice a slip.
        """
        quality = self.quality()
        with self._lock:
            return quality is not ClockQuality.UNTRUSTED and self._sources.is_witnessed(self._machine.monotonic())

    def chip_is_right(self) -> bool | None:
        """Tell whether the clock chip agrees with the time; None without a chip, or while the time is not known."""
        at, _, quality = self.reading()
        chip = self._machine.battery()
        return None if chip is None or quality is ClockQuality.UNTRUSTED else abs(chip - at) <= 2 * RTC_APART

    def hear_server(self, at: datetime, monotonic: float) -> None:
        """Note that the central server told the time `at` (aware) at these monotonic seconds."""
        with self._lock:
            self._sources.hear("server", at.astimezone(UTC), monotonic)

    def set_by_host(self, at: datetime, monotonic: float) -> None:
        """Set the time that a host gave and confirmed: it was `at` (aware) at these monotonic seconds."""
        with self._lock:
            self._sources.hear_host(at.astimezone(UTC), monotonic)

    def confirm_date(self, monotonic: float) -> None:
        """Note that a host confirmed the present date, at these monotonic seconds."""
        with self._lock:
            self._sources.confirm_date(monotonic)

    def remember(
        self,
        last: Stamp | None,
        *,
        firm: Stamp | None = None,
        chip_was_right: bool = True,
        is_confirmed: bool = False,
    ) -> None:
        """At the start, learn from the ledger's last sure stamp (`last`), None when there is none yet.

        A stamp of this boot is an anchor from which a restarted process continues. `firm` is the last stamp that rests
        on more than a host's word (None: `last`): it is past, and all sources are checked against it. `chip_was_right`:
        the clock chip agreed with the time when that was known last. `is_confirmed`: a host confirmed the date when it
        was set last.
        """
        with self._lock:
            seconds = self._machine.monotonic()
            self._sources.remember(last, firm or last, boot_id=self.boot_id, seconds=seconds, is_confirmed=is_confirmed)
            wall, chip = self._machine.wall(), self._machine.battery()
            if last and chip_was_right and chip is not None:
                self._sources.hear_chip(chip, wall, seconds)
