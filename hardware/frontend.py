"""Opens and closes a badge reader with nfcpy, and explains its errors in a sentence.

The only module that imports nfcpy. Its driver runs unchanged, apart from two settings changed below before any reader
is opened, and functions not needed at a door. When to search and what to report is decided in `reader`.
"""

from __future__ import annotations

import errno
import grp
import logging
import os
import pwd
import re
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

# Peer to peer is not for a door. Its ciphers would have ldconfig, a compiler and a linker started, each time that nfcpy
# is loaded, to look for a release of OpenSSL that no system has any more.
_ciphers = ModuleType("nfc.llcp.sec")
_ciphers.OpenSSL = None  # type: ignore[attr-defined]
sys.modules.setdefault("nfc.llcp.sec", _ciphers)

import nfc  # noqa: E402 - after that
import nfc.clf  # noqa: E402
import nfc.tag  # noqa: E402
from nfc.clf import pn532, transport  # noqa: E402

from hardware.errors import HardwareError  # noqa: E402

logging.captureWarnings(False)  # importing nfcpy sends all warnings of the process to a log that nobody reads
logging.getLogger("nfc").setLevel(logging.WARNING)  # below, it writes keys, passwords and all card traffic

# The driver raises the chip to 921600 baud when `stty` can do that, and a process that is killed leaves it there: deaf
# to the next one, until its power is cut. 115200 is fast enough, so `stty` "fails".
pn532.os = SimpleNamespace(system=lambda _command: 1, strerror=os.strerror)

# Sleeping at close leaves some boards unreachable until they are unplugged. A kiosk has no use for it.
pn532.Chipset.power_down = lambda *_args, **_named: None

log = logging.getLogger(__name__)

EXAMPLES = "tty:S0:pn532 (a PN532 on the serial port), /dev/kiosk-reader (one behind a USB adapter) or usb:054c:06c3"
SERIAL = re.compile(r"tty:([A-Za-z0-9-]+):(pn532|arygon)")
NAMED = re.compile(r"/dev/(?:kiosk-reader|serial/by-(?:id|path)/[A-Za-z0-9._:+-]+)")
"""Names of udev that stay the same whichever plug comes first: a PN532 on a serial port."""
USB = re.compile(r"usb:([0-9a-fA-F]{4}:[0-9a-fA-F]{4}|[0-9]{1,3}:[0-9]{1,3})")
UDP = re.compile(r"udp:[A-Za-z0-9.-]+:[0-9]+")
PTY = re.compile(r"pty:/.+")

WAKE_UP = bytes(16)
ACK = bytes.fromhex("0000FF00FF00")
SET_115200, SET_115200_DONE = bytes.fromhex("0000FF03FDD410041800"), bytes.fromhex("0000FF02FED5111A00")
"""SetSerialBaudrate and its answer (UM0701-02, section 7.2.7)."""
SPEEDS = (115200, 921600, 460800, 230400)
"""The speeds at which nfcpy may have left a PN532, the usual one first."""
LONGEST_ANSWER = 0.1
"""Seconds. A PN532 acknowledges within 15 ms; a USB adapter adds its own delay."""


FELICA_SIZE, PEER = 8, b"\x01\xfe"
"""Bytes of a FeliCa card's number (IDm, JIS X 6319-4). One that begins with PEER is a telephone that offers itself for
peer to peer and draws it anew (NFC Forum Digital, NFCID2): no card."""


def number_of(target: Any) -> bytes:
    """Return the number of a target: of type A its UID, of FeliCa its IDm; nothing where it told none."""
    return bytes((target.sensf_res or b"")[1:9] or target.sdd_res or b"")


class ReaderError(HardwareError, ValueError):
    """The reader's path in the settings is wrong. The message says what to write."""


def check_path(path: str, allow_udp: bool = False, *, allow_simulator: bool = False) -> None:
    """Check the reader's path before anything is opened. Raises ReaderError.

    `udp:` and `pty:` are for the bench: whoever can reach such a port can present any badge.
    """
    if SERIAL.fullmatch(path) or NAMED.fullmatch(path) or USB.fullmatch(path):
        return
    if UDP.fullmatch(path):
        if not allow_udp:
            raise ReaderError(f"reader {path!r}: anyone on the network could tap; udp is for the demo only")
    elif PTY.fullmatch(path):
        if not allow_simulator:
            raise ReaderError(f"reader {path!r}: a simulated reader is for the demo only")
    else:
        raise ReaderError(f"reader {path!r}: {_advice(path)}")


def _advice(path: str) -> str:
    if device := re.fullmatch(r"/dev/(tty)?([A-Za-z0-9-]+)", path):
        return f"write tty:{device[2]}:pn532"
    if port := re.fullmatch(r"tty:([A-Za-z0-9-]+):?", path):
        return f"the driver is missing; write tty:{port[1]}:pn532"
    if re.match(r"(spi|i2c)", path, re.IGNORECASE):
        return "SPI and I2C are not supported; set the board's switches to UART (HSU) and write tty:S0:pn532"
    return f"write {EXAMPLES}"


def serial_port(path: str) -> str | None:
    """Return the device file of a serial reader; None for one on USB.

    `tty:S0:pn532` is /dev/ttyS0, `tty:NAME:pn532` is /dev/NAME, a stable name of udev is itself.
    """
    if NAMED.fullmatch(path):
        return path
    if PTY.fullmatch(path):
        return path.removeprefix("pty:")
    if (match := SERIAL.fullmatch(path)) is None:
        return None
    return f"/dev/tty{match[1]}" if re.fullmatch(r"(S|ACM|AMA|USB)\d+", match[1]) else f"/dev/{match[1]}"


class Frontend:
    """An open reader. For one thread; every method may raise any exception that nfcpy raises on a failing reader."""

    def __init__(self, clf: Any, name: str) -> None:
        self.name = name
        """For people: the chip and where it is."""
        self._clf = clf
        self._line = getattr(getattr(clf.device, "chipset", None), "transport", None)

    def sense(self, uid: bytes | None = None) -> Any:
        """Search the field once, for any card or for the one with this number. Return the target, or None.

        Type A comes first, so FeliCa slows no other card: it is asked for where no other answers. Every FeliCa card
        takes 212 kbit/s. The field is switched off first. nfcpy's own repeated search would be timed by the wall clock,
        which may jump.
        """
        type_a, felica = nfc.clf.RemoteTarget("106A", sel_req=uid), nfc.clf.RemoteTarget("212F")
        if uid is not None:
            return self._clf.sense(felica if len(uid) == FELICA_SIZE else type_a)
        found = self._clf.sense(type_a, felica)
        return None if found is not None and number_of(found).startswith(PEER) else found

    def activate(self, target: Any) -> Any:
        """Return the tag of a target; None when the card is gone."""
        return nfc.tag.activate(self._clf, target)

    def test(self) -> None:
        """Ask the reader for its version. Raises when it does not answer."""
        ask = getattr(getattr(self._clf.device, "chipset", None), "get_firmware_version", None)
        if ask:
            ask()

    def close(self) -> None:
        """Close the reader, whatever its state. Raises nothing.

        When the reader is unplugged, nfcpy's own close stops halfway and keeps the port and its four pipes open for
        ever.
        """
        try:
            self._clf.close()
        except Exception as error:  # noqa: BLE001 - a reader that is gone fails in many ways, and it is gone anyway
            log.debug("closing %s: %r", self.name, error)
        _release(self._line)


def _release(line: Any) -> None:
    port = getattr(line, "tty", None)
    if port is not None:
        port.close()


def open_frontend(path: str) -> Frontend:
    """Open the reader; raises any error of the driver (`explain` returns a sentence for it)."""
    port = serial_port(path)
    if port is None or path.endswith(":arygon"):
        clf = nfc.ContactlessFrontend(path)
        return Frontend(clf, f"{clf.device.chipset_name} at {path}")
    reset_speed(port)
    line = transport.TTY(port)
    try:
        device = pn532.init(line)
    except BaseException:
        _release(line)
        raise
    clf = nfc.ContactlessFrontend()
    clf.device = device
    return Frontend(clf, f"{device.chipset_name} at {port}")


def reset_speed(port: str) -> int | None:
    """Set a PN532 back to 115200 baud, whatever speed a killed process left it at.

    Returns the speed at which it was found, or None. Raises OSError when the port cannot be opened.
    """
    line = transport.TTY(port)
    try:
        line.tty.timeout = LONGEST_ANSWER
        for speed in SPEEDS:
            line.baudrate = speed
            line.write(WAKE_UP + SET_115200)
            if line.tty.read(len(ACK + SET_115200_DONE)) == ACK + SET_115200_DONE:
                line.write(ACK)
                line.tty.flush()
                time.sleep(0.002)  # the chip changes once it has the acknowledgement
                return speed
    finally:
        _release(line)
    return None


def explain(error: Exception, path: str) -> str:
    """Return one sentence that says what is wrong and how to repair it."""
    port = serial_port(path)
    number = getattr(error, "errno", None) or next((part for part in error.args if isinstance(part, int)), None)
    if port is None:
        return _explain_usb(error, number, path)
    if number == errno.ENOENT:
        return f"{port} is not there: plug the reader in, or switch the serial port on with raspi-config"
    if number in {errno.EACCES, errno.EPERM}:
        return f"{port} may not be opened: sudo usermod -aG {_group(port)} {_user()}, then restart"
    return (
        f"no reader answers on {port}: check its plug and power, that TX and RX are crossed, "
        f"and that the board is set to UART ({type(error).__name__}: {error})"
    )


def _explain_usb(error: Exception, number: int | None, path: str) -> str:
    if isinstance(error, FileNotFoundError) or "libusb" in str(error):
        return "libusb is missing: sudo apt install libusb-1.0-0"
    if number in {errno.EACCES, errno.EPERM}:
        return f"{path} may not be opened: sudo usermod -aG plugdev {_user()}, then restart"
    if number == errno.EBUSY:
        return f"{path} is held by another program: stop pcscd, and blacklist the modules pn533_usb, pn533 and port100"
    return f"no reader answers at {path}: check its plug, and what lsusb shows ({type(error).__name__}: {error})"


def _group(port: str) -> str:
    with suppress(OSError, KeyError):
        return grp.getgrgid(Path(port).stat().st_gid).gr_name
    return "dialout"


def _user() -> str:
    with suppress(KeyError):
        return pwd.getpwuid(os.geteuid()).pw_name
    return "kiosk"
