"""The door: it opens for as long as it was asked to, and never stays unlocked for any reason."""

import logging
import math
import queue
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest
from gpiozero import DigitalOutputDevice

from hardware.door import EXIT_SECONDS, GRACE_SECONDS, SPRING_SECONDS, STUCK_SECONDS, Door, DoorError, DoorEvent
from hardware.pins import PinError, resting_pin
from hardware.simulator.board import WIRING, Board


class Time:
    """A clock and its timers: `pass_` lets time pass and fires due timers, except those in `called_off`."""

    def __init__(self):
        self.now = 1000.0
        self.timers = []

    def __call__(self):
        return self.now

    def after(self, seconds, call):
        timer = Due(self.now + seconds, call)
        self.timers.append(timer)
        return timer

    def pass_(self, seconds):
        self.now += seconds
        for timer in list(self.timers):
            if timer.at <= self.now and timer.waits:
                timer.waits = False
                timer.call()


class Due:
    def __init__(self, at, call):
        self.at, self.call, self.waits = at, call, True

    def cancel(self):
        self.waits = False


def wire(board, time=None, *, parts=("strike", "contact", "exit_button"), **settings):
    """A door on the bench and the list of what it tells."""
    told = []
    wiring = {part: board.wiring[part] for part in parts}
    if time is not None:
        settings = {"monotonic": time, "after": time.after, **settings}
    door = Door(**wiring, emit=lambda event: told.append(event.what), pin_factory=board.factory, **settings)
    return door, told


def edges(board):
    return [edge.on for edge in board.strike_edges]


# ---------------------------------------------------------------- the strike


def test_an_unlock_is_a_pulse_that_ends_by_itself():
    board = Board()
    with wire(board)[0] as door:
        door.unlock(0.01)
        assert board.wait_for(lambda state: not state["strike"])
    assert edges(board) == [True, False]


def test_the_pulse_lasts_as_long_as_it_was_asked_to():
    board, time = Board(), Time()
    with wire(board, time)[0] as door:
        door.unlock(5)
        time.pass_(4.9)
        assert board.state()["strike"]
        time.pass_(0.1)
        assert not board.state()["strike"]


def gapless(board, time, door):
    """Unlock at 0 s and again at 3 s for 5 s; tell whether the strike held from 0 to 8 s in one piece."""
    door.unlock(5)
    time.pass_(3)
    door.unlock(5)
    time.pass_(4.9)
    held = board.state()["strike"]
    time.pass_(0.1)
    return held and edges(board) == [True, False]


def test_a_second_unlock_lengthens_the_pulse_without_a_gap():
    board, time = Board(), Time()
    with wire(board, time)[0] as door:
        assert gapless(board, time, door)


class GappedDoor(Door):
    """The bad twin: it ends the running pulse before it begins the next."""

    def unlock(self, seconds):
        self.secure()
        super().unlock(seconds)


def test_the_look_for_gaps_finds_one():
    board, time = Board(), Time()
    with GappedDoor(strike=17, emit=print, pin_factory=board.factory, monotonic=time, after=time.after) as door:
        assert not gapless(board, time, door)


def longest_pulse(door_class=Door, *, every=1.0):
    """Unlock for 5 s again and again over a minute: the longest time that the strike was on without a break."""
    board, time, longest, since = Board(), Time(), 0.0, None
    with door_class(strike=17, emit=print, pin_factory=board.factory, monotonic=time, after=time.after) as door:
        for step in range(600):
            if step % int(every * 10) == 0:
                door.unlock(5)
            time.pass_(0.1)
            since = (time.now - 0.1 if since is None else since) if board.state()["strike"] else None
            longest = max(longest, time.now - since if since is not None else 0.0)
    return longest


def test_the_strike_is_never_on_longer_than_its_pulse_and_one_extension():
    assert longest_pulse(every=1.0) <= 10.1
    assert longest_pulse(every=4.0) <= 10.1


class EndlessDoor(Door):
    """The bad twin: every unlock lengthens the pulse."""

    def unlock(self, seconds):
        self._longest_until = math.inf
        super().unlock(seconds)


def test_a_strike_that_is_lengthened_for_ever_is_found_out():
    assert longest_pulse(EndlessDoor) > 50


def test_a_short_unlock_does_not_shorten_a_long_one():
    board, time = Board(), Time()
    with wire(board, time)[0] as door:
        door.unlock(10)
        door.unlock(1)
        time.pass_(9.9)
        assert board.state()["strike"]
        time.pass_(0.1)
        assert not board.state()["strike"]


def test_a_timer_that_was_called_off_too_late_does_not_cut_the_new_pulse():
    board, time = Board(), Time()
    with wire(board, time)[0] as door:
        door.unlock(5)
        late = time.timers[0].call
        door.unlock(5)
        late()
        assert board.state()["strike"]


def test_secure_ends_the_pulse_at_once_and_a_new_one_can_begin():
    board, time = Board(), Time()
    with wire(board, time)[0] as door:
        door.unlock(60)
        door.secure()
        assert not board.state()["strike"]
        door.unlock(5)
        time.pass_(5)
    assert edges(board) == [True, False, True, False]


def test_a_closed_door_is_secured_and_never_unlocked_again():
    board, time = Board(), Time()
    door, _ = wire(board, time)
    door.unlock(60)
    door.close()
    assert not board.state()["strike"]
    with pytest.raises(DoorError):
        door.unlock(1)
    door.close()
    time.pass_(100)
    assert edges(board) == [True, False]


def test_an_active_low_strike_is_driven_the_other_way_round():
    board, time = Board(active_high=False), Time()
    door, _ = wire(board, time, active_high=False)
    assert not board.state()["strike"]
    door.unlock(5)
    assert board.state()["strike"]
    door.close()
    assert not board.state()["strike"]


class Line:
    """Stands for lgpio: the levels that a line was driven to."""

    def __init__(self):
        self.levels = []

    def gpio_claim_output(self, handle, number, level=0):
        self.levels.append(level)

    def gpio_write(self, handle, number, level):
        self.levels.append(level)


def levels_of_a_start(pin_class_of, *, state):
    """The levels of a line that becomes an output at `state`."""
    line = Line()

    class PlainPin:
        """What gpiozero does: an output first, its level afterwards."""

        factory = SimpleNamespace(_handle=0)
        _number = 17

        def output_with_state(self, state):
            line.gpio_claim_output(0, 17)
            line.gpio_write(0, 17, int(state))

    pin_class_of(PlainPin, line)().output_with_state(state)
    return line.levels


def test_an_active_low_strike_is_not_pulled_for_a_moment_at_the_start():
    assert levels_of_a_start(resting_pin, state=True) == [1]
    assert levels_of_a_start(resting_pin, state=False) == [0]


def test_the_moment_in_which_gpiozero_pulls_it_is_seen():
    assert levels_of_a_start(lambda pin_class, line: pin_class, state=True) == [0, 1]


@pytest.mark.parametrize("seconds", [0, -1, math.inf, math.nan])
def test_an_unlock_for_no_time_or_for_ever_is_refused(seconds):
    board = Board()
    with wire(board)[0] as door, pytest.raises(ValueError, match="positive number of seconds"):
        door.unlock(seconds)
    assert edges(board) == []


# ---------------------------------------------------------------- whatever raises, the door is secured


def raises_while_unlocked(board, door):
    """Code that fails in the middle of a pulse; tell whether the strike was released."""

    def visit():
        with door:
            door.unlock(60)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        visit()
    return not board.state()["strike"]


def test_the_strike_is_released_when_the_code_around_it_raises():
    board = Board()
    assert raises_while_unlocked(board, wire(board)[0])


class CarelessDoor:
    """The bad twin: a pulse by gpiozero itself, and lines released without securing the strike."""

    def __init__(self, board):
        self.strike = DigitalOutputDevice(WIRING["strike"], pin_factory=board.factory)

    def unlock(self, seconds):
        self.strike.blink(on_time=seconds, off_time=0, n=1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.strike.close()


def test_the_look_at_the_released_strike_finds_one_that_is_not():
    board = Board()
    assert not raises_while_unlocked(board, CarelessDoor(board))


def no_threads_left(seconds, call):
    raise RuntimeError("can't start new thread")


def test_a_pulse_that_nothing_would_end_is_not_begun():
    board = Board()
    with wire(board, after=no_threads_left)[0] as door, pytest.raises(RuntimeError):
        door.unlock(5)
    assert edges(board) == []


def test_a_pulse_that_cannot_be_lengthened_is_ended():
    board, time = Board(), Time()
    with wire(board, time)[0] as door:
        door.unlock(5)
        door._pulse._after = no_threads_left
        with pytest.raises(RuntimeError):
            door.unlock(5)
        assert not board.state()["strike"]


def test_all_lines_are_let_go_when_one_of_them_cannot_be_had():
    board = Board()
    with DigitalOutputDevice(WIRING["contact"], pin_factory=board.factory), pytest.raises(Exception, match="in use"):
        wire(board)
    with wire(board)[0] as door:
        door.unlock(1)


DYING = """
import atexit, sys
from hardware.door import Door
from hardware.simulator.board import Board
board = Board()
atexit.register(lambda: print([edge.on for edge in board.strike_edges]))
{door}
door.unlock(60)
raise SystemExit("something unforeseen")
"""


def last_words(door):
    """Return what the strike did in a process that ended without closing its door."""
    run = subprocess.run([sys.executable, "-c", DYING.format(door=door)], capture_output=True, text=True)
    assert "something unforeseen" in run.stderr
    return run.stdout.strip()


def test_a_process_that_dies_without_closing_the_door_releases_the_strike():
    assert last_words("door = Door(strike=17, emit=print, pin_factory=board.factory)") == "[True, False]"


def test_without_that_care_the_strike_stays_on():
    careless = "door = Door(strike=17, emit=print, pin_factory=board.factory); atexit.unregister(door.close)"
    assert last_words(careless) == "[True]"


# ---------------------------------------------------------------- contact and exit button


def test_the_contact_tells_opened_and_closed():
    board = Board()
    door, told = wire(board, parts=("contact",))
    assert door.is_open is False
    board.open_door()
    assert door.is_open is True
    board.close_door()
    door.close()
    assert told == ["opened", "closed"]


def test_a_door_held_open_is_told_once_until_it_is_closed():
    board, time = Board(), Time()
    door, told = wire(board, time, parts=("contact",), held_open_seconds=30)
    board.open_door()
    time.pass_(29.9)
    assert told == ["opened"]
    time.pass_(0.1)
    time.pass_(1000)
    assert told == ["opened", "held_open"]
    board.close_door()
    board.open_door()
    time.pass_(30)
    door.close()
    assert told == ["opened", "held_open", "closed", "opened", "held_open"]


def test_a_door_closed_in_time_is_not_held_open():
    board, time = Board(), Time()
    door, told = wire(board, time, parts=("contact",), held_open_seconds=30)
    board.open_door()
    time.pass_(29)
    board.close_door()
    time.pass_(100)
    door.close()
    assert told == ["opened", "closed"]


def test_a_door_that_stands_open_when_the_kiosk_starts_is_held_open_too():
    board, time = Board(), Time()
    board.open_door()
    door, told = wire(board, time, held_open_seconds=30)
    time.pass_(30)
    door.close()
    assert told == ["held_open"]


def test_the_held_open_timer_runs_in_real_time():
    board = Board()
    events: queue.SimpleQueue[DoorEvent] = queue.SimpleQueue()
    with Door(contact=WIRING["contact"], held_open_seconds=0.01, emit=events.put, pin_factory=board.factory):
        board.open_door()
        assert [events.get(timeout=5), events.get(timeout=5)] == [DoorEvent("opened"), DoorEvent("held_open")]


def test_the_exit_button_tells_that_it_was_pressed_and_moves_nothing():
    board = Board()
    door, told = wire(board)
    board.press_exit()
    door.close()
    assert told == ["exit_pressed"]
    assert edges(board) == []


def test_an_exit_button_that_is_held_for_long_is_told_once_and_again_when_it_is_let_go():
    board, time = Board(), Time()
    with wire(board, time)[0] as door:
        told = []
        door._emit = lambda event: told.append(event.what)
        board._pin("exit_button").ground()
        time.pass_(STUCK_SECONDS - 0.1)
        assert told == ["exit_pressed"]
        time.pass_(100)
        board._pin("exit_button").let_go()
        board.press_exit()
        time.pass_(100)
    assert told == ["exit_pressed", "exit_stuck", "exit_released", "exit_pressed"]


def forced(door_class=Door, *, before=lambda door, board, time: None, **without):
    """Open the door after calling `before`; tell whether that was reported as forced."""
    board, time, told = Board(), Time(), []
    wiring = {"strike": 17, "contact": 27, "exit_button": 22, **without}
    with door_class(
        **wiring,
        emit=lambda event: told.append(event.what),
        pin_factory=board.factory,
        monotonic=time,
        after=time.after,
    ) as door:
        before(door, board, time)
        board.open_door()
    return "forced_open" in told


def unlocked(seconds_ago):
    def before(door, board, time):
        door.unlock(5)
        time.pass_(seconds_ago)

    return before


def exit_pressed(seconds_ago):
    def before(door, board, time):
        board.press_exit()
        time.pass_(seconds_ago)

    return before


def test_a_door_opened_out_of_the_blue_was_forced():
    assert forced()


def test_a_door_opened_during_the_pulse_or_just_after_was_not_forced():
    assert not forced(before=unlocked(3))
    assert not forced(before=unlocked(5 + GRACE_SECONDS - 0.1))


def test_a_door_opened_long_after_an_unlock_was_forced():
    assert forced(before=unlocked(5 + GRACE_SECONDS))


def test_a_door_opened_after_the_exit_button_was_not_forced():
    assert not forced(before=exit_pressed(EXIT_SECONDS - 0.1))


def test_a_door_opened_long_after_the_exit_button_was_forced():
    assert forced(before=exit_pressed(EXIT_SECONDS))


def closed_after_an_unlock(seconds_ago, *, springs=0):
    """Unlock, open and close long after the grace time; then the door springs back, so many times."""

    def before(door, board, time):
        door.unlock(5)
        board.open_door()
        time.pass_(20)
        for _ in range(springs):
            board.close_door()
            time.pass_(seconds_ago)
            board.open_door()
            time.pass_(seconds_ago)
        board.close_door()
        time.pass_(seconds_ago)

    return before


def test_a_door_that_springs_back_after_an_expected_closing_was_not_forced():
    assert not forced(before=closed_after_an_unlock(SPRING_SECONDS - 0.1))
    assert not forced(before=closed_after_an_unlock(SPRING_SECONDS - 0.1, springs=5))


def test_a_door_that_opens_long_after_an_expected_closing_was_forced():
    assert forced(before=closed_after_an_unlock(SPRING_SECONDS))


def test_a_door_that_springs_back_after_the_exit_button_was_not_forced():
    def before(door, board, time):
        board.press_exit()
        board.open_door()
        time.pass_(20)
        board.close_door()
        time.pass_(1)

    assert not forced(before=before)


def test_a_closing_after_a_break_in_excuses_nothing():
    def before(door, board, time):
        board.open_door()
        board.close_door()
        time.pass_(1)

    board, time = Board(), Time()
    door, told = wire(board, time)
    with door:
        before(door, board, time)
        board.open_door()
    assert told.count("forced_open") == 2


class UnforgivingDoor(Door):
    """The bad twin: every closing ends all expected openings."""

    def _door_closed(self):
        self._was_expected = False
        super()._door_closed()


def test_a_detector_that_takes_a_spring_for_force_is_found_out():
    assert forced(UnforgivingDoor, before=closed_after_an_unlock(1))


class SuspiciousDoor(Door):
    """The bad twin: it forgets that it was unlocked."""

    def _expect_until(self, instant):
        pass


def test_a_detector_that_forgets_unlocks_is_found_out():
    assert forced(SuspiciousDoor, before=unlocked(3))
    assert forced(SuspiciousDoor, before=exit_pressed(3))


def test_nobody_is_accused_where_leaving_cannot_be_told_from_breaking_in():
    assert not forced(exit_button=None)
    assert not forced(strike=None)


# ---------------------------------------------------------------- what is not wired


def test_without_a_strike_an_unlock_is_told_once_and_does_nothing(caplog):
    caplog.set_level(logging.INFO)
    board = Board()
    with wire(board, parts=("contact",))[0] as door:
        door.unlock(5)
        door.unlock(5)
    assert [record.message for record in caplog.records] == [
        "no strike is wired: taps are recorded, the door is opened by hand"
    ]


def test_with_nothing_wired_it_still_works_without_any_pins():
    with Door(emit=print) as door:
        door.unlock(5)
        door.secure()
        assert door.is_open is None


def test_a_wired_strike_without_a_pin_factory_is_refused():
    with pytest.raises(PinError, match="pin_factory"):
        Door(strike=17, emit=print)


def test_unlocks_from_many_threads_leave_one_pulse():
    board, time = Board(), Time()
    with wire(board, time)[0] as door:
        threads = [threading.Thread(target=door.unlock, args=(5,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        time.pass_(5)
    assert edges(board) == [True, False]
