"""The network's badge key, with which all kiosks hide badge numbers: kept in a file, given out at pairing.

The database has only a mark that distinguishes the network's key from others, so that a stolen copy of it does not
reveal badge numbers. How a number is hidden is in kiosk.badges.
"""

from __future__ import annotations

import hmac
from pathlib import Path

from sqlalchemy import Connection, select, update

from kiosk import badges
from sync.central.storage.tables import networks
from sync.wire import Enroll


class BadgeKeyError(ValueError):
    """A kiosk cannot join: it hides its badges with another key. The message says what to do."""


def key_for_new_kiosk(connection: Connection, network: str, file: Path | None, asked: Enroll) -> bytes | None:
    """Return the badge key for a kiosk that joins; None if it has one, or is of a release that cannot take it.

    The network takes the key of the first kiosk that joins with badges, or else makes a new one. Raises BadgeKeyError,
    or OSError when the file cannot be read or written.
    """
    if file is None or asked.badges is None:
        return None
    known = connection.execute(select(networks.c.badge_key_mark).where(networks.c.network_id == network)).scalar_one()
    known = None if known is None else bytes(known)
    key = _kept(file, known, asked.badge_key)
    if asked.badge_key is not None and not hmac.compare_digest(asked.badge_key, key):
        raise BadgeKeyError(_refusal(asked.badges))
    if known is None:
        mark = badges.key_mark(key)
        connection.execute(update(networks).where(networks.c.network_id == network).values(badge_key_mark=mark))
    return key


def _kept(file: Path, mark: bytes | None, offered: bytes | None) -> bytes:
    """Return the key in the file; if the file is lost, take the key from a kiosk that still has it."""
    try:
        is_lost = mark is not None and not file.exists()
        if is_lost and (offered is None or badges.key_mark(offered) != mark):
            raise BadgeKeyError(f"the server has lost its badge key: put back {file} from your copy")
        if not file.exists() and offered is not None:
            badges.keep_key(file, offered)
        key = badges.badge_key(file)
    except badges.BadgeError as error:
        raise BadgeKeyError(str(error)) from error
    if mark is not None and badges.key_mark(key) != mark:
        raise BadgeKeyError(f"{file} is not the key by which this network hides badges: restore your copy of it")
    return key


def _refusal(count: int) -> str:
    carried = "its badges are" if count else "its settings are, by [badges] key,"
    way = "begin with an empty ledger, and assign the badges anew" if count else "remove [badges] key from its settings"
    return f"{carried} hidden with another key than this network's, so neither would know the other's: {way}"
