"""Bounds how much one source may write: a fluttering contact, a wet button, a telephone that is read again and again.

Repeated events are stored a few times, then only as a number per minute. Which events are counted together, and what
else follows from a flood, is decided in kiosk.door.controller and kiosk.door.door_lines.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

MINUTE = 60.0
STORED = 8
"""Entries of one source in any minute; with the number of the minute before and that of the next one, ten."""
SEEN = 30
"""More events of one source in a minute than anybody makes by hand, stored or not."""


@dataclass
class _Source:
    stored: deque[float] = field(default_factory=deque)
    seen: deque[float] = field(default_factory=deque)
    is_flooding: bool = False
    repeats: int = 0
    counted_since: float = 0.0


class FloodLimiter:
    """Counts the events of each source. Times are monotonic seconds.

    Nothing of a flooding source is stored until it was quiet for a minute.
    """

    def __init__(self) -> None:
        self._sources: dict[str, _Source] = {}

    def count(self, source: str, now: float) -> bool:
        """Count an event that is not stored; tell whether its source is flooding."""
        return self._noted(source, now).is_flooding

    def admit(self, source: str, now: float) -> bool:
        """Count an event, and tell whether it may be stored; if not, it is counted as a repeat."""
        found = self._noted(source, now)
        if not found.is_flooding and len(found.stored) < STORED:
            found.stored.append(now)
            return True
        found.is_flooding = True
        if not found.repeats:
            found.counted_since = now
        found.repeats += 1
        return False

    def _noted(self, source: str, now: float) -> _Source:
        found = self._sources.setdefault(source, _Source())
        _forget(found.stored, now)
        _forget(found.seen, now)
        if not found.seen:
            found.is_flooding = False
        found.seen.append(now)
        if len(found.seen) > SEEN:
            found.seen.popleft()
            found.is_flooding = True
        return found

    def counted(self, now: float) -> list[tuple[str, int]]:
        """Return, once a minute, the number of repeats of each source; forget quiet sources."""
        told = []
        for name, source in list(self._sources.items()):
            _forget(source.seen, now)
            if source.repeats and now - source.counted_since >= MINUTE:
                told.append((name, source.repeats))
                source.repeats = 0
            elif not source.seen and not source.repeats:
                del self._sources[name]
        return told

    def flooding(self) -> set[str]:
        """Return the sources that are flooding."""
        return {name for name, source in self._sources.items() if source.is_flooding}


def _forget(times: deque[float], now: float) -> None:
    while times and now - times[0] >= MINUTE:
        times.popleft()
