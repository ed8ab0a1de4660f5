"""The demo's texts in the terminal: how to begin, and why a button cannot be touched."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from kiosk.demo.bench import Bench
from kiosk.demo.people import PIN, tray_badges
from kiosk.model import Site


def introduction(
    bench: Bench, site: Site, *, windowed: bool, server: str | None = None, page: str | None = None
) -> str:
    """Return the text that the demo prints at its start: what it is and what can be typed."""
    now = bench.clock.now().astimezone(ZoneInfo(site.zone))
    lines = [
        f"{site.name} on a simulated bench. Here it is {now:%A %d %B %Y, %H:%M}.",
        f"data     {bench.folder}   ({own_command()} demo --reset throws it away)",
    ]
    if page:
        lines.append(f"screen   {page}   (open it in a browser on this machine)")
    elif not windowed:
        lines.append(f"screen   {bench.folder / 'screen.png'}   (written anew after every change)")
    if server:
        lines.append(server)
    where = (
        "" if windowed or page else f"; the PIN is typed in a window, or in a browser: {own_command()} demo --browser"
    )
    lines.append(f"hosts    tap claire, touch « Espace hôtes » (desk); PIN {PIN}{where}")
    cards = ", ".join(f"{card.id} ({card.detail})" for card in tray_badges())
    if windowed or page:
        lines.append("tray     click a badge to lay it on the reader, click it again to take it away")
    typed = f"Here: tap NAME, or help. From another terminal in this folder: {own_command()} tap NAME"
    return "\n".join([*lines, f"cards    {cards}", typed])


def own_command() -> str:
    """Return how the shell starts this program from the current folder: `kiosk`, or a path like `.venv/bin/kiosk`."""
    program = Path(sys.argv[0]).absolute()
    if shutil.which(program.name) == str(program):
        return program.name
    folder = Path.cwd()
    return f"./{program.relative_to(folder)}" if folder in program.parents else str(program)


def no_button(button: str, buttons: Sequence[str], site: Site) -> str:
    """Return the sentence that the notice has no such button, which ones it has, and when others appear."""
    has = f"it has {', '.join(buttons)}" if buttons else "it has none"
    when = f"leave and undo come with a second tap, {site.policy.debounce_seconds} s or more after the first"
    return f'the notice has no button "{button}": {has}. A host\'s buttons come with the first tap; {when}'
