"""Signing in: passwords, one-time codes, sessions, and how often one may guess."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta

import pyotp
import pytest
from argon2 import PasswordHasher, extract_parameters
from sqlalchemy import select

from sync.central.accounts import sign_in_limits
from sync.central.accounts.sessions import AT_ONCE, BUSY, SignIn
from sync.central.accounts.staff import AccountError, Role, StaffAccount
from sync.central.kiosks.pairing import PairingRefused
from sync.central.server import Central
from sync.central.settings import Settings
from sync.central.storage.tables import accounts, sessions, tries
from sync.central.storage.tries import FIRST_DELAY, FREE, TRIES_AN_HOUR, delay
from sync.wire import Enroll
from tests.office.servers.server import ServerClock, serving

PASSWORD = "a password of some length"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def test_passwords_are_hashed_as_its_library_advises(tmp_path) -> None:
    with closing(Central(Settings(database=str(tmp_path / "central.db")))) as central:
        anne(central)
        with central.storage.reader() as connection:
            kept = connection.execute(select(accounts.c.password_hash)).scalar_one()
    assert extract_parameters(kept) == PasswordHasher()._parameters


def anne(central: Central) -> StaffAccount:
    return central.accounts.add("Anne", PASSWORD, Role.MANAGER)


def signed_in(central: Central, code: str = "") -> str:
    token = central.sessions.sign_in("anne", PASSWORD, code).token
    assert token is not None
    return token


def test_the_right_password_begins_a_session(database: str) -> None:
    with serving(database) as central:
        account = anne(central)
        token = central.sessions.sign_in("  ANNE ", PASSWORD).token
        assert token is not None
        assert central.sessions.account(token) == account


@pytest.mark.parametrize(
    ("name", "password"), [("anne", "wrong"), ("anne", ""), ("nobody", PASSWORD), ("anne", "x" * 10**6)]
)
def test_a_wrong_name_or_password_begins_none(database: str, name: str, password: str) -> None:
    with serving(database) as central:
        anne(central)
        assert central.sessions.sign_in(name, password) == SignIn()


def test_a_session_ends_by_itself_and_by_signing_out(database: str) -> None:
    hands = ServerClock()
    with serving(database, hands) as central:
        anne(central)
        first, second = signed_in(central), signed_in(central)
        central.sessions.sign_out(first)
        assert central.sessions.account(first) is None
        assert central.sessions.account(second) is not None
        hands.moves(hours=12)
        assert central.sessions.account(second) is None
        assert central.sessions.account("never one") is None


@pytest.mark.parametrize(
    "change",
    [
        lambda accounts, one: accounts.set_password(one, "another long password"),
        lambda accounts, one: accounts.set_role(one, Role.READ_ONLY),
        lambda accounts, one: accounts.set_disabled(one, disabled=True),
        lambda accounts, one: accounts.set_totp(one, SECRET),
    ],
)
def test_a_change_of_what_an_account_may_ends_its_sessions(database: str, change) -> None:
    with serving(database) as central:
        account = anne(central)
        token = signed_in(central)
        change(central.accounts, account)
        assert central.sessions.account(token) is None


def test_who_is_shut_out_cannot_sign_in(database: str) -> None:
    with serving(database) as central:
        account = anne(central)
        central.accounts.set_disabled(account, disabled=True)
        assert central.sessions.sign_in("anne", PASSWORD) == SignIn()
        central.accounts.set_disabled(account, disabled=False)
        assert signed_in(central)


def test_a_one_time_code_is_asked_for_and_taken_once(database: str) -> None:
    hands = ServerClock()
    with serving(database, hands) as central:
        central.accounts.set_totp(anne(central), SECRET)
        assert central.sessions.sign_in("anne", PASSWORD) == SignIn(needs_code=True)
        code = pyotp.TOTP(SECRET).at(hands.now)
        assert signed_in(central, f" {code[:3]} {code[3:]} ")
        assert central.sessions.sign_in("anne", PASSWORD, code) == SignIn(needs_code=True)
        hands.moves(seconds=30)
        assert signed_in(central, pyotp.TOTP(SECRET).at(hands.now))


def test_a_one_time_code_may_be_half_a_minute_off_and_no_more(database: str) -> None:
    hands = ServerClock()
    with serving(database, hands) as central:
        central.accounts.set_totp(anne(central), SECRET)
        for seconds, is_taken in ((-90, False), (90, False), (-30, True), (30, True)):
            code = pyotp.TOTP(SECRET).at(hands.now + timedelta(seconds=seconds))
            assert (central.sessions.sign_in("anne", PASSWORD, code).token is not None) == is_taken


YEARS = timedelta(days=4 * 365)


def test_a_clock_that_was_years_ahead_locks_nobody_out_once_it_is_right(database: str) -> None:
    hands = ServerClock()
    with serving(database, hands) as central:
        central.accounts.set_totp(anne(central), SECRET)
        right = hands.now
        hands.now = right + YEARS
        assert signed_in(central, pyotp.TOTP(SECRET).at(hands.now))
        for _ in range(TRIES_AN_HOUR):
            central.sessions.sign_in("anne", "wrong", address="192.0.2.1")
        assert central.sessions.sign_in("anne", PASSWORD, pyotp.TOTP(SECRET).at(hands.now), address="192.0.2.1").wait
        hands.now = right
        found = central.sessions.sign_in("anne", PASSWORD, pyotp.TOTP(SECRET).at(right), address="192.0.2.1")
        assert found.token is not None
        again = central.sessions.sign_in("anne", PASSWORD, pyotp.TOTP(SECRET).at(right), address="192.0.2.1")
        assert again == SignIn(needs_code=True), "a code of the right time works once, as ever"


def test_a_session_and_a_pairing_code_of_a_clock_years_ahead_end_when_it_is_set_right(database: str) -> None:
    hands = ServerClock()
    with serving(database, hands) as central:
        anne(central)
        right = hands.now
        hands.now = right + YEARS
        token = central.sessions.sign_in("anne", PASSWORD).token
        assert token is not None
        assert central.sessions.account(token) is not None
        code = central.kiosks.new_code(name="late")
        hands.now = right
        assert central.sessions.account(token) is None
        assert isinstance(central.kiosks.enroll(Enroll(code=code, ledger_id="late")), PairingRefused)


def test_guessing_at_one_account_ends_after_ten_tries_over_restarts_too(database: str) -> None:
    hands, taken = ServerClock(), 0
    with serving(database, hands) as central:
        anne(central)
    for _ in range(3):
        with serving(database, hands) as central:
            taken += sum(central.sessions.sign_in("anne", "wrong").wait is None for _ in range(5))
    assert taken == FREE
    with serving(database, hands) as central:
        assert central.sessions.sign_in("anne", PASSWORD).wait == FIRST_DELAY
        hands.now += FIRST_DELAY
        assert signed_in(central)


def test_whoever_goes_on_guessing_waits_longer_each_time_but_never_longer_than_a_quarter_of_an_hour() -> None:
    waits = [delay(failures) / FIRST_DELAY for failures in range(FREE + 8)]
    assert waits == [0] * FREE + [1, 2, 4, 8, 16, 30, 30, 30]


def test_a_day_of_guessing_at_one_account_is_a_hundred_tries(database: str) -> None:
    hands, taken = ServerClock(), 0
    with serving(database, hands) as central:
        anne(central)
        for _ in range(24 * 12):  # the longest wait is a quarter of an hour
            hands.moves(minutes=5)
            taken += central.sessions.sign_in("anne", "wrong").wait is None
    assert 90 <= taken <= 105


def test_a_right_password_forgives_the_wrong_ones(database: str) -> None:
    with serving(database) as central:
        anne(central)
        for _ in range(3):
            for _ in range(FREE - 1):
                central.sessions.sign_in("anne", "wrong")
            assert signed_in(central)


def floods(central: Central, addresses: Sequence[str], names: Sequence[str]) -> int:
    """Somebody guesses once at each account from the address beside it. Returns how many guesses were looked at."""
    pairs = zip(addresses, names, strict=True)
    return sum(central.sessions.sign_in(name, "wrong", address=address).wait is None for address, name in pairs)


def test_guessing_at_many_accounts_from_one_address_ends_after_a_hundred_tries_and_shuts_out_nobody_else(
    database: str,
) -> None:
    names = [f"name {number}" for number in range(TRIES_AN_HOUR + 5)]
    with serving(database) as central:
        anne(central)
        assert floods(central, ["192.0.2.1"] * len(names), names) == TRIES_AN_HOUR
        assert central.sessions.sign_in("anne", PASSWORD, address="192.0.2.1").wait
        assert central.sessions.sign_in("anne", PASSWORD, address="192.0.2.2").token


def test_guessing_at_one_account_from_many_addresses_ends_after_a_hundred_tries_an_hour_over_restarts_too(
    database: str,
) -> None:
    hands, taken = ServerClock(), 0
    with serving(database, hands) as central:
        anne(central)
        central.accounts.add("paul", PASSWORD, Role.MANAGER)
    for start in range(0, 300, 50):
        with serving(database, hands) as central:
            addresses = [f"2001:db8:{number:x}::1" for number in range(start, start + 50)]
            taken += floods(central, addresses, ["anne"] * 50)
            hands.moves(minutes=9)
    assert taken == TRIES_AN_HOUR
    with serving(database, hands) as central:
        assert central.sessions.sign_in("anne", PASSWORD, address="198.51.100.7").wait
        assert central.sessions.sign_in("paul", PASSWORD, address="198.51.100.7").token
        hands.moves(minutes=7)  # the first of them were an hour ago
        assert central.sessions.sign_in("anne", PASSWORD, address="198.51.100.7").token


def test_an_owner_who_signs_in_gives_who_guesses_no_new_tries(database: str) -> None:
    hands, taken = ServerClock(), 0
    with serving(database, hands) as central:
        anne(central)
        for number in range(TRIES_AN_HOUR + 20):
            taken += floods(central, [f"2001:db8:{number:x}::1"], ["anne"])
            hands.moves(seconds=1)
            central.sessions.sign_in("anne", PASSWORD, address="198.51.100.7")
            hands.moves(seconds=1)
    assert taken == TRIES_AN_HOUR


def test_all_addresses_of_one_household_are_one(database: str) -> None:
    with serving(database) as central:
        anne(central)
        assert floods(central, [f"2001:db8::{number:x}" for number in range(FREE + 3)], ["anne"] * (FREE + 3)) == FREE
        assert central.sessions.sign_in("anne", PASSWORD, address="::ffff:192.0.2.1").token
    assert sign_in_limits.network_of("::ffff:192.0.2.1") == sign_in_limits.network_of("192.0.2.1")
    assert sign_in_limits.network_of("2001:db8::1") != sign_in_limits.network_of("2001:db8:0:1::1")


def test_of_addresses_a_keyed_hash_is_kept_and_of_a_right_sign_in_nothing(database: str) -> None:
    with serving(database) as central:
        anne(central)
        central.sessions.sign_in("anne", PASSWORD, address="192.0.2.77")
        with central.storage.reader() as connection:
            assert connection.execute(select(tries)).all() == []
        central.sessions.sign_in("anne", "wrong", address="192.0.2.77")
        with central.storage.reader() as connection:
            kept = repr(connection.execute(select(tries)).all())
    assert "sign in from" in kept
    assert "192.0.2.77" not in kept


def test_more_sign_ins_at_once_than_there_are_places_are_sent_away_for_a_moment(database: str) -> None:
    with serving(database) as central:
        anne(central)
        for _ in range(AT_ONCE):
            assert central.sessions._places.acquire(blocking=False)
        assert central.sessions.sign_in("anne", PASSWORD) == SignIn(wait=BUSY)
        for _ in range(AT_ONCE):
            central.sessions._places.release()
        assert [central.sessions.sign_in("anne", PASSWORD).wait for _ in range(AT_ONCE + 1)] == [None] * (AT_ONCE + 1)


def test_passwords_and_sessions_are_kept_as_hashes(database: str) -> None:
    with serving(database) as central:
        anne(central)
        token = signed_in(central)
        with central.storage.reader() as connection:
            kept = repr(connection.execute(select(accounts)).all()) + repr(connection.execute(select(sessions)).all())
    assert "$argon2id$" in kept
    assert PASSWORD not in kept
    assert token not in kept


def test_a_host_is_host_of_a_site(database: str) -> None:
    with serving(database) as central:
        with pytest.raises(AccountError, match="say which"):
            central.accounts.add("paul", PASSWORD, Role.HOST)
        with pytest.raises(AccountError, match="say which"):
            central.accounts.set_role(anne(central), Role.HOST)
        assert central.accounts.listed()[0].role is Role.MANAGER


def test_what_somebody_reads_is_remembered(database: str) -> None:
    with serving(database) as central:
        account = anne(central)
        token = signed_in(central)
        central.accounts.set_language(account, "en")
        signed = central.sessions.account(token)
        assert signed is not None
        assert signed.language == "en"
