"""Opening a ledger: for writing, by the one process that holds its lock, or for reading beside it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from kiosk.ledger.ledger import Ledger
from kiosk.ledger.reader import LedgerReader
from kiosk.model import Stamp
from kiosk.store.database import LedgerError, WriterLock, failing_as, reading_engine, writing_engine
from kiosk.store.database.head_file import HeadFile


def open_ledger(path: Path, *, stamp: Callable[[], Stamp]) -> Ledger:
    """Open a database for writing, making or upgrading it if needed; `stamp` is called once for each append.

    Raises LedgerBusyError when another process holds it, LedgerTooNewError when a newer kiosk wrote it, and LedgerError
    when it cannot be opened or is damaged.
    """
    with failing_as(f"{path} cannot be opened"):
        lock = WriterLock(path)
    try:
        return open_locked(path, stamp=stamp, lock=lock)
    except BaseException:
        lock.close()
        raise


def open_locked(path: Path, *, stamp: Callable[[], Stamp], lock: WriterLock | None = None) -> Ledger:
    """Open a database whose writer's lock the caller holds; closing the ledger releases the lock."""
    with failing_as(f"{path} cannot be opened"):
        path.touch(mode=0o640)
        return Ledger(partial(writing_engine, path), stamp=stamp, lock=lock, name=str(path), head_file=HeadFile(path))


def open_reader(path: Path) -> LedgerReader:
    """Open a database for reading only, beside its writer. Raises LedgerError when it cannot be read."""
    if not path.exists():
        raise LedgerError(f"{path} does not exist")
    with failing_as(f"{path} cannot be read"):
        return LedgerReader(partial(reading_engine, path), name=str(path))
