"""The ledger: append-only, chained entries in a database, and the roster that is folded from them as they come.

Entries of other ledgers arrive in pages of the central server's feed and are kept beside its own; the roster is a fold
of all of them.

One process owns the database and writes it on one connection (kiosk.store.database says why), from one thread at a
time. Any other thread or process reads, with `open_reader`. How entries are chained is in kiosk.store.chain; what they
mean for the roster, in kiosk.store.fold; how entries of others and snapshots come in, in kiosk.store.feed.
"""

from kiosk.ledger.closed import ClosedLedger
from kiosk.ledger.ledger import Ledger
from kiosk.ledger.opening import open_ledger, open_locked, open_reader
from kiosk.ledger.reader import LedgerReader
from kiosk.store.chain import Fault, Head, decode_fact
from kiosk.store.database import LedgerBusyError, LedgerDamagedError, LedgerError, LedgerTooNewError, disk_trouble
from kiosk.store.feed.snapshot import SnapshotError
from kiosk.store.fold.refold import Difference

__all__ = [
    "ClosedLedger",
    "Difference",
    "Fault",
    "Head",
    "Ledger",
    "LedgerBusyError",
    "LedgerDamagedError",
    "LedgerError",
    "LedgerReader",
    "LedgerTooNewError",
    "SnapshotError",
    "decode_fact",
    "disk_trouble",
    "open_ledger",
    "open_locked",
    "open_reader",
]
