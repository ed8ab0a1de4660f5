"""What `make quiet` finds in the messages that a kiosk sends to systemd."""

from tests.soak.quiet import LONGEST_GAP, Heard


def heard(*fed_at: float) -> Heard:
    found = Heard()
    found.add("READY=1\nSTATUS=serving", 100.0)
    for moment in fed_at:
        found.add("WATCHDOG=1", moment)
    return found


def test_a_kiosk_that_feeds_the_watchdog_every_two_seconds_has_no_long_gap() -> None:
    assert max(heard(102.0, 104.0, 106.0).gaps(107.0)) < LONGEST_GAP


def test_a_pause_anywhere_is_found() -> None:
    assert max(heard(111.0, 112.0).gaps(113.0)) > LONGEST_GAP
    assert max(heard(102.0, 113.0).gaps(114.0)) > LONGEST_GAP
    assert max(heard(102.0, 104.0).gaps(115.0)) > LONGEST_GAP


def test_a_kiosk_that_is_never_ready_feeds_nothing() -> None:
    found = Heard()
    found.add("STATUS=the ledger is being repaired", 100.0)
    assert found.ready_at is None
    assert found.fed_at == []
