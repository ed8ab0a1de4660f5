"""The simulated board: what it shows of the lines, and that it behaves as badly as a real one can."""

import re
import threading
from pathlib import Path

import pytest
from gpiozero import DigitalInputDevice, DigitalOutputDevice

from hardware.errors import HardwareError
from hardware.pins import check_pins
from hardware.simulator.board import WIRING, Board
from kiosk.settings.config import EXAMPLE, load


def strike_on(board, active_high=True):
    return DigitalOutputDevice(WIRING["strike"], active_high=active_high, pin_factory=board.factory)


class Light:
    """Three lamps that are written one after the other, as an indicator does."""

    def __init__(self, board):
        self.lamps = {n: DigitalOutputDevice(WIRING[n], pin_factory=board.factory) for n in ("red", "green", "blue")}

    def show(self, *colour):
        for name, lamp in self.lamps.items():
            lamp.value = name in colour


def test_the_door_is_closed_at_first_even_when_the_kiosk_sets_a_pull_up():
    board = Board()
    contact = DigitalInputDevice(WIRING["contact"], pull_up=True, pin_factory=board.factory)
    assert contact.is_active
    board.open_door()
    assert not contact.is_active
    board.close_door()
    assert contact.is_active


def test_the_exit_button_is_pressed_and_let_go():
    board = Board()
    button = DigitalInputDevice(WIRING["exit_button"], pull_up=True, pin_factory=board.factory)
    presses = []
    button.when_activated = lambda: presses.append("down")
    button.when_deactivated = lambda: presses.append("up")
    board.press_exit()
    assert presses == ["down", "up"]


def test_the_strike_keeps_a_history_of_its_edges():
    board = Board()
    strike = strike_on(board)
    strike.on()
    strike.on()
    strike.off()
    assert [edge.on for edge in board.strike_edges] == [True, False]
    assert board.strike_edges[0].at <= board.strike_edges[1].at


def test_an_active_low_strike_is_on_when_its_line_is_low():
    board = Board(active_high=False)
    strike = strike_on(board, active_high=False)
    assert not board.state()["strike"]
    strike.on()
    assert board.state()["strike"]


def test_a_line_that_is_let_go_without_being_released_leaves_the_strike_on():
    board = Board()
    strike = strike_on(board)
    strike.on()
    strike.close()
    assert board.state()["strike"]


def test_colours_that_last_no_time_are_not_seen():
    seen = []
    board = Board(on_change=lambda: seen.append(board.state()["light"]))
    light = Light(board)
    light.show("green", "blue")
    light.show()
    light.show("red")
    assert seen == ["cyan", "off", "red"]


def test_the_signal_is_told_between_two_blinks_too():
    board = Board()
    light = Light(board)
    light.show("red")
    light.show()
    assert board.state() == {"strike": False, "door_open": False, "light": "off", "signal": "denied", "buzzer": False}


def test_somebody_who_waits_is_woken_by_the_change():
    board = Board()
    strike = strike_on(board)
    threading.Thread(target=strike.on).start()
    assert board.wait_for(lambda state: state["strike"])


def test_somebody_who_waits_in_vain_is_told():
    assert not Board().wait_for(lambda state: state["strike"], seconds=0.01)


def test_nothing_changed_is_not_reported():
    calls = []
    board = Board(on_change=lambda: calls.append(1))
    board.close_door()
    assert calls == []


def test_a_part_that_is_not_on_the_bench_cannot_be_moved():
    board = Board({**WIRING, "exit_button": None})
    with pytest.raises(HardwareError, match="no exit_button"):
        board.press_exit()


def lines_in_the_guide():
    """Part and GPIO of each row of the table in docs/wiring.md."""
    guide = (Path(__file__).parents[2] / "docs/wiring.md").read_text()
    rows = re.findall(r"^\| [^|]+ \| `(?:door|indicator)\.(\w+)` \| (\d+) \|", guide, re.MULTILINE)
    return {part: int(pin) for part, pin in rows}


def test_the_wiring_guide_names_the_lines_of_the_bench_and_they_are_sound():
    assert lines_in_the_guide() == WIRING
    assert check_pins(WIRING, active_high=True, force=False) == []


def test_the_example_of_the_settings_has_the_lines_of_the_wiring_guide():
    assert {path.split(".")[1]: pin for path, pin in load(EXAMPLE).pins().items()} == lines_in_the_guide()
