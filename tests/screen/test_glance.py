"""What can be seen in passing, measured on the pictures: where the arrow points, how large the words are."""

from typing import cast

import pytest
from msgspec.structs import replace

from kiosk import hours, notices
from kiosk.model import Badge, Signal
from kiosk.notices import Idle, Notice
from kiosk.screen.door.sleep import Light
from kiosk.screen.drawing import theme
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.sdl import pygame
from tests.office.kiosks.stepped import SteppedKiosk
from tests.office.ledgers.judged_taps import CAMILLE, JudgedTap, denied, granted, ours, tell
from tests.pictures.door import notice_of, spoken
from tests.pictures.picture import SIZES, UPRIGHT, WIDE, Asleep, drawn
from tests.rules.house import SERRE, at, sold

VIEWS: dict[str, object] = {picture.name: picture.view for picture in spoken("fr")}
TAPS = {told.name: told for told in (*granted(), *denied())}
POINTS = {"left": (-1, 0), "right": (1, 0), "top": (0, -1), "bottom": (0, 1)}
"""The way to each side of the screen."""
HINT = theme.ACTION.band
ALERT = theme.TONES[Signal.ATTENTION]


def idle(name: str) -> Idle:
    view = VIEWS[f"idle-{name}"]
    assert isinstance(view, Idle)
    return view


def line(canvas: Canvas, text: str) -> pygame.Rect:
    """Where a text stands, or its first words."""
    return next(placed.rect for placed in canvas.written if text.startswith(placed.line.text.strip()))


# ---------------------------------------------------------------- the hint


def boxes(mask: pygame.mask.Mask) -> list[pygame.Rect]:
    """The rectangles around its pieces."""
    return cast("list[pygame.Rect]", mask.get_bounding_rects())


def shapes(canvas: Canvas, ground: theme.Colour) -> list[pygame.mask.Mask]:
    """What is drawn in white on a ground of this colour and is larger than a letter, each on a mask of the screen."""
    hint = pygame.mask.from_threshold(canvas.surface, ground, (1, 1, 1, 255))
    if not hint.count():
        return []
    box = max(boxes(hint), key=lambda rect: rect.width * rect.height)
    white = pygame.mask.from_threshold(canvas.surface, theme.WHITE, (90, 90, 90, 255))
    frame = pygame.mask.Mask(canvas.rect.size)
    frame.draw(pygame.mask.Mask(box.size, fill=True), box.topleft)
    pieces = white.overlap_mask(frame, (0, 0)).connected_components()
    large = round(34 * canvas.unit)
    return [piece for piece in pieces if max(boxes(piece)[0].size) > large]


def points(piece: pygame.mask.Mask) -> tuple[int, int]:
    """Where an arrow points: its head is the heavier end. (0, 0) for what is as heavy on all sides."""
    box, (x, y) = boxes(piece)[0], piece.centroid()
    dx, dy = x - box.centerx, y - box.centery
    enough = box.width // 20
    return (dx > enough) - (dx < -enough), (dy > enough) - (dy < -enough)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("side", POINTS)
def test_the_arrow_points_to_the_side_where_the_reader_is(side, size) -> None:
    view = idle("open") if side == "right" else idle(f"reader-{side}")
    pieces = sorted(shapes(drawn(view, size), HINT), key=lambda piece: piece.centroid())
    arrow, *others = pieces if side == "left" else reversed(pieces)
    assert points(arrow) == POINTS[side]
    assert others  # the badge, on the other side of the words


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_hint_lies_where_the_reader_is(size) -> None:
    def at_edge(side: str, x: int) -> bool:
        canvas = drawn(idle("open") if side == "right" else idle(f"reader-{side}"), size)
        hint = line(canvas, idle("open").hint)
        return tuple(canvas.surface.get_at((x, hint.centery)))[:3] == HINT

    last = size[0] - 1
    assert (at_edge("left", 0), at_edge("left", last)) == (True, False)
    assert (at_edge("right", last), at_edge("top", last), at_edge("bottom", last)) == (True, False, False)
    above, below = drawn(idle("reader-top"), size), drawn(idle("reader-bottom"), size)
    assert line(above, idle("open").hint).bottom <= line(above, idle("open").time).top
    assert line(below, idle("open").hint).top >= line(below, idle("open").time).bottom


@pytest.mark.parametrize("size", [WIDE, UPRIGHT], ids=str)
def test_a_kiosk_that_can_take_no_badge_points_nowhere(size) -> None:
    canvas = drawn(idle("reader-down"), size)
    assert shapes(canvas, HINT) == []
    assert line(canvas, "Hors service")


@pytest.mark.parametrize("side", POINTS)
def test_the_side_is_the_one_that_was_configured(tmp_path, side) -> None:
    counter = SteppedKiosk(tmp_path, reader_side=side)
    counter.controller.handle(counter.tapped(counter.joins("camille")))
    assert counter.wall.views[-1].side == side
    counter.close()


# ---------------------------------------------------------------- open or closed, and why


def band(canvas: Canvas) -> theme.Colour:
    red, green, blue, _ = canvas.surface.get_at((2, 2))
    return red, green, blue


def test_open_and_closed_differ_in_colour_word_and_picture() -> None:
    is_open, closed = drawn(idle("open"), WIDE), drawn(idle("closed"), WIDE)
    assert (band(is_open), band(closed)) == (theme.OPEN.band, theme.CLOSED.band)
    assert line(is_open, "Ouvert")
    assert line(closed, "Fermé")
    same_band = drawn(replace(idle("open"), is_open=False), WIDE)
    doors = [sum(piece.count() for piece in shapes(canvas, band(canvas))) for canvas in (is_open, same_band)]
    assert abs(doors[0] - doors[1]) > max(doors) / 20


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(
    ("name", "reason"),
    [("holiday", "Jour férié\u202f: Fête nationale"), ("exception", "Atelier couture"), ("leave", "Congés")],
)
def test_the_next_change_is_drawn_with_its_reason(name, reason, size) -> None:
    canvas = drawn(idle(name), size)
    read = " ".join(placed.line.text for placed in canvas.written)
    assert idle(name).because == reason
    assert reason in read
    assert idle(name).change in read


# ---------------------------------------------------------------- health, in one line


def alert_ink(canvas: Canvas) -> int:
    """How much of the alert's colour is on the sheet."""
    return pygame.mask.from_threshold(canvas.surface, ALERT.accent, (8, 8, 8, 255)).count()


def test_a_server_out_of_reach_is_told_without_alarm_and_all_else_with_one() -> None:
    quiet, loud = drawn(idle("server"), WIDE), drawn(idle("clock"), WIDE)
    assert alert_ink(quiet) == 0 < alert_ink(loud)
    assert alert_ink(drawn(idle("open"), WIDE)) == 0
    said = next(placed for placed in quiet.written if idle("server").health.startswith(placed.line.text))
    assert said.line.colour == theme.QUIET


# ---------------------------------------------------------------- at night


def test_the_dark_screen_tells_of_trouble() -> None:
    def warning(view: Idle) -> int:
        canvas = drawn(Asleep(view, Light.DARK), WIDE)
        return pygame.mask.from_threshold(canvas.surface, ALERT.band, (8, 8, 8, 255)).count()

    assert warning(idle("closed")) == 0 < warning(replace(idle("closed"), trouble=True))


def test_the_screen_rests_only_while_it_is_closed_and_nobody_is_in() -> None:
    def told(when: str, people: int) -> Idle:
        return notices.idle(SERRE, hours.opening(SERRE, None, at(when)), at(when), people_in=people)

    assert told("2026-07-13 20:00", 0).rests
    assert not told("2026-07-13 20:00", 1).rests
    assert not told("2026-07-13 10:00", 0).rests


# ---------------------------------------------------------------- large words


def leads(told: JudgedTap, *, large: bool) -> tuple[Notice, Canvas]:
    """The notice of a tap by somebody who asked for large words, or did not, and how it is drawn."""
    member = replace(CAMILLE, large_text=large)
    again = tell(told.name, replace(told.case, member=member), told.now)
    view = replace(notice_of(again, "fr"), buttons=())
    return view, drawn(view, WIDE)


@pytest.mark.parametrize("name", ["entry", "entry-short", "re-entry-at-once", "no-entries", "expiring"])
def test_large_text_is_drawn_larger(name) -> None:
    (usual, small), (asked, big) = leads(TAPS[name], large=False), leads(TAPS[name], large=True)
    assert (usual.large, asked.large) == (False, True)

    def size(canvas: Canvas, text: str) -> int:
        return next(placed.line.size for placed in canvas.written if text.startswith(placed.line.text.strip()))

    assert usual.lines == asked.lines
    for text in usual.lines:
        assert size(big, text) >= 1.15 * size(small, text), text


def test_large_text_is_not_for_the_finder_of_a_lost_badge() -> None:
    reader = replace(CAMILLE, large_text=True, sound="slow", language="en")
    lost = tell("blocked", ours(sold(used=3), member=reader, badge=Badge(id="b", member_id="lea", status="lost")))
    told = notices.notice(lost.verdict, lost.case, lost.now)
    assert (told.large, told.sound, told.greeting, told.punch) == (False, "usual", None, None)


def test_the_first_line_of_a_notice_is_the_largest() -> None:
    for name, told in TAPS.items():
        view = replace(notice_of(told, "fr"), buttons=())
        sizes = [
            next(placed.line.size for placed in drawn(view, WIDE).written if text.startswith(placed.line.text.strip()))
            for text in view.lines
        ]
        assert all(sizes[0] > size for size in sizes[1:]), name


def test_the_card_tells_until_when_it_is_good() -> None:
    card = notice_of(TAPS["expiring"], "fr").punch
    assert card
    assert card.note == "jusqu’au 20 juillet"
    assert line(drawn(notice_of(TAPS["expiring"], "fr"), WIDE), card.note)


def test_a_notice_with_a_picture_of_its_own_shows_that_one() -> None:
    usual = VIEWS["goodbye"]
    assert isinstance(usual, Notice)
    drawings = [drawn(replace(usual, picture=name), WIDE).surface for name in ("people", "arrow")]
    assert pygame.image.tobytes(drawings[0], "RGB") != pygame.image.tobytes(drawings[1], "RGB")
