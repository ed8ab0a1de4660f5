"""Imports pygame with the environment it needs; all modules here import pygame from this one."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

FOR_KMSDRM = "opengles2"
"""The renderer of SDL where there is no desktop, as in kiosk.service. By default it takes desktop OpenGL, and where
that is missing everything is black, without an error (seen with SDL 2.26 and 2.32)."""


def _prepare() -> None:
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    asked = os.environ.get("SDL_FRAMEBUFFER_ACCELERATION", FOR_KMSDRM)
    if os.environ.get("SDL_VIDEODRIVER") == "kmsdrm":
        os.environ["SDL_FRAMEBUFFER_ACCELERATION"] = asked
    elif asked == FOR_KMSDRM:  # of the unit, whose driver somebody changed
        # Without this SDL loads a software OpenGL under X11: 90 MB for a picture that changes twice a minute.
        os.environ["SDL_FRAMEBUFFER_ACCELERATION"] = "0"


_prepare()
_hidden = "pkg_resources" not in sys.modules and find_spec("pkg_resources") is not None
if _hidden:
    # pygame looks for setuptools' pkg_resources, which costs 70 ms and 7 MB, and does well without.
    sys.modules["pkg_resources"] = None  # type: ignore[assignment]
try:
    import pygame as pygame
finally:
    if _hidden:
        del sys.modules["pkg_resources"]
