"""Everything on the hosts' screen that moves money or access is asked once, and can be undone by a reversal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest

import kiosk.screen
from kiosk import commands
from kiosk.answers import Inside, Till
from kiosk.badges import badge_id
from kiosk.commands import Command
from kiosk.roster import claim_code
from kiosk.screen.scene import Ask, Context, Effects, Scene
from kiosk.screen.scenes.hours.this_week import OpeningHours
from kiosk.screen.scenes.people.member import MemberAccount
from kiosk.screen.scenes.people.members import Members
from kiosk.screen.scenes.sales.till import SalesOfDay
from kiosk.screen.scenes.visits.who_is_in import WhoIsIn
from tests.office.kiosks.hosts_side import HostsSide
from tests.office.kiosks.stepped import KEY, SteppedKiosk

STRANGER = bytes.fromhex("04112233445566")
Way = tuple[str, ...]
"""What is touched; of `row:*` the first that begins so; `"zoe` is typed; `tap`: zoe's badge is."""


def zoe(context: Context) -> Scene:
    """The account of the member whom all of it is about."""
    return MemberAccount(context, "zoe")


def nothing(counter: SteppedKiosk) -> None:
    """Zoe has a badge and ten entries."""


def is_in(counter: SteppedKiosk) -> None:
    counter.tap(BADGE)


def stranger(counter: SteppedKiosk) -> None:
    counter.tap(STRANGER)


def after(*ways: tuple[type[Scene] | Callable[[Context], Scene], Way]) -> Callable[[SteppedKiosk], None]:
    """A host has done this before."""

    def given(counter: SteppedKiosk) -> None:
        for begin, way in ways:
            go(HostsSide(counter, begin), way)

    return given


def suspended_and_stranger(counter: SteppedKiosk) -> None:
    """The badge that is claimed is judged at once, and must not let in whom this is not about."""
    stranger(counter)
    go(HostsSide(counter, zoe), SUSPEND)


@dataclass(frozen=True, kw_only=True)
class Move:
    """Something a host does, what the screen says before it is done, and the way back."""

    does: type[Command]
    at: Callable[[Context], Scene]
    way: Way
    """To the question."""
    asks: str
    yes: str = "yes"
    back_at: Callable[[Context], Scene] | None = None
    """None: there is no way back, and `asks` says so or there is nothing to take back."""
    back: Way = ()
    given: Callable[[SteppedKiosk], None] = nothing


BADGE = bytes([4]) + b"zoe..."
ROW = "row:badge *"
BLOCK: Way = (ROW, "blocked", "yes")
UNBLOCK: Way = (ROW, "active", "yes")
SUSPEND: Way = ("more", "suspend", "yes")
RESTORE: Way = ("more", "restore", "yes")
CHECK_IN: Way = ("check_in", '"zoe', "row:zoe", "yes")
GIVE_BACK: Way = ("row:zoe", "reverse", "goodwill", "yes")
SELL: Way = ("favourite", "pay:cash")
TAKE_BACK: Way = ("row:*", "why:wrong pass")
RETURN: Way = (ROW, "return", "yes")
SHUT_ON: Way = ("exceptions", "close", "on:2026-06-02", "on-we-go", "none", "do")
WEDNESDAY: Way = ("grid", "day:2", "once", "done:day", "done", "do")
NO_WEDNESDAY: Way = ("grid", "day:2", "closed", "done:day", "done", "do")
SEEN = "Ce que verront les membres"

MOVES = {
    "sell": Move(
        does=commands.SellPass, at=zoe, way=SELL[:-1], asks="50 €", yes=SELL[-1], back_at=SalesOfDay, back=TAKE_BACK
    ),
    "take a sale back": Move(
        does=commands.CancelSale,
        at=SalesOfDay,
        way=TAKE_BACK[:-1],
        asks="pourquoi ?",
        yes=TAKE_BACK[-1],
        back_at=zoe,
        back=SELL,
        given=after((zoe, SELL)),
    ),
    "check in by hand": Move(
        does=commands.CheckIn,
        at=WhoIsIn,
        way=CHECK_IN[:-1],
        asks="Jugé comme un passage",
        back_at=WhoIsIn,
        back=GIVE_BACK,
    ),
    "give an entry back": Move(
        does=commands.Undo,
        at=WhoIsIn,
        way=GIVE_BACK[:-1],
        asks="Rendre cette entrée ?",
        back_at=WhoIsIn,
        back=CHECK_IN,
        given=is_in,
    ),
    "check out": Move(
        does=commands.Leave,
        at=WhoIsIn,
        way=("row:zoe", "has_left"),
        asks="Enregistrer le départ : zoe ?",
        back_at=WhoIsIn,
        back=CHECK_IN,
        given=is_in,
    ),
    "open the door": Move(does=commands.OpenDoor, at=WhoIsIn, way=("door",), asks="Ouvrir la porte une fois ?"),
    "block a badge": Move(
        does=commands.SetBadge, at=zoe, way=BLOCK[:-1], asks="Bloquer le badge ?", back_at=zoe, back=UNBLOCK
    ),
    "report a badge lost": Move(
        does=commands.SetBadge, at=zoe, way=(ROW, "lost"), asks="Perdu ?", back_at=zoe, back=UNBLOCK
    ),
    "put a badge back in use": Move(
        does=commands.SetBadge,
        at=zoe,
        way=UNBLOCK[:-1],
        asks="Il ouvre de nouveau la porte à zoe.",
        back_at=zoe,
        back=BLOCK,
        given=after((zoe, BLOCK)),
    ),
    "take a badge back": Move(
        does=commands.ReturnBadge,
        at=zoe,
        way=RETURN[:-1],
        asks="Reprendre le badge ?",
        back_at=zoe,
        back=("tap", "badge", "row:*", "yes"),
    ),
    "give a badge": Move(
        does=commands.AssignBadge,
        at=zoe,
        way=("badge", "row:*"),
        asks="Donner le badge",
        back_at=zoe,
        back=("row:badge of the stranger", "return", "yes"),
        given=stranger,
    ),
    "replace a badge": Move(
        does=commands.ReplaceBadge,
        at=zoe,
        way=(ROW, "replace", "row:*"),
        asks="L’ancien badge n’ouvre plus rien",
        given=stranger,
        back_at=zoe,
        back=("row:badge of the stranger", "return", "yes", *UNBLOCK),
    ),
    "claim a badge": Move(
        does=commands.ClaimBadge,
        at=Members,
        way=(ROW, '"zoe', "row:zoe"),
        asks="Donner le badge",
        given=suspended_and_stranger,
        back_at=zoe,
        back=("row:badge of the stranger", "return", "yes"),
    ),
    "suspend": Move(
        does=commands.ChangeMember, at=zoe, way=SUSPEND[:-1], asks="Suspendre zoe ?", back_at=zoe, back=RESTORE
    ),
    "let in again": Move(
        does=commands.ChangeMember,
        at=zoe,
        way=RESTORE[:-1],
        asks="Laisser zoe entrer de nouveau ?",
        back_at=zoe,
        back=SUSPEND,
        given=after((zoe, SUSPEND)),
    ),
    "forget": Move(does=commands.EraseMember, at=zoe, way=("more", "erase"), asks="C’est irréversible."),
    "close now": Move(
        does=commands.CloseToday, at=OpeningHours, way=("close",), asks=SEEN, yes="do", back_at=OpeningHours,
        back=("back-to-hours", "do"),
    ),
    "stay open": Move(
        does=commands.StayOpen, at=OpeningHours, way=("stay", "00:00"), asks=SEEN, yes="do", back_at=OpeningHours,
        back=("back-to-hours", "do"),
    ),
    "back to the usual hours": Move(
        does=commands.BackToHours, at=OpeningHours, way=("back-to-hours",), asks=SEEN, yes="do", back_at=OpeningHours,
        back=("close", "do"), given=after((OpeningHours, ("close", "do"))),
    ),
    "close on a date": Move(
        does=commands.SetDates, at=OpeningHours, way=SHUT_ON[:-1], asks=SEEN, yes="do", back_at=OpeningHours,
        back=("exceptions", "row:*", "do"),
    ),
    "take an exception away": Move(
        does=commands.RemoveException, at=OpeningHours, way=("exceptions", "row:*"), asks=SEEN, yes="do",
        back_at=OpeningHours, back=SHUT_ON, given=after((OpeningHours, SHUT_ON)),
    ),
    "change the usual week": Move(
        does=commands.SetWeek, at=OpeningHours, way=WEDNESDAY[:-1], asks=SEEN, yes="do", back_at=OpeningHours,
        back=NO_WEDNESDAY
    ),
}  # fmt: skip

NOT_MOVING: set[type[Command]] = {
    commands.AddMember, commands.ListMembers, commands.ShowAccount, commands.ListUnknownBadges, commands.ListProducts,
    commands.PreviewSale, commands.ShowReport,
    commands.ShowTill, commands.ExportMember, commands.ListInside, commands.ListTaps, commands.SignIn,
    commands.ShowHours, commands.ShowWeek, commands.PreviewHours, commands.ShowStatus, commands.ListMedia,
    commands.ExportBooks, commands.Pair, commands.ShowFirstStart,
}  # fmt: skip
"""They look, copy, or make somebody who has neither badge nor entry yet."""
ASKED_ELSEWHERE: set[type[Command]] = {commands.SetClock, commands.TryDoor, commands.SetUp}
"""The clock (tests/screen/test_health_scenes.py), and the first start, before there is anything to take back."""
NOT_ON_THE_SCREEN: set[type[Command]] = {
    commands.AddException, commands.ForgetOld, commands.SetPin, commands.ImportSite, commands.SetSite,
    commands.SetHours, commands.RetireSite, commands.SetProduct, commands.RepairRoster, commands.TapCard,
}  # fmt: skip


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[SteppedKiosk]:
    counter = SteppedKiosk(tmp_path)
    counter.joins("claire", staff=True)
    assert counter.joins("zoe") == BADGE
    yield counter
    counter.close()


def go(side: HostsSide, way: Way) -> None:
    """Touch, type and tap all of it."""
    for step in way:
        if step == "tap":
            side.counter.tap(BADGE)
        elif step.startswith('"'):
            side.type(step[1:])
        else:
            side.touch(meant(side, step))


def meant(side: HostsSide, step: str) -> str:
    """The target that a step of a way means on this screen."""
    if step == "row:badge of the stranger":
        return f"row:badge {claim_code(badge_id(STRANGER, KEY))}"
    if step.endswith("*"):
        return next(target for target in side.targets() if target.startswith(step[:-1]))
    return step


def state(counter: SteppedKiosk) -> tuple[object, ...]:
    """All that these moves change: money, entries, badges, standing, who is in, hours, openings of the door."""
    roster, now = counter.ledger.roster, counter.clock.now()
    member, site = roster.member("zoe"), roster.site("la-serre")
    override = roster.override("la-serre", now)
    asked = HostsSide(counter, WhoIsIn)
    inside, till = asked.perform(commands.ListInside()), asked.perform(commands.ShowTill())
    assert isinstance(inside, Inside)
    assert isinstance(till, Till)
    assert site is not None
    return (
        till.total_cents,
        sum((one.pass_.terms.units or 0) - one.used for one in roster.holdings("zoe", now)),
        sorted((badge.id, badge.status) for badge in roster.badges("zoe")),
        member and member.status,
        [person.name for person in inside.people],
        (site.hours, site.exceptions, override and override.state),
        len(counter.door.unlocks),
    )


def told(side: HostsSide) -> str:
    """What is written, as one line with plain spaces."""
    return " ".join(side.reads().split())


@pytest.mark.parametrize("name", MOVES)
def test_what_moves_money_or_access_is_asked_once_and_taken_back_by_a_reversal(counter, name) -> None:
    move = MOVES[name]
    move.given(counter)
    before = state(counter)
    side = HostsSide(counter, move.at)
    go(side, move.way)
    assert move.asks in told(side)
    assert not [command for command in side.asked if type(command) not in NOT_MOVING]
    assert state(counter) == before
    go(side, (move.yes,))
    assert [type(command) for command in side.asked if type(command) not in NOT_MOVING] == [move.does]
    assert state(counter) != before
    if move.back_at:
        go(HostsSide(counter, move.back_at), move.back)
        assert state(counter) == before


def test_what_cannot_be_taken_back_is_the_door_that_falls_shut_by_itself_and_what_says_so() -> None:
    assert {name for name, move in MOVES.items() if move.back_at is None} == {"open the door", "forget"}
    assert MOVES["forget"].asks == "C’est irréversible."


def test_every_command_is_either_asked_about_or_known_to_move_nothing() -> None:
    groups = [{move.does for move in MOVES.values()}, NOT_MOVING, ASKED_ELSEWHERE, NOT_ON_THE_SCREEN]
    placed = [one.__name__ for group in groups for one in group]
    assert sorted(placed) == sorted(one.__name__ for one in get_args(commands.Asked))


def test_what_is_said_not_to_be_on_the_screen_is_asked_by_no_scene() -> None:
    scenes = (Path(kiosk.screen.__file__).parent / "scenes").rglob("*.py")
    asked = set(re.findall(r"\b([A-Z]\w+)\(", "".join(scene.read_text() for scene in scenes)))
    assert {one.__name__ for one in NOT_ON_THE_SCREEN} & asked == set()
    assert {"OpenDoor", "SetBadge"} <= asked


class Hasty(WhoIsIn):
    """Opens the door without a question."""

    def touched(self, target: str) -> Effects:
        return Ask(commands.OpenDoor()) if target == "door" else None


def test_a_door_that_opens_unasked_is_found(counter) -> None:
    side = HostsSide(counter, Hasty)
    before = state(counter)
    go(side, MOVES["open the door"].way)
    assert MOVES["open the door"].asks not in told(side)
    assert state(counter) != before
