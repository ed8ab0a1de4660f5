"""A short sample of `make soak`: boots that end in a power cut, and a server that is sometimes away."""

import random

from tests.soak.month import Month


def test_nothing_that_was_told_as_done_is_lost_by_power_cuts_or_a_page_that_the_card_lost(tmp_path) -> None:
    month = Month(tmp_path, days=1, taps=60, chance=random.Random(3)).live()
    assert month.wrong == []
    assert sum("power cut" in line for line in month.happened) >= 2
    assert month.timeline[-1]["waiting"] == 0
    assert month.mendings == sum("the card wears" in line for line in month.happened) >= 1
    assert sum("mended by itself" in line for line in month.happened) == month.mendings


def test_a_worn_page_that_no_start_notices_is_found(tmp_path) -> None:
    month = Month(tmp_path, days=1, taps=60, chance=random.Random(3), worn=7)
    month._hears({"found": 0, "ledger": "one"})
    assert [line for line in month.wrong if "nobody noticed that page 7" in line] == month.wrong != []


def test_too_much_written_is_found(tmp_path) -> None:
    month = Month(tmp_path, days=1, taps=1, chance=random.Random(3))
    month._hears({"done": 1, "ledger": "one", "written": 24 * 1024 + 1, "wal": 4 * 1024 * 1024 + 1})
    month.weigh()
    assert len(month.wrong) == 2


def test_an_entry_that_is_gone_after_a_boot_is_found(tmp_path) -> None:
    month = Month(tmp_path, days=1, taps=60, chance=random.Random(3))
    done: dict[str, object] = {"done": 5, "ledger": "one", "written": 0, "wal": 0}
    for facts in ({"found": 0, "ledger": "one"}, done, {"found": 4, "ledger": "one"}):
        month._hears(facts)
    assert month.wrong == ["4 entries found, 5 were acknowledged"]


def test_memory_that_grows_is_seen_and_a_new_boot_begins_anew(tmp_path) -> None:
    month = Month(tmp_path, days=1, taps=60, chance=random.Random(3))
    days: tuple[tuple[int, int], ...] = ((1, 300), (1, 100), (2, 100), (3, 120))
    month.timeline += [{"memory_mb": mb, "pulses": pulses} for pulses, mb in days]
    assert month.growth() > 0.15
