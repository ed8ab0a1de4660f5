"""Turns pygame's key and wheel events into keys. Letters come as text input, which knows dead keys."""

from __future__ import annotations

from kiosk.screen.input.keys import Key, Name
from kiosk.screen.sdl import pygame

_NAMED: dict[int, Name] = {
    pygame.K_RETURN: "enter",
    pygame.K_KP_ENTER: "enter",
    pygame.K_BACKSPACE: "backspace",
    pygame.K_ESCAPE: "escape",
    pygame.K_UP: "up",
    pygame.K_DOWN: "down",
    pygame.K_LEFT: "left",
    pygame.K_RIGHT: "right",
    pygame.K_PAGEUP: "page_up",
    pygame.K_PAGEDOWN: "page_down",
}


def key_of(event: pygame.event.Event) -> Key | None:
    """Return the key of an event; None for other events."""
    if event.type == pygame.TEXTINPUT:
        return Key(name="text", text=event.text)
    if event.type == pygame.MOUSEWHEEL and event.y:
        return Key(name="page_up" if event.y > 0 else "page_down")
    if event.type != pygame.KEYDOWN:
        return None
    if event.key == pygame.K_TAB:
        return Key(name="back_tab" if event.mod & pygame.KMOD_SHIFT else "tab")
    name = _NAMED.get(event.key)
    return Key(name=name) if name else None
