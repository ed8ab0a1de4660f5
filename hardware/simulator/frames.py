"""The frames between a host and a PN532 (user manual UM0701-02, section 6.2.1): builds and parses them."""

from __future__ import annotations

ACK = bytes.fromhex("0000FF00FF00")
NACK = bytes.fromhex("0000FFFF0000")
FROM_HOST, FROM_CHIP = 0xD4, 0xD5


def frame(payload: bytes) -> bytes:
    """Wrap up to 265 bytes; more than 255 go into an extended frame."""
    if len(payload) <= 0xFF:
        head = bytes([len(payload), -len(payload) & 0xFF])
    else:
        size = len(payload).to_bytes(2)
        head = b"\xff\xff" + size + bytes([-sum(size) & 0xFF])
    return b"\x00\x00\xff" + head + payload + bytes([-sum(payload) & 0xFF, 0x00])


ERROR = frame(b"\x7f")
"""The chip's answer to a command that it does not know."""


def take_frame(received: bytearray) -> bytes | None:
    """Cut off the first frame: ACK and NACK unchanged, of any other the payload. None: it has not arrived completely.

    Everything that is no frame, and frames with a wrong checksum, are dropped, as the chip does.
    """
    while (start := received.find(b"\x00\xff")) >= 0:
        body = received[start + 2 :]
        if body[:3] in (ACK[3:], NACK[3:]):
            del received[: start + 5]
            return ACK if body[0] == 0 else NACK
        extended = body[:2] == b"\xff\xff"
        head, size, check = (5, body[2:4], body[4:5]) if extended else (2, body[:1], body[1:2])
        if not check:
            return None
        if (sum(size) + check[0]) & 0xFF:
            del received[: start + 2]
            continue
        end = head + int.from_bytes(size)
        if len(body) < end + 2:
            return None
        del received[: start + 2 + end + 2]
        if sum(body[head : end + 1]) & 0xFF == 0:
            return bytes(body[head:end])
    return None
