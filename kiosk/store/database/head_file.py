"""A note beside the database of where its ledger ends, so that an end that was lost is missed.

A WAL that is cut off or zeroed looks to SQLite like one that was never longer: the entries in it are gone without an
error. The note is synced when it is made, with its folder: ext4 leaves a new file empty for half a minute otherwise.
After that it is overwritten after each commit and never synced: it costs no wait, and after a power cut it tells of an
end that is there, or of an earlier one. Only a database that has lost something is behind its note.
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
    """The note of one database. What goes wrong with it is logged: it must not keep anybody out."""

    def __init__(self, database: Path) -> None:
        self._path = Path(f"{database}.head")

    def note(self, ledger_id: str, head: Head) -> None:
        """Write down where the ledger ends now, over what stood there."""
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
        """Tell whether the note was made and its content never reached the disk: a power cut in its first moments."""
        try:
            return self._path.stat().st_size == 0
        except OSError:
            return False

    def read(self) -> Seen | None:
        """Return what was noted last, None when nothing can be told."""
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
