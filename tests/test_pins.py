"""Which lines may carry the strike, the light and the door's contacts."""

from pathlib import Path

import pytest

from hardware.pins import PinError, check_pins, need_factory, open_pins


def refused(pins, active_high=True, force=False):
    return check_pins(pins, active_high=active_high, force=force)


def test_a_sound_wiring_is_accepted():
    assert refused({"strike": 17, "contact": 27, "exit_button": 22, "red": 16, "buzzer": 12}) == []


def test_nothing_wired_is_accepted_even_with_an_active_low_setting():
    assert refused({"strike": None, "red": None}, active_high=False) == []


@pytest.mark.parametrize("pin", [2, 3, 4, 5, 6, 7, 8])
def test_lines_that_are_pulled_up_at_power_on_are_refused_with_the_reason(pin):
    (fault,) = refused({"strike": pin})
    assert f"GPIO {pin} " in fault
    assert "power-on" in fault
    assert "9-13 or 16-27" in fault


@pytest.mark.parametrize("pin", [14, 15])
def test_the_serial_port_is_refused_with_the_reason(pin):
    (fault,) = refused({"buzzer": pin})
    assert "boots" in fault


@pytest.mark.parametrize("pin", [*range(9, 14), *range(16, 28)])
def test_every_line_that_the_advice_names_is_accepted(pin):
    assert refused({"strike": pin}) == []


def test_an_active_low_strike_is_refused_with_the_reason():
    (fault,) = refused({"door.strike": 17, "door.contact": 27}, active_high=False)
    assert fault.startswith("door.strike: ")
    assert "opens the door" in fault


def test_an_active_low_setting_without_a_strike_is_nobodys_business():
    assert refused({"red": 17}, active_high=False) == []


def test_who_forces_it_gets_the_dangerous_lines():
    assert refused({"strike": 4, "red": 14}, active_high=False, force=True) == []


@pytest.mark.parametrize("pin", [-1, 0, 1, 28, 40])
@pytest.mark.parametrize("force", [True, False])
def test_a_line_that_is_not_on_the_header_cannot_be_forced(pin, force):
    (fault,) = refused({"strike": pin}, force=force)
    assert "2 to 27" in fault


@pytest.mark.parametrize("force", [True, False])
def test_one_line_for_two_parts_cannot_be_forced_and_both_are_named(force):
    (fault,) = refused({"strike": 17, "red": 17}, force=force)
    assert "red: GPIO 17 is already taken by strike" in fault


def test_all_mistakes_are_told_at_once():
    assert len(refused({"strike": 4, "red": 99, "green": 14, "blue": 14}, active_high=False)) == 6


def test_a_wired_part_without_a_factory_is_refused_instead_of_falling_back_to_a_global_one():
    with pytest.raises(PinError, match="open_pins"):
        need_factory(None, None, 17)


def test_no_factory_is_needed_when_nothing_is_wired():
    need_factory(None, None, None)


@pytest.mark.skipif(Path("/dev/gpiochip0").exists(), reason="this machine has GPIO lines")
def test_a_machine_without_lines_is_told_what_is_missing():
    with pytest.raises(PinError, match=r"python3-lgpio|/dev/gpiochip0"):
        open_pins()
