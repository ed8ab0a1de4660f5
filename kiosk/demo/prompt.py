"""The commands that are typed into the demo's terminal."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from kiosk.demo.bench import Bench, BenchError
from kiosk.settings.mistakes import near

HELP = """\
tap NAME           lay a card on the reader and take it away: {cards}
put NAME, take     the same in two steps
touch BUTTON       a button of the notice: desk after a host's tap; leave, undo after the second tap of a visit
clock              what time it is; clock +10m, clock -1h, clock 16:50, clock thu 13:55, clock 2026-07-14 10:00
door open|close    push the door, let it fall shut
exit               press the exit button
unplug, plug       pull the reader's cable, put it back
fault NAME         let the reader fail (silent, short, garbage, ...); fault none mends it
wait SECONDS       let time pass
help, quit"""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOVES = {"m": "minutes", "h": "hours", "d": "days"}


class Prompt:
    """Runs a typed line and returns what to print."""

    def __init__(
        self,
        bench: Bench,
        zone: str,
        *,
        lay: Callable[[str], str],
        touch: Callable[[str], str],
        wake: Callable[[], None],
    ) -> None:
        """`lay` taps with a card; `touch` presses a button of the notice; `wake` makes the kiosk look at its clock.

        `lay` and `touch` return what to print, and raise BenchError.
        """
        self._bench, self._zone, self._wake = bench, ZoneInfo(zone), wake
        self._words: Mapping[str, Callable[[str], str]] = {
            "tap": lay,
            "put": lambda name: f"{bench.put(name)} lies on the reader",
            "take": lambda _: self._do(bench.take, "nothing lies on the reader"),
            "touch": touch,
            "clock": self._clock,
            "door": self._door,
            "exit": lambda _: self._do(bench.board.press_exit, "exit button pressed"),
            "unplug": lambda _: self._do(bench.unplug, "the reader is unplugged"),
            "plug": lambda _: "the reader is plugged in" + ("" if bench.replug() else ", and does not answer yet"),
            "fault": self._fault,
            "wait": self._wait,
            "help": lambda _: HELP.format(cards=", ".join(bench.cards)),
        }

    def run_line(self, line: str) -> str:
        """Run a typed line and return what to print. Raises BenchError."""
        word, _, rest = line.strip().partition(" ")
        if not word:
            return ""
        action = self._words.get(word.casefold())
        if action is None:
            meant = near(word, self._words)
            advice = f"did you mean {meant[0]}?" if meant else "type help"
            raise BenchError(f'"{word}" is not understood: {advice}')
        return action(rest.strip())

    def _do(self, action: Callable[[], None], said: str) -> str:
        action()
        return said

    def _clock(self, text: str) -> str:
        clock = self._bench.clock
        if text:
            clock.set(parse_time(clock.now().astimezone(self._zone), text))
            self._wake()
        return f"{clock.now().astimezone(self._zone):%A %d %B %Y %H:%M}"

    def _door(self, state: str) -> str:
        actions = {"open": self._bench.board.open_door, "close": self._bench.board.close_door}
        if state not in actions:
            raise BenchError("door open, or door close")
        return self._do(actions[state], f"the door is {'open' if state == 'open' else 'closed'}")

    def _wait(self, seconds: str) -> str:
        if not re.fullmatch(r"\d{1,3}(\.\d+)?", seconds):
            raise BenchError("wait takes a number of seconds: wait 6")
        time.sleep(float(seconds))
        return ""

    def _fault(self, name: str) -> str:
        self._bench.break_reader(None if name in ("", "none") else name)
        return f"reader fault: {name or 'none'}"


def parse_time(now: datetime, text: str) -> datetime:
    """Return the local instant that a text means, as `clock` takes it (HELP). Raises BenchError."""
    step = re.fullmatch(r"([+-]\d{1,4})\s*([mhd])\w*", text)
    if step:
        return now + timedelta(**{MOVES[step[2]]: int(step[1])})
    when = re.fullmatch(r"(?:(\d{4}-\d\d-\d\d)\s+|([a-z]{3})[a-z]*\s+)?(\d{1,2})[:h](\d\d)", text.casefold())
    try:
        if when and not (when[2] and when[2] not in DAYS):
            day = datetime.fromisoformat(when[1]) if when[1] else now + timedelta(days=_ahead(now, when[2]))
            return datetime(day.year, day.month, day.day, int(when[3]), int(when[4]), tzinfo=now.tzinfo)
    except ValueError:
        pass
    raise BenchError(f'"{text}" is no time: +10m, -1h, +1d, 16:50, thu 13:55 or 2026-07-14 10:00')


def _ahead(now: datetime, day: str | None) -> int:
    """Return the days from now to the next such weekday, today included; 0 without a day."""
    return (DAYS.index(day) - now.weekday()) % 7 if day else 0
