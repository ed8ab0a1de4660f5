"""Guests at the desk: their entries are given back and shown among those of the member who brought them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.answers import Account, Done
from kiosk.commands import Leave, ShowAccount, Undo
from kiosk.facts import Left, Reversed
from kiosk.messages import Touch
from kiosk.notices import Offer
from kiosk.screen.scenes.visits.today import Today
from tests.office.kiosks.hosts_side import HostsSide
from tests.office.kiosks.stepped import SteppedKiosk


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[SteppedKiosk]:
    """Camille came at 09:05 and brought a guest two minutes later."""
    counter = SteppedKiosk(tmp_path)
    counter.joins("Claire", staff=True)
    camille = counter.joins("camille")
    counter.tap(camille)
    counter.later(minutes=2)
    counter.tap(camille)
    for button in (Offer.GUEST, Offer.GUEST_YES):
        counter.controller.handle(Touch(button=button, notice=counter.wall.notices[-1].number))
    yield counter
    counter.close()


def account(counter: SteppedKiosk) -> Account:
    answer = counter.asks(ShowAccount(member="camille"))
    assert isinstance(answer, Account)
    return answer


def given_back(counter: SteppedKiosk, command: Undo) -> list[int]:
    """The guests, 0 for Camille, whose entries stand given back after the command."""
    assert isinstance(counter.asks(command), Done)
    return [visit.guest for visit in account(counter).visits if visit.reversed_by]


def test_a_guest_shows_in_the_account_of_the_member_as_theirs(counter) -> None:
    assert [(visit.guest, visit.units) for visit in account(counter).visits if visit.units] == [(1, 1), (0, 1)]


@pytest.mark.parametrize("who", ["camille +1", "camille+1"])
def test_a_guest_s_entry_is_given_back_by_naming_the_guest(counter, who) -> None:
    assert given_back(counter, Undo(member=who, reason="did not come")) == [1]
    assert account(counter).passes[0].left == 9


def test_a_guest_s_entry_is_given_back_by_its_number(counter) -> None:
    number = account(counter).visits[0].seq
    assert given_back(counter, Undo(member="camille", seq=number, reason="did not come")) == [1]


def test_without_a_number_the_member_s_own_entry_is_given_back_though_a_guest_came_later(counter) -> None:
    assert given_back(counter, Undo(member="camille", reason="goodwill")) == [0]


def test_a_guest_s_entry_is_given_back_from_the_list_of_today_on_the_screen(counter) -> None:
    side = HostsSide(counter, Today, member_id="Claire")
    side.touch("all")
    assert "camille +1" in side.reads()
    side.touch(f"row:{counter.ledger.head.seq}")
    side.touch("mistake")
    side.touch("yes")
    assert counter.stored(Reversed)[-1].by == "Claire"
    assert [visit.guest for visit in account(counter).visits if visit.reversed_by] == [1]


def test_a_host_notes_that_a_guest_has_left(counter) -> None:
    assert isinstance(counter.asks(Leave(member="camille+1")), Done)
    assert [fact.member_id for fact in counter.stored(Left)] == ["camille+1"]


def test_nobody_s_guest_is_nobody(counter) -> None:
    assert not isinstance(counter.asks(Undo(member="nobody+1", reason="why")), Done)
