"""Notes, new badges, receipts and the till, and what a person may ask of the data about them, in a real ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.answers import Account, Done, Exported, Judged, Till
from kiosk.commands import (
    AddMember,
    AssignBadge,
    CancelSale,
    ChangeMember,
    CheckIn,
    ClaimBadge,
    EraseMember,
    ExportMember,
    ForgetOld,
    ListMembers,
    ReplaceBadge,
    SellPass,
    ShowAccount,
    ShowTill,
)
from kiosk.facts import Erased, Tapped
from kiosk.model import Denied, Granted, Reason
from kiosk.store.chain import decode_fact
from kiosk.store.codes import claim_code
from tests.office.kiosks.host import UID, Host, description
from tests.office.ledgers.small_house import MONDAY, let_in

NEW = "04:11:22:33:44:55:66"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    host = Host(tmp_path)
    host.imports(description())
    host.does(AddMember(name="Céline Martin"))
    yield host
    host.ledger.close()


def account(host: Host) -> Account:
    found = host.does(ShowAccount(member="celine"))
    assert isinstance(found, Account)
    return found


def refused(host: Host, badge_id: str = "b0") -> str:
    """A badge that nobody carries is tapped; return the code that the screen shows."""
    verdict = Denied(reason=Reason.UNKNOWN_BADGE)
    host.ledger.append(Tapped(site_id="la-serre", verdict=verdict, badge_id=badge_id))
    return claim_code(badge_id)


# ---------------------------------------------------------------- notes


def test_a_note_is_kept_changed_and_taken_away(host):
    host.does(ChangeMember(member="celine", note="  préfère le  fond de la salle "))
    assert account(host).member.note == "préfère le fond de la salle"
    host.does(ChangeMember(member="celine", note=""))
    assert account(host).member.note is None


@pytest.mark.parametrize("text", ["celine@example.org", "appeler le 06 12 34 56 78", "04.92.67.00.00", "+33612345678"])
def test_no_address_or_telephone_number_is_taken_into_a_note_or_a_name(host, text):
    assert host.is_refused(ChangeMember(member="celine", note=text)).code == "CONTACT"
    assert host.is_refused(AddMember(name=f"Paul {text}")).code == "CONTACT"


def test_a_note_is_short(host):
    assert host.is_refused(ChangeMember(member="celine", note="x" * 201)).code == "LONG_NOTE"
    assert host.is_refused(ChangeMember(member="celine", pseudonym="x" * 201)).code == "TOO_LONG"
    assert host.is_refused(ChangeMember(member="celine", pseudonym="C\x07")).code == "CONTROL_CHARACTER"


# ---------------------------------------------------------------- badges


def test_a_new_badge_takes_the_place_of_the_lost_one_in_one_step(host):
    host.does(AssignBadge(member="celine", number=UID))
    host.does(ReplaceBadge(member="celine", number=NEW))
    assert sorted(badge.status for badge in account(host).badges) == ["active", "lost"]


def test_with_two_badges_it_must_be_said_which_is_lost(host):
    host.does(AssignBadge(member="celine", number=UID))
    host.does(AssignBadge(member="celine", number=NEW))
    third = refused(host)
    assert host.is_refused(ReplaceBadge(member="celine", code=third)).code == "WHICH_BADGE"
    old = account(host).badges[0].code
    host.does(ReplaceBadge(member="celine", code=third, old=old))
    assert {badge.code: badge.status for badge in account(host).badges}[old] == "lost"


def test_a_badge_that_cannot_be_given_leaves_the_old_one_in_use(host):
    host.does(AssignBadge(member="celine", number=UID))
    assert host.is_refused(ReplaceBadge(member="celine", code="ZZZZ")).code == "NO_SUCH_CODE"
    assert [badge.status for badge in account(host).badges] == ["active"]


def test_an_unknown_badge_is_claimed_by_its_code_and_the_tap_is_judged_again(host):
    host.does(SellPass(members=("celine",), product="carte-10"))
    judged = host.does(ClaimBadge(member="celine", code=refused(host)))
    assert isinstance(judged, Judged)
    assert isinstance(judged.verdict, Granted)
    assert judged.verdict.reason is Reason.ENTRY_USED
    assert [badge.status for badge in account(host).badges] == ["active"]


# ---------------------------------------------------------------- receipts and the till


def test_receipts_have_no_gap_and_the_till_tells_each_way_to_pay(host):
    first = host.does(SellPass(members=("celine",), product="carte-10"))
    second = host.does(SellPass(members=("celine",), product="carte-10", method="card"))
    third = host.does(SellPass(members=("celine",), product="carte-10"))
    assert [done.receipt[-6:] for done in (first, second, third)] == ["-00001", "-00002", "-00003"]
    host.does(CancelSale(pass_id=third.id, reason="sold twice"))
    till = host.does(ShowTill())
    assert isinstance(till, Till)
    assert {one.method: (one.sales, one.taken_back, one.cents) for one in till.sums} == {
        "card": (1, 0, 5000),
        "cash": (2, 1, 5000),
    }
    assert till.total_cents == 10000
    assert [line.receipt for line in till.taken_back] == [third.receipt]
    fourth = host.does(SellPass(members=("celine",), product="carte-10"))
    assert fourth.receipt.endswith("-00004")


def test_a_sale_taken_back_on_another_day_comes_off_that_days_till(host):
    sold = host.does(SellPass(members=("celine",), product="carte-10"))
    day = host.clock.now()
    host.waits(days=1)
    host.does(CancelSale(pass_id=sold.id, reason="by mistake"))
    assert host.does(ShowTill(on=day.date())).total_cents == 5000
    today = host.does(ShowTill())
    assert (today.total_cents, today.sales, len(today.taken_back)) == (-5000, (), 1)


# ---------------------------------------------------------------- what a person may ask


def test_a_member_is_given_all_that_is_kept_about_them(host):
    host.does(AssignBadge(member="celine", number=UID))
    sold = host.does(SellPass(members=("celine",), product="carte-10"))
    host.does(CheckIn(member="celine"))
    exported = host.does(ExportMember(member="celine"))
    assert isinstance(exported, Exported)
    document = json.loads(json.dumps(exported.document))
    assert document["member"]["name"] == "Céline Martin"
    assert [sale["receipt"] for sale in document["sales"]] == [sold.receipt]
    assert {one["fact"]["kind"] for one in document["history"]} == {"member", "badge", "sale", "tap"}
    assert document["passes"][0]["left"] == 9


def test_who_is_erased_is_gone_and_the_till_of_the_day_stands(host):
    host.does(SellPass(members=("celine",), product="carte-10"))
    host.does(EraseMember(member="celine"))
    assert "celine" in host.is_refused(ShowAccount(member="celine")).args[0]
    assert [one.name for one in host.does(ListMembers(text="")).people] != ["Céline Martin"]
    till = host.does(ShowTill())
    assert (till.total_cents, till.sales[0].members) == (5000, ())
    assert host.is_refused(CancelSale(pass_id=till.sales[0].pass_id, reason="x")).code == "HOLDER_FORGOTTEN"


def test_with_a_member_their_guests_are_forgotten_and_nobody_elses(host):
    one = account(host).member.id
    for who in (f"{one}+1", f"{one}+2", f"{one}x+1"):
        host.ledger.append(let_in(MONDAY, member=who))
    host.does(EraseMember(member=one))
    facts = [decode_fact(entry.body) for entry in host.ledger.entries() if entry.body]
    gone = [fact.member_id for fact in facts if isinstance(fact, Erased)]
    assert gone == [one, f"{one}+1", f"{one}+2"]


def test_the_only_host_is_not_erased(host):
    host.does(AddMember(name="Sam Hôte", role="staff"))
    hosts = [one for one in host.ledger.roster.members() if one.role == "staff"]
    for one in hosts[1:]:
        host.does(EraseMember(member=one.id))
    assert host.is_refused(EraseMember(member=hosts[0].id)).code == "ONLY_HOST"


def test_what_is_old_is_forgotten_part_by_part_until_nothing_is(host):
    host.does(SellPass(members=("celine",), product="carte-10"))
    host.does(CheckIn(member="celine"))
    host.waits(days=90)
    assert [host.does(ForgetOld()).changed for _ in range(2)] == [True, False]
    assert (account(host).passes[0].left, account(host).visits) == (9, ())
    host.waits(days=3 * 365)
    assert host.does(ForgetOld()).said == ("Forgotten: 1 customers not heard of for three years.",)
    assert isinstance(host.does(ForgetOld()), Done)
