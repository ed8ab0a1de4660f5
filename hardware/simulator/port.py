"""A fake serial port on a pty that keeps its path when it is unplugged and plugged in again."""

from __future__ import annotations

import contextlib
import os
import pty
import tempfile
import termios
import tty
from pathlib import Path


class Port:
    """The device's end of the port, closed until `plug`. For one thread at a time."""

    def __init__(self) -> None:
        self.path = ""
        """What the host opens, once the port was plugged in."""
        self._ends: tuple[int, int] | None = None

    def fileno(self) -> int:
        """The descriptor to wait on. Raises OSError when unplugged."""
        if self._ends is None:
            raise OSError("the port is unplugged")
        return self._ends[0]

    @property
    def is_plugged(self) -> bool:
        """Whether a host can open it."""
        return self._ends is not None

    def plug(self) -> None:
        """Plug in. The host's end is kept open here too, so that a host may close and open it again."""
        self.path = self.path or f"{tempfile.mkdtemp(prefix='reader-')}/tty"
        if self._ends is None:
            self._ends = master, slave = pty.openpty()
            os.set_blocking(master, False)
            tty.setraw(slave)
            Path(self.path).symlink_to(os.ttyname(slave))

    def unplug(self) -> None:
        """Unplug: the host's next read or write fails."""
        if self._ends is not None:
            Path(self.path).unlink()
            for end in self._ends:
                os.close(end)
            self._ends = None

    def remove(self) -> None:
        """Unplug and delete the path."""
        self.unplug()
        if self.path:
            Path(self.path).parent.rmdir()
            self.path = ""

    def host_runs_at(self, speed: int) -> bool:
        """Whether the host set its end to this many bits a second."""
        if self._ends is None:
            return False
        return bool(termios.tcgetattr(self._ends[1])[4] == getattr(termios, f"B{speed}"))

    def read(self) -> bytes:
        """Return what the host has written."""
        with contextlib.suppress(BlockingIOError):
            return os.read(self.fileno(), 4096)
        return b""

    def write(self, content: bytes) -> None:
        """Send to the host. If the host never reads, what does not fit is lost, as on a real line."""
        with contextlib.suppress(BlockingIOError):
            os.write(self.fileno(), content)
