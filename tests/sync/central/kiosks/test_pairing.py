"""Pairing: a code works once, for a quarter of an hour, and cannot be guessed; a token can be taken back."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import select

from kiosk.facts import Happened
from kiosk.store.codes import CODE_LETTERS
from sync import wire
from sync.central.alarms.register import Kind
from sync.central.kiosks.pairing import TRIES_AN_HOUR, Paired, PairingRefused
from sync.central.server import Central
from sync.central.storage import network
from sync.central.storage.tables import codes, kiosks
from tests.office.servers.server import MemoryLedger, ServerClock, pairs, sends, serving


def tries(central: Central, code: str, ledger_id: str = "ledger-a") -> Paired | PairingRefused:
    return central.kiosks.enroll(wire.Enroll(code=code, ledger_id=ledger_id, name="own name", version="1.2"))


def wrong(code: str) -> str:
    """The code with another last character."""
    return code[:-1] + next(letter for letter in CODE_LETTERS if letter != code[-1])


def test_a_code_lets_a_kiosk_in(database: str) -> None:
    with serving(database) as central:
        code = central.kiosks.new_code(name="North door", site_id="la-serre")
        assert len(code) == 8
        assert set(code) <= set(CODE_LETTERS)
        paired = tries(central, f" {code[:4].lower()}-{code[4:]} ")
        assert isinstance(paired, Paired)
        assert (paired.kiosk.name, paired.kiosk.site_id) == ("North door", "la-serre")
        assert central.kiosks.by_token(paired.token) == central.kiosks.listed()[0] == paired.kiosk


def test_a_code_is_used_once(database: str) -> None:
    with serving(database) as central:
        code = central.kiosks.new_code(name="door")
        assert isinstance(tries(central, code), Paired)
        assert tries(central, code, "ledger-b") == PairingRefused()


def test_a_code_ends_after_a_quarter_of_an_hour(database: str) -> None:
    hands = ServerClock()
    with serving(database, hands) as central:
        code, other = central.kiosks.new_code(name="door"), central.kiosks.new_code(name="other door")
        hands.moves(minutes=14, seconds=59)
        assert isinstance(tries(central, code), Paired)
        hands.moves(seconds=1)
        assert tries(central, other) == PairingRefused()


def test_five_wrong_tries_end_a_code_and_no_other_one(database: str) -> None:
    with serving(database) as central:
        code, other = central.kiosks.new_code(name="door"), central.kiosks.new_code(name="other door")
        for _ in range(4):
            assert tries(central, wrong(code)) == PairingRefused()
        assert isinstance(tries(central, code), Paired)
        for _ in range(5):
            tries(central, wrong(other))
        assert tries(central, other) == PairingRefused()


@pytest.mark.parametrize("code", ["", "A", "ÀÉÎÕ1234", "x" * 10_000, "\0\0\0\0\0\0\0\0", "        "])
def test_what_is_no_code_is_turned_away(database: str, code: str) -> None:
    with serving(database) as central:
        central.kiosks.new_code(name="door")
        assert tries(central, code) == PairingRefused()


def test_whoever_guesses_has_100_tries_an_hour_over_restarts_too(database: str) -> None:
    hands, chance, taken = ServerClock(), random.Random(7), 0
    for _ in range(3):
        with serving(database, hands) as central:
            central.kiosks.new_code(name="door")
            for _ in range(60):
                hands.moves(seconds=10)
                answer = tries(central, "".join(chance.choices(CODE_LETTERS, k=8)))
                assert isinstance(answer, PairingRefused)
                taken += answer.wait is None
    assert taken == TRIES_AN_HOUR


def test_who_waits_as_told_may_try_again(database: str) -> None:
    hands = ServerClock()
    with serving(database, hands) as central:
        for _ in range(TRIES_AN_HOUR):
            tries(central, "33333333")
            hands.moves(seconds=1)
        answer = tries(central, "33333333")
        assert isinstance(answer, PairingRefused)
        assert answer.wait == timedelta(hours=1) - timedelta(seconds=TRIES_AN_HOUR)
        hands.now += answer.wait
        assert tries(central, "33333333") == PairingRefused()


def test_whoever_guesses_keeps_nobody_out_who_has_a_code(database: str) -> None:
    with serving(database) as central:
        for _ in range(TRIES_AN_HOUR + 10):
            tries(central, "33333333")
        code, other = central.kiosks.new_code(name="door"), central.kiosks.new_code(name="other door")
        assert isinstance(tries(central, code), Paired)
        for _ in range(4):
            assert tries(central, wrong(other)) == tries(
                central, "33333333"
            )  # the same answer to both: it tells nothing
        assert isinstance(tries(central, other, "ledger-b"), Paired)


def test_a_code_bears_five_wrong_tries_also_when_there_were_too_many(database: str) -> None:
    with serving(database) as central:
        for _ in range(TRIES_AN_HOUR):
            tries(central, "33333333")
        code = central.kiosks.new_code(name="door")
        for _ in range(5):
            tries(central, wrong(code))
        assert isinstance(tries(central, code), PairingRefused)


def test_of_codes_and_tokens_only_hashes_are_kept(database: str) -> None:
    with serving(database) as central:
        code = central.kiosks.new_code(name="door")
        paired = pairs(central)
        with central.storage.reader() as connection:
            kept = repr(connection.execute(select(codes)).all()) + repr(connection.execute(select(kiosks)).all())
    assert paired.token not in kept
    assert code not in kept
    assert code[4:] not in kept


def test_a_kiosk_that_was_shut_out_is_nobody(database: str) -> None:
    with serving(database) as central:
        paired = pairs(central)
        assert central.kiosks.revoke(paired.kiosk.kiosk_id)
        assert central.kiosks.by_token(paired.token) is None
        assert not central.kiosks.revoke(paired.kiosk.kiosk_id)
        assert not central.kiosks.revoke("nobody")


def test_pairing_a_kiosk_anew_ends_its_old_token(database: str) -> None:
    with serving(database) as central:
        first = pairs(central)
        central.kiosks.revoke(first.kiosk.kiosk_id)
        second = pairs(central)
        assert first.kiosk.kiosk_id == second.kiosk.kiosk_id
        assert central.kiosks.by_token(first.token) is None
        assert central.kiosks.by_token(second.token) is not None


def test_a_code_does_not_take_the_place_of_a_kiosk_that_is_in_use(database: str) -> None:
    with serving(database) as central:
        first = pairs(central)
        code = central.kiosks.new_code(name="another")
        asked = wire.Enroll(code=code, ledger_id=first.kiosk.ledger_id)
        assert central.kiosks.enroll(asked) == PairingRefused(is_taken=True)
        assert central.kiosks.by_token(first.token) is not None
        assert [alarm.kind for alarm in central.alarms.listed()] == [Kind.PLACE_CLAIMED]
        central.kiosks.revoke(first.kiosk.kiosk_id)
        assert isinstance(central.kiosks.enroll(asked), Paired), "the code is still right once a person has said so"


def test_nobody_is_paired_with_the_ledger_of_the_server(database: str) -> None:
    with serving(database) as central:
        central.books.append(Happened(what="x"), by="anne")
        name = network.load(central.storage).ledger_id
        code = central.kiosks.new_code(name="another")
        assert central.kiosks.enroll(wire.Enroll(code=code, ledger_id=name)) == PairingRefused(is_taken=True)
        assert [alarm.kind for alarm in central.alarms.listed()] == [Kind.PLACE_CLAIMED]
        assert central.kiosks.listed() == ()


def test_a_kiosk_is_silent_when_it_was_not_heard_for_long(database: str) -> None:
    hands = ServerClock()
    with serving(database, hands) as central:
        pairs(central)
        hands.moves(minutes=16)
        assert central.kiosks.is_silent(central.kiosks.listed()[0])
        sends(
            central,
            central.kiosks.listed()[0],
            MemoryLedger().writes(),
            wire.Beacon(now=hands.now + timedelta(seconds=3)),
        )
        (heard,) = central.kiosks.listed()
        assert not central.kiosks.is_silent(heard)
        assert (heard.seen_at, heard.skew_ms) == (hands.now, 3000)
