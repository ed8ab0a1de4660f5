"""The pages of staff: who is in, members, their badges and passes."""

from __future__ import annotations

import re

import pytest

from kiosk.model import Ref
from tests.office.ledgers.small_house import MONDAY, let_in
from tests.office.servers.office import STRANGER, lea_comes, mistakes, read, stranger_taps, went, within
from tests.rules.house import SERRE, at

CODE = "FJ36"
"""Claim code of the stranger's badge."""


# ---------------------------------------------------------------- today


def test_the_first_page_tells_who_is_in_and_what_was_tapped(house) -> None:
    house.kiosk().push(lea_comes(), stranger_taps())
    house.moment.moves(minutes=5)
    page = read(house.as_("louis").get("/"))
    assert "1 membre présent" in page
    assert "Léa Martin 09:05 12:05" in page
    assert f"Badge {CODE}" in page
    assert "Badge inconnu" in page


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
    member = house.central.books.roster.member(path.rsplit("/", 1)[1])
    assert (member.name, member.greeting, member.language) == ("Zoé Lune", "initials", "en")
    assert mistakes(
        host.send(
            "/members/new",
            **fields,
        )
    ) == ["Il y a déjà Zoé Lune. Cochez la case s’il s’agit de quelqu’un d’autre"]
    assert mistakes(host.send("/members/new", **fields | {"name": "lune zoe"}))
    assert went(host.send("/members/new", **fields, anyway="yes"))
    assert mistakes(host.send("/members/new", name="", greeting="pseudonym")) == [
        "Indiquez un nom",
        "Indiquez le pseudonyme que l’écran doit montrer",
    ]


def test_a_member_is_changed_suspended_and_let_come_again(house) -> None:
    host = house.as_("anne")
    went(host.send("/members/lea/edit", name="Léa Martin-Roux", role="member", greeting="nothing", language=""))
    assert house.central.books.roster.member("lea").name == "Léa Martin-Roux"
    went(host.send("/members/lea/edit", name="Léa Martin", greeting="pseudonym", pseudonym="Lune", language="en"))
    went(host.send("/members/lea/edit", name="Léa Martin", greeting="nothing", pseudonym="", language=""))
    assert (house.central.books.roster.member("lea").language, house.central.books.roster.member("lea").pseudonym) == (
        None,
        None,
    )
    assert mistakes(host.send("/members/lea/edit", name=" ")) == ["Indiquez un nom"]
    taken = next(one.name for one in house.central.books.roster.members() if one.id != "lea")
    assert mistakes(host.send("/members/lea/edit", name=taken.upper()))
    went(host.send("/members/lea/suspend", of="/members/lea"))
    assert house.central.books.roster.member("lea").status == "suspended"
    went(host.send("/members/lea/restore", of="/members/lea"))
    assert house.central.books.roster.member("lea").status == "active"


def test_a_member_comes_and_goes_without_a_badge(house) -> None:
    host = house.as_("anne")
    house.moment.now = at("2026-07-13 10:00")
    assert went(host.send("/members/lea/check-in", of="/members/lea")) == "/members/lea?done=member-in"
    assert house.central.books.roster.people_in(SERRE.id, house.moment.now) == 1
    house.moment.moves(minutes=5)
    went(host.send("/members/lea/leave", of="/members/lea"))
    assert house.central.books.roster.people_in(SERRE.id, house.moment.now) == 0
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
    assert house.central.books.roster.badge(STRANGER).member_id == "lea"
    assert CODE not in read(host.get("/badges"))


def test_a_badge_of_the_list_goes_to_whoever_is_named(house) -> None:
    house.kiosk().push(stranger_taps())
    host = house.as_("anne")
    assert "Aucun membre ne porte ce nom" in mistakes(host.send("/badges", code=CODE, member="Zorro"))[0]
    assert mistakes(host.send("/badges", code=CODE, member="")) == [
        f"Indiquez le nom du membre qui reçoit le badge {CODE}"
    ]
    went(host.send("/badges", code=CODE, member="lea martin"))
    assert house.central.books.roster.badge(STRANGER).member_id == "lea"


@pytest.mark.parametrize(("state", "status"), [("lost", "lost"), ("blocked", "blocked")])
def test_a_badge_is_lost_or_blocked_and_comes_back(house, state, status) -> None:
    host = house.as_("anne")
    path = within(r'href="(/members/lea/badges/\w+)\?state=lost"', host.get("/members/lea").text)
    went(host.send(path, of="/members/lea", state=state))
    assert house.central.books.roster.badge("b-lea").status == status
    went(host.send(path, of="/members/lea", state="active"))
    assert house.central.books.roster.badge("b-lea").status == "active"
    went(host.send(path, of="/members/lea", state="returned"))
    assert house.central.books.roster.badge("b-lea").member_id is None
    assert host.send(path, of="/members/lea", state="eaten").status_code == 404


# ---------------------------------------------------------------- passes


def test_a_pass_is_sold_at_the_desk(house) -> None:
    host = house.as_("anne")
    later = {"product": "ten", "method": "card", "starts": "2026-07-20"}
    shown = host.send("/members/lea/sell", **later)
    assert "depuis le 20 juillet, sans fin" in shown.text
    assert mistakes(shown) == ["Voyez ci-dessus quand la carte finit alors, puis vendez-la"]
    went(host.send("/members/lea/sell", **later, shown="2026-07-20"))
    held = house.central.books.roster.holdings("lea", house.moment.now)
    newest = next(one.pass_ for one in held if one.pass_.id != "ten")
    assert newest.valid_from.isoformat() == "2026-07-20"
    assert mistakes(host.send("/members/lea/sell", product="gold", method="pebbles", starts="soon")) == [
        "Choisissez ce qui est vendu",
        "Choisissez le moyen de paiement",
        "Entrez une date, comme 2026-07-13",
    ]


def test_the_form_of_a_sale_that_is_sent_twice_sells_once(house) -> None:
    host, path = house.as_("anne"), "/members/lea/sell"
    page = host.get(path).text
    (named,) = re.findall('name="pass_id" value="([0-9a-f]{16})"', page)
    for _ in range(2):
        went(host.send(path, product="ten", method="cash", pass_id=named))
    sold = {one.pass_.id for one in house.central.books.roster.holdings("lea", house.moment.now)}
    assert sold == {"ten", named}
    went(host.send(f"/members/lea/passes/{named}/cancel", reason="erreur"))
    went(host.send(path, product="ten", method="cash", pass_id=named))
    assert {one.pass_.id for one in house.central.books.roster.holdings("lea", house.moment.now)} == {"ten"}


def test_two_forms_sell_twice(house) -> None:
    host, path = house.as_("anne"), "/members/lea/sell"
    for _ in range(2):
        (named,) = re.findall('name="pass_id" value="([0-9a-f]{16})"', host.get(path).text)
        went(host.send(path, product="ten", method="cash", pass_id=named))
    assert len(house.central.books.roster.holdings("lea", house.moment.now)) == 3


def test_an_entry_that_another_kiosk_took_is_given_back_with_a_reason(house) -> None:
    kiosk = house.kiosk()
    kiosk.push(lea_comes())
    host = house.as_("anne")
    path = f"/members/lea/visits/{kiosk.ledger_id}/1/undo"
    assert mistakes(host.send(path, reason=" ")) == ["Dites pourquoi : cela reste dans l’historique"]
    went(host.send(path, reason="badge passé deux fois"))
    assert house.central.books.roster.visit(Ref(ledger_id=kiosk.ledger_id, seq=1)).reversed_at is not None
    assert house.central.books.roster.holdings("lea", house.moment.now)[0].used == 0
    assert mistakes(host.send(path, reason="encore")) == ["Cette entrée a déjà été rendue"]


def test_a_guest_shows_as_the_member_s_and_their_entry_is_given_back(house) -> None:
    kiosk = house.kiosk()
    kiosk.push(lea_comes(), let_in(MONDAY, "ten", member="lea+1"))
    host = house.as_("anne")
    assert "Léa Martin +1" in read(host.get("/"))
    assert "Invité 1" in read(host.get("/members/lea"))
    path = f"/members/lea/visits/{kiosk.ledger_id}/2/undo"
    assert "Léa Martin (Invité 1)" in read(host.get(path))
    went(host.send(path, reason="pas venu"))
    assert house.central.books.roster.visit(Ref(ledger_id=kiosk.ledger_id, seq=1)).reversed_at is None
    assert house.central.books.roster.visit(Ref(ledger_id=kiosk.ledger_id, seq=2)).reversed_at is not None
    assert house.central.books.roster.holdings("lea", house.moment.now)[0].used == 1


def test_an_entry_of_long_ago_stands(house) -> None:
    kiosk = house.kiosk()
    kiosk.push(lea_comes())
    house.moment.moves(days=32)
    path = f"/members/lea/visits/{kiosk.ledger_id}/1/undo"
    assert mistakes(house.as_("anne").send(path, reason="trop tard")) == [
        "Cette entrée est trop ancienne pour être rendue"
    ]


def test_a_sale_is_taken_back_unless_entries_of_it_are_used(house) -> None:
    host, path = house.as_("anne"), "/members/lea/passes/ten/cancel"
    house.kiosk().push(lea_comes())
    assert "rendez-les d’abord" in mistakes(host.send(path, reason="erreur"))[0]
    went(host.send("/members/lea/sell", product="unl", method="cash"))
    sold = next(one.pass_.id for one in house.central.books.roster.holdings("lea", MONDAY) if one.pass_.id != "ten")
    went(host.send(f"/members/lea/passes/{sold}/cancel", reason="erreur"))
    assert [one.pass_.id for one in house.central.books.roster.holdings("lea", MONDAY)] == ["ten"]
