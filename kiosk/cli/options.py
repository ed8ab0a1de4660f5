"""Options that all commands share, and the settings they name."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import click

from kiosk.settings.config import Config, config_file, demo_folder, load

F = TypeVar("F", bound=Callable[..., Any])
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@dataclass
class Call:
    """The common options of one command: the settings file, and whether to answer as JSON."""

    config_path: str | None = None
    as_json: bool = False

    def config(self) -> Config:
        """Read the settings file; if there is none but the demo's, read that one and say so.

        Raises MistakesError or OSError.
        """
        path = config_file(self.config_path)
        fallback = demo_folder() / "kiosk.toml"
        if self.config_path is None and "KIOSK_CONFIG" not in os.environ and not path.exists() and fallback.exists():
            click.echo(f"(no {path}: this is about the demo, {fallback})", err=True)
            path = fallback
        return load(path)

    def file(self) -> Path:
        """Return the path of the settings file."""
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


def common_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add --config and --json to a command; its first argument is the Call that holds them."""
    return json_option(config_option(click.pass_obj(function)))


class Day(click.ParamType[date]):
    """A date, like 2026-06-01."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Convert the text to a date."""
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f'"{value}" is no date: write it like 2026-06-01', param, ctx)


DAY = Day()
