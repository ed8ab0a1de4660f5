"""A sample of `make kills`: a kiosk that is killed as it taps and sells, and one whose commits are in two parts."""

import random

from tests.crash_states.kills import Campaign


def test_a_kill_loses_nothing_that_was_answered_and_charges_nobody_twice(tmp_path):
    campaign = Campaign(tmp_path / "kiosk", random.Random(4)).live(3)
    assert campaign.wrong == []
    assert campaign.kills == 3
    assert len(campaign.told.strikes) >= 3
    assert campaign.told.sold


def test_a_kiosk_that_writes_an_entry_and_its_charge_in_two_transactions_is_caught(tmp_path):
    campaign = Campaign(tmp_path / "kiosk", random.Random(4), in_two=True).live(20, until_wrong=True)
    assert campaign.wrong
