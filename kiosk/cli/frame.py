"""What all commands share: options, settings, foreseen errors as one sentence, terminals of any encoding."""

from __future__ import annotations

import codecs
import os
import sys
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import click

from kiosk.settings.config import Config, config_file, demo_folder, load
from kiosk.settings.mistakes import MistakesError

F = TypeVar("F", bound=Callable[..., Any])
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class RefusedError(click.ClickException):
    """Not done, for a reason that people can mend: exit code 1."""

    exit_code = 1

    def __init__(self, message: str, near: Iterable[str] = ()) -> None:
        self.near = tuple(near)
        super().__init__(message)

    def format_message(self) -> str:
        """The sentence, and the names that may have been meant."""
        if not self.near:
            return self.message
        if len(self.near) == 1:
            return f'{self.message}; did you mean "{self.near[0]}"?'
        return "\n".join([f"{self.message}; did you mean one of these?", *(f"  {name}" for name in self.near)])


@dataclass
class Call:
    """The options that every command takes."""

    config_path: str | None = None
    as_json: bool = False

    def config(self) -> Config:
        """The settings. On a machine without any but the demo's, those of the demo, which is said."""
        path = config_file(self.config_path)
        fallback = demo_folder() / "kiosk.toml"
        if self.config_path is None and "KIOSK_CONFIG" not in os.environ and not path.exists() and fallback.exists():
            click.echo(f"(no {path}: this is about the demo, {fallback})", err=True)
            path = fallback
        return load(path)

    def file(self) -> Path:
        """The settings file itself."""
        return config_file(self.config_path)


def _remember(attribute: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def remember(context: click.Context, _: click.Parameter, value: Any) -> None:
        if value:
            setattr(context.ensure_object(Call), attribute, value)

    return remember


def config_option(function: F) -> F:
    """Add --config to a command."""
    return click.option(
        "--config",
        metavar="FILE",
        expose_value=False,
        callback=_remember("config_path"),
        help="Settings of this machine.  [default: $KIOSK_CONFIG, or /etc/kiosk/kiosk.toml]",
    )(function)


def json_option(function: F) -> F:
    """Add --json to a command."""
    return click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        callback=_remember("as_json"),
        help="Answer as JSON, for scripts.",
    )(function)


def asks(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that all have, and the Call as its first argument."""
    return json_option(config_option(click.pass_obj(function)))


class Group(click.Group):
    """Commands whose foreseen errors are a sentence and an exit code, not a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run, and turn what can go wrong on a machine into RefusedError."""
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
    """Ours are sentences already; the system's need their file."""
    if error.errno is None:
        return str(error)
    return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)


class Day(click.ParamType[date]):
    """A local date, like 2026-06-01."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read it."""
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f'"{value}" is no date: write it like 2026-06-01', param, ctx)


DAY = Day()


# ---------------------------------------------------------------- terminals


def _plainer(error: UnicodeError) -> tuple[str, int]:
    """Write what a terminal cannot show as nearly as it can: `é` as `e`, other signs as `?`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_PLAIN)
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return plain or "?", error.end


_PLAIN = str.maketrans({"œ": "oe", "Œ": "OE", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "€": "EUR"})


def prepare_terminal() -> None:
    """Make printing never fail, and arguments whole, whatever locale this was started in."""
    codecs.register_error("kiosk.plainer", _plainer)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="kiosk.plainer")
    sys.argv = [understood(argument) for argument in sys.argv]


def understood(argument: str) -> str:
    """An argument in letters: bytes that do not fit the locale are read as UTF-8, or else as Western European."""
    raw = os.fsencode(argument) if any("\udc80" <= letter <= "\udcff" for letter in argument) else None
    if raw is None:
        return argument
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def is_unicode(stream: Any) -> bool:
    """Whether a stream takes every letter."""
    return "utf" in (getattr(stream, "encoding", None) or "").lower()
