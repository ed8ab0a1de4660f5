"""The journal of the pages: the old and the new value of what was changed, in both languages."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from kiosk.facts import BadgeSet, Happened, MemberSet, ProductSet, Reversed, SiteSet
from kiosk.model import Badge, Day, Member
from sync.central.accounts import audit
from tests.office.ledgers.small_house import sold_to
from tests.office.servers.office import Office, read
from tests.rules.house import SERRE, TEN

NADIA = Member(id="nadia", name="Nadia Benali")
ELODIE = Member(id="elodie", name="Élodie Roux", role="staff")
BADGE = Badge(id="b-nadia", member_id="nadia")
MONDAY_LONGER = replace(SERRE, hours="Mo 09:00-18:00")


def everything_is_changed(house: Office) -> None:
    """The manager makes and changes a member, badges, a site and a tariff, and takes a sale back."""
    append = house.central.books.append
    append(MemberSet(member=NADIA), MemberSet(member=ELODIE), by="chef")
    changed = replace(NADIA, name="Nadia Roux", status="suspended", greeting="pseudonym", pseudonym="Nana")
    changed = replace(changed, large_text=True, sound="slow", listed=True, note="le mardi", language="en", pin="x")
    append(MemberSet(member=changed), MemberSet(member=replace(changed, name="Nadia Benali", pin=None)), by="chef")
    for badge in (
        BADGE,
        replace(BADGE, status="lost"),
        replace(BADGE, status="blocked"),
        BADGE,
        replace(BADGE, member_id="elodie"),
        replace(BADGE, member_id=None),
    ):
        append(BadgeSet(badge=badge), by="chef")
    before = replace(SERRE, hours="Mo 09:00-17:00", exceptions=())
    after = replace(MONDAY_LONGER, name="La Grande Serre", exceptions=("2026 Dec 24 off",), retired=True)
    policy = replace(SERRE.policy, capacity=12, debt_limit=3, untrusted_clock="grace")
    append(SiteSet(site=before), by="chef")
    append(SiteSet(site=replace(after, policy=policy)), by="chef")
    other = replace(TEN, name="12 entrées", price_cents=6000, units=12, per="month", cover=Day(), valid_months=6)
    append(ProductSet(product=replace(other, sites=(SERRE.id,), access_hours="24/7", on_sale=False)), by="chef")
    (sale,) = append(sold_to("elodie", pass_id="mistaken"), by="chef")
    append(Reversed(ref=sale.ref, reason="erreur", by="chef"), by="chef")
    append(SiteSet(site=replace(SERRE, id="les-tuves", name="Les Tuves")), by="chef")
    append(ProductSet(product=replace(TEN, id="five", name="5 entrées")), by="chef")


SAID = {
    "fr": (
        "Nouveau membre : Nadia Benali",
        "Membre : Nadia Roux. Nom : Nadia Benali → Nadia Roux · Accès suspendu : non → oui · "
        "Langue de l’écran : celle du site → English · L’écran salue avec : le prénom → un pseudonyme · "
        "Pseudonyme : rien → Nana · "
        "Grands caractères : non → oui · Son : habituel → lent et grave · "
        "Nommé à l’écran pendant sa présence : non → oui · "
        "Note : rien → le mardi · Code défini",
        "Nom : Nadia Roux → Nadia Benali · Code supprimé",
        "Badge donné à Nadia Benali",
        "Badge de Nadia Benali déclaré perdu",
        "Badge de Nadia Benali bloqué",
        "Badge de Nadia Benali remis en service",
        "Badge de Nadia Benali donné à Élodie Roux",
        "Badge d’Élodie Roux repris",
        "Nom : La Serre → La Grande Serre · Horaires : Mo 09:00-17:00 → Mo 09:00-18:00 · "
        "Exceptions : rien → 2026 Dec 24 off · Retiré : non → oui · Personnes à la fois, au plus : rien → 12 · ",
        "Tarif : 12 entrées. Nom : 10 entrées → 12 entrées · Prix : 50 € → 60 € · Entrées : 10 → 12 · "
        "Renouvelées : une fois, à la vente → chaque mois · ",
        "Valable à : rien → La Grande Serre · En vente : oui → non",
        "Vente annulée : ",
        " à Élodie Roux (erreur)",
        "Nouveau site : Les Tuves, horaires ",
        "Nouveau tarif : 5 entrées",
    ),
    "en": (
        "New member: Nadia Benali",
        "Member: Nadia Roux. Name: Nadia Benali → Nadia Roux · Suspended: no → yes · ",
        "Badge of Nadia Benali reported lost",
        "Badge of Élodie Roux taken back",
        "Hours: Mo 09:00-17:00 → Mo 09:00-18:00 · Exceptions: nothing → 2026 Dec 24 off · Retired: no → yes · ",
        "Price: €50 → €60 · Entries: 10 → 12 · Renews: once, when it is sold → every month · ",
        "Sale cancelled: ",
        "New site: Les Tuves, hours ",
    ),
}


def journal(house: Office, language: str = "fr") -> str:
    """The journal as the manager reads it, with plain blanks."""
    manager = house.as_("chef")
    manager.get(f"/language/{language}")
    return re.sub(r"\s", " ", read(manager.get("/audit")))


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_journal_says_the_old_and_the_new_value_of_everything_that_was_changed(house, language) -> None:
    everything_is_changed(house)
    page = journal(house, language)
    assert [said for said in SAID[language] if said not in page] == []
    assert "→ x" not in page


def test_what_a_kiosk_changed_in_between_is_the_old_value(house) -> None:
    house.central.books.append(MemberSet(member=NADIA), by="chef")
    house.kiosk().push(MemberSet(member=replace(NADIA, name="Nadia Roux")))
    house.central.books.append(MemberSet(member=replace(NADIA, name="Nadia Petit")), by="chef")
    assert "Nom : Nadia Roux → Nadia Petit" in journal(house)


def test_what_lies_too_far_back_is_neither_guessed_nor_called_new(house) -> None:
    house.central.books.append(MemberSet(member=NADIA), by="chef")
    house.central.books.append(*(MemberSet(member=replace(ELODIE, id=f"m{n}")) for n in range(3)), by="chef")
    house.central.books.append(MemberSet(member=replace(NADIA, name="Nadia Petit")), by="chef")
    lines = audit.lines(house.central.storage, limit=1)
    near = audit.earlier(house.central.storage, lines, look_back=3)
    assert near[lines[0].position] == audit.StateBefore(is_known=False)
    assert audit.earlier(house.central.storage, lines, look_back=5)[lines[0].position].fact == MemberSet(member=NADIA)


def test_an_erased_earlier_value_is_not_taken_for_a_new_member(house) -> None:
    house.central.books.append(MemberSet(member=NADIA), by="chef")
    house.as_("chef").send("/members/nadia/erase", sure="yes")
    house.central.books.append(MemberSet(member=replace(ELODIE, id="later")), by="chef")
    page = journal(house)
    assert "Nadia" not in page
    assert "Nouveau membre : Élodie Roux" not in page
    assert "Membre : Élodie Roux" in page


def test_a_conflict_is_told_with_what_was_found_and_an_older_one_by_its_kind(house) -> None:
    append = house.central.books.append
    append(Happened(what="overdraft", note="below_zero", facts={"pass_id": "ten", "left": -1}), by="server")
    append(Happened(what="blocked_badge", detail="badge 1234 of lea is lost, and opened the door"), by="server")
    page = journal(house)
    assert "Alerte : Plus d’entrées utilisées que la carte n’en avait. La carte est à -1." in page
    assert "Alerte : Un badge bloqué a ouvert une porte qui ne le savait pas encore" in page
    assert "opened the door" not in page
