"""The pages of network managers: sites, roles, passwords, one-time codes they must set up; what hosts do not see."""

from __future__ import annotations

import re

import pyotp
import pytest
from msgspec.structs import replace

from kiosk.facts import MemberSet, SiteSet
from kiosk.model import Member, Ref
from sync.central.alarms import register
from sync.central.alarms.register import Note
from tests.office.servers.office import PASSWORD, Office, lea_comes, mistakes, read, went, within
from tests.office.servers.server import spoilt
from tests.rules.house import SERRE

TUVES = replace(SERRE, id="les-tuves", name="Les Tuves")


# ---------------------------------------------------------------- one-time codes


@pytest.fixture
def strict(house):
    """The office as it is outside of tests: managers need one-time codes."""
    house.central.settings = replace(house.central.settings, managers_need_codes=True)
    return house


def test_a_manager_sets_up_codes_before_anything_else(strict: Office) -> None:
    manager = strict.as_("chef")
    for path in ("/", "/members", "/accounts", "/live", "/me"):
        assert went(manager.get(path)) == "/me/codes", path
    page = manager.get("/me/codes").text
    assert "Membres" not in page
    secret = re.search(r'name="secret" value="([A-Z2-7]{32,})"', page)
    assert secret
    code = pyotp.TOTP(secret[1]).at(strict.moment.now)
    assert went(manager.send("/me/codes", secret=secret[1], code=code, old=PASSWORD)).startswith("/sign-in")
    strict.moment.moves(minutes=1)
    visitor, later = strict.visitor(), pyotp.TOTP(secret[1]).at(strict.moment.now)
    assert went(visitor.send("/sign-in", name="chef", password=PASSWORD, code=later)) == "/"
    assert visitor.get("/members").status_code == 200


@pytest.mark.parametrize(("old", "is_taken"), [("", False), ("another one entirely", False), (PASSWORD, True)])
def test_whoever_finds_a_signed_in_browser_cannot_make_the_second_proof_their_own(house: Office, old, is_taken) -> None:
    browser, secret = house.as_("anne"), pyotp.random_base32()
    sent = browser.send("/me/codes", secret=secret, code=pyotp.TOTP(secret).at(house.moment.now), old=old)
    assert (sent.status_code == 303) == is_taken
    (anne,) = (one for one in house.central.accounts.listed() if one.name == "anne")
    assert anne.has_totp == is_taken


def test_a_manager_without_codes_changes_nothing(strict: Office) -> None:
    manager = strict.as_("chef")
    seal = re.search(r'name="csrf" value="([0-9a-f]+)"', manager.get("/me/codes").text)
    assert seal
    sent = manager.bare("/accounts", csrf=seal[1], name="x", password=PASSWORD, role="read_only")
    assert went(sent) == "/me/codes"
    assert len(strict.central.accounts.listed()) == 3


def test_hosts_need_no_codes(strict: Office) -> None:
    assert strict.as_("anne").get("/").status_code == 200


def test_the_picture_to_scan_is_the_key_and_nothing_from_elsewhere(house: Office) -> None:
    page = house.as_("chef").get("/me/codes").text
    picture = re.search(r"<svg.*?</svg>", page, re.DOTALL)
    assert picture
    assert "http" not in picture[0].replace("http://www.w3.org", "")
    assert "style=" not in picture[0]


# ---------------------------------------------------------------- sites


FIELDS = {
    "name": "Les Tuves", "zone": "Europe/Paris", "country": "fr", "currency": "EUR", "language": "en",
    "debt_limit": "0", "courtesy_minutes": "10", "courtesy_per_month": "1",
    "continuation_minutes": "5", "early_minutes": "0", "presence_minutes": "30", "staff_undo_days": "31",
    "capacity": "12", "capacity_hard": "yes", "untrusted_clock": "grace",
}  # fmt: skip


def test_a_site_in_a_region_keeps_its_holidays(house: Office) -> None:
    manager = house.as_("chef")
    went(manager.send("/sites/new", **FIELDS | {"region": "FR-57"}))
    site = house.central.books.roster.site("les-tuves")
    assert site is not None
    assert site.calendar == "FR-57"
    assert 'value="FR-57" selected' in manager.get("/sites/les-tuves").text
    assert mistakes(manager.send("/sites/les-tuves", **FIELDS | {"region": "FR-57", "country": "de"})) == [
        "Cette région n’est pas connue dans ce pays"
    ]


def test_a_site_is_made_and_changed(house: Office) -> None:
    manager = house.as_("chef")
    assert went(manager.send("/sites/new", **FIELDS)).startswith("/sites")
    made = house.central.books.roster.site("les-tuves")
    assert made is not None
    assert (made.name, made.hours, made.language) == ("Les Tuves", "off", "en")
    assert (made.policy.capacity, made.policy.capacity_hard, made.policy.debt_limit) == (12, True, 0)
    assert "Les Tuves" in read(manager.get("/sites"))
    manager.send("/sites/les-tuves", **FIELDS | {"capacity": "", "name": "Aux Tuves"})
    changed = house.central.books.roster.site("les-tuves")
    assert changed is not None
    assert (changed.name, changed.policy.capacity) == ("Aux Tuves", None)


def test_changing_a_site_keeps_what_the_form_does_not_show(house: Office) -> None:
    before = house.central.books.roster.site(SERRE.id)
    assert before is not None
    house.as_("chef").send(f"/sites/{SERRE.id}", **FIELDS | {"name": before.name})
    after = house.central.books.roster.site(SERRE.id)
    assert after is not None
    assert (after.hours, after.exceptions, after.policy.warn_days) == (
        before.hours,
        before.exceptions,
        before.policy.warn_days,
    )


def test_a_site_s_mistakes_are_told_together(house: Office) -> None:
    wrong = FIELDS | {"name": "", "zone": "Europe/Serres", "country": "France", "debt_limit": "many"}
    told = mistakes(house.as_("chef").send("/sites/new", **wrong))
    assert len(told) == 4
    assert told[1] == "Indiquez un fuseau horaire, comme Europe/Paris"


# ---------------------------------------------------------------- accounts


def account_id(house: Office, name: str) -> str:
    return house.central.accounts.find(name).account_id


def test_a_role_is_changed_and_the_journal_tells_of_it(house: Office) -> None:
    manager, path = house.as_("chef"), f"/accounts/{account_id(house, 'louis')}"
    assert mistakes(manager.send(path, what="role", role="host", site=""))
    assert went(manager.send(path, what="role", role="host", site=SERRE.id)).startswith("/accounts")
    louis = house.central.accounts.find("louis")
    assert (louis.role, louis.site_id) == ("host", SERRE.id)
    assert "Rôle changé : louis, Hôte d’un site" in read(manager.get("/audit")).replace("\u202f", " ")


def test_a_forgotten_password_is_given_anew(house: Office) -> None:
    manager, path = house.as_("chef"), f"/accounts/{account_id(house, 'louis')}"
    assert mistakes(manager.send(path, what="password", password="short"))
    manager.send(path, what="password", password="another long pass phrase")
    assert house.central.sessions.sign_in("louis", PASSWORD).token is None
    assert house.central.sessions.sign_in("louis", "another long pass phrase").token


@pytest.mark.parametrize("what", [{"what": "role", "role": "read_only"}, {"what": "password", "password": PASSWORD}])
def test_nobody_changes_their_own_account_so(house: Office, what: dict[str, str]) -> None:
    path = f"/accounts/{account_id(house, 'chef')}"
    assert house.as_("chef").send(path, of="/accounts", **what).status_code == 404


# ---------------------------------------------------------------- what is of another site


def test_a_host_sees_the_alarms_and_kiosks_of_their_site_only(house: Office) -> None:
    house.central.books.append(SiteSet(site=TUVES), by="server")
    house.central.accounts.add("rose", PASSWORD, house.central.accounts.find("anne").role, site_id=TUVES.id)
    kiosk = house.kiosk("Porte de La Serre")
    kiosk.sealed(lea_comes())
    kiosk.push(lea_comes())  # the entry before is missing: an alarm
    (alarm,) = house.central.alarms.listed()
    rose, anne = house.as_("rose"), house.as_("anne")
    assert "Tout va bien" in read(rose.get("/alarms"))
    assert "Porte de La Serre" not in read(rose.get("/kiosks"))
    assert "Porte de La Serre" in read(anne.get("/alarms"))
    assert rose.send("/alarms", of="/members/new", alarm=alarm.alarm_id).status_code == 403
    assert len(house.central.alarms.listed()) == 1
    anne.send("/alarms", alarm=alarm.alarm_id)
    assert house.central.alarms.listed() == ()


def test_a_host_takes_back_no_visit_of_another_site(house: Office) -> None:
    house.central.books.append(SiteSet(site=TUVES), by="server")
    house.central.accounts.add("rose", PASSWORD, house.central.accounts.find("anne").role, site_id=TUVES.id)
    house.kiosk().push(lea_comes())
    (visit,) = house.central.books.roster.visits_of("lea", house.moment.now)
    path = f"/members/lea/visits/{visit.ref.ledger_id}/{visit.ref.seq}/undo"
    assert house.as_("anne").get(path).status_code == 200
    assert house.as_("rose").get(path).status_code == 403


# ---------------------------------------------------------------- long lists, and what no page is


def test_a_long_list_of_members_has_pages(house: Office) -> None:
    house.central.books.append(
        *(MemberSet(member=Member(id=f"m{n}", name=f"Nom {n:03}")) for n in range(250)), by="server"
    )
    browser = house.as_("anne")
    first, last = read(browser.get("/members")), read(browser.get("/members?page=3"))
    assert "Page 1 sur 3" in first
    assert "Nom 000" in first
    assert "Nom 249" not in first
    assert "Nom 249" in last
    assert "Page 3 sur 3" in read(browser.get("/members?page=99"))
    assert "Page 1 sur 3" in read(browser.get("/members?page=-1"))


def test_long_lists_of_alarms_and_of_what_is_set_aside_have_pages(house: Office) -> None:
    kiosk, manager = house.kiosk(), house.as_("chef")
    paired = house.central.kiosks.by_token(kiosk.token)
    assert paired
    house.central.intake.push(paired, spoilt(kiosk.ledger_id, *(b'{"seq":%d,"no":true}' % n for n in range(1, 46))))
    with house.central.storage.writing() as connection:
        for n in range(44):  # beside the one of what was set aside
            ref = Ref(ledger_id=kiosk.ledger_id, seq=n)
            register.raise_alarm(
                connection,
                "main",
                f"gap:{n}",
                ref=ref,
                note=Note.MISSING,
                facts={"n": n, "known": 99},
                now=house.moment.now,
            )
    for path in ("/alarms", "/quarantine"):
        assert "Page 1 sur 3" in read(manager.get(path))
        last = manager.get(f"{path}?page=3").text
        assert last.count("<section") == 5
    replay = within(r'action="(/quarantine/[^/"]+/replay)"', last)
    refused = manager.send(replay, of="/quarantine")
    assert mistakes(refused)  # and its link leads to what it speaks of, on the same page
    assert "Tout ce qui est mis de côté" in refused.text


def test_a_call_of_the_wire_that_does_not_exist_is_told_in_its_words(house: Office) -> None:
    answer = house.visitor().client.get("/v1/nonsense")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["/members/%00", "/members?q=%00", "/sites/%00"])
def test_a_zero_byte_leads_nowhere(house: Office, path: str) -> None:
    assert house.as_("chef").get(path).status_code == 404


def test_a_retired_site_is_offered_nowhere_and_a_tariff_of_its_own_does_not_become_everybody_s(house: Office) -> None:
    manager = house.as_("chef")
    manager.send("/sites/new", **FIELDS)
    ten = {
        "price": "50",
        "cover": "3h",
        "units": "10",
        "per": "once",
        "valid": "6 mois",
        "on_sale": "yes",
        "desk": SERRE.id,
    }
    went(manager.send("/products/ten", name="Dix", **ten, **{"site-les-tuves": "yes"}))
    assert "Les Tuves" in manager.get("/site").text
    assert went(manager.send("/sites/les-tuves/retire", retired="yes")).startswith("/sites")
    for path in ("/site", "/kiosks", "/products/new", "/accounts"):
        assert "Les Tuves" not in manager.get(path).text, path
    assert went(manager.send("/products/ten", name="Douze", **ten)).startswith("/products")
    changed = house.central.books.roster.product("ten")
    assert changed is not None
    assert (changed.name, changed.sites) == ("Douze", ("les-tuves",))
