"""Sales, entries given back, coming and going at the desk: kiosk.desk.sales and visits, in a real ledger."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from msgspec import structs

from kiosk.answers import (
    Inside,
    Judged,
    Taps,
)
from kiosk.commands import (
    AddMember,
    CancelSale,
    CheckIn,
    Leave,
    ListInside,
    ListMembers,
    ListTaps,
    SellPass,
    ShowAccount,
    Undo,
)
from kiosk.model import Granted, Reason
from tests.office.kiosks.host import MONDAY, PARIS, UID, description

# ---------------------------------------------------------------- passes and entries


def test_a_sale_tells_price_and_dates_and_gives_the_entries(with_celine):
    done = with_celine.does(SellPass(members=("celine",), product="Carte de 10 entrees"))
    assert done.said[:-1] == ("Carte de 10 entrées sold to Céline Martin for 50.00 EUR, valid from 2026-06-01.",)
    assert with_celine.does(ListMembers(text="celine")).people[0].left == 20


def test_an_unknown_product_suggests_one_that_is_sold(with_celine):
    assert with_celine.is_refused(SellPass(members=("celine",), product="cart")).near == ("carte-10",)
    assert with_celine.is_refused(SellPass(members=("celine",), product="zzz")).near == ("carte-10",)


def test_a_product_off_sale_is_not_sold(with_celine):
    read = description()
    with_celine.imports(structs.replace(read, products=(structs.replace(read.products[0], on_sale=False),)))
    assert "no longer sold" in str(with_celine.is_refused(SellPass(members=("celine",), product="carte-10")))


def test_a_sale_settles_what_is_owed(host):
    host.does(AddMember(name="Zoé"))
    host.does(SellPass(members=("zoe",), product="carte-10"))
    for number in range(11):
        assert isinstance(host.does(CheckIn(member="zoe")).verdict, Granted)
        host.waits(days=6 if number % 2 else 1)  # Mondays and Tuesdays
    assert host.left("zoe") == -1
    done = host.does(SellPass(members=("zoe",), product="carte-10"))
    assert done.said[1] == "1 entry owed moved to it: 9 left."
    assert [one.left for one in host.does(ShowAccount(member="zoe")).passes] == [0, 9]


def test_a_pass_can_be_shared_and_its_holders_pay_from_it_together(with_celine):
    with_celine.does(AddMember(name="Paul Roy"))
    with_celine.does(SellPass(members=("paul", "celine", "paul roy"), product="carte-10"))
    with_celine.does(CheckIn(member="paul"))
    account = with_celine.does(ShowAccount(member="celine"))
    assert {(one.left, one.shared_with) for one in account.passes} == {(10, ()), (9, ("Paul Roy",))}


def test_a_sale_made_by_mistake_is_taken_back(with_celine):
    pass_id = with_celine.does(SellPass(members=("celine",), product="carte-10")).id
    assert with_celine.does(CancelSale(pass_id=pass_id, reason="wrong member")).changed
    assert len(with_celine.does(ShowAccount(member="celine")).passes) == 1
    assert "cancelled already" in str(with_celine.is_refused(CancelSale(pass_id=pass_id, reason="again")))


def test_a_sale_of_which_an_entry_was_used_stands(with_celine):
    pass_id = with_celine.does(ShowAccount(member="celine")).passes[0].id
    with_celine.does(CheckIn(member="celine"))
    cancel = CancelSale(pass_id=pass_id, reason="wrong member")
    assert "1 entry of it used" in str(with_celine.is_refused(cancel))
    with_celine.does(Undo(member="celine", reason="was not her"))
    assert with_celine.does(cancel).changed


def test_a_host_gives_an_entry_back_with_a_reason_and_only_once(with_celine):
    with_celine.does(CheckIn(member="celine"))
    assert with_celine.left("celine") == 9
    assert "why?" in str(with_celine.is_refused(Undo(member="celine", reason=" ")))
    done = with_celine.does(Undo(member="celine", reason="power cut"))
    assert "1 entry given back" in done.said[0]
    assert with_celine.left("celine") == 10
    seq = with_celine.does(ShowAccount(member="celine")).visits[0].seq
    assert "already" in str(with_celine.is_refused(Undo(member="celine", reason="again", seq=seq)))
    assert "no entry" in str(with_celine.is_refused(Undo(member="celine", reason="again")))
    assert with_celine.left("celine") == 10


def test_a_host_can_give_back_for_31_days(with_celine):
    with_celine.does(CheckIn(member="celine"))
    with_celine.waits(days=31, seconds=1)
    assert "too long ago" in str(with_celine.is_refused(Undo(member="celine", reason="late")))
    with_celine.waits(seconds=-1)
    assert with_celine.does(Undo(member="celine", reason="in time")).changed


def test_an_earlier_visit_is_given_back_by_its_number(with_celine):
    with_celine.does(CheckIn(member="celine"))
    with_celine.waits(days=1)
    with_celine.does(CheckIn(member="celine"))
    first = with_celine.does(ShowAccount(member="celine")).visits[-1]
    with_celine.does(Undo(member="celine", reason="was ill", seq=first.seq))
    assert [bool(one.reversed_by) for one in with_celine.does(ShowAccount(member="celine")).visits] == [False, True]
    assert with_celine.is_refused(Undo(member="celine", reason="x", seq=99999)).near


# ---------------------------------------------------------------- coming and going


def test_a_check_in_by_hand_is_judged_like_a_tap(with_celine):
    judged = with_celine.does(CheckIn(member="celine"))
    assert isinstance(judged, Judged)
    assert (judged.verdict.reason, judged.until) == (Reason.ENTRY_USED, MONDAY + timedelta(hours=3))
    assert with_celine.does(CheckIn(member="celine")).verdict.reason is Reason.RE_ENTRY
    with_celine.waits(days=2)
    closed = with_celine.does(CheckIn(member="celine"))
    assert closed.verdict.reason is Reason.CLOSED
    assert closed.opens == datetime(2026, 6, 4, 14, tzinfo=PARIS)


def test_who_is_in_is_listed_until_they_leave(with_celine):
    with_celine.does(CheckIn(member="celine"))
    inside = with_celine.does(ListInside())
    assert isinstance(inside, Inside)
    assert [(one.name, one.since) for one in inside.people] == [("Céline Martin", MONDAY)]
    assert with_celine.does(Leave(member="celine")).changed
    assert not with_celine.does(Leave(member="celine")).changed
    assert with_celine.does(ListInside()).people == ()
    assert with_celine.left("celine") == 9


def test_the_taps_of_the_day_are_listed_refusals_included(with_celine):
    with_celine.tap(UID)
    with_celine.waits(minutes=1)
    with_celine.does(CheckIn(member="celine"))
    taps = with_celine.does(ListTaps())
    assert isinstance(taps, Taps)
    assert [(one.reason, one.granted, one.name, one.source) for one in taps.taps] == [
        ("UNKNOWN_BADGE", False, None, "badge"),
        ("ENTRY_USED", True, "Céline Martin", "staff"),
    ]
    with_celine.waits(days=1)
    assert with_celine.does(ListTaps()).taps == ()
    assert len(with_celine.does(ListTaps(on=date(2026, 6, 1))).taps) == 2


def test_a_day_of_many_taps_is_listed_whole(with_celine):
    for _ in range(1, 600):
        with_celine.tap(UID)
    assert len(with_celine.does(ListTaps()).taps) == 599
