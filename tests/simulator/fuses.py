"""Kills a node of the simulator before any of its SQL statements or calls; its files stay as they are.

A `kill -9` leaves on the disk what SQLite had handed to the kernel by then. So the files are copied at that instant,
and the node continues from the copy, whatever rollback and closing happen to the old files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, event


class KilledError(BaseException):
    """The node is dead. No handler of the code under test takes it for a failure that it knows."""


class Fuse:
    """Counts down with every statement of the running node; at zero the node dies."""

    def __init__(self, at_death: Callable[[], None]) -> None:
        """`at_death` keeps what is on the disk."""
        self._at_death, self.left = at_death, 0

    def burn(self) -> None:
        """Come one nearer to the end. Raises KilledError there."""
        if self.left > 0:
            self.left -= 1
            if self.left == 0:
                self._at_death()
                raise KilledError

    @contextmanager
    def lit(self) -> Iterator[None]:
        """The statements within are those of this node."""
        _running.append(self)
        try:
            yield
        finally:
            _running.pop()


_running: list[Fuse] = []


def _before(*arguments: object) -> None:
    if _running:
        _running[-1].burn()


def _after(connection: object, cursor: object, statement: str, *arguments: object) -> None:
    if _running and statement == "COMMIT":  # on the disk, and nobody knows
        _running[-1].burn()


event.listen(Engine, "before_cursor_execute", _before)
event.listen(Engine, "after_cursor_execute", _after)
