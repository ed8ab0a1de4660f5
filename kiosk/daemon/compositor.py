"""Shows the kiosk by way of a compositor, where drawing on the display itself shows nothing."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from collections.abc import Collection
from pathlib import Path

log = logging.getLogger(__name__)

FIRST_DRIVER = "kmsdrm"
"""SDL's driver of the unit. The script sets another, so that it is started once and not again and again."""
PROGRAMS = ("cage", "Xwayland")
SCRIPT = Path(sys.prefix) / "systemd" / "compositor"
"""Lies in each installed version, see systemd/install."""


def script_for(driver: str, trouble: str, plugged: Collection[str], script: Path = SCRIPT) -> Path | None:
    """Return the script that shows the kiosk by way of a compositor; None where there is no need, or no way.

    `driver` is the one that SDL was asked for, `trouble` the screen's, as a health code; `plugged` are the connectors
    with a screen on them.
    """
    if driver != FIRST_DRIVER or trouble not in ("screen_dark", "screen_black") or not plugged:
        return None
    is_possible = os.access(script, os.X_OK) and all(map(shutil.which, PROGRAMS))
    return script if is_possible else None


def start(script: Path) -> None:
    """Begin this process anew under a compositor. Returns never; raises OSError where the script cannot be started."""
    log.warning("nobody sees the screen: it is tried by way of a compositor (%s)", PROGRAMS[0])
    os.execv(script, [str(script), *sys.orig_argv])  # noqa: S606 - there is nothing for a shell to do
