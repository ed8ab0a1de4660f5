"""Former dead ends of the hosts' side: slips in a name, rows without an action, empty lists, unreadable hours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.commands import AddException, CancelSale, ListMembers, SellPass
from kiosk.facts import MemberSet
from kiosk.screen.scenes.hours.exceptions import ExceptionDays, Exceptions
from kiosk.screen.scenes.people.member import MemberAccount
from kiosk.screen.scenes.people.members import AT_ONCE, Members
from kiosk.screen.scenes.sales.till import SalesOfDay
from kiosk.screen.scenes.visits.today import Today
from tests.office.kiosks.hosts_side import HostsSide
from tests.office.kiosks.stepped import SteppedKiosk

STRANGER = bytes.fromhex("04112233445566")


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[SteppedKiosk]:
    with closing(SteppedKiosk(tmp_path)) as made:
        made.joins("Claire", staff=True)
        made.joins("Elise Le Gof")
        yield made


def side_of(kiosk: SteppedKiosk, scene) -> HostsSide:
    return HostsSide(kiosk, scene, member_id="Claire")


def read(side: HostsSide) -> str:
    return " ".join(side.reads().split())


# ---------------------------------------------------------------- members


def test_a_slip_in_a_member_s_name_is_corrected(kiosk) -> None:
    side = side_of(kiosk, lambda setting: MemberAccount(setting, "Elise Le Gof"))
    side.touch("more")
    side.touch("rename")
    side.type("f")
    side.press("enter")
    assert kiosk.stored(MemberSet)[-1].member.name == "Elise Le Goff"
    assert "Le nom est corrigé" in read(side)
    assert "Elise Le Goff" in read(side)


def test_an_empty_name_corrects_nothing(kiosk) -> None:
    side = side_of(kiosk, lambda setting: MemberAccount(setting, "Elise Le Gof"))
    side.touch("more")
    side.touch("rename")
    for _ in "Elise Le Gof":
        side.press("backspace")
    side.press("enter")
    assert "Il faut un nom" in read(side)
    assert kiosk.ledger.roster.member("Elise Le Gof").name == "Elise Le Gof"


def test_without_a_word_all_members_can_be_leafed_through(kiosk) -> None:
    for number in range(AT_ONCE):
        kiosk.joins(f"{number:04}", units=0)
    side = side_of(kiosk, Members)
    side.touch("key:enter")
    asked = [one.start for one in side.asked if isinstance(one, ListMembers)]
    assert asked == [0, AT_ONCE]
    seen = set()
    for _ in range(AT_ONCE):
        seen |= {target for target in side.targets() if target.startswith("row:") and target[4] not in "<>"}
        if "row:>" not in side.targets():
            break
        side.touch("row:>")
    assert len(seen) == AT_ONCE + 2


def test_a_member_of_the_whole_list_is_opened_and_a_letter_goes_back_to_searching(kiosk) -> None:
    side = side_of(kiosk, Members)
    side.touch("key:enter")
    side.touch("row:Elise Le Gof")
    assert isinstance(side.scene, MemberAccount)
    side.touch("back")
    side.touch("write")
    side.type("cl")
    assert "row:Claire" in side.targets()


# ---------------------------------------------------------------- taps of today


def test_an_unknown_badge_of_today_leads_to_whose_it_is(kiosk) -> None:
    kiosk.tap(STRANGER)
    side = side_of(kiosk, Today)
    side.touch(next(one for one in side.targets() if one.startswith("row:")))
    assert "À qui est le badge" in read(side)
    side.type("elise")
    side.touch("row:Elise Le Gof")
    side.touch("yes")
    assert len(kiosk.ledger.roster.badges("Elise Le Gof")) == 2


def test_a_member_who_was_refused_today_is_a_touch_away(kiosk) -> None:
    kiosk.tap(kiosk.joins("Karim", units=0, status="blocked"))
    side = side_of(kiosk, Today)
    side.touch(next(one for one in side.targets() if one.startswith("row:")))
    assert isinstance(side.scene, MemberAccount)


# ---------------------------------------------------------------- hours


def test_an_exception_in_another_form_is_told_by_its_first_day_and_never_as_it_was_typed(kiosk) -> None:
    side = side_of(kiosk, Exceptions)
    side.perform(AddException(rule="Dec 26 10:00-12:00"))
    side.perform(AddException(rule="2026 Aug Mo[1] off"))
    shown = side_of(kiosk, Exceptions)
    assert "10:00–12:00" in read(shown)
    assert "peut-être d’autres jours aussi" in read(shown)
    assert "Dec" not in read(shown)
    assert "Mo[1]" not in read(shown)


def test_the_calendar_marks_open_days_and_those_that_are_not_as_usual(kiosk) -> None:
    side = side_of(kiosk, Exceptions)
    side.perform(AddException(rule="2026 Jun 09 off"))
    side.touch("close")
    scene = side.scene
    assert isinstance(scene, ExceptionDays)
    marks = scene.calendar.marks
    on = {day.isoformat(): mark for day, mark in marks.items()}
    assert on["2026-06-08"] == ("open",)
    assert on["2026-06-09"] == ("special",)
    assert on["2026-06-10"] == ()
    side.touch("month:1")
    assert any(day.month == 7 for day in scene.calendar.marks)


# ---------------------------------------------------------------- sales


def test_a_cancelled_sale_does_not_look_like_a_sale(kiosk) -> None:
    side = side_of(kiosk, SalesOfDay)
    side.perform(SellPass(members=("Elise Le Gof",), product="carte-10", method="cash"))
    before = next(row for row in side_of(kiosk, SalesOfDay).scene._list.rows)  # type: ignore[union-attr]
    sold = side_of(kiosk, SalesOfDay).perform(SellPass(members=("Elise Le Gof",), product="carte-10", method="cash"))
    side.perform(CancelSale(pass_id=sold.id, reason="wrong pass"))  # type: ignore[union-attr,arg-type]
    rows = side_of(kiosk, SalesOfDay).scene._list.rows  # type: ignore[union-attr]
    cancelled = next(row for row in rows if "vente annulée" in row.detail)
    assert cancelled.right == "annulée"
    assert before.right.startswith("50")
    assert cancelled.ink != before.ink
    assert not cancelled.id
