"""Computes what a power cut may leave of a program's writes: un-synced ones lost or torn, in any order.

The model: what was synced is on the disk. Of what was written to a file since its last sync any part may be there, in
any order, in sectors of 512 bytes that are old or new; each file independently. A new length of a file may be there or
not, and a removed file may be back. Creating and renaming a file count as done at once, as they are on ext4 once the
file is synced, which SQLite does first.

In a second model a torn write ruins the whole block that it is in, 512 or 4096 bytes, including what was synced there
before; earlier writes are there.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash_states.disk import Call

SECTOR = 512
TOLD = "told"
Change = tuple[int, bytes | None]
"""Bytes at an offset, or a new length of the file."""


@dataclass
class File:
    """A file: its bytes as of the last sync, and its changes since."""

    durable: bytes = b""
    since: list[Change] = field(default_factory=list)

    def settle(self) -> None:
        self.durable, self.since = applied(self.durable, self.since), []


def applied(durable: bytes, changes: Sequence[Change]) -> bytes:
    content = bytearray(durable)
    for offset, data in changes:
        if data is None:
            del content[offset:]
        start = offset + len(data or b"")
        content.extend(bytes(max(0, start - len(content))))
        if data is not None:
            content[offset:start] = data
    return bytes(content)


@dataclass(frozen=True)
class Crash:
    """A folder as a power cut leaves it, and what was acknowledged by then."""

    after: int
    files: dict[str, bytes]
    told: tuple[tuple[str, int], ...]


class Disk:
    """The files of a folder while calls are made to them."""

    def __init__(self, folder: Path) -> None:
        """Begin with the present content of the folder."""
        self.files = {file.name: File(file.read_bytes()) for file in folder.iterdir() if file.is_file()}
        self.removed: dict[str, bytes] = {}
        self.told = b""

    def do(self, call: Call) -> None:
        if call.path == TOLD:
            self.told += call.data
            return
        match call.kind:
            case "open":
                self.files.setdefault(call.path, File())
            case "write":
                self.files[call.path].since.append((call.offset, call.data))
            case "truncate":
                self.files[call.path].since.append((call.offset, None))
            case "sync" if call.path in self.files:
                self.files[call.path].settle()
                self.removed.clear()
            case "unlink":
                self.removed[call.path] = self.files.pop(call.path).durable
            case "rename":
                self.files[call.to] = self.files.pop(call.path)

    def crashes(self, after: int, variants: int, chance: random.Random) -> Iterator[Crash]:
        """Yield what may be left now: only what was synced, everything, and some random states."""
        told = self._told()
        yield Crash(after, {name: file.durable for name, file in self.files.items()} | self.removed, told)
        yield Crash(after, {name: applied(file.durable, file.since) for name, file in self.files.items()}, told)
        for _ in range(variants):
            files = {name: _left(file, chance) for name, file in self.files.items()}
            back = {name: data for name, data in self.removed.items() if chance.random() < 0.5}
            yield Crash(after, files | back, told)

    def torn_blocks(self, after: int, variants: int, block: int, chance: random.Random) -> Iterator[Crash]:
        """Yield what may be left when the power cut tears one write of each file and ruins its block."""
        told = self._told()
        for _ in range(variants):
            yield Crash(after, {name: _ruined(file, block, chance) for name, file in self.files.items()}, told)

    def _told(self) -> tuple[tuple[str, int], ...]:
        return tuple((what, int(number)) for what, number in (line.split() for line in self.told.decode().splitlines()))


def _ruined(file: File, block: int, chance: random.Random) -> bytes:
    """Draw a write since the last sync, apply those before it and its beginning, and fill its block with noise."""
    writes = [number for number, (_, data) in enumerate(file.since) if data]
    if not writes:
        return applied(file.durable, file.since)
    torn = chance.choice(writes)
    offset, data = file.since[torn]
    assert data is not None
    done = chance.randrange(len(data))
    content = bytearray(applied(file.durable, [*file.since[:torn], (offset, data[:done])]))
    start = (offset + done) // block * block
    end = max(start, min(start + block, len(content)))
    content[start:end] = chance.randbytes(end - start)
    return bytes(content)


def _left(file: File, chance: random.Random) -> bytes:
    """Draw what is left of a file: some or most of its changes, most often torn, in another order."""
    share = chance.choice((0.0, 0.2, 0.5, 0.8, 0.95, 1.0))
    kept: list[Change] = []
    for change in file.since:
        kept += _sectors(change, share, chance) if chance.random() < 0.5 else [change] * (chance.random() < share)
    if chance.random() < 0.5:
        chance.shuffle(kept)
    return applied(file.durable, kept)


def _sectors(change: Change, share: float, chance: random.Random) -> list[Change]:
    offset, data = change
    if data is None:
        return [change] if chance.random() < share else []
    pieces: list[Change] = []
    at = offset
    while at < offset + len(data):
        end = min((at // SECTOR + 1) * SECTOR, offset + len(data))
        if chance.random() < share:
            pieces.append((at, data[at - offset : end - offset]))
        at = end
    return pieces


def every_crash(
    folder: Path, calls: Sequence[Call], *, variants: int, every: int = 1, block: int | None = None
) -> Iterator[Crash]:
    """Yield the crashes after each call, or after every so many; each file's `-shm` is never there after one.

    With `block`, in bytes, a torn write ruins the block of that size it stands in.
    """
    disk, chance = Disk(folder), random.Random(1)

    def crashes(number: int) -> Iterator[Crash]:
        if block is None:
            return disk.crashes(number, variants, chance)
        return disk.torn_blocks(number, variants, block, chance)

    for number, call in enumerate(calls):
        if number % every == 0:
            yield from crashes(number)
        disk.do(call)
    yield from crashes(len(calls))
