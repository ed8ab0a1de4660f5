"""The pages of staff, through the application and a real database: who may what, every form, taken and refused."""

import html
import re
from io import BytesIO

import pyotp
import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from litestar.routes import HTTPRoute
from msgspec.structs import replace

from kiosk.hours import of_site
from kiosk.model import Happened, Member, MemberSet, Override, Ref, SiteSet
from sync.central import pages
from sync.central.accounts import Role
from sync.central.pages import assets, weekly
from sync.central.pages.gate import local_path
from sync.central.pages.page import TEMPLATES
from sync.central.pages.routes import ROLE
from sync.central.pages.words import catalogue_file, preferred
from tests.books import MONDAY
from tests.central import spoilt
from tests.house import SERRE, at
from tests.office import PASSWORD, STRANGER, Office, lea_comes, mistakes, office, stranger_taps
from tests.test_language import faults, forms

CODE = "FJ36"
"""Claim code of the stranger's badge."""


@pytest.fixture
def house(tmp_path):
    with office(tmp_path) as found:
        yield found


def read(answer) -> str:
    assert answer.status_code == 200, answer.status_code
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)))


def within(pattern: str, text: str) -> str:
    """The part of a text that a pattern captures."""
    found = re.search(pattern, text)
    assert found, f"{pattern} is not in {text}"
    return found[1]


def went(answer) -> str:
    """Where a form that was taken leads to."""
    assert answer.status_code == 303, mistakes(answer)
    return str(answer.headers["location"])


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
    assert mistakes(
        manager.send("/me/codes", of="/me/codes", secret=secret, code="000000" if code != "000000" else "1")
    )
    assert went(manager.send("/me/codes", of="/me/codes", secret=secret, code=code)).startswith("/sign-in")

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
    assert house.central.accounts.sign_in("anne", "une autre phrase").token


@pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example", "/\\evil.example", "members", ""])
def test_the_way_back_never_leads_elsewhere(path) -> None:
    assert local_path(path) == "/"
    assert local_path("/members?q=a") == "/members?q=a"


# ---------------------------------------------------------------- who may what


def handlers(house: Office):
    """Path, method and role of every page."""
    for route in pages.router().routes:
        assert isinstance(route, HTTPRoute)
        for handler in route.route_handlers:
            for method in handler.http_methods:
                if method in ("GET", "POST"):
                    yield route.path, method, handler.opt.get(ROLE, "open")


def test_every_page_says_who_may_see_it_but_for_the_files_that_anybody_may(house) -> None:
    unsaid = {path for path, _, role in handlers(house) if role == "open"}
    assert unsaid == {"/static/{name:str}", "/fonts/{name:str}"}
    anybody = {(method, path) for path, method, role in handlers(house) if role is None}
    assert anybody == {
        ("GET", "/sign-in"),
        ("POST", "/sign-in"),
        ("GET", "/language/{code:str}"),
        ("GET", "/{rest:path}"),
    }


FILLED = {
    "{member_id:str}": "lea",
    "{product_id:str}": "ten",
    "{code:str}": CODE,
    "{pass_id:str}": "ten",
    "{seq:int}": "1",
}


def filled(path: str) -> str:
    for name, value in FILLED.items():
        path = path.replace(name, value)
    return re.sub(r"\{\w+:str\}", "x", path)


@pytest.mark.parametrize(("name", "role"), [("louis", Role.READ_ONLY), ("anne", Role.HOST)])
def test_nobody_passes_a_page_of_a_higher_role(house, name, role) -> None:
    who = house.as_(name)
    ranks = {Role.READ_ONLY: 0, Role.HOST: 1, Role.MANAGER: 2}
    above = [(path, method) for path, method, need in handlers(house) if need in ranks and ranks[need] > ranks[role]]
    assert len(above) > 5
    seal = who.seal("/")
    for path, method in above:
        answer = who.get(filled(path)) if method == "GET" else who.bare(filled(path), csrf=seal)
        assert answer.status_code == 403, (method, path, answer.status_code)


def test_without_a_session_every_page_leads_to_the_sign_in(house) -> None:
    visitor = house.visitor()
    seal = visitor.seal("/sign-in")
    for path, method, role in handlers(house):
        if role not in (None, "open"):
            answer = visitor.get(filled(path)) if method == "GET" else visitor.bare(filled(path), csrf=seal)
            assert answer.headers.get("location", "").startswith("/sign-in"), (method, path)


def test_a_form_without_the_seal_of_its_session_changes_nothing(house) -> None:
    host, other = house.as_("anne"), house.as_("anne")
    before = house.central.last_position()
    for seal in ("", "0" * 64, other.seal("/"), house.visitor().seal("/sign-in")):
        assert host.bare("/members/lea/suspend", csrf=seal).status_code == 403
    assert house.central.last_position() == before
    assert went(host.send("/members/lea/suspend", of="/members/lea"))


def test_a_form_that_another_site_sent_is_refused_even_with_the_seal(house) -> None:
    host = house.as_("anne")
    data = {"csrf": host.seal("/")}
    headers = {"sec-fetch-site": "cross-site"}
    assert host.client.post("/members/lea/suspend", data=data, headers=headers).status_code == 403


def test_a_sign_in_needs_its_seal_too(house) -> None:
    assert house.visitor().bare("/sign-in", name="anne", password=PASSWORD).status_code == 403


def test_a_host_sees_their_own_site_and_a_manager_all(house) -> None:
    house.central.append(SiteSet(site=replace(SERRE, id="gap", name="La Locomotive")), by="server")
    assert "La Locomotive" not in read(house.as_("anne").get("/"))
    manager = house.as_("chef")
    assert "La Locomotive" in read(manager.get("/"))
    assert house.as_("anne").send("/site", of="/", site="gap").status_code == 404
    assert went(manager.send("/site", of="/", site="la-serre")).startswith("/?done=")
    assert "Horaires de La Serre" in read(manager.get("/hours"))


# ---------------------------------------------------------------- headers, languages, errors


def test_every_page_forbids_frames_foreign_scripts_and_guesses_of_type(house) -> None:
    for answer in (
        house.visitor().get("/sign-in"),
        house.as_("anne").get("/"),
        house.visitor().get("/static/kiosk.js"),
    ):
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
    assert house.as_("anne").get("/").headers["cache-control"] == "no-store"


def test_no_page_has_script_or_style_in_it() -> None:
    for file in TEMPLATES.iterdir():
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src)|https?://", file.read_text()), file.name


def test_the_language_follows_the_browser_then_the_switch(house) -> None:
    visitor = house.visitor()
    assert '<html lang="en">' in visitor.get("/sign-in", **{"accept-language": "de, en-GB;q=0.8, fr;q=0.3"}).text
    assert '<html lang="fr">' in visitor.get("/sign-in", **{"accept-language": "de"}).text
    assert visitor.get("/language/en?back=/sign-in").headers["location"] == "/sign-in"
    assert '<html lang="en">' in visitor.get("/sign-in", **{"accept-language": "fr"}).text
    assert visitor.get("/language/xx").status_code == 404


def test_a_browser_s_wishes_are_weighed() -> None:
    assert preferred("fr;q=0.2, en;q=0.9") == "en"
    assert preferred("de-DE, fr-CH;q=0.9") == "fr"
    assert preferred("") is preferred("*") is preferred("en;q=0") is None


def test_what_is_not_there_is_told_on_a_page(house) -> None:
    host = house.as_("anne")
    for path in (
        "/nothing",
        "/no/thing",
        "/members/nobody",
        "/members/lea/passes/x/cancel",
        "/members/lea/visits/x/1/undo",
    ):
        answer = host.get(path)
        assert answer.status_code == 404
        assert "<h1>Introuvable</h1>" in answer.text


def test_only_the_listed_files_are_served(house) -> None:
    visitor = house.visitor()
    for path in assets.FILES:
        assert visitor.get(path).status_code == 200
    for path in ("/static/..%2Fpages%2Fgate.py", "/static/gate.py", "/fonts/LICENSE"):
        assert visitor.get(path).status_code == 404


def test_names_are_escaped(house) -> None:
    house.central.append(MemberSet(member=Member(id="x", name="<script>alert(1)</script>")), by="server")
    page = house.as_("anne").get("/members").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


# ---------------------------------------------------------------- today


def test_the_first_page_tells_who_is_in_and_what_was_tapped(house) -> None:
    house.kiosk().push(lea_comes(), stranger_taps())
    house.moment.moves(minutes=5)
    page = read(house.as_("louis").get("/"))
    assert "1 membre présent" in page
    assert "Léa Martin 09:05 12:05" in page
    assert f"Badge {CODE}" in page
    assert "badge inconnu" in page


def test_a_quiet_house_says_so(house) -> None:
    assert "Personne n’est là." in read(house.as_("louis").get("/"))


# ---------------------------------------------------------------- members


def test_a_search_forgives_accents(house) -> None:
    host = house.as_("anne")
    assert "1 membre pour « LEA »" in read(host.get("/members?q=LEA"))
    assert "Aucun nom ne ressemble" in read(host.get("/members?q=zzz"))


def test_a_member_is_added_and_one_of_the_same_name_only_when_asked_twice(house) -> None:
    host = house.as_("anne")
    fields = {"name": " Zoé   Lune ", "role": "member", "greeting": "initials", "language": "en"}
    path = went(host.send("/members/new", **fields)).split("?")[0]
    member = house.central.roster.member(path.rsplit("/", 1)[1])
    assert (member.name, member.greeting, member.language) == ("Zoé Lune", "initials", "en")
    assert mistakes(
        host.send(
            "/members/new",
            **fields,
        )
    ) == ["Il y a déjà Zoé Lune. Cochez la case s’il s’agit de quelqu’un d’autre"]
    assert went(host.send("/members/new", **fields, anyway="yes"))
    assert mistakes(host.send("/members/new", name="", greeting="pseudonym")) == [
        "Indiquez un nom",
        "Indiquez le pseudonyme que l’écran doit montrer",
    ]


def test_a_member_is_changed_suspended_and_let_come_again(house) -> None:
    host = house.as_("anne")
    went(host.send("/members/lea/edit", name="Léa Martin-Roux", role="member", greeting="nothing", language=""))
    assert house.central.roster.member("lea").name == "Léa Martin-Roux"
    went(host.send("/members/lea/edit", name="Léa Martin", greeting="pseudonym", pseudonym="Lune", language="en"))
    went(host.send("/members/lea/edit", name="Léa Martin", greeting="nothing", pseudonym="", language=""))
    assert (house.central.roster.member("lea").language, house.central.roster.member("lea").pseudonym) == (None, None)
    assert mistakes(host.send("/members/lea/edit", name=" ")) == ["Indiquez un nom"]
    went(host.send("/members/lea/suspend", of="/members/lea"))
    assert house.central.roster.member("lea").status == "suspended"
    went(host.send("/members/lea/restore", of="/members/lea"))
    assert house.central.roster.member("lea").status == "active"


def test_a_member_comes_and_goes_without_a_badge(house) -> None:
    host = house.as_("anne")
    house.moment.now = at("2026-07-13 10:00")
    assert went(host.send("/members/lea/check-in", of="/members/lea")) == "/members/lea?done=member-in"
    assert house.central.roster.people_in(SERRE.id, house.moment.now) == 1
    house.moment.moves(minutes=5)
    went(host.send("/members/lea/leave", of="/members/lea"))
    assert house.central.roster.people_in(SERRE.id, house.moment.now) == 0
    house.moment.now = at("2026-07-13 20:00")
    refused = went(host.send("/members/lea/check-in", of="/members/lea"))
    assert "Entrée refusée" in read(host.get(refused))


# ---------------------------------------------------------------- badges


def test_a_badge_that_was_just_tapped_is_assigned_by_its_code(house) -> None:
    house.kiosk().push(stranger_taps())
    host = house.as_("anne")
    assert CODE in read(host.get("/badges"))
    assert mistakes(host.send("/members/lea/badges", of="/members/lea", code="ZZZZ"))[0].startswith(
        "Aucun badge inconnu"
    )
    assert mistakes(host.send("/members/lea/badges", of="/members/lea", code="")) == [
        "Entrez les quatre caractères que la borne affiche"
    ]
    went(host.send("/members/lea/badges", of="/members/lea", code=CODE.lower()))
    assert house.central.roster.badge(STRANGER).member_id == "lea"
    assert CODE not in read(host.get("/badges"))


def test_a_badge_of_the_list_goes_to_whoever_is_named(house) -> None:
    house.kiosk().push(stranger_taps())
    host = house.as_("anne")
    assert "Aucun membre ne s’appelle" in mistakes(host.send("/badges", code=CODE, member="Zorro"))[0]
    assert mistakes(host.send("/badges", code=CODE, member="")) == [
        f"Indiquez le nom du membre qui reçoit le badge {CODE}"
    ]
    went(host.send("/badges", code=CODE, member="lea martin"))
    assert house.central.roster.badge(STRANGER).member_id == "lea"


@pytest.mark.parametrize(("state", "status"), [("lost", "lost"), ("blocked", "blocked")])
def test_a_badge_is_lost_or_blocked_and_comes_back(house, state, status) -> None:
    host = house.as_("anne")
    path = within(r'action="(/members/lea/badges/\w+)"', host.get("/members/lea").text)
    went(host.send(path, of="/members/lea", state=state))
    assert house.central.roster.badge("b-lea").status == status
    went(host.send(path, of="/members/lea", state="active"))
    assert house.central.roster.badge("b-lea").status == "active"
    went(host.send(path, of="/members/lea", state="returned"))
    assert house.central.roster.badge("b-lea").member_id is None
    assert host.send(path, of="/members/lea", state="eaten").status_code == 404


# ---------------------------------------------------------------- passes


def test_a_pass_is_sold_at_the_desk(house) -> None:
    host = house.as_("anne")
    went(host.send("/members/lea/sell", product="ten", method="card", starts="2026-07-20"))
    held = house.central.roster.holdings("lea", house.moment.now)
    newest = next(one.pass_ for one in held if one.pass_.id != "ten")
    assert newest.valid_from.isoformat() == "2026-07-20"
    assert mistakes(host.send("/members/lea/sell", product="gold", method="pebbles", starts="soon")) == [
        "Choisissez ce qui est vendu",
        "Choisissez le moyen de paiement",
        "Entrez une date, comme 2026-07-13",
    ]


def test_an_entry_that_another_kiosk_took_is_given_back_with_a_reason(house) -> None:
    kiosk = house.kiosk()
    kiosk.push(lea_comes())
    host = house.as_("anne")
    path = f"/members/lea/visits/{kiosk.ledger_id}/1/undo"
    assert mistakes(host.send(path, reason=" ")) == ["Dites pourquoi : cela reste dans l’historique"]
    went(host.send(path, reason="badge passé deux fois"))
    assert house.central.roster.visit(Ref(ledger_id=kiosk.ledger_id, seq=1)).reversed_at is not None
    assert house.central.roster.holdings("lea", house.moment.now)[0].used == 0
    assert mistakes(host.send(path, reason="encore")) == ["Cette visite a déjà été annulée"]


def test_an_entry_of_long_ago_stands(house) -> None:
    kiosk = house.kiosk()
    kiosk.push(lea_comes())
    house.moment.moves(days=32)
    path = f"/members/lea/visits/{kiosk.ledger_id}/1/undo"
    assert mistakes(house.as_("anne").send(path, reason="trop tard")) == [
        "Cette visite est trop ancienne pour être annulée"
    ]


def test_a_sale_is_taken_back_unless_entries_of_it_are_used(house) -> None:
    host, path = house.as_("anne"), "/members/lea/passes/ten/cancel"
    house.kiosk().push(lea_comes())
    assert "rendez-les d’abord" in mistakes(host.send(path, reason="erreur"))[0]
    went(host.send("/members/lea/sell", product="unl", method="cash"))
    sold = next(one.pass_.id for one in house.central.roster.holdings("lea", MONDAY) if one.pass_.id != "ten")
    went(host.send(f"/members/lea/passes/{sold}/cancel", reason="erreur"))
    assert [one.pass_.id for one in house.central.roster.holdings("lea", MONDAY)] == ["ten"]


# ---------------------------------------------------------------- tariffs


def test_a_tariff_is_made_and_changed_and_passes_sold_keep_their_terms(house) -> None:
    manager = house.as_("chef")
    half = {"name": "10 demi-journées", "price": "60,50 €", "cover": "08:30-12:30, 13:30-18:00", "units": "10"}
    went(manager.send("/products/new", **half, per="once", valid="6 mois", on_sale="yes"))
    made = house.central.roster.product("10-demi-journees")
    assert (made.price_cents, made.valid_months, len(made.cover.spans)) == (6050, 6, 2)
    shown = {"name": "10 entrées", "price": "55", "cover": "3h", "units": "10", "per": "once", "valid": ""}
    went(manager.send("/products/ten", **shown))
    assert house.central.roster.product("ten").price_cents == 5500
    assert not house.central.roster.product("ten").on_sale
    assert house.central.roster.holdings("lea", MONDAY)[0].pass_.terms.price_cents == 5000


def test_two_half_days_may_become_a_day_and_no_tariff_becomes_itself(house) -> None:
    manager = house.as_("chef")
    half = {"price": "5", "cover": "08:30-12:30, 13:30-18:00", "units": "10", "on_sale": "yes"}
    manager.send("/products/new", name="Demi-journée", converts_to="ten", **half)
    assert house.central.roster.product("demi-journee").converts_to == "ten"
    for wrong in ("demi-journee", "nothing"):
        assert mistakes(manager.send("/products/demi-journee", name="Demi-journée", converts_to=wrong, **half))
    manager.send("/products/demi-journee", name="Demi-journée", converts_to="", **half)
    assert house.central.roster.product("demi-journee").converts_to is None


def test_a_tariff_s_mistakes_are_told_together(house) -> None:
    wrong = {"name": "", "price": "cher", "cover": "un peu", "units": "0", "valid": "toujours", "access": "24/8"}
    said = mistakes(house.as_("chef").send("/products/new", **wrong))
    assert len(said) == 5
    assert said[0] == "Indiquez un nom"
    assert "column" in said[-1]


# ---------------------------------------------------------------- hours


def test_other_weekly_hours_are_kept_as_they_are_typed(house) -> None:
    host = house.as_("anne")
    week = {f"day-{n}": "" for n in range(7)} | {"day-0": "9h-12h30, 14h-17h", "day-2": "10:00-16:00"}
    went(host.send("/hours/week", of="/hours", **week, holidays="yes"))
    assert house.central.roster.site(SERRE.id).hours == "Mo 09:00-12:30,14:00-17:00; We 10:00-16:00; PH off"
    assert of_site(house.central.roster.site(SERRE.id))
    assert mistakes(host.send("/hours/week", of="/hours", **week | {"day-1": "le matin"}))[0].startswith("Mardi")


def test_hours_may_be_written_by_hand_and_a_slip_is_told_with_its_column(house) -> None:
    host = house.as_("anne")
    went(host.send("/hours/written", of="/hours", hours="Mo-Fr 08:00-12:00; PH off"))
    assert house.central.roster.site(SERRE.id).hours == "Mo-Fr 08:00-12:00; PH off"
    assert "column 4" in mistakes(host.send("/hours/written", of="/hours", hours="Mo 8-25"))[0]


def test_a_dated_exception_comes_and_goes(house) -> None:
    host = house.as_("anne")
    fields = {"first": "2026-12-24", "last": "2026-12-31", "state": "off", "label": "fêtes"}
    assert went(host.send("/hours/exceptions", of="/hours", **fields)) == "/hours?on=2026-12-24&done=hours-kept"
    rule = '2026 Dec 24-2026 Dec 31 off "fêtes"'
    assert rule in house.central.roster.site(SERRE.id).exceptions
    assert "fêtes" in read(host.get("/hours?on=2026-12-24"))
    went(host.send("/hours/exceptions/remove", of="/hours", rule=rule))
    assert rule not in house.central.roster.site(SERRE.id).exceptions


def test_a_day_opened_as_an_exception_shows_in_the_calendar(house) -> None:
    host = house.as_("anne")
    fields = {"first": "2026-07-14", "state": "open", "times": "10h-16h"}
    went(host.send("/hours/exceptions", of="/hours", **fields))
    assert "14 10:00 – 16:00" in read(host.get("/hours?view=week&on=2026-07-14"))


def test_an_exception_s_mistakes_are_told(house) -> None:
    host = house.as_("anne")
    assert mistakes(host.send("/hours/exceptions", of="/hours", first="", state="open", times="")) == [
        "Indiquez le premier jour",
        "Écrivez les horaires comme 09:00-12:30, 14:00-17:00",
    ]
    backwards = {"first": "2026-12-31", "last": "2026-12-24"}
    assert "ne précède pas" in mistakes(host.send("/hours/exceptions", of="/hours", **backwards))[0]


def test_the_site_closes_stays_open_and_goes_back_to_its_hours(house) -> None:
    host = house.as_("anne")
    went(host.send("/hours/today", of="/hours", what="close"))
    assert (found := override(house))
    assert found.state == "closed"
    went(host.send("/hours/today", of="/hours", what="back"))
    assert override(house) is None
    assert mistakes(host.send("/hours/today", of="/hours", what="open", until="late")) == [
        "Entrez une heure, comme 19:30"
    ]
    went(host.send("/hours/today", of="/hours", what="open", until="19:30"))
    assert (found := override(house))
    assert found.until == at("2026-07-13 19:30")


def override(house: Office) -> Override | None:
    return house.central.roster.override(SERRE.id, house.moment.now)


def test_a_week_survives_being_read_and_written() -> None:
    for hours in ("Mo,Tu 09:00-17:00; Th 14:00-17:00; PH off", "Mo-Fr 08:00-12:00,13:00-18:00", "Sa,Su 22:00-02:00"):
        week = weekly.read(hours)
        assert week
        assert weekly.write(week[0], holidays=week[1]) == hours
    assert weekly.write([""] * 7, holidays=True) == "off"


@pytest.mark.parametrize("hours", ["24/7", "Jan-Mar Mo 10:00-12:00", 'Mo 09:00-17:00 "midi"', "PH off; Mo 09:00-10:00"])
def test_hours_that_a_form_cannot_say_are_left_to_be_written(hours) -> None:
    assert weekly.read(hours) is None


@pytest.mark.parametrize(
    "text", ["9", "matin", "17:00-09:00, 10:00-12:00", "25:00-26:00", "09:70-10:00", "10:00-10:00"]
)
def test_times_that_mean_nothing_are_refused_at_their_day(text) -> None:
    with pytest.raises(weekly.WeekError) as found:
        weekly.write(["", text, "", "", "", "", ""], holidays=False)
    assert found.value.day == 1


# ---------------------------------------------------------------- kiosks, alarms, quarantine


def test_a_pairing_code_is_shown_once_and_pairs(house) -> None:
    manager = house.as_("chef")
    page = read(manager.send("/kiosks/code", of="/kiosks", name="porte", site=SERRE.id))
    code = within(r"kiosk pair \S+ (\w{8})", page)
    assert code not in read(manager.get("/kiosks"))
    answer = house.visitor().client.post("/v1/enroll", json={"code": code, "ledger_id": "l-1"})
    assert answer.json()["site_id"] == SERRE.id
    assert "porte" in read(manager.get("/kiosks"))
    assert mistakes(manager.send("/kiosks/code", of="/kiosks", name="", site="nowhere")) == [
        "Nommez la borne par son emplacement, comme « porte d’entrée »",
        "Choisissez un site",
    ]


def test_a_kiosk_is_shown_with_its_health_and_queue_then_as_silent_and_is_shut_out(house) -> None:
    kiosk, manager = house.kiosk(), house.as_("chef")
    kiosk.push(lea_comes(), health=("disk_low",), waiting=7)
    page = manager.get("/kiosks").text
    assert "Disque presque plein" in page
    assert '<td data-label="À envoyer">6</td>' in page  # one of the seven came with the word of them
    house.moment.moves(minutes=16)
    assert "Muette" in read(manager.get("/kiosks"))
    assert "1 borne ne donne plus de nouvelles" in read(manager.get("/"))
    path = within(r'action="(/kiosks/[^/"]+/revoke)"', page)
    went(manager.send(path, of="/kiosks"))
    assert house.central.kiosk_of(kiosk.token) is None
    assert manager.send("/kiosks/x/revoke", of="/kiosks").status_code == 404


def test_an_alarm_is_counted_shown_and_settled(house) -> None:
    kiosk, host = house.kiosk(), house.as_("anne")
    kiosk.sealed(Happened(what="lost on the way"))
    kiosk.push(lea_comes())
    page = host.get("/alarms").text
    assert "Il manque des écritures d’une borne" in page
    assert 'class="tally">1<' in page
    alarm = house.central.alarms()[0].alarm_id
    went(host.send("/alarms", alarm=alarm))
    assert "Tout va bien." in read(host.get("/alarms"))


def test_what_is_set_aside_is_shown_tried_again_and_settled(house) -> None:
    kiosk, manager = house.kiosk(), house.as_("chef")
    paired = house.central.kiosk_of(kiosk.token)
    house.central.push(paired, spoilt(kiosk.ledger_id, b'{"seq":1,"nonsense":true}'))
    page = manager.get("/quarantine").text
    assert "nonsense" in page
    replay = within(r'action="(/quarantine/[^/"]+/replay)"', page)
    assert mistakes(manager.send(replay, of="/quarantine"))[0].startswith("Toujours impossible")
    went(manager.send(replay.replace("replay", "dismiss"), of="/quarantine"))
    assert "Rien n’est mis de côté." in read(manager.get("/quarantine"))
    assert manager.send(replay, of="/").status_code == 404


# ---------------------------------------------------------------- accounts, journal


def test_an_account_is_made_and_signs_in(house) -> None:
    manager = house.as_("chef")
    fields = {"name": "Paul", "password": "douze lettres et plus", "role": "host", "site": SERRE.id}
    went(manager.send("/accounts", **fields))
    assert house.central.accounts.sign_in("paul", "douze lettres et plus").token
    assert mistakes(manager.send("/accounts", **fields)) == ["Un compte porte déjà ce nom"]
    assert len(mistakes(manager.send("/accounts", name="", password="short", role="king"))) == 3
    assert mistakes(manager.send("/accounts", **fields | {"name": "Rose", "site": ""})) == [
        "Choisissez le site que la personne accueille"
    ]


def test_an_account_is_shut_out_at_once_and_nobody_shuts_themselves_out(house) -> None:
    manager, host = house.as_("chef"), house.as_("anne")
    ids = {one.name: one.account_id for one in house.central.accounts.listed()}
    went(manager.send(f"/accounts/{ids['anne']}", of="/accounts", what="disable"))
    assert host.get("/").status_code == 303
    went(manager.send(f"/accounts/{ids['anne']}", of="/accounts", what="enable"))
    assert house.as_("anne").get("/").status_code == 200
    assert manager.send(f"/accounts/{ids['chef']}", of="/accounts", what="disable").status_code == 404


def test_the_journal_tells_who_did_what(house) -> None:
    host, manager = house.as_("anne"), house.as_("chef")
    host.send("/members/lea/sell", product="ten", method="cash")
    host.send("/hours/today", of="/hours", what="close")
    page = read(manager.get("/audit"))
    assert re.search(r"anne Vente\s?: 10 entrées à Léa Martin, 50", page)
    assert "anne Fermé pour la journée" in page
    older = manager.get("/audit?before=2")
    assert "le serveur" in older.text


# ---------------------------------------------------------------- words


def messages() -> Catalog:
    """What the pages say, in English."""
    found = Catalog()
    methods = [("pages/**.py", "python"), ("templates/**.html", "jinja2.ext:babel_extract")]
    words = {"say": None, "page_say": None, "count": (1, 2), "_": None}
    options = {"templates/**.html": {"silent": "false"}}
    for _, _, message, _, _ in extract_from_dir(
        TEMPLATES.parent, method_map=methods, options_map=options, keywords=words
    ):
        found.add(message)
    return found


def test_the_french_catalogue_of_the_pages_translates_every_text_with_the_same_facts() -> None:
    assert faults(catalogue_file("fr").read_text(encoding="utf-8"), messages()) == []
    assert len(messages()) > 300


def test_the_french_of_the_pages_is_set_as_french_is_set() -> None:
    given = read_po(BytesIO(catalogue_file("fr").read_bytes()))
    texts = [text for one in given if one.id for text in forms(one.string)]
    assert [text for text in texts if re.search(r"'|[  ][;:!?]|« | »|\.\.\.", text)] == []
