"""A browser that signed in before is not delayed by guesses from very many addresses, and gains nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sync.central.accounts import device_cookies
from sync.central.storage.tries import TRIES_AN_HOUR
from tests.office.ledgers.small_house import MONDAY
from tests.office.servers.office import PASSWORD, Office, went

SECRET = b"s" * 32


def guessed_from_everywhere(house: Office) -> None:
    """Somebody uses up the tries of an account, each from another address."""
    for number in range(TRIES_AN_HOUR):
        house.central.sessions.sign_in("anne", "a wrong password", address=f"198.51.{number}.7")
    assert house.central.sessions.sign_in("anne", PASSWORD, address="203.0.113.1").wait


def marked(house: Office, name: str = "anne") -> str:
    return str(house.central.sessions.sign_in(name, PASSWORD, address="192.0.2.1").device)


def test_the_owner_comes_in_with_a_browser_that_signed_in_before(house) -> None:
    browser = house.visitor()
    went(browser.send("/sign-in", name="Anne ", password=PASSWORD))
    browser.client.cookies.delete("__Host-session")
    guessed_from_everywhere(house)
    assert house.visitor().send("/sign-in", name="anne", password=PASSWORD).status_code == 429
    assert went(browser.send("/sign-in", name="anne", password=PASSWORD)) == "/"


def test_the_mark_is_out_of_reach_of_scripts_and_other_sites_for_a_year(house) -> None:
    answer = house.visitor().send("/sign-in", name="anne", password=PASSWORD)
    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith("__Host-device-"))
    assert all(word in cookie for word in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=31536000"))
    wrong = house.visitor().send("/sign-in", name="anne", password="a wrong password")
    assert "__Host-device" not in str(wrong.headers)


def test_a_mark_lets_nobody_in_and_its_wrong_tries_cost_it_alone(house) -> None:
    sessions, device = house.central.sessions, marked(house)
    tried = [sessions.sign_in("anne", "wrong", address="192.0.2.9", device=device) for _ in range(6)]
    assert [one.token for one in tried] == [None] * 6
    assert [one.wait is None for one in tried] == [True] * 5 + [False]
    assert sessions.sign_in("anne", PASSWORD, address="192.0.2.9", device=device).wait
    assert sessions.sign_in("anne", PASSWORD, address="192.0.2.9").token


def test_a_mark_keeps_its_count_when_it_is_renewed(house) -> None:
    device = marked(house)
    again = house.central.sessions.sign_in("anne", PASSWORD, device=device).device
    assert str(again).split(".")[1] == device.split(".")[1]


@pytest.mark.parametrize("of", ["another account", "nobody", "an edited one", "another secret", "a year ago"])
def test_a_mark_that_is_not_this_browser_s_of_this_account_is_none(house, of) -> None:
    device = marked(house, "louis") if of == "another account" else marked(house)
    if of == "nobody":
        device = "1.2.3"
    elif of == "an edited one":
        device = device[:15] + ("0" if device[15] != "0" else "1") + device[16:]
    elif of == "another secret":
        device = device_cookies.new_cookie(SECRET, "anne", house.moment.now)
    elif of == "a year ago":
        house.moment.moves(days=366)
    guessed_from_everywhere(house)
    assert house.central.sessions.sign_in("anne", PASSWORD, address="192.0.2.1", device=device).wait


def test_a_new_password_ends_the_marks_of_the_old_one(house) -> None:
    device, accounts = marked(house), house.central.accounts
    anne = next(one for one in accounts.listed() if one.name == "anne")
    for password in (PASSWORD, "another long password"):  # the same one again is a new one as well
        accounts.set_password(anne, password)
        again = house.central.sessions.sign_in("anne", password, address="192.0.2.1", device=device)
        assert again.token
        assert str(again.device).split(".")[1] != device.split(".")[1]


def test_a_mark_is_known_for_a_year() -> None:
    told = device_cookies.new_cookie(SECRET, "anne", MONDAY)
    name = device_cookies.recognise(SECRET, "anne", told, MONDAY + timedelta(days=364))
    assert name
    assert device_cookies.recognise(SECRET, "anne", told, MONDAY + device_cookies.LASTS) is None
    assert device_cookies.recognise(SECRET, "anne", "é" * 100_000, MONDAY) is None
