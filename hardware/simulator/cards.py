"""Simulated cards: ISO 14443 type A at 106 kbit/s, and FeliCa.

Each answers as in its data sheet, so that the reader's own tag classes recognise it. The chip that powers and polls
them is in `chip`. Frames have no checksum here (the chip adds and removes it), and an answer of one byte stands for the
four bits of an ACK or a NAK.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from random import Random
from typing import NamedTuple

ACK = b"\x0a"
NAK = b"\x00"
"""Invalid argument, in the numbering of the NTAG data sheets."""


class Card(ABC):
    """A simulated card. One card at a time lies on the reader, so there is no anticollision."""

    sens_res = b"\x44\x00"
    """ATQA as it goes over the air, low byte first."""
    sak = 0x00
    sizes: frozenset[int] = frozenset({4, 7})
    """Bytes that a number of this kind of card can have."""

    def __init__(self, uid: bytes) -> None:
        if len(uid) not in self.sizes:
            allowed = " or ".join(map(str, sorted(self.sizes)))
            raise ValueError(f"a card's UID has {allowed} bytes, not {len(uid)}")
        self.uid = uid

    def power_up(self) -> None:  # noqa: B027 - most cards have nothing to do
        """The reader's field was switched on."""

    @abstractmethod
    def select(self) -> None:
        """The reader selected this card: its state is reset."""

    @abstractmethod
    def exchange(self, frame: bytes) -> bytes | None:
        """Answer a frame; None is silence."""


class MifareClassic(Card):
    """A MIFARE Classic card. The kiosk reads only its number: the driver cannot decrypt its memory."""

    sens_res = b"\x04\x00"
    sak = 0x08

    def select(self) -> None:
        """Reset nothing: this card keeps no state."""

    def exchange(self, frame: bytes) -> bytes | None:  # noqa: ARG002
        """Answer nothing, as a real one does before authentication."""
        return None


class Felica(Card):
    """A FeliCa card (JIS X 6319-4) such as tickets are. Its number is told at the polling; more is not here."""

    sizes = frozenset({8})
    parameters = bytes.fromhex("01200220 0104FFFF".replace(" ", ""))
    """PMm: the kind of chip, and how long it takes to answer."""
    system = 0x0003
    """The system code that Japan's transport cards have."""

    def select(self) -> None:
        """Reset nothing: a card that was only polled keeps no state."""

    def exchange(self, frame: bytes) -> bytes | None:
        """Answer a polling, without the checksum: length, code, system code, what else is asked for, slots."""
        if len(frame) != 6 or frame[1] != 0x00 or not self._is_meant(frame[2:4]):
            return None
        asked = self.system.to_bytes(2) if frame[4] == 1 else b""
        answer = b"\x01" + self.uid + self.parameters + asked
        return bytes([len(answer) + 1]) + answer

    def _is_meant(self, system: bytes) -> bool:
        """Whether a polling asks for this system code; FF stands for any byte."""
        return all(asked in (own, 0xFF) for asked, own in zip(system, self.system.to_bytes(2), strict=True))


class Model(NamedTuple):
    """How the NTAG21x models differ (NXP data sheet NTAG213/215/216, sections 8.5 and 10.1)."""

    pages: int
    data_size: int
    """Byte 2 of the capability container: the data area in units of 8 bytes."""
    storage: int
    """Byte 6 of the answer to GET_VERSION."""


MODELS = {
    "NTAG213": Model(pages=45, data_size=0x12, storage=0x0F),
    "NTAG215": Model(pages=135, data_size=0x3E, storage=0x11),
    "NTAG216": Model(pages=231, data_size=0x6D, storage=0x13),
}


class Ntag(Card):
    """An NTAG213, 215 or 216 with its memory, password and counter.

    An unknown command or a NAK sends it to sleep until it is selected again, as the real one does.
    """

    def __init__(self, uid: bytes, model: str = "NTAG213", *, ndef: bytes = b"") -> None:
        super().__init__(uid)
        self.model = MODELS[model]
        self.counter = 0
        self._asleep, self._authenticated, self._counted = False, False, False
        self._locked_from = 0xFF
        self._memory = bytearray(4 * self.model.pages)
        self._store(0, uid[:3] + bytes([0x88 ^ uid[0] ^ uid[1] ^ uid[2]]) + uid[3:])
        self._memory[8:10] = bytes([uid[3] ^ uid[4] ^ uid[5] ^ uid[6], 0x48])
        self._store(3, bytes([0xE1, 0x10, self.model.data_size, 0x00]))
        length = bytes([len(ndef)]) if len(ndef) < 255 else b"\xff" + len(ndef).to_bytes(2)
        self._store(4, b"\x03" + length + ndef + b"\xfe")
        self._store(self._config, b"\x04\x00\x00\xff" + bytes(4) + b"\xff\xff\xff\xff" + bytes(4))

    @property
    def _config(self) -> int:
        """Return the first page of the configuration: mirror and AUTH0, ACCESS, PWD, PACK."""
        return self.model.pages - 4

    def _store(self, page: int, content: bytes) -> None:
        self._memory[4 * page : 4 * page + len(content)] = content

    def protect(self, password: bytes, *, pack: bytes, from_page: int, reading_too: bool = False) -> None:
        """Ask for a password of 4 bytes (answered by the 2 of `pack`) from that page on."""
        access = (0x80 if reading_too else 0x00) | 0x10
        self._store(self._config, bytes([4, 0, 0, from_page, access, 0, 0, 0]) + password + pack)

    def power_up(self) -> None:
        """Reset: not authenticated, the next read counts, and a changed protection takes effect."""
        self._authenticated, self._counted = False, False
        self._locked_from = self._memory[4 * self._config + 3]

    def select(self) -> None:
        """Leave the sleep that an unknown command caused."""
        self._asleep = False

    def exchange(self, frame: bytes) -> bytes | None:
        """Answer one of the commands of section 10 of the data sheet."""
        if self._asleep:
            return None
        answer = self._answer(frame[:1], frame[1:])
        self._asleep = answer == NAK
        return answer

    def _answer(self, command: bytes, rest: bytes) -> bytes:
        match command, len(rest):
            case b"\x60", 0:
                return bytes([0, 4, 4, 2, 1, 0, self.model.storage, 3])
            case b"\x30", 1:
                return self._read(rest[0], rest[0] + 3)
            case b"\x3a", 2:
                return self._read(rest[0], rest[1]) if rest[0] <= rest[1] < self.model.pages else NAK
            case b"\xa2", 5:
                return self._write(rest[0], rest[1:])
            case b"\x1b", 4:
                return self._authenticate(rest)
            case b"\x3c", 1:
                return bytes(32)  # the maker's signature: this card was made by nobody
            case b"\x39", 1 if self._access & 0x10 and rest == b"\x02":
                return self.counter.to_bytes(3, "little")
            case _:
                return NAK

    @property
    def _access(self) -> int:
        return self._memory[4 * self._config + 4]

    def _is_locked(self, page: int) -> bool:
        return page >= self._locked_from and not self._authenticated

    def _read(self, first: int, last: int) -> bytes:
        if first >= self.model.pages or (self._access & 0x80 and self._is_locked(last)):
            return NAK
        if not self._counted:
            self._counted, self.counter = True, self.counter + 1
        readable = self._memory[: 4 * self._config + 8] + bytes(8)  # the password reads as zeros
        return b"".join(readable[4 * page : 4 * page + 4] for page in self._wrapped(first, last))

    def _wrapped(self, first: int, last: int) -> list[int]:
        return [page % self.model.pages for page in range(first, last + 1)]

    def _write(self, page: int, content: bytes) -> bytes:
        if not 3 <= page < self.model.pages or self._is_locked(page):
            return NAK
        self._store(page, content)
        return ACK

    def _authenticate(self, password: bytes) -> bytes:
        secret = self._memory[4 * self._config + 8 : 4 * self._config + 14]
        self._authenticated = password == secret[:4]
        return bytes(secret[4:6]) if self._authenticated else NAK


class IsoDepCard(Card):
    """A card with blocks (ISO 14443-4) and commands in them (ISO 7816-4); subclasses answer the commands."""

    sens_res = b"\x44\x03"
    sak = 0x20
    ats = bytes.fromhex("0578807002")
    """Frames of 256 bytes, 38 ms to answer."""

    def __init__(self, uid: bytes) -> None:
        super().__init__(uid)
        self._active = False
        self.select()

    def select(self) -> None:
        """Return to the state before RATS."""
        self._active, self._block, self._last = False, 1, b""
        self._incoming, self._outgoing = b"", b""

    @abstractmethod
    def apdu(self, command: bytes) -> bytes:
        """Answer a command with data and a status word."""

    def exchange(self, frame: bytes) -> bytes | None:
        """Answer RATS, then blocks."""
        if not self._active:
            self._active = frame[:1] == b"\xe0"
            return self.ats if self._active else None
        kind = frame[0] & 0xC0
        if kind == 0x00:
            self._last = self._information(frame)
        elif kind == 0x80:
            return self._receive_ready(frame[0])
        elif frame[0] == 0xC2:  # S(DESELECT)
            self.select()
            return b"\xc2"
        else:
            return None
        return self._last

    def _information(self, frame: bytes) -> bytes:
        """An I-block: collect the chain, answer its end. Rule D of ISO 14443-4, 7.5.4: toggle, then reply."""
        self._block = frame[0] & 1
        self._incoming += frame[1:]
        if frame[0] & 0x10:
            return bytes([0xA2 | self._block])
        command, self._incoming = self._incoming, b""
        self._outgoing = self.apdu(command)
        return self._next_part()

    def _next_part(self) -> bytes:
        part, self._outgoing = self._outgoing[:253], self._outgoing[253:]
        return bytes([0x02 | (0x10 if self._outgoing else 0) | self._block]) + part

    def _receive_ready(self, pcb: int) -> bytes | None:
        """An R-block: rule 11 sends the last block again, rule 12 answers a NAK, rule 13 continues the chain."""
        if pcb & 1 == self._block and self._last:
            return self._last
        if pcb & 0x10:
            return bytes([0xA2 | self._block])
        if self._outgoing:
            self._block ^= 1
            self._last = self._next_part()
            return self._last
        return None


OK = b"\x90\x00"
NOT_FOUND = b"\x6a\x82"
NOT_SUPPORTED = b"\x6d\x00"


class Phone(IsoDepCard):
    """A phone: its number changes each time the field is switched on.

    With `peer_to_peer` it says so in its SAK (0x60 instead of 0x20), which makes some drivers overlook it.
    """

    sens_res = b"\x04\x00"

    def __init__(self, random: Random | None = None, *, peer_to_peer: bool = False) -> None:
        self._random = random or Random()  # noqa: S311 - a random number, not a secret
        super().__init__(self._draw())
        self.sak = 0x60 if peer_to_peer else 0x20

    def _draw(self) -> bytes:
        """Draw a random number, with 08 as first byte, as ISO 14443-3 reserves it."""
        return b"\x08" + self._random.randbytes(3)

    def power_up(self) -> None:
        """Draw another number."""
        self.uid = self._draw()

    def apdu(self, command: bytes) -> bytes:
        """Refuse every command: there is no application."""
        return NOT_FOUND if command[1:2] == b"\xa4" else NOT_SUPPORTED


class Type4Card(IsoDepCard):
    """A card with a fixed number and an NDEF message in a file (NFC Forum Type 4 Tag, mapping version 2.0)."""

    APPLICATION = bytes.fromhex("D2760000850101")

    def __init__(self, uid: bytes, *, ndef: bytes = b"") -> None:
        super().__init__(uid)
        self._file = b""
        self._files = {
            b"\xe1\x03": bytes.fromhex("000F2000F000F00406E104010000FF"),
            b"\xe1\x04": len(ndef).to_bytes(2) + ndef,
        }

    def apdu(self, command: bytes) -> bytes:
        """SELECT the application or a file, READ BINARY."""
        instruction, parameters, data = command[1:2], command[2:4], command[5 : 5 + command[4]]
        if instruction == b"\xa4" and parameters[:1] == b"\x04":
            return OK if data == self.APPLICATION else NOT_FOUND
        if instruction == b"\xa4":
            self._file = self._files.get(data, b"")
            return OK if self._file else NOT_FOUND
        if instruction == b"\xb0":
            start = int.from_bytes(parameters)
            return self._file[start : start + (command[4] or 256)] + OK
        return NOT_SUPPORTED
