"""The expected failures of a database, and the LedgerError that each becomes."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

FAILURES = (DBAPIError, sqlite3.Error, UnicodeDecodeError)
"""What a database that cannot do its work raises, from inside SQLAlchemy and from opening the file.

A damaged one may have names in its own error messages that are no text any more.
"""


UNDECODABLE = "Could not decode to UTF-8"
"""How sqlite3 tells of a text whose bits were flipped: by an OperationalError without a code."""


class LedgerError(OSError):
    """The ledger cannot be read or written. Nothing was written in part."""


class LedgerBusyError(LedgerError):
    """Another process holds the ledger."""

    def __init__(self, path: Path, pid: int | None) -> None:
        self.pid = pid
        holder = f"process {pid}" if pid else "another process"
        super().__init__(f"{path} is held by {holder}: stop it, or ask it (kiosk status) instead of opening the file")


class LedgerDamagedError(LedgerError):
    """The file is damaged or no database; trying again does not help."""


class LedgerTooNewError(LedgerError):
    """A newer version of the kiosk has upgraded the database."""


@contextmanager
def failing_as(what: str) -> Iterator[None]:
    """Raise a failure while a database is opened as a LedgerError that begins with `what`."""
    try:
        yield
    except LedgerError:
        raise
    except (*FAILURES, OSError) as error:
        raise as_ledger_error(what, error) from error


def as_ledger_error(what: str, error: BaseException) -> LedgerError:
    """Return the LedgerError for a failure of a database, beginning with `what`."""
    kind = LedgerDamagedError if is_damage(error) else LedgerError
    return kind(f"{what}: {reason(error)}")


def disk_trouble(error: BaseException | None) -> str:
    """Return the health code of a disk that takes no writes: `disk_full`, `disk_read_only`, or empty."""
    while error is not None:
        cause = error.orig if isinstance(error, DBAPIError) else error
        codes = getattr(cause, "sqlite_errorcode", 0) & 0xFF, getattr(cause, "errno", None)
        if sqlite3.SQLITE_FULL in codes[:1] or errno.ENOSPC in codes[1:]:
            return "disk_full"
        if sqlite3.SQLITE_READONLY in codes[:1] or errno.EROFS in codes[1:]:
            return "disk_read_only"
        error = error.__cause__
    return ""


def is_damage(error: BaseException) -> bool:
    """Tell whether SQLite reports that the file is damaged, or no database at all."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, UnicodeDecodeError) or UNDECODABLE in str(cause):
        return True
    return getattr(cause, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def reason(error: BaseException) -> str:
    """Return the database's own message, without the SQL that SQLAlchemy adds, which may contain names of people."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error.orig if isinstance(error, DBAPIError) else error)
