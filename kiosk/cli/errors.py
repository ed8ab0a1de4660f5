"""Errors of the `kiosk` command: one sentence and an exit code, no traceback for expected errors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from kiosk.settings.mistakes import MistakesError


class RefusedError(click.ClickException):
    """The command was refused, for a reason that the user can remove: exit code 1."""

    exit_code = 1

    def __init__(self, message: str, near: Iterable[str] = ()) -> None:
        self.near = tuple(near)
        super().__init__(message)

    def format_message(self) -> str:
        """Return the sentence and the names that may have been meant."""
        if not self.near:
            return self.message
        if len(self.near) == 1:
            return f'{self.message}; did you mean "{self.near[0]}"?'
        return "\n".join([f"{self.message}; did you mean one of these?", *(f"  {name}" for name in self.near)])


class Group(click.Group):
    """A group of commands that prints expected errors as one sentence."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; errors of the system, of settings and of missing packages become RefusedError."""
        try:
            return super().invoke(ctx)
        except (BrokenPipeError, click.ClickException):
            raise
        except MistakesError as error:
            raise RefusedError(str(error)) from error
        except ModuleNotFoundError as error:
            missing = f"this needs the package {error.name}, which is not installed"
            raise RefusedError(f"{missing}: pip install 'kiosk[door]'") from error
        except OSError as error:
            raise RefusedError(_sentence(error)) from error


def _sentence(error: OSError) -> str:
    """Return an error as a sentence; the system's errors are completed by the name of their file."""
    if error.errno is None:
        return str(error)
    return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
