"""A simulated NTAG 424 DNA card: mutual authentication, the true UID, a link signed at each reading.

Not simulated: changes of keys and settings, the LRP mode, files other than the NDEF one.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from hmac import compare_digest

from hardware.ntag424 import Session, decrypt, encrypt, rotated, session_keys, sun_mac
from hardware.simulator.cards import Type4Card

WRONG_KEY = b"\x91\xae"
NO_SUCH_KEY = b"\x91\x40"
WRONG_MAC = b"\x91\x1e"
ILLEGAL = b"\x91\x1c"
NOT_NOW = b"\x91\x9d"
"""Answers of the data sheet: authentication error, no such key, integrity error, illegal command code,
permission denied."""


class Ntag424(Type4Card):
    """A card with one key, number 0, for all purposes. With `link` it carries a signed link.

    `link` has two placeholders, `{picc}` and `{mac}`. `random_bytes(n)` returns its random numbers.
    """

    def __init__(
        self,
        uid: bytes,
        key: bytes = bytes(16),
        *,
        link: str | None = None,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        super().__init__(uid)
        self.counter = 0
        self._key, self._link, self._random_bytes = key, link, random_bytes

    def select(self) -> None:
        """Reset: no reader is authenticated."""
        super().select()
        self._rnd_b: bytes | None = None
        self._session: Session | None = None

    def apdu(self, command: bytes) -> bytes:
        """Answer the chip's own commands; leave the others to `Type4Card`."""
        if command[:1] == b"\x90":
            data = command[5:-1] if len(command) > 5 else b""
            return self._native(command[1], data)
        if self._link is not None and command[1:2] == b"\xa4" and command[5:7] == b"\xe1\x04":
            self._sign(self._link)
        return super().apdu(command)

    def _native(self, code: int, data: bytes) -> bytes:
        rnd_b, self._rnd_b = self._rnd_b, None
        match code, len(data):
            case 0x71, length if length >= 2:
                return self._challenge() if data[0] == 0 else NO_SUCH_KEY
            case 0xAF, 32 if rnd_b is not None:
                return self._judge(data, rnd_b)
            case 0x51, 8:
                return self._tell_uid(data)
        return ILLEGAL

    def _challenge(self) -> bytes:
        self._session = None
        self._rnd_b = self._random_bytes(16)
        return encrypt(self._key, self._rnd_b) + b"\x91\xaf"

    def _judge(self, data: bytes, rnd_b: bytes) -> bytes:
        plain = decrypt(self._key, data)
        rnd_a = plain[:16]
        if not compare_digest(plain[16:], rotated(rnd_b)):
            return WRONG_KEY
        transaction = self._random_bytes(4)
        self._session = Session(*session_keys(self._key, rnd_a, rnd_b), transaction=transaction)
        return encrypt(self._key, transaction + rotated(rnd_a) + bytes(12)) + b"\x91\x00"

    def _tell_uid(self, mac: bytes) -> bytes:
        session, self._session = self._session, None
        if session is None:
            return NOT_NOW
        if not compare_digest(session.mac(0x51), mac):
            return WRONG_MAC
        self._session = session = session.after_command()
        hidden = encrypt(session.encryption_key, (self.uid + b"\x80").ljust(16, b"\0"), iv=session.iv(b"\x5a\xa5"))
        return hidden + session.mac(0x00, hidden) + b"\x91\x00"

    def _sign(self, link: str) -> None:
        self.counter += 1
        seen = b"\xc7" + self.uid + self.counter.to_bytes(3, "little") + self._random_bytes(5)
        filled = link.format(
            picc=encrypt(self._key, seen).hex().upper(),
            mac=sun_mac(self._key, self.uid, self.counter).hex().upper(),
        ).removeprefix("https://")
        record = b"\x04" + filled.encode()  # NFC Forum URI record: 04 stands for https://
        message = b"\xd1\x01" + bytes([len(record)]) + b"U" + record
        self._files[b"\xe1\x04"] = len(message).to_bytes(2) + message
