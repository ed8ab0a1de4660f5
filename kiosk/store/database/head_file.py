"""A note beside the database of its ledger's last entry, by which a lost end is noticed.

To SQLite a WAL that is cut off or zeroed looks like one that was never longer: its entries are gone without an error.
The note is synced when it is made, together with its folder: otherwise ext4 may leave a new file empty for half a
minute. After that it is overwritten after each commit and not synced, which costs no time. After a power cut it
therefore names the last entry or an earlier one; only a database that has lost entries ends before its note.
"""

from __future__ import annotations

import logging
import os
from hashlib import sha256
from pathlib import Path

from kiosk.files import write_whole
from kiosk.model import Noun
from kiosk.store.chain import Head

LINE_BYTES = 160

log = logging.getLogger(__name__)


class Seen(Noun, frozen=True, kw_only=True):
    """Where a ledger ended."""

    ledger_id: str
    head: Head


class HeadFile:
    """The note of one database. Its failures are only logged, so that they keep nobody out."""

    def __init__(self, database: Path) -> None:
        self._path = Path(f"{database}.head")

    def note(self, ledger_id: str, head: Head) -> None:
        """Write down where the ledger ends now, replacing the previous note."""
        words = f"{ledger_id} {head.seq} {head.hash.hex()}"
        line = f"{words} {_proof(words)}\n".encode()
        try:
            self._write(line.ljust(LINE_BYTES))
        except OSError as error:
            log.warning("%s cannot be written: %s", self._path, error.strerror)

    def _write(self, line: bytes) -> None:
        try:
            file = os.open(self._path, os.O_WRONLY)
        except FileNotFoundError:
            write_whole(self._path, line, mode=0o640)
            return
        try:
            os.pwrite(file, line, 0)
        finally:
            os.close(file)

    def is_empty(self) -> bool:
        """Tell whether the note was made but its content never reached the disk: a power cut in the first moments."""
        try:
            return self._path.stat().st_size == 0
        except OSError:
            return False

    def read(self) -> Seen | None:
        """Return what was noted last, None when that cannot be read."""
        try:
            words, _, proof = self._path.read_text(encoding="ascii").strip().rpartition(" ")
            ledger_id, seq, digest = words.split(" ")
            if proof == _proof(words):
                return Seen(ledger_id=ledger_id, head=Head(seq=int(seq), hash=bytes.fromhex(digest)))
        except (OSError, ValueError):
            pass
        return None


def _proof(words: str) -> str:
    return sha256(words.encode()).hexdigest()[:16]
