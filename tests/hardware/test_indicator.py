"""The light and the buzzer: six signals that can be distinguished without their colours."""

import threading

import pytest

from hardware.indicator import PATTERNS, Indicator
from hardware.pins import PinError
from hardware.simulator.board import Board

PARTS = ("red", "green", "blue", "buzzer")
ENDING = ["granted", "re_entry", "attention", "denied"]


class Pause:
    """Simulated time: records what the bench shows at each beat, and for how long. Stops after `most` beats."""

    def __init__(self, board, most=60):
        self.board, self.most, self.beats = board, most, []

    def __call__(self, stop, seconds):
        state = self.board.state()
        self.beats.append((state["light"], state["buzzer"], seconds))
        return len(self.beats) >= self.most or stop.is_set()


def wire(board, *, parts=PARTS, **settings):
    return Indicator(**{part: board.wiring[part] for part in parts}, pin_factory=board.factory, **settings)


def watch(name, *, parts=PARTS):
    """Play a signal to its end, or for a minute of beats; return its beats and what is shown afterwards."""
    board = Board()
    pause = Pause(board)
    with wire(board, parts=parts, pause=pause) as indicator:
        indicator.signal(name)
        if indicator._player:
            indicator._player.join(5)
        return pause.beats, board.state()


def shown(name):
    """Return colours, rhythm of the light and rhythm of the sound, as people at the door perceive them."""
    beats, after = watch(name)
    colours = {light for light, _, _ in beats} - {"off"} or {after["light"]}
    flashes = tuple((light != "off", seconds) for light, _, seconds in beats)
    sounds = tuple((sound, seconds) for _, sound, seconds in beats)
    return frozenset(colours), flashes, sounds if any(on for on, _ in sounds) else ()


def alike(things):
    return len(set(things)) < len(things)


@pytest.mark.parametrize("sense", [0, 1, 2], ids=["colour", "rhythm", "sound"])
def test_every_signal_differs_from_every_other_by(sense):
    assert not alike([shown(name)[sense] for name in PATTERNS])


def test_two_signals_with_the_same_rhythm_would_be_noticed():
    assert alike([shown("granted")[1], shown("granted")[1]])


def test_each_signal_has_one_colour():
    assert all(len(shown(name)[0]) == 1 for name in PATTERNS)


@pytest.mark.parametrize("name", ENDING)
def test_a_signal_ends_by_itself_and_the_light_is_idle_again(name):
    beats, after = watch(name)
    assert 1 <= sum(seconds for _, _, seconds in beats) <= 4
    assert (after["light"], after["signal"], after["buzzer"]) == ("blue", "idle", False)


def test_a_fault_stays_and_is_silent_after_the_first_second():
    beats, after = watch("fault")
    assert len(beats) == 60
    assert after["signal"] == "fault"
    assert not any(sound for _, sound, _ in beats[12:])


def flashes_too_fast(beats):
    """Whether the light comes on more than three times within a second."""
    starts, clock, was = [], 0.0, "off"
    for light, _, seconds in beats:
        if was == "off" != light:
            starts.append(clock)
        clock, was = clock + seconds, light
    return any(later - first < 1 for first, later in zip(starts, starts[3:], strict=False))


def test_nothing_flashes_fast_enough_to_harm():
    assert not [name for name in PATTERNS if flashes_too_fast(watch(name)[0])]


def test_a_strobe_would_be_noticed():
    assert flashes_too_fast([("red", False, 0.1), ("off", False, 0.1)] * 4)


def test_the_light_is_idle_from_the_start_and_dark_and_silent_at_the_end():
    board = Board()
    with wire(board):
        assert board.state()["signal"] == "idle"
    assert (board.state()["light"], board.state()["buzzer"]) == ("off", False)


def test_idle_keeps_no_thread_awake():
    before = threading.active_count()
    with wire(Board()):
        assert threading.active_count() == before


def test_a_new_signal_replaces_the_one_that_is_running():
    board = Board()
    with wire(board) as indicator:
        indicator.signal("fault")
        assert board.wait_for(lambda state: state["light"] == "magenta")
        indicator.signal("granted")
        assert board.wait_for(lambda state: state["light"] == "green")
        assert "indicator-fault" not in {thread.name for thread in threading.enumerate()}
        indicator.signal("idle")
        assert board.state()["light"] == "blue"


def test_closing_stops_a_signal_in_the_middle_of_a_sound():
    board = Board()
    indicator = wire(board)
    indicator.signal("denied")
    assert board.wait_for(lambda state: state["buzzer"])
    indicator.close()
    assert (board.state()["light"], board.state()["buzzer"]) == ("off", False)


def test_a_signal_runs_in_real_time():
    board = Board()
    with wire(board) as indicator:
        indicator.signal("granted")
        assert board.wait_for(lambda state: state["light"] == "green" and not state["buzzer"])


@pytest.mark.parametrize("part", PARTS)
def test_each_part_alone_is_enough(part):
    beats, _ = watch("denied", parts=(part,))
    assert len(beats) == len(PATTERNS["denied"].beats)


def test_with_nothing_wired_signals_go_nowhere_quietly():
    with Indicator() as indicator:
        indicator.signal("denied")
        assert indicator._player is None


def test_an_unknown_signal_is_an_error_and_leaves_the_running_one():
    board = Board()
    with wire(board) as indicator, pytest.raises(KeyError):
        indicator.signal("disco")
    assert board.state()["signal"] == "idle"


def test_a_wired_light_without_a_pin_factory_is_refused():
    with pytest.raises(PinError, match="pin_factory"):
        Indicator(red=23)
