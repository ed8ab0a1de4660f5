"""Whether what SDL draws with reaches the display; asked of the SDL that pygame brings, on a display of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.screen.renderer import Renderer
from tests.screen.x_server import x_server

ROOT = Path(__file__).parents[2]
DRAWN = """
from kiosk.screen.sdl import pygame
from kiosk.screen.renderer import look, pixel
pygame.display.init()
window = pygame.display.set_mode((300, 200))
window.fill((10, 200, 30))
pygame.display.flip()
found = look()
print(found.name if found else None, bool(found and found.version), pixel((5, 5)))
"""


def drawn(acceleration: str) -> str:
    with x_server(800, 480) as environment:
        environment["SDL_FRAMEBUFFER_ACCELERATION"] = acceleration
        command = [sys.executable, "-c", DRAWN]
        done = subprocess.run(
            command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
        )
    return done.stdout.strip().splitlines()[-1]


def test_the_renderer_of_a_window_is_known_with_its_version_and_what_it_drew() -> None:
    assert drawn("opengl") == "opengl True (10, 200, 30)"


def test_a_window_whose_pixels_sdl_copies_has_no_renderer() -> None:
    assert drawn("0") == "None False None"


@pytest.mark.parametrize(
    ("name", "version", "is_black"),
    [
        ("opengl", "OpenGL ES 3.2 Mesa 22.3.6", True),  # as found where libgl1 is missing
        ("opengles2", "OpenGL ES 3.2 Mesa 22.3.6", False),
        ("opengl", "4.5 (Compatibility Profile) Mesa 22.3.6", False),
        ("software", "", False),
    ],
)
def test_desktop_opengl_on_a_context_of_opengl_es_is_black(name, version, is_black) -> None:
    assert Renderer(name, version).is_mismatched is is_black
