"""Pairs the kiosk with a central server, and stores the result in a secret file."""

from __future__ import annotations

import platform
from collections.abc import Collection
from pathlib import Path

import msgspec

from kiosk.files import write_whole
from sync.client import Client
from sync.wire import Enroll


class PairingError(ValueError):
    """The pairing file cannot be used; the message says what to do."""


class Pairing(msgspec.Struct, frozen=True, kw_only=True):
    """The server, network and token of a kiosk that is paired."""

    url: str
    token: str
    kiosk_id: str = ""
    site_id: str | None = None

    def __repr__(self) -> str:
        return f"Pairing(url={self.url!r}, kiosk_id={self.kiosk_id!r})"


def enroll(
    client: Client,
    *,
    url: str,
    code: str,
    ledger_id: str,
    version: str,
    badges: int | None = None,
    badge_key: bytes | None = None,
    formers: Collection[str] = (),
) -> tuple[Pairing, bytes | None]:
    """Send a pairing code; return the pairing, and the network's badge key if it has one.

    `badges` are those that the ledger knows; `badge_key` is the key that hides them, `formers` are former ledgers.
    Raises sync.client.SyncError.
    """
    given = client.enroll(
        Enroll(
            code=_as_shown(code),
            ledger_id=ledger_id,
            name=platform.node(),
            version=version,
            badges=badges,
            badge_key=badge_key,
            formers=tuple(formers),
        )
    )
    return Pairing(url=url, token=given.token, kiosk_id=given.kiosk_id, site_id=given.site_id), given.badge_key


def _as_shown(code: str) -> str:
    """Return the letters of a code without the spaces and dashes that were typed."""
    return "".join(letter for letter in code.upper() if letter.isalnum())


def read(file: Path) -> Pairing | None:
    """Return the pairing in a file, None when there is none. Raises PairingError, or OSError."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Pairing)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise PairingError(f"{file} is damaged ({error}): pair the kiosk again, by `kiosk pair URL CODE`") from error


def keep(file: Path, pairing: Pairing) -> None:
    """Write the pairing to a file that only its owner can read; after a power cut it is the old or the new one.

    Raises OSError.
    """
    write_whole(file, msgspec.json.encode(pairing))
