"""The virtual machine: QEMU with a disk, a watchdog and a badge reader on USB, and a channel to the agent inside."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

WIDTH, HEIGHT = 800, 480
"""Of the screen: that of the Pi's own touchscreen."""
READER = "usb-serial,id=reader"
"""QEMU's device for a serial port behind a USB adapter. It cannot be frozen."""
BOOT_SECONDS = 400.0
"""An emulated machine on a busy one boots in 20 to 200 s."""


def _processor() -> tuple[str, ...]:
    """The real one where it can be lent, or one that QEMU emulates, ten times slower.

    There are machines with a /dev/kvm and a processor that lends nothing: there KVM is slower than QEMU.
    """
    can_lend = re.search(r"^flags.*\b(vmx|svm)\b", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    if can_lend and os.access("/dev/kvm", os.W_OK):
        return "-accel", "kvm", "-cpu", "host"
    # Mesa's software renderer dies of the AVX2 that QEMU 7.2 emulates.
    return "-accel", "tcg,thread=multi", "-cpu", "max,avx2=off"


class GuestError(RuntimeError):
    """The machine, or a command in it, failed."""


class Channel:
    """Lines of JSON over a unix socket: QEMU's monitor, or the agent in the machine."""

    def __init__(self, path: Path, seconds: float) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(seconds)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rb")

    def ask(self, execute: str, **arguments: Any) -> Any:
        """Send a command and return its answer; events in between are passed over."""
        self._socket.sendall(json.dumps({"execute": execute, "arguments": arguments}).encode() + b"\n")
        return self._answer(execute)

    def sync(self) -> None:
        """Have the agent answer to us: what it still says to those who asked before is passed over."""
        ours = time.monotonic_ns()
        answer = self.ask("guest-sync", id=ours)
        while answer != ours:
            answer = self._answer("guest-sync")

    def _answer(self, execute: str) -> Any:
        while True:
            line = self._lines.readline()
            if not line:
                raise GuestError(f"nobody answers to {execute}")
            answer = json.loads(line)
            if "error" in answer:
                raise GuestError(f"{execute}: {answer['error'].get('desc')}")
            if "return" in answer:
                return answer["return"]

    def events(self) -> list[str]:
        """Which events have come, without waiting for more than a second."""
        found = []
        self._socket.settimeout(1.0)
        with suppress(TimeoutError):
            while True:
                found.append(json.loads(self._lines.readline()).get("event", ""))
        self._lines = self._socket.makefile("rb")  # one that has timed out cannot be read any more
        return found

    def close(self) -> None:
        """Hang up."""
        self._lines.close()
        self._socket.close()


class Guest:
    """A running machine; leaving `with` ends it."""

    def __init__(
        self,
        folder: Path,
        disk: Path,
        *,
        reader: str,
        data: Path | None = None,
        screen: bool = True,
        plugged: bool = True,
        memory: Path | None = None,
    ) -> None:
        """`reader` is the path of a serial port: what is behind it is a USB reader in the machine, if it is `plugged`.

        With `memory`, a file that `freeze` wrote, the machine goes on from there and does not boot.
        To draw a screen without a graphics card is most of what an emulated kiosk does: `screen` False leaves it out.
        """
        self.folder = folder
        self.heads = folder / "heads.log"
        """Every head of the ledger that the kiosk inside has told, a line each."""
        self._started = time.monotonic()
        sockets = {name: folder / f"{name}.sock" for name in ("agent", "monitor")}
        for path in sockets.values():
            path.unlink(missing_ok=True)
        disks = [disk, *([data] if data else [])]
        self._process = subprocess.Popen(
            [
                *(
                    "nice",
                    "-n",
                    os.environ.get("VM_NICE", "19"),
                    "qemu-system-x86_64",
                    *_processor(),
                    "-smp",
                    "2",
                ),
                *(
                    "-m",
                    "1024",
                    "-display",
                    "none",
                    "-vga",
                    "none",
                    *(("-device", f"VGA,xres={WIDTH},yres={HEIGHT}") if screen else ()),
                    "-nic",
                    "none",
                    "-no-user-config",
                ),
                *("-kernel", str(folder / "vmlinuz"), "-initrd", str(folder / "initrd.img")),
                *(
                    "-append",
                    "root=/dev/vda rw console=ttyS0 quiet systemd.show_status=no net.ifnames=0 "
                    f"video=Virtual-1:{WIDTH}x{HEIGHT}",
                ),
                *("-serial", f"file:{folder / 'console.log'}"),
                *("-device", "i6300esb", "-action", "watchdog=reset"),
                *("-device", "virtio-serial"),
                *("-chardev", f"socket,id=agent,path={sockets['agent']},server=on,wait=off"),
                *("-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0"),
                *("-chardev", f"file,id=heads,path={self.heads},append=on"),
                *("-device", "virtserialport,chardev=heads,name=kiosk.heads"),
                *("-qmp", f"unix:{sockets['monitor']},server=on,wait=off"),
                "-usb",
                *("-chardev", f"serial,id=reader,path={reader}"),
                *(("-device", f"{READER},chardev=reader") if plugged else ()),
                *(("-incoming", f"exec:cat '{memory}'") if memory else ()),
                *(word for one in disks for word in ("-drive", f"file={one},if=virtio,format=raw,cache=writeback")),
            ],
            stdin=subprocess.DEVNULL,
        )
        self._sockets = sockets
        self._agent: Channel | None = None
        self.booted_after = 0.0
        """Seconds until the agent answered."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cut_power()

    def boots_again(self) -> Self:
        """Wait until the machine, which was reset, can be talked to again."""
        self._hang_up()
        self._started = time.monotonic()
        return self.boot()

    def boot(self) -> Self:
        """Wait until the machine can be talked to."""
        while time.monotonic() < self._started + BOOT_SECONDS:
            if self._process.poll() is not None:
                raise GuestError(f"QEMU ended with {self._process.returncode}")
            with suppress(OSError, GuestError, ValueError):
                self._agent = Channel(self._sockets["agent"], 5.0)
                self._agent.sync()
                self._agent._socket.settimeout(BOOT_SECONDS)
                self.booted_after = time.monotonic() - self._started
                return self
            time.sleep(1.0)
        raise GuestError(f"no sign of life after {BOOT_SECONDS:g} s: see {self.folder / 'console.log'}")

    def freeze(self, memory: Path) -> None:
        """Write the machine's memory into a file and end it; no reader may be plugged in. Disk and file go together."""
        monitor = self.monitor()
        monitor.ask("stop")
        monitor.ask("migrate", uri=f"exec:cat > '{memory}'")
        while (state := monitor.ask("query-migrate")["status"]) != "completed":
            if state not in ("setup", "active", "device"):
                raise GuestError(f"the memory is not written: {state}")
            time.sleep(0.5)
        monitor.close()
        self.cut_power()

    def thaw(self) -> Self:
        """Go on from the memory that the machine was started with, and plug its reader in."""
        while not self._sockets["monitor"].exists():
            time.sleep(0.1)
        monitor = self.monitor()
        while monitor.ask("query-status")["status"] == "inmigrate":
            time.sleep(0.2)
        monitor.ask("cont")
        driver, _, identity = READER.partition(",id=")
        monitor.ask("device_add", driver=driver, id=identity, chardev="reader")
        monitor.close()
        return self.boot()

    def run(self, command: str, *, seconds: float = 120.0, check: bool = True) -> str:
        """Run a shell command as root; return what it printed. Raises GuestError when it fails, unless told not to."""
        assert self._agent
        started = self._agent.ask("guest-exec", path="/bin/sh", arg=["-c", command], **{"capture-output": True})
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            state = self._agent.ask("guest-exec-status", pid=started["pid"])
            if state["exited"]:
                said = "".join(
                    base64.b64decode(state.get(name, "")).decode(errors="replace") for name in ("out-data", "err-data")
                )
                if check and state.get("exitcode") != 0:
                    raise GuestError(f"{command}: exit code {state.get('exitcode')}\n{said}")
                return said.strip()
            time.sleep(0.2)
        raise GuestError(f"{command}: not done after {seconds:g} s")

    def wait(self, command: str, *, seconds: float = 180.0) -> float:
        """Repeat a command until it succeeds; return the seconds that it took."""
        began = time.monotonic()
        while True:
            try:
                self.run(command)
                return time.monotonic() - began
            except GuestError:
                if time.monotonic() > began + seconds:
                    raise
            time.sleep(0.5)

    def monitor(self) -> Channel:
        """Talk to QEMU."""
        channel = Channel(self._sockets["monitor"], 10.0)
        channel._lines.readline()
        channel.ask("qmp_capabilities")
        return channel

    def shut_down(self) -> None:
        """End in good order."""
        assert self._agent
        with suppress(OSError, GuestError):
            self._agent.sync()
            self._agent._socket.sendall(b'{"execute": "guest-shutdown"}\n')
        self._process.wait(120)

    def _hang_up(self) -> None:
        if self._agent:
            self._agent.close()
            self._agent = None

    def cut_power(self) -> None:
        """Pull the plug: whatever the machine had not yet written to its disk is lost."""
        self._hang_up()
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()
