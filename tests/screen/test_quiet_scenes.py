"""Nobody sees the data of the person before them: every scene closes by itself, and at the next badge."""

import importlib
import pkgutil
from functools import cache

from kiosk.model import Signal
from kiosk.notices import Admission, Notice
from kiosk.screen import scenes
from kiosk.screen.scene import QUIET_SECONDS, Scene
from kiosk.screen.scenes.machine.export import Copying
from kiosk.screen.scenes.set_up.first_steps import SetUpWeek
from kiosk.screen.scenes.set_up.steps import Step
from kiosk.screen.scenes.visits.evacuation import Evacuation
from kiosk.screen.stage import Stage
from tests.office.kiosks.stepped import MONDAY
from tests.pictures import gallery

LONGER = {
    Evacuation: 600.0,  # outside, with the screen in sight, nobody has a hand free
    Copying: None,  # names nobody, and ends when the stick is written
}
FIRST_START = (Step, SetUpWeek)
"""Before there is anybody whose data could be seen."""


def every_scene() -> list[type[Scene]]:
    """Every class of scene that the package has."""
    for found in pkgutil.walk_packages(scenes.__path__, f"{scenes.__name__}."):
        importlib.import_module(found.name)
    return sorted(below(Scene), key=lambda kind: kind.__name__)


def below(kind: type[Scene]) -> set[type[Scene]]:
    return {deeper for child in kind.__subclasses__() for deeper in (child, *below(child))}


def loiters(kind: type[Scene]) -> bool:
    """Whether a scene would stay on, though it may show somebody's data."""
    if issubclass(kind, FIRST_START):
        return False
    longest = LONGER.get(kind, QUIET_SECONDS)
    is_longer = longest is not None and (kind.quiet_seconds is None or kind.quiet_seconds > longest)
    return is_longer or kind.outlasts_notices


def test_every_scene_is_left_after_a_minute_but_for_those_that_say_why():
    kinds = [kind for kind in every_scene() if kind.__module__.startswith("kiosk.")]
    assert len(kinds) > 40
    assert [kind.__name__ for kind in kinds if loiters(kind)] == []


def test_a_scene_that_stays_on_is_found():
    class Loitering(Scene):
        quiet_seconds = None

    assert loiters(Loitering)


@cache
def shown() -> dict[str, Scene]:
    """Every scene of the gallery behind the notices, with what it shows of people; to make them takes seconds."""
    found = {}
    for picture in gallery.pictures("fr"):
        view = picture.view
        scene = view if isinstance(view, Scene) else getattr(view, "scene", None)
        if isinstance(scene, Scene) and not isinstance(scene, FIRST_START):
            found[picture.name] = scene
    return found


class Watch:
    """Seconds that go by when told."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def on_stage(scene: Scene, watch: Watch) -> Stage:
    stage = Stage({"test": lambda _: scene}, watch)
    names = {"member_id": "claire", "name": "claire", "language": "fr", "zone": "Europe/Paris"}
    stage.enter(Admission(to="test", now=MONDAY, notice=1, **names))
    stage.asked()
    return stage


def is_gone_in_time(scene: Scene) -> bool:
    """Whether a scene that nobody touches is left after its time, and one that has none stays."""
    watch, longest = Watch(), scene.quiet_seconds
    stage = on_stage(scene, watch)
    for _ in range(int(longest or 0) // 5):
        watch.seconds += 5  # it looks again by itself meanwhile, which is no touch
        stage.tick()
        stage.asked()
    return (stage.scene is None) == (longest is not None)


def test_what_is_shown_of_somebody_is_gone_a_minute_after_the_last_touch() -> None:
    assert len(shown()) > 40
    assert [name for name, scene in shown().items() if not is_gone_in_time(scene)] == []


def test_the_next_badge_sees_its_own_notice_and_nothing_of_who_was_there() -> None:
    other = Notice(title="Bonjour Léa", signal=Signal.GRANTED, seconds=8, number=2)
    assert [name for name, scene in shown().items() if on_stage(scene, Watch()).outlasts(other)] == []
