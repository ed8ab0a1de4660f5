"""How readers are named, woken, closed and explained."""

import errno
import logging
import subprocess
import sys
import termios
from pathlib import Path

import pytest
import serial

from hardware.frontend import ReaderError, check_path, explain, open_frontend, reset_speed, serial_port
from hardware.simulator.chip import Pn532

PATIENCE = 10.0

# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    "path", ["tty:S0:pn532", "tty:AMA0:pn532", "tty:my-reader:pn532", "tty:USB0:arygon", "usb:054c:06c3", "usb:001:023"]
)
def test_readers_that_can_be(path):
    check_path(path)


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("/dev/ttyUSB0", "write tty:USB0:pn532"),
        ("/dev/badge-reader", "write tty:badge-reader:pn532"),
        ("tty:S0", "the driver is missing; write tty:S0:pn532"),
        ("tty:S0:", "the driver is missing; write tty:S0:pn532"),
        ("spi:0:0", "SPI and I2C are not supported"),
        ("I2C", "SPI and I2C are not supported"),
        ("tty", "write tty:S0:pn532"),
        ("usb", "write tty:S0:pn532"),
        ("", "write tty:S0:pn532"),
        ("tty:S0:pn532\n", "write tty:S0:pn532"),
        ("udp:127.0.0.1:54321", "anyone on the network could tap"),
        ("pty:/dev/pts/3", "for the demo only"),
    ],
)
def test_readers_that_cannot_be_are_refused_with_what_to_write(path, advice):
    with pytest.raises(ReaderError, match=advice) as refusal:
        check_path(path)
    assert repr(path) in str(refusal.value)


def test_the_bench_may_use_what_a_kiosk_may_not():
    check_path("udp:127.0.0.1:54321", allow_udp=True)
    check_path("pty:/dev/pts/3", allow_simulator=True)


@pytest.mark.parametrize(
    ("path", "device"),
    [
        ("tty:S0:pn532", "/dev/ttyS0"),
        ("tty:USB12:pn532", "/dev/ttyUSB12"),
        ("tty:serial0:pn532", "/dev/serial0"),
        ("tty:badge-reader:pn532", "/dev/badge-reader"),
        ("/dev/kiosk-reader", "/dev/kiosk-reader"),
        ("/dev/serial/by-id/usb-1a86_USB2.0-Serial-if00-port0", "/dev/serial/by-id/usb-1a86_USB2.0-Serial-if00-port0"),
        ("pty:/dev/pts/3", "/dev/pts/3"),
        ("usb:054c:06c3", None),
    ],
)
def test_the_device_file_of_a_reader(path, device):
    assert serial_port(path) == device
    check_path(path, allow_simulator=True)


@pytest.mark.parametrize("path", ["/dev/serial/by-id/../../sda", "/dev/serial/by-id/", "/dev/sda"])
def test_a_file_that_is_no_serial_port_is_refused(path):
    with pytest.raises(ReaderError):
        check_path(path)


# ---------------------------------------------------------------- opening and closing


def test_a_reader_is_opened_and_left_at_the_speed_it_starts_with():
    with Pn532() as chip:
        frontend = open_frontend(f"pty:{chip.port}")
        frontend.test()
        frontend.close()
        assert frontend.name == f"PN532v1.6 at {chip.port}"
        assert reset_speed(chip.port) == 115200


def send(port, speed, command, *, answer):
    """Say something to the chip at a speed, as a host does that knows no better; the size of the whole answer."""
    with serial.Serial(port, speed, timeout=PATIENCE) as line:
        line.write(bytes.fromhex(command))
        assert len(line.read(answer)) == answer


@pytest.mark.parametrize(
    ("speed", "change"),
    [(921600, "0000FF03FDD410071500"), (460800, "0000FF03FDD410061600"), (230400, "0000FF03FDD410051700")],
)
def test_a_reader_is_found_at_the_speed_it_was_left_at(speed, change):
    with Pn532() as chip:
        send(chip.port, 115200, change, answer=6 + 9)
        send(chip.port, speed, "0000FF02FED4022A00", answer=6 + 13)
        assert reset_speed(chip.port) == speed
        assert reset_speed(chip.port) == 115200


def test_a_reader_that_is_not_there_is_not_found():
    with Pn532() as chip:
        chip.fault = "silent"
        assert reset_speed(chip.port) is None


def test_a_port_on_which_nobody_answers_is_let_go():
    with Pn532() as chip:
        chip.fault = "badsum"
        before = len(list(Path("/proc/self/fd").iterdir()))
        with pytest.raises(OSError, match="No such device") as kept:
            open_frontend(f"pty:{chip.port}")
        assert len(list(Path("/proc/self/fd").iterdir())) == before
        assert kept.traceback  # which holds on to everything that was not closed


def test_the_network_reader_of_the_bench_is_opened_and_let_go():
    frontend = open_frontend("udp:127.0.0.1:54321")
    frontend.test()
    frontend.close()
    assert frontend.name == "UDP at udp:127.0.0.1:54321"


def test_an_unplugged_port_is_let_go_though_nfcpy_keeps_it():
    with Pn532() as chip:
        frontend = open_frontend(f"pty:{chip.port}")
        port = frontend._clf.device.chipset.transport.tty
        chip.unplug()
        with pytest.raises(termios.error):
            frontend._clf.close()
        assert port.is_open
        frontend.close()
        assert not port.is_open


# ---------------------------------------------------------------- what importing nfcpy does to the process


def warn_after(statement):
    """What a process that imports something and then warns writes to its standard error."""
    command = [sys.executable, "-c", f"{statement}; import warnings; warnings.warn('look here')"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


def test_warnings_are_still_seen():
    assert "look here" in warn_after("import hardware.frontend")


def test_after_nfcpy_alone_they_are_not():
    assert "look here" not in warn_after("import nfc")


def test_what_is_said_to_cards_is_never_logged():
    logging.getLogger("nfc").getChild("clf").debug("a password")
    assert not logging.getLogger("nfc.tag.tt2_nxp").isEnabledFor(logging.DEBUG)
    assert not logging.getLogger("nfc.clf").isEnabledFor(logging.INFO)


# ---------------------------------------------------------------- what is wrong, in a sentence


@pytest.mark.parametrize(
    ("error", "path", "sentence"),
    [
        (
            FileNotFoundError(errno.ENOENT, "no such file"),
            "tty:USB0:pn532",
            "/dev/ttyUSB0 is not there: plug the reader in, or switch the serial port on with raspi-config",
        ),
        (PermissionError(errno.EACCES, "denied"), "tty:USB0:pn532", "sudo usermod -aG dialout"),
        (
            PermissionError(errno.EACCES, "denied"),
            "tty:null:pn532",
            "/dev/null may not be opened: sudo usermod -aG root",
        ),
        (termios.error(errno.EIO, "Input/output error"), "tty:S0:pn532", "no reader answers on /dev/ttyS0: check"),
        (IndexError("bytearray index out of range"), "tty:S0:pn532", "the board is set to UART (IndexError:"),
        (FileNotFoundError("libusb-1.0.so.0"), "usb:054c:06c3", "libusb is missing: sudo apt install libusb-1.0-0"),
        (PermissionError(errno.EACCES, "denied"), "usb:054c:06c3", "sudo usermod -aG plugdev"),
        (OSError(errno.EBUSY, "busy"), "usb:054c:06c3", "is held by another program: stop pcscd"),
        (
            OSError(errno.ENODEV, "no such device"),
            "usb:054c:06c3",
            "no reader answers at usb:054c:06c3: check its plug",
        ),
    ],
)
def test_a_failing_reader_says_how_to_mend_it(error, path, sentence):
    assert sentence in explain(error, path)
