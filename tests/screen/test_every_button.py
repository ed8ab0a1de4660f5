"""Every button that the screen can have is in a picture of the gallery, and so checked by the tests of the layout."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import kiosk.screen
from kiosk.notices import Offer
from tests.pictures import gallery
from tests.pictures.picture import UPRIGHT, drawn

ROOT = Path(kiosk.screen.__file__).parent
TARGET_OF = {"button": 3, "Choice": None}
"""What registers a target, and the place of its name among the arguments; None: `target=`."""


def targets_in(source: str) -> Iterator[str]:
    """The targets that a module's source names; of those put together at run time how they begin."""
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id not in TARGET_OF:
            continue
        place = TARGET_OF[call.func.id]
        named = next((one.value for one in call.keywords if one.arg == "target"), None)
        name = named if place is None else call.args[place]
        if isinstance(name, ast.Constant):
            yield str(name.value)
        elif isinstance(name, ast.JoinedStr) and isinstance(name.values[0], ast.Constant):
            yield str(name.values[0].value)


def missing(wanted: set[str], drawn_targets: set[str]) -> set[str]:
    return {one for one in wanted if not any(each == one or each.startswith(one) for each in drawn_targets)}


def in_pictures() -> set[str]:
    """Every target that can be touched in some picture."""
    return {name for picture in gallery.pictures("fr") for _, name in drawn(picture.view, UPRIGHT).targets}


def test_every_button_that_a_scene_can_have_is_in_a_picture() -> None:
    wanted = {name for path in ROOT.rglob("*.py") for name in targets_in(path.read_text())}
    assert len(wanted) > 40
    assert missing(wanted | set(Offer), in_pictures()) == set()


def test_a_button_that_no_picture_shows_is_found() -> None:
    source = 'button(canvas, rect, "Sell", "sell")\nChoice(target=f"pay:{name}", label="Cash")\nChoice(target="x")'
    assert set(targets_in(source)) == {"sell", "pay:", "x"}
    assert missing({"sell", "pay:", "x"}, {"sell", "pay:cash"}) == {"x"}
