"""What a power cut can leave of what a program wrote: every prefix of its calls, the un-synced ones lost or torn.

The model: what was synced is on the disk. Of what was written to a file since its last sync any part may be there, in
any order, down to single sectors of 512 bytes, which are the old ones or the new ones; each file apart from the others.
A new length of a file may be there or not, and a file that was removed may be back. Making and renaming a file count as
done at once, as they are on ext4 once the file is synced, which SQLite does first.
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
    """A file: its bytes as of the last sync, and what was done since."""

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
    """A folder as the power cut left it, and what the world had been told by then."""

    after: int
    files: dict[str, bytes]
    told: tuple[tuple[str, int], ...]


class Disk:
    """The files of a folder while calls are made to them."""

    def __init__(self, folder: Path) -> None:
        """Begin with what is in the folder now."""
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
        """Yield what may be left now: nothing that was not synced, all of it, and so many accidents."""
        lines = (line.split() for line in self.told.decode().splitlines())
        told = tuple((what, int(number)) for what, number in lines)
        yield Crash(after, {name: file.durable for name, file in self.files.items()} | self.removed, told)
        yield Crash(after, {name: applied(file.durable, file.since) for name, file in self.files.items()}, told)
        for _ in range(variants):
            files = {name: _left(file, chance) for name, file in self.files.items()}
            back = {name: data for name, data in self.removed.items() if chance.random() < 0.5}
            yield Crash(after, files | back, told)


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


def every_crash(folder: Path, calls: Sequence[Call], *, variants: int, every: int = 1) -> Iterator[Crash]:
    """Yield the crashes after each call, or after every so many; each file's `-shm` is never there after one."""
    disk, chance = Disk(folder), random.Random(1)
    for number, call in enumerate(calls):
        if number % every == 0:
            yield from disk.crashes(number, variants, chance)
        disk.do(call)
    yield from disk.crashes(len(calls), variants, chance)
