"""The pages of staff: signing in and out, and the seal without which no form changes anything."""

from __future__ import annotations

import pyotp
import pytest
from msgspec.structs import replace

from kiosk.facts import SiteSet
from sync.central.pages.framework.access import local_path
from tests.office.servers.office import PASSWORD, mistakes, read, went, within
from tests.rules.house import SERRE

# ---------------------------------------------------------------- signing in


def test_whoever_knows_the_password_signs_in_and_goes_on_to_where_they_wanted(house) -> None:
    visitor = house.visitor()
    assert visitor.get("/members").headers["location"] == "/sign-in?back=%2Fmembers"
    fields = {"name": "Anne", "password": PASSWORD, "back": "/members"}
    assert went(visitor.send("/sign-in", **fields)) == "/members"
    assert "Léa Martin" in read(visitor.get("/members"))


def test_the_session_s_cookie_is_out_of_reach_of_scripts_other_sites_and_plain_http(house) -> None:
    answer = house.visitor().send("/sign-in", name="anne", password=PASSWORD, back="/")
    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith("__Host-session="))
    assert all(word in cookie for word in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"))
    assert "Domain" not in cookie


def test_a_wrong_password_and_an_unknown_name_sound_the_same(house) -> None:
    visitor = house.visitor()
    said = [mistakes(visitor.send("/sign-in", name=name, password="wrong password")) for name in ("anne", "nobody")]
    assert said[0] == said[1] == ["Le nom ou le mot de passe n’est pas le bon"]


def test_after_five_wrong_passwords_the_right_one_has_to_wait(house) -> None:
    visitor = house.visitor()
    for _ in range(5):
        assert visitor.send("/sign-in", name="anne", password="wrong").status_code == 422
    answer = visitor.send("/sign-in", name="anne", password=PASSWORD)
    assert answer.status_code == 429
    assert mistakes(answer)[0].startswith("Trop d’essais. Attendez")
    house.moment.moves(seconds=31)
    assert went(visitor.send("/sign-in", name="anne", password=PASSWORD)) == "/"


def test_an_empty_sign_in_is_told_field_by_field(house) -> None:
    assert mistakes(house.visitor().send("/sign-in", name="", password="")) == [
        "Indiquez votre nom",
        "Entrez votre mot de passe",
    ]


def test_a_manager_with_codes_needs_one_and_each_serves_once(house) -> None:
    manager = house.as_("chef")
    assert "/me/codes" in manager.get("/me").text
    page = manager.get("/me/codes").text
    secret = within(r'name="secret" value="([A-Z2-7]+)"', page)
    code = pyotp.TOTP(secret).at(house.moment.now)
    wrong = "000000" if code != "000000" else "1"
    assert mistakes(manager.send("/me/codes", of="/me/codes", secret=secret, code=wrong, old=PASSWORD))
    right = manager.send("/me/codes", of="/me/codes", secret=secret, code=code, old=PASSWORD)
    assert went(right).startswith("/sign-in")

    visitor = house.visitor()
    asked = visitor.send("/sign-in", name="chef", password=PASSWORD)
    assert 'name="code"' in asked.text
    assert mistakes(visitor.send("/sign-in", name="chef", password=PASSWORD, code="12"))
    assert went(visitor.send("/sign-in", name="chef", password=PASSWORD, code=code)) == "/"
    assert mistakes(house.visitor().send("/sign-in", name="chef", password=PASSWORD, code=code))


def test_signing_out_ends_the_session(house) -> None:
    host = house.as_("anne")
    host.send("/sign-out", of="/")
    host.client.cookies.set("__Host-session", "")
    assert host.get("/").status_code == 303


def test_a_session_ends_after_half_a_day(house) -> None:
    host = house.as_("anne")
    assert host.get("/").status_code == 200
    house.moment.moves(hours=12)
    assert host.get("/").status_code == 303


def test_a_new_password_ends_the_old_one(house) -> None:
    host = house.as_("anne")
    assert mistakes(host.send("/me/password", of="/me", old="wrong", new="short")) == [
        "Ce n’est pas votre mot de passe",
        "Un mot de passe a au moins 12 caractères ; quelques mots conviennent bien",
    ]
    went(host.send("/me/password", of="/me", old=PASSWORD, new="une autre phrase"))
    assert host.get("/").status_code == 303
    assert house.central.sessions.sign_in("anne", "une autre phrase").token


@pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example", "/\\evil.example", "members", ""])
def test_the_way_back_never_leads_elsewhere(path) -> None:
    assert local_path(path) == "/"
    assert local_path("/members?q=a") == "/members?q=a"


# ---------------------------------------------------------------- the seal of a form


def test_a_form_without_the_seal_of_its_session_changes_nothing(house) -> None:
    host, other = house.as_("anne"), house.as_("anne")
    before = house.central.feed.last_position()
    for seal in ("", "0" * 64, other.seal("/"), house.visitor().seal("/sign-in")):
        assert host.bare("/members/lea/suspend", csrf=seal).status_code == 403
    assert house.central.feed.last_position() == before
    assert went(host.send("/members/lea/suspend", of="/members/lea"))


def test_a_form_that_another_site_sent_is_refused_even_with_the_seal(house) -> None:
    host = house.as_("anne")
    data = {"csrf": host.seal("/")}
    headers = {"sec-fetch-site": "cross-site"}
    assert host.client.post("/members/lea/suspend", data=data, headers=headers).status_code == 403


def test_a_sign_in_needs_its_seal_too(house) -> None:
    assert house.visitor().bare("/sign-in", name="anne", password=PASSWORD).status_code == 403


def test_a_host_sees_their_own_site_and_a_manager_all(house) -> None:
    house.central.books.append(SiteSet(site=replace(SERRE, id="gap", name="La Locomotive")), by="server")
    assert "La Locomotive" not in read(house.as_("anne").get("/"))
    manager = house.as_("chef")
    assert "La Locomotive" in read(manager.get("/"))
    assert house.as_("anne").send("/site", of="/", site="gap").status_code == 403
    assert went(manager.send("/site", of="/", site="la-serre")).startswith("/?done=")
    assert "Horaires : La Serre" in read(manager.get("/hours"))
