"""`kiosk doctor`: checks the machine and says how to repair what is wrong."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from kiosk.cli.options import Call, common_options
from kiosk.settings.config import Config, load
from kiosk.settings.mistakes import MistakesError

if TYPE_CHECKING:
    from kiosk.health.doctor import Finding

MARKS = {"good": "ok", "note": "--", "fault": "!!"}


@click.command()
@common_options
def doctor(call: Call) -> None:
    """Check screen, reader, pins, clock, disk and service.

    Prints what was found and how to repair it. Exit code 1 when something is wrong.

    \b
    Examples:
      kiosk doctor
      sudo kiosk doctor        sees what only root may see
    """
    from kiosk.health.doctor import examine  # with the reader's driver, which takes long to load

    config, mistaken = _settings(call)
    found = [*mistaken, *examine(config)]
    if call.as_json:
        click.echo(json.dumps([asdict(one) for one in found], indent=2))
    else:
        for one in found:
            click.echo(f"{MARKS[one.level]} {one.what:<9} {one.told}")
            if one.advice:
                click.echo(f"{'':12} {one.advice}")
    if any(one.level == "fault" for one in found):
        click.get_current_context().exit(1)


def _settings(call: Call) -> tuple[Config | None, list[Finding]]:
    """Return the settings, or a finding that says why they cannot be read."""
    from kiosk.health.doctor import Finding

    try:
        return load(call.file()), []
    except (MistakesError, OSError):
        told, advice = f"{call.file()} cannot be used", f"kiosk check {call.file()}"
        return None, [Finding(what="settings", level="fault", told=told, advice=advice)]
