"""Ways to pay: what is kept of them, and what entries of earlier releases mean."""

from __future__ import annotations

import pytest

from kiosk.payments import METHODS, Payment, read, received


@pytest.mark.parametrize("method", METHODS)
def test_every_way_is_read_as_it_was_kept(method: str) -> None:
    assert read(Payment(method).stored()) == Payment(method)


@pytest.mark.parametrize(
    ("stored", "meant"),
    [
        ("free", Payment("gift")),
        ("lunch voucher", Payment("other", "lunch voucher")),
        (Payment("other", "cash").stored(), Payment("other", "cash")),
    ],
)
def test_words_of_earlier_releases_and_of_hosts_are_read(stored: str, meant: Payment) -> None:
    assert read(stored) == meant


def test_nothing_is_received_for_a_gift_whatever_its_entry_says() -> None:
    assert [received(way, 5000) for way in ("gift", "free", "cash", "barter")] == [0, 0, 5000, 5000]
