"""Authentication of NTAG 424 DNA cards: pure functions over bytes, without reader or card.

Two proofs, from NXP's data sheet NT4H2421Gx and application note AN12196, AES mode:

- SUN (*secure unique NFC message*): a link that the card signs anew at each reading. Any telephone can read it and
  show it once elsewhere, so it proves that the card was read, not that it is here; a counter stops its second use.
- AuthenticateEV2First: card and reader prove to each other, now, that both hold the same key. Only a relay defeats it.

Each card has a key of its own, derived by AN10922 from a master key, which no kiosk needs to hold.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from hmac import compare_digest

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from hardware.errors import HardwareError

APPLICATION = bytes.fromhex("D2760000850101")

_BLOCK = 16
_UID_BYTES = 7
_MORE, _DONE = b"\x91\xaf", b"\x91\x00"
_SELECTED = b"\x90\x00"


class NotProvedError(HardwareError, ValueError):
    """The card does not have the key, or its answer was changed."""


# ---------------------------------------------------------------- the arithmetic


def encrypt(key: bytes, data: bytes, iv: bytes = bytes(_BLOCK)) -> bytes:
    """AES-128 in CBC mode, whole blocks, no padding."""
    run = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return run.update(data) + run.finalize()


def decrypt(key: bytes, data: bytes, iv: bytes = bytes(_BLOCK)) -> bytes:
    """Decrypt AES-128 in CBC mode. Raises NotProvedError when the length is not a multiple of 16."""
    if not data or len(data) % _BLOCK:
        raise NotProvedError(f"expected whole blocks of {_BLOCK} bytes, the card sent {len(data)} bytes")
    run = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    return run.update(data) + run.finalize()


def cmac(key: bytes, data: bytes) -> bytes:
    """AES-128 CMAC (NIST SP 800-38B), 16 bytes."""
    run = CMAC(algorithms.AES(key))
    run.update(data)
    return run.finalize()


def short_mac(key: bytes, data: bytes) -> bytes:
    """Every second byte of the CMAC: the eight that the card sends (AN12196, "MACt")."""
    return cmac(key, data)[1::2]


def diversify(master: bytes, uid: bytes, system: bytes) -> bytes:
    """Return the key of one card: AN10922, AES-128, over the UID and a system name, together 16 to 31 bytes.

    AN10922 pads to two blocks and would differ from a plain CMAC for shorter inputs: those are refused (ValueError).
    """
    diversifier = uid + system
    if not _BLOCK <= len(diversifier) <= 2 * _BLOCK - 1:
        raise ValueError(f"UID and system name have 16 to 31 bytes together, not {len(diversifier)}")
    return cmac(master, b"\x01" + diversifier)


# ---------------------------------------------------------------- SUN


@dataclass(frozen=True)
class Sun:
    """The content of a signed link. Accept it only when `counter` is above the last one: a link can be replayed."""

    uid: bytes
    counter: int
    file_data: bytes | None = None


def sun_mac(file_key: bytes, uid: bytes, counter: int, mac_input: bytes = b"") -> bytes:
    """Return the signature that the card puts into its link (AN12196, 3.3)."""
    session = cmac(file_key, b"\x3c\xc3\x00\x01\x00\x80" + uid + counter.to_bytes(3, "little"))
    return short_mac(session, mac_input)


def verify_sun(
    picc_data: bytes,
    mac: bytes,
    *,
    meta_key: bytes,
    file_key: Callable[[bytes], bytes],
    mac_input: bytes = b"",
    encrypted_file_data: bytes | None = None,
) -> Sun:
    """Check a signed link and return its content.

    `picc_data` and `mac` are the link's parameters, from hexadecimal. `file_key(uid)` is that card's key. `mac_input`
    is the text that the card was set to sign, as in the link: empty when it signs only UID and counter. Raises
    NotProvedError when the link was not made by a card with these keys.
    """
    uid, counter = _picc_data(decrypt(meta_key, picc_data))
    key = file_key(uid)
    if not compare_digest(sun_mac(key, uid, counter, mac_input), mac):
        raise NotProvedError("the link is not signed with this card's key")
    if encrypted_file_data is None:
        return Sun(uid, counter)
    return Sun(uid, counter, _file_data(key, uid, counter, encrypted_file_data))


def _picc_data(plain: bytes) -> tuple[bytes, int]:
    # 0xC7: UID and counter are mirrored, the UID has 7 bytes. Under a wrong key there is noise here.
    if len(plain) != _BLOCK or plain[0] != 0xC7:
        raise NotProvedError("the link was not made with this meta key, or does not carry both UID and counter")
    return plain[1:8], int.from_bytes(plain[8:11], "little")


def _file_data(file_key: bytes, uid: bytes, counter: int, data: bytes) -> bytes:
    read_counter = counter.to_bytes(3, "little")
    session = cmac(file_key, b"\xc3\x3c\x00\x01\x00\x80" + uid + read_counter)
    return decrypt(session, data, iv=encrypt(session, read_counter.ljust(_BLOCK, b"\0")))


# ---------------------------------------------------------------- AuthenticateEV2First

Send = Callable[[bytes], bytes]
"""Carries a command to the card and its answer back, status word included."""


@dataclass(frozen=True, repr=False)
class Session:
    """An authenticated session with a card. `counter` numbers the next command."""

    encryption_key: bytes
    mac_key: bytes
    transaction: bytes
    counter: int = 0

    def iv(self, purpose: bytes) -> bytes:
        """Return the start value for a command (A55A) or an answer (5AA5) under the present counter."""
        seed = purpose + self.transaction + self.counter.to_bytes(2, "little")
        return encrypt(self.encryption_key, seed.ljust(_BLOCK, b"\0"))

    def mac(self, code: int, data: bytes = b"") -> bytes:
        """Sign a command (its code) or an answer (its status) under the present counter."""
        return short_mac(self.mac_key, bytes([code]) + self.counter.to_bytes(2, "little") + self.transaction + data)

    def after_command(self) -> Session:
        """Return the session after the card has carried out a command: the answer uses the next counter."""
        return replace(self, counter=self.counter + 1)


def session_keys(key: bytes, rnd_a: bytes, rnd_b: bytes) -> tuple[bytes, bytes]:
    """Return the keys of a session, for encryption and for signatures (data sheet, 9.1.7)."""
    mixed = bytes(a ^ b for a, b in zip(rnd_a[2:8], rnd_b[:6], strict=True))
    context = b"\x00\x01\x00\x80" + rnd_a[:2] + mixed + rnd_b[6:] + rnd_a[8:]
    return cmac(key, b"\xa5\x5a" + context), cmac(key, b"\x5a\xa5" + context)


def rotated(data: bytes) -> bytes:
    """Rotate by one byte to the left: proves that a side could decrypt the other's random number."""
    return data[1:] + data[:1]


def wrap_native(code: int, data: bytes = b"") -> bytes:
    """Wrap a native command of the chip in an ISO 7816 command."""
    length = bytes([len(data)]) if data else b""
    return bytes([0x90, code, 0, 0]) + length + data + b"\0"


def authenticate(send: Send, key: bytes, *, key_number: int = 0, rnd_a: bytes | None = None) -> Session:
    """Authenticate card and reader to each other. `rnd_a` is for tests with published values.

    Raises NotProvedError when the card refuses or fails; also whatever `send` raises when the card is gone.
    """
    rnd_a = secrets.token_bytes(_BLOCK) if rnd_a is None else rnd_a
    challenge = _answer(send(wrap_native(0x71, bytes([key_number, 0]))), _MORE, length=_BLOCK)
    rnd_b = decrypt(key, challenge)
    reply = _answer(send(wrap_native(0xAF, encrypt(key, rnd_a + rotated(rnd_b)))), _DONE, length=2 * _BLOCK)
    plain = decrypt(key, reply)
    if not compare_digest(plain[4:20], rotated(rnd_a)):
        raise NotProvedError("the card does not hold the key: it could not read our random number")
    return Session(*session_keys(key, rnd_a, rnd_b), transaction=plain[:4])


def read_uid(send: Send, session: Session) -> bytes:
    """Read the card's true UID of 7 bytes, which it may hide before authentication (GetCardUID)."""
    answer = _answer(send(wrap_native(0x51, session.mac(0x51))), _DONE, length=_BLOCK + 8)
    session = session.after_command()
    if not compare_digest(session.mac(0x00, answer[:_BLOCK]), answer[_BLOCK:]):
        raise NotProvedError("the card's answer was changed on the way")
    return decrypt(session.encryption_key, answer[:_BLOCK], iv=session.iv(b"\x5a\xa5"))[:_UID_BYTES]


def prove(send: Send, key: bytes, *, key_number: int = 0) -> bytes:
    """Select the application, authenticate, and return the true UID."""
    _answer(send(b"\x00\xa4\x04\x00" + bytes([len(APPLICATION)]) + APPLICATION + b"\0"), _SELECTED)
    return read_uid(send, authenticate(send, key, key_number=key_number))


def _answer(response: bytes, status: bytes, *, length: int | None = None) -> bytes:
    data, got = response[:-2], response[-2:]
    if got != status:
        raise NotProvedError(f"the card refuses (status {got.hex()}): it has another key, or is no NTAG 424")
    if length is not None and len(data) != length:
        raise NotProvedError(f"the card sent {len(data)} bytes where {length} are due")
    return data
