"""Which SDL renderer draws the window, and whether its output reaches the display.

pygame does not tell, so SDL's own library, as loaded by pygame, is asked. Where that is not possible (another system,
another build) the answers are None.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

GL_VERSION = 0x1F02
"""What glGetString is asked for (khronos.org, OpenGL ES 2.0 reference pages)."""
ES = "OpenGL ES"
"""How the version of a context for embedded systems begins."""
WINDOWS = range(1, 17)
"""The numbers that SDL may have given to the only window."""
ARGB8888 = 0x16362004


class Renderer(NamedTuple):
    """SDL's renderer by its name, such as `opengles2`, and its version of OpenGL; empty without one."""

    name: str
    version: str = ""

    @property
    def is_mismatched(self) -> bool:
        """Whether it draws with desktop OpenGL into an OpenGL ES context: no error, but everything is black.

        SDL 2.26 to 2.32 does this where libGL.so.1 is missing: it falls back to ES and keeps the renderer `opengl`.
        """
        return self.name == "opengl" and self.version.startswith(ES)

    def __str__(self) -> str:
        return ", ".join(filter(None, self))


class _Info(ctypes.Structure):
    """SDL_RendererInfo, whose first field is the name."""

    _fields_ = (("name", ctypes.c_char_p), ("rest", ctypes.c_uint32 * 40))


def look() -> Renderer | None:
    """Return what draws the open window; None where SDL copies pixels itself, or cannot be asked."""
    with suppress(OSError, AttributeError):
        sdl = _library()
        if sdl is None:
            return None
        renderer, info = _renderer(sdl), _Info()
        if not renderer or sdl.SDL_GetRendererInfo(ctypes.c_void_p(renderer), ctypes.byref(info)):
            return None
        return Renderer((info.name or b"").decode(errors="replace"), _version(sdl))
    return None


def pixel(at: tuple[int, int]) -> tuple[int, int, int] | None:
    """Return the colour that the renderer last drew at a pixel; None where it cannot be read back."""
    with suppress(OSError, AttributeError):
        sdl = _library()
        renderer = _renderer(sdl) if sdl else None
        if sdl is None or not renderer:
            return None
        where, found = (ctypes.c_int * 4)(*at, 1, 1), (ctypes.c_ubyte * 4)()
        if sdl.SDL_RenderReadPixels(ctypes.c_void_p(renderer), where, ctypes.c_uint32(ARGB8888), found, 4):
            return None
        return found[2], found[1], found[0]
    return None


def _renderer(sdl: Any) -> int | None:
    for number in WINDOWS:
        window = sdl.SDL_GetWindowFromID(ctypes.c_uint32(number))
        if window:
            found: int | None = sdl.SDL_GetRenderer(ctypes.c_void_p(window))
            return found
    return None


def _version(sdl: Any) -> str:
    address = sdl.SDL_GL_GetProcAddress(b"glGetString")
    if not address or not sdl.SDL_GL_GetCurrentContext():
        return ""
    ask: Callable[[int], bytes | None] = ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_uint)(address)
    return (ask(GL_VERSION) or b"").decode(errors="replace")


@cache
def _library() -> Any:
    """Return the SDL library of this process, found in the kernel's list of its files (proc_pid_maps(5))."""
    lines = Path("/proc/self/maps").read_text().splitlines()
    path = next((line.split(maxsplit=5)[5] for line in lines if "/libSDL2-2" in line), None)
    if path is None:
        return None
    sdl = ctypes.CDLL(path)
    for name in ("SDL_GetWindowFromID", "SDL_GetRenderer", "SDL_GL_GetProcAddress", "SDL_GL_GetCurrentContext"):
        getattr(sdl, name).restype = ctypes.c_void_p
    return sdl
