"""The simulated firmware of a PN532: commands, registers and the card in the field, as bytes.

Frames, speeds and the port are in `chip`. Section numbers are those of NXP's PN532 user manual (UM0701-02).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hardware.errors import HardwareError
from hardware.simulator.cards import Card, Felica

TX_MODE, RX_MODE, TX_CONTROL, FIFO_DATA = 0x6302, 0x6303, 0x6304, 0x6339
CRC_ENABLED = 0x80
OK, TIME_OUT, WRONG_CRC, WRONG_CONTEXT = b"\x00", b"\x01", b"\x02", b"\x27"
"""Status bytes, section 7.1."""
AUTOMATIC_RATS = 0x10
REQA = 0x26
TYPE_A, FELICA_212, FELICA_424 = 0, 1, 2
"""Which cards InListPassiveTarget searches for (section 7.3.5)."""

SPEEDS = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
"""Bits a second, by the number that SetSerialBaudrate gives them (section 7.2.7)."""

DIAGNOSE, GET_FIRMWARE_VERSION, SET_SERIAL_BAUDRATE, POWER_DOWN = 0x00, 0x02, 0x10, 0x16
IN_DATA_EXCHANGE, IN_COMMUNICATE_THRU, IN_LIST_PASSIVE_TARGET = 0x40, 0x42, 0x4A


class CommandError(HardwareError, ValueError):
    """The command does not exist or its parameters are wrong: the chip answers with its error frame."""


def crc_a(frame: bytes) -> bytes:
    """The checksum of ISO 14443-3 type A, low byte first."""
    crc = 0x6363
    for byte in frame:
        byte ^= crc & 0xFF
        byte = (byte ^ (byte << 4)) & 0xFF
        crc = (crc >> 8) ^ (byte << 8) ^ (byte << 3) ^ (byte >> 4)
    return crc.to_bytes(2, "little")


class Firmware:
    """The state of a chip since power-up, as an initiator at 106 kbit/s type A, which also finds FeliCa cards.

    Searches never wait for a card to come, and find no cards of other technologies. Target mode, the chip's GPIO and
    InAutoPoll are not simulated: they get the error frame.
    """

    def __init__(self) -> None:
        self.card: Card | None = None
        self.field = False
        self.parameters = 0x14
        self.speed = 115200
        """What the host asked for; it begins when the host has acknowledged the answer."""
        self._target: Card | None = None
        self._registers = {TX_MODE: CRC_ENABLED, RX_MODE: CRC_ENABLED, TX_CONTROL: 0x80}

    @property
    def _commands(self) -> Mapping[int, Callable[[bytes], bytes]]:
        return {
            DIAGNOSE: self._diagnose,
            GET_FIRMWARE_VERSION: lambda _: b"\x32\x01\x06\x07",
            0x04: lambda _: bytes([0, 0, int(self._target is not None), 0]),
            0x06: self._read_registers,
            0x08: self._write_registers,
            SET_SERIAL_BAUDRATE: self._set_speed,
            0x12: self._set_parameters,
            0x14: lambda _: b"",
            POWER_DOWN: self._power_down,
            0x32: self._configure_rf,
            IN_DATA_EXCHANGE: self._data_exchange,
            IN_COMMUNICATE_THRU: self._communicate_thru,
            0x44: self._release,
            IN_LIST_PASSIVE_TARGET: self._list_passive_target,
            0x46: lambda _: TIME_OUT,
            0x50: lambda _: TIME_OUT,
            0x52: self._release,
            0x54: lambda _: OK if self._target else WRONG_CONTEXT,
            0x56: lambda _: TIME_OUT,
        }

    def answer(self, command: int, data: bytes) -> bytes:
        """Run a command and return the answer without its code. Raises CommandError."""
        try:
            return self._commands[command](data)
        except (KeyError, IndexError) as error:
            raise CommandError(f"command {command:02X} {data.hex()}") from error

    def put(self, card: Card) -> None:
        """Lay a card on the antenna, replacing one that lies there."""
        self.card, self._target = card, None
        if self.field:
            card.power_up()

    def take(self) -> None:
        """Take the card away."""
        self.card = self._target = None

    def _switch_field(self, on: bool) -> None:
        if on and not self.field and self.card:
            self.card.power_up()
        self.field = on
        self._target = self._target if on else None
        self._registers[TX_CONTROL] = 0x83 if on else 0x80

    def _diagnose(self, data: bytes) -> bytes:
        """Section 7.2.1: the line test echoes, the memory tests pass."""
        return data if data[0] == 0 else OK

    def _set_speed(self, data: bytes) -> bytes:
        self.speed = SPEEDS[data[0]]
        return b""

    def _set_parameters(self, data: bytes) -> bytes:
        self.parameters = data[0]
        return b""

    def _power_down(self, _: bytes) -> bytes:
        """Section 7.2.11. The next byte on the line wakes the chip up."""
        self._switch_field(on=False)
        return OK

    def _read_registers(self, data: bytes) -> bytes:
        addresses = [int.from_bytes(data[i : i + 2]) for i in range(0, len(data), 2)]
        return bytes(self._registers.get(address, 0) for address in addresses)

    def _write_registers(self, data: bytes) -> bytes:
        for i in range(0, len(data), 3):
            self._registers[int.from_bytes(data[i : i + 2])] = data[i + 2]
        return b""

    def _configure_rf(self, data: bytes) -> bytes:
        """Section 7.3.1: item 1 switches the field; analog settings and retries make no difference here."""
        if data[0] == 0x01:
            self._switch_field(on=bool(data[1] & 1))
        return b""

    def _list_passive_target(self, data: bytes) -> bytes:
        """Section 7.3.5. For 106A `data` may end in the number of the one card that is wanted."""
        self._switch_field(on=True)
        self._target = None
        technology, wanted = data[1], data[2:]
        if technology in (FELICA_212, FELICA_424):
            return self._poll(wanted)
        card = None if isinstance(self.card, Felica) else self.card
        if technology != TYPE_A or card is None or (wanted and wanted != cascaded(card.uid)):
            self._registers[FIFO_DATA] = REQA  # the driver looks whether its question is still there unanswered
            return b"\x00"
        card.select()
        self._target = card
        self._registers |= {TX_MODE: CRC_ENABLED, RX_MODE: CRC_ENABLED, FIFO_DATA: 0}
        found = card.sens_res[::-1] + bytes([card.sak, len(card.uid)]) + card.uid
        if self.parameters & AUTOMATIC_RATS and card.sak & 0x20:
            found += card.exchange(b"\xe0\x50") or b""
        return b"\x01\x01" + found

    def _poll(self, request: bytes) -> bytes:
        """Section 7.3.5 for FeliCa: `request` is the payload of the polling, the answer comes with its length."""
        card = self.card
        answer = card.exchange(bytes([len(request) + 1]) + request) if isinstance(card, Felica) else None
        if answer is None:
            return b"\x00"
        self._target = card
        return b"\x01\x01" + answer

    def _exchange(self, frame: bytes) -> bytes | None:
        """Send a frame to the card, if it is still there, and return its answer."""
        return self._target.exchange(frame) if self._target and frame else None

    def _communicate_thru(self, data: bytes) -> bytes:
        """Section 7.3.9. With its own check on, the chip takes the four bits of an ACK or NAK for a broken checksum."""
        answer = self._exchange(data)
        if answer is None:
            return TIME_OUT
        if self._registers[RX_MODE] & CRC_ENABLED:
            return OK + answer if len(answer) > 1 or self._speaks_blocks else WRONG_CRC
        return OK + answer + (crc_a(answer) if len(answer) > 1 else b"")

    @property
    def _speaks_blocks(self) -> bool:
        """Whether the card uses blocks: ISO-DEP has no four-bit answers, so a block of one byte is complete."""
        return self._target is not None and bool(self._target.sak & 0x20)

    def _data_exchange(self, data: bytes) -> bytes:
        """Section 7.3.8, for cards without blocks: the driver makes its blocks itself."""
        if self._target is None or self._speaks_blocks:
            return WRONG_CONTEXT
        answer = self._exchange(data[1:])
        return OK + answer if answer is not None and len(answer) > 1 else TIME_OUT

    def _release(self, _: bytes) -> bytes:
        self._target = None
        return OK


def cascaded(uid: bytes) -> bytes:
    """Return the number as the host gives it to InListPassiveTarget: seven bytes are preceded by a cascade tag."""
    return uid if len(uid) == 4 else b"\x88" + uid
