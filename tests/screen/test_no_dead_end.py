"""The hosts' side, used from its menu by Tab and Enter alone: every scene can be reached and left."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import pytest

from kiosk.screen.input.keys import Key
from kiosk.screen.scene import Context, Scene
from kiosk.screen.scenes.menu import Menu
from kiosk.screen.scenes.people.member import MemberAccount
from tests.office.kiosks.hosts_side import HostsSide
from tests.office.kiosks.stepped import SteppedKiosk

NOT_TAKEN = ("back", "leave", "no", "yes", "do")
"""The ways out are tried by the escape key; what is asked about is not done."""
DEEPEST = 5
"""Scenes behind one another, the menu included."""
MOST_ROWS = 2
"""Of a list, a keyboard or a calendar: the others lead where these do."""

Path = tuple[str, ...]
Begin = Callable[[Context], Scene]


def walked(counter: SteppedKiosk, begin: Begin) -> dict[str, Path]:
    """Every scene and question that can be reached, and how."""
    found: dict[str, Path] = {}
    ahead: list[Path] = [()]
    while ahead:
        path = ahead.pop(0)
        side = reached(counter, begin, path)
        if side is None or side.scene is None or name_of(side.scene) in found:
            continue
        found[name_of(side.scene)] = path
        assert keyboard_reaches(side) == set(side.targets()), (name_of(side.scene), path)
        assert leaves(side), (name_of(side.scene), path)
        if len(path) < DEEPEST:
            ahead += [(*path, target) for target in ways(side_again(counter, begin, path))]
    return found


def reached(counter: SteppedKiosk, begin: Begin, path: Path) -> HostsSide | None:
    """A visit that went this way; None when what was done meanwhile has closed it."""
    side = HostsSide(counter, begin)
    for target in path:
        if side.scene is None or target not in side.targets():
            return None
        side.choose(target)
    return side


def side_again(counter: SteppedKiosk, begin: Begin, path: Path) -> HostsSide:
    side = reached(counter, begin, path)
    assert side is not None
    return side


def name_of(scene: Scene) -> str:
    return type(scene).__name__ + ("?" if scene.dialog else "")


def ways(side: HostsSide) -> list[str]:
    """What to touch here: of what is alike only some."""
    kinds: dict[str, int] = {}
    chosen = []
    for target in side.targets():
        kind, colon, _ = target.partition(":")
        kinds[kind] = kinds.get(kind, 0) + 1
        if target not in NOT_TAKEN and (not colon or kinds[kind] <= MOST_ROWS):
            chosen.append(target)
    return chosen


def keyboard_reaches(side: HostsSide) -> set[str]:
    """What has the focus after each press of the tabulator, all around."""
    seen = set()
    for _ in side.targets():
        side.stage.key(Key(name="tab"))
        seen.add(side.stage.focus or "")
    return seen


def leaves(side: HostsSide) -> bool:
    """Whether the escape key alone leads out."""
    for _ in range(DEEPEST + 3):
        side.press("escape")
    return side.scene is None


SCENES = {
    "Menu", "WhoIsIn", "WhoIsIn?", "PickMember", "PersonInside", "PersonInside?",
    "GiveBack", "GiveBack?", "Today", "Members", "NewMember", "MemberAccount",
    "Sell", "Pay", "Receipt", "WhyCancel", "SalesOfDay", "Evacuation", "OpeningHours", "Preview",
    "StayUntil", "Exceptions", "WeekGrid", "HealthOfKiosk", "GiveBadge", "Rename", "ExceptionDays",
}  # fmt: skip
"""Some that must be among those found, so that the walk is known to have gone everywhere."""


@pytest.fixture
def house(tmp_path):
    with closing(SteppedKiosk(tmp_path)) as counter:
        counter.joins("claire", staff=True)
        counter.tap(counter.joins("Camille"))
        counter.tap(bytes.fromhex("04112233445566"))
        yield counter


def test_every_scene_is_reached_and_left_by_the_tabulator_and_enter_alone(house) -> None:
    found = set(walked(house, Menu)) | set(walked(house, lambda context: MemberAccount(context, "Camille")))
    assert SCENES - found == set()


class Trap(Menu):
    """A scene that cannot be left."""

    def typed(self, key: Key):
        return None


def test_a_scene_that_swallows_every_key_is_found(house) -> None:
    assert not leaves(HostsSide(house, Trap))
    assert leaves(HostsSide(house, Menu))


class OutOfReach(Menu):
    """A scene that keeps the tabulator to itself."""

    def typed(self, key: Key):
        return None if key.name == "tab" else False


def test_a_scene_that_keeps_the_tabulator_to_itself_is_found(house) -> None:
    with pytest.raises(LookupError, match="does not reach"):
        HostsSide(house, OutOfReach).choose("now")
