"""Members, sales and the till on the hosts' screen: played without a window, on a real kiosk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from kiosk.commands import ListMembers, SetProduct
from kiosk.facts import BadgeSet, Erased, Left, MemberSet, PassSold, Reversed, Tapped
from kiosk.model import Product, Unlimited
from kiosk.screen.scenes.people.members import Members
from kiosk.screen.scenes.sales.till import SalesOfDay
from tests.office.kiosks.hosts_side import HostsSide
from tests.office.kiosks.stepped import SteppedKiosk

STRANGER = bytes([4]) + b"noone."


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[SteppedKiosk]:
    counter = SteppedKiosk(tmp_path)
    for name in ("Élise Le Goff", "Théo Martin", "Claire"):
        counter.joins(name, staff=name == "Claire")
    yield counter
    counter.close()


def side_of(counter: SteppedKiosk, scene=Members, **how) -> HostsSide:
    return HostsSide(counter, scene, member_id="Claire", **how)


def at_account(counter: SteppedKiosk, text: str = "elise") -> HostsSide:
    """A host has found a member."""
    side = side_of(counter)
    side.type(text)
    side.touch("row:Élise Le Goff")
    return side


def told(side: HostsSide) -> str:
    """What is written, as one line with plain spaces."""
    return " ".join(side.reads().split())


def keys(side: HostsSide, text: str) -> None:
    """Write on the on-screen keyboard."""
    for letter in text:
        side.touch("key:space" if letter == " " else f"key:{letter}")


# ---------------------------------------------------------------- members


def test_a_member_is_found_by_glass_keys_without_accents_and_with_a_slip(counter):
    side = side_of(counter)
    keys(side, "Elyse")
    assert "Élise Le Goff" in told(side)
    assert isinstance(side.asked[-1], ListMembers)
    side.touch("key:enter")
    side.touch("row:Élise Le Goff")
    assert "10 entrées restantes" in told(side)


def test_a_new_member_gets_a_badge_by_tapping_it(counter):
    side = side_of(counter)
    side.touch("new")
    keys(side, "Zoe Blanc")
    side.touch("key:enter")
    assert "Posez le badge sur le lecteur" in told(side)
    counter.tap(STRANGER)
    assert side.notice(counter.wall.notices[-1])
    assert "Zoe Blanc" in told(side)
    assert "en service" in told(side)
    assert [fact.member.name for fact in counter.stored(MemberSet)][-1] == "Zoe Blanc"


def test_somebody_with_the_same_name_is_asked_about_once(counter):
    side = side_of(counter)
    side.touch("new")
    keys(side, "Theo Martin")
    side.touch("key:enter")
    assert "existe déjà" in told(side)
    side.touch("yes")
    assert len([fact for fact in counter.stored(MemberSet) if fact.member.name.lower().startswith("th")]) == 2


def test_a_name_corrected_into_that_of_somebody_else_is_asked_about(counter):
    side = at_account(counter)
    side.touch("more")
    side.touch("rename")
    for _ in "Élise Le Goff":
        side.press("backspace")
    side.type("Théo Martin")
    side.press("enter")
    assert "Théo Martin existe déjà" in told(side)
    assert [fact.member.name for fact in counter.stored(MemberSet)][-1] != "Théo Martin"
    side.touch("yes")
    assert counter.stored(MemberSet)[-1].member.name == "Théo Martin"


def test_an_unknown_badge_is_claimed_by_its_code_and_the_tap_judged_again(counter):
    counter.tap(STRANGER)
    side = side_of(counter)
    badge = next(one for one in side.targets() if one.startswith("row:badge "))
    side.touch(badge)
    side.type("elise")
    side.touch("row:Élise Le Goff")
    assert "Donner le badge" in told(side)
    side.touch("yes")
    assert "enregistré" in told(side)
    assert counter.stored(Tapped)[-1].member_id == "Élise Le Goff"


def test_a_lost_badge_is_replaced_in_one_step(counter):
    side = at_account(counter)
    badge = next(one for one in side.targets() if one.startswith("row:badge "))
    side.touch(badge)
    side.touch("replace")
    counter.tap(STRANGER)
    side.notice(counter.wall.notices[-1])
    assert sorted(one.status for one in counter.ledger.roster.badges("Élise Le Goff")) == ["active", "lost"]


def test_a_badge_is_blocked_after_one_question_and_put_back_in_use(counter):
    side = at_account(counter)
    badge = next(one for one in side.targets() if one.startswith("row:badge "))
    side.touch(badge)
    side.touch("blocked")
    side.touch("no")
    assert counter.stored(BadgeSet)[-1].badge.status == "active"
    side.touch("blocked")
    side.touch("yes")
    assert counter.stored(BadgeSet)[-1].badge.status == "blocked"
    side.touch(badge)
    side.touch("active")
    side.touch("yes")
    assert counter.stored(BadgeSet)[-1].badge.status == "active"


def test_a_note_is_written_and_an_address_in_it_refused(counter):
    side = at_account(counter)
    side.touch("note")
    side.type("a@b.fr")
    side.press("enter")
    assert "Pas de courriel" in told(side)
    for _ in range(6):
        side.press("backspace")
    side.type("parle anglais")
    side.press("enter")
    assert "parle anglais" in told(side)


def test_a_member_is_suspended_and_let_in_again(counter):
    side = at_account(counter)
    side.touch("more")
    side.touch("suspend")
    side.touch("yes")
    assert counter.ledger.roster.member("Élise Le Goff").status == "suspended"
    assert "Accès suspendu" in told(side)
    side.touch("more")
    side.touch("restore")
    side.touch("yes")
    assert counter.ledger.roster.member("Élise Le Goff").status == "active"


def test_what_is_kept_is_shown_to_a_member_who_asks(counter):
    side = at_account(counter)
    side.touch("more")
    side.touch("export")
    assert "Le tout en un fichier, sur une clé USB" in told(side)
    side.touch("row:>")
    assert "Écritures du registre" in told(side)


def test_a_member_is_forgotten_after_one_question_that_says_what_that_means(counter):
    side = at_account(counter)
    side.touch("more")
    side.touch("erase")
    assert "pour toujours" in told(side)
    side.touch("yes")
    assert counter.stored(Erased)[-1].member_id == "Élise Le Goff"
    assert isinstance(side.scene, Members)
    assert "oublié" in told(side)
    assert counter.ledger.roster.member("Élise Le Goff") is None


# ---------------------------------------------------------------- sales


def test_ten_entries_are_sold_in_two_touches_and_the_receipt_is_numbered(counter):
    side = at_account(counter)
    assert "+10 entrées, 50 €" in told(side)
    side.touch("favourite")
    side.touch("pay:cash")
    sold = counter.stored(PassSold)[-1]
    assert (sold.method, sold.price_cents, sold.by) == ("cash", 5000, "Claire")
    assert "-00003" in told(side)
    side.touch("done")
    assert told(side).count("10 entrées restantes") == 2


def test_the_last_day_is_shown_before_the_sale_and_the_pass_may_begin_later(counter):
    side = at_account(counter)
    side.perform(SetProduct(product=Product(id="s", name="Six", price_cents=1, cover=Unlimited(), valid_months=6)))
    side = at_account(counter)
    side.touch("sell")
    side.touch("row:s")
    assert "au mardi 1er décembre" in told(side)
    side.touch("begins")
    side.touch("on:2026-06-15")
    assert "Du lundi 15 juin au mardi 15 décembre" in told(side)
    side.touch("pay:cash")
    sold = counter.stored(PassSold)[-1].pass_
    assert (sold.valid_from, sold.valid_until) == (date(2026, 6, 15), date(2026, 12, 15))


def test_a_gift_and_another_way_to_pay_are_sold_at_the_screen(counter):
    side = at_account(counter)
    side.touch("favourite")
    side.touch("pay:gift")
    assert "0 € · Cadeau" in told(side)
    assert counter.stored(PassSold)[-1].price_cents == 0
    side.touch("done")
    side.touch("favourite")
    side.touch("pay:other")
    keys(side, "bons caf")
    side.touch("key:enter")
    assert counter.stored(PassSold)[-1].method.casefold() == "other: bons caf"
    assert "bons caf" in told(side).casefold()


def test_a_sale_by_mistake_is_taken_back_from_its_receipt_with_a_reason(counter):
    side = at_account(counter)
    side.touch("favourite")
    side.touch("pay:card")
    side.touch("take-back")
    side.touch("why:wrong member")
    assert counter.stored(Reversed)[-1].reason == "wrong member"
    assert told(side).count("10 entrées restantes") == 1


def test_the_till_tells_the_sums_of_the_day_and_takes_a_sale_back(counter):
    side = at_account(counter)
    side.touch("favourite")
    side.touch("pay:card")
    till = side_of(counter, SalesOfDay)
    assert "150 €" in told(till)
    receipt = next(one for one in till.targets() if one.startswith("row:") and one.endswith("-00003"))
    till.touch(receipt)
    till.touch("why:money given back")
    assert "annulé" in told(till)
    assert "100 €" in told(till)


def test_a_sale_of_which_something_was_used_is_not_taken_back_and_says_why(counter):
    badge = counter.joins("Nora")
    counter.tap(badge)
    till = side_of(counter, SalesOfDay)
    receipt = next(one for one in till.targets() if one.startswith("row:") and one.endswith("-00003"))
    till.touch(receipt)
    till.touch("why:wrong pass")
    assert "rendez-les d’abord" in told(till)
    assert not counter.stored(Left)


def test_the_till_of_another_day_is_one_touch_away(counter):
    till = side_of(counter, SalesOfDay)
    till.touch("day:<")
    assert "Rien n’a été vendu" in told(till)
    assert "day:>" in till.targets()


def test_all_of_it_can_be_done_with_the_keys_of_a_keyboard(counter):
    side = side_of(counter)
    side.type("elise")
    side.press("enter")
    for _ in range(30):
        if side.stage._focus == "row:Élise Le Goff":
            break
        side.press("tab")
    side.press("enter")
    assert "10 entrées restantes" in told(side)
