"""The program runs on the pygame of Debian 12, which is older than the one that the tests run on."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
KNOWN = {*(Path(__file__).with_name("pygame-2.1.2.txt")).read_text().split(), "image"}
"""What `dir` finds in Debian's python3-pygame 2.1.2 and its modules."""


def used(source: str) -> Iterator[str]:
    """Every `pygame.a` and `pygame.a.b` of a source."""
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.insert(0, node.attr)
            node = node.value
        if isinstance(node, ast.Name) and node.id == "pygame":
            yield from (".".join(names[:depth]) for depth in range(1, min(len(names), 2) + 1))


def too_new(source: str) -> set[str]:
    return set(used(source)) - KNOWN


def test_nothing_is_used_that_the_pygame_of_debian_12_lacks() -> None:
    sources = [path.read_text() for room in ("screen", "demo") for path in (ROOT / "kiosk" / room).rglob("*.py")]
    assert set().union(*map(too_new, sources)) == set()
    assert sum(1 for source in sources for _ in used(source)) > 300


def test_a_newer_function_is_found() -> None:
    assert too_new("import pygame\npygame.image.tobytes(pygame.Surface((1, 1)), 'RGB')") == {"image.tobytes"}
