"""The database under a ledger: the file and its lock, connections and transactions, and which errors are expected."""

from kiosk.store.database.connection import Borrowed, Database, one_state, transaction
from kiosk.store.database.errors import (
    FAILURES,
    LedgerBusyError,
    LedgerDamagedError,
    LedgerError,
    LedgerTooNewError,
    disk_trouble,
    failing_as,
)
from kiosk.store.database.sqlite import (
    OLDEST_SQLITE,
    PAGE_BYTES,
    STATEMENTS,
    WAL_LIMIT_BYTES,
    WAL_WORTH_EMPTYING,
    WriterLock,
    check,
    check_version,
    empty_wal,
    like,
    reading_engine,
    wal_bytes,
    writing_engine,
)

__all__ = [
    "FAILURES",
    "OLDEST_SQLITE",
    "PAGE_BYTES",
    "STATEMENTS",
    "WAL_LIMIT_BYTES",
    "WAL_WORTH_EMPTYING",
    "Borrowed",
    "Database",
    "LedgerBusyError",
    "LedgerDamagedError",
    "LedgerError",
    "LedgerTooNewError",
    "WriterLock",
    "check",
    "check_version",
    "disk_trouble",
    "empty_wal",
    "failing_as",
    "like",
    "one_state",
    "reading_engine",
    "transaction",
    "wal_bytes",
    "writing_engine",
]
