"""A paired kiosk at which nobody taps, for twenty minutes: `python -m tests.soak.quiet --minutes 20`.

Server and kiosk are processes of their own, joined over a port of this machine. A notification socket hears what the
kiosk tells systemd. Prints how often the watchdog was fed and the longest gap between two times. The exit status is 1
when a gap was longer than 10 s: `WatchdogSec` of kiosk.service is 20 s, and sd_watchdog_enabled(3) asks for two times.
"""

from __future__ import annotations

import argparse
import socket
import sys
import tempfile
import time
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from tests.office.network.processes import CentralProcess, KioskProcess

LONGEST_GAP = 10.0
"""Seconds."""
PATIENCE = 60.0
"""Seconds: a kiosk that says nothing for so long will not say anything more."""


@dataclass
class Heard:
    """When the kiosk said what, in seconds of this machine's monotonic clock."""

    ready_at: float | None = None
    fed_at: list[float] = field(default_factory=list)

    def add(self, message: str, now: float) -> None:
        """Take in a message to systemd."""
        if "READY=1" in message and self.ready_at is None:
            self.ready_at = now
        if "WATCHDOG=1" in message:
            self.fed_at.append(now)

    def gaps(self, end: float) -> list[float]:
        """Seconds between ready and the first feeding, between two feedings, and from the last until `end`."""
        moments = [end if self.ready_at is None else self.ready_at, *self.fed_at, end]
        return [later - earlier for earlier, later in pairwise(moments)]


def listen(address: Path, kiosk: KioskProcess, seconds: float) -> Heard:
    """Start a kiosk and hear what it tells systemd, until so long after it was ready."""
    heard = Heard()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(address))
        channel.settimeout(PATIENCE)
        with kiosk:
            while heard.ready_at is None or time.monotonic() < heard.ready_at + seconds:
                heard.add(channel.recv(4096).decode(), time.monotonic())
    return heard


def paired(folder: Path, central: CentralProcess) -> None:
    """Start a kiosk in this folder once, to give it a pairing code."""
    code = central.does("kiosk", "pair", "quiet").split()
    with KioskProcess(folder) as kiosk:
        kiosk.does("pair", central.url, next(word for word in code if len(word.replace("-", "")) == 8))


def main() -> int:
    """Stay quiet; 1 when the watchdog was not fed for longer than 10 s."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.quiet", description=main.__doc__)
    parser.add_argument("--minutes", type=float, default=20.0)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, CentralProcess(Path(name) / "central") as central:
        folder, address = Path(name), Path(name) / "notify"
        paired(folder / "kiosk", central)
        kiosk = KioskProcess(folder / "kiosk", environment={"NOTIFY_SOCKET": str(address)})
        heard = listen(address, kiosk, wanted.minutes * 60)
    gaps = heard.gaps(heard.fed_at[-1])
    late = sum(gap > LONGEST_GAP for gap in gaps)
    print(
        f"{wanted.minutes:g} minutes: fed {len(heard.fed_at)} times, longest gap {max(gaps):.1f} s, above 10 s: {late}"
    )
    return bool(late)


if __name__ == "__main__":
    sys.exit(main())
