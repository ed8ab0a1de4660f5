"""A short sample of `make soak`: boots that end in a power cut, and a server that is sometimes away."""

import random

from tests.soak import Month


def test_nothing_that_was_told_as_done_is_lost_by_power_cuts(tmp_path) -> None:
    month = Month(tmp_path, days=1, taps=60, chance=random.Random(3)).live()
    assert month.wrong == []
    assert sum("power cut" in line for line in month.happened) >= 2
    assert month.timeline[-1]["waiting"] == 0


def test_an_entry_that_is_gone_after_a_boot_is_found(tmp_path) -> None:
    month = Month(tmp_path, days=1, taps=60, chance=random.Random(3))
    lines: tuple[dict[str, object], ...] = ({"found": 0}, {"done": 5}, {"found": 4})
    for facts in lines:
        month._hears(facts)
    assert month.wrong == ["4 entries found, 5 were acknowledged"]


def test_memory_that_grows_is_seen_and_a_new_boot_begins_anew(tmp_path) -> None:
    month = Month(tmp_path, days=1, taps=60, chance=random.Random(3))
    days: tuple[tuple[int, int], ...] = ((1, 300), (1, 100), (2, 100), (3, 120))
    month.timeline += [{"memory_mb": mb, "pulses": pulses} for pulses, mb in days]
    assert month.growth() > 0.15
