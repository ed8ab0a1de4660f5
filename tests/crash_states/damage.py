"""Damages databases in every way a memory card can, and checks what a start makes of them.

`python -m tests.crash_states.damage CASES`
"""

from __future__ import annotations

import logging
import random
import shutil
import sys
import tempfile
import time
from collections import Counter as Tally
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kiosk.ledger import Ledger, LedgerDamagedError, open_ledger, repair
from kiosk.model import Ref, Stamp
from tests.office.ledgers.small_house import StampClock, fresh, house_facts, taps

SLOW_SECONDS = 60
MEMORY = Path("/dev/shm")
"""Where the cases are laid out: real files, without waiting for a disk a hundred thousand times."""


@dataclass(frozen=True)
class Life:
    """A kiosk's folder after some weeks of taps: a database, its WAL, its head note, a copy from some days ago."""

    folder: Path
    hashes: dict[Ref, bytes]
    """Every entry that was acknowledged."""

    @classmethod
    def lived(cls, folder: Path) -> Life:
        folder.mkdir()
        moment = StampClock()
        with fresh(folder, moment) as ledger:
            ledger.append(*house_facts())
            for number in range(60):
                if number == 40:
                    ledger.checkpoint()
                    shutil.copy(folder / "kiosk.db", folder / "copy.db")
                if number == 50:
                    ledger.checkpoint()
                taps(ledger, moment)
                moment.moves(hours=5)
            hashes = {entry.ref: entry.hash for entry in ledger.entries()}
            shutil.copytree(folder, folder.with_name("left"))
        for file in ("kiosk.db-shm", "kiosk.db.lock"):
            (folder.with_name("left") / file).unlink()
        return cls(folder.with_name("left"), hashes)


Damage = Callable[[Path, random.Random], None]
PAGE = 2048


def _change(file: Path, change: Callable[[bytearray], None]) -> None:
    content = bytearray(file.read_bytes())
    change(content)
    file.write_bytes(content)


def _page(content: bytearray, chance: random.Random, data: bytes) -> None:
    start = chance.randrange(max(1, len(content) // PAGE)) * PAGE
    content[start : start + len(data)] = data


def zeroed_pages(file: Path, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 1, 3, 20))):
        _change(file, lambda content: _page(content, chance, bytes(PAGE)))


def garbage(file: Path, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 1, 5))):
        _change(file, lambda content: _page(content, chance, chance.randbytes(chance.choice((512, PAGE)))))


def flipped_bits(file: Path, chance: random.Random) -> None:
    def flip(content: bytearray) -> None:
        for _ in range(chance.choice((1, 10, 200))):
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)

    _change(file, flip)


def cut_off(file: Path, chance: random.Random) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: chance.randrange(len(content))])


def zeroed(file: Path, chance: random.Random) -> None:
    file.write_bytes(bytes(file.stat().st_size) if chance.random() < 0.5 else b"")


def gone(file: Path, chance: random.Random) -> None:
    file.unlink()


DAMAGES: tuple[Damage, ...] = (zeroed_pages, garbage, flipped_bits, cut_off, zeroed, gone)
FILES = ("kiosk.db", "kiosk.db", "kiosk.db", "kiosk.db-wal", "kiosk.db-wal", "kiosk.db.head")


@dataclass(frozen=True)
class Outcome:
    """The result of a case: its name, the faults found, and the seconds that it took."""

    what: str
    how: str
    faults: tuple[str, ...]
    seconds: float


Opener = Callable[[Path, StampClock, list[Path]], tuple[Ledger, object]]


def as_a_kiosk(
    path: Path, moment: Callable[[], Stamp], copies: list[Path]
) -> tuple[Ledger, repair.RepairReport | None]:
    """Open as the daemon does: damage found only by the check of every page is repaired after that."""
    opened, story = repair.open_repaired(path, stamp=moment, copies=copies)
    found = opened.damage()
    if found:
        opened.close()
        repair.mark_as_damaged(path, found[0])
        opened, story = repair.open_repaired(path, stamp=moment, copies=copies)
    return opened, story


def under_its_name(path: Path, moment: StampClock, copies: list[Path]) -> tuple[Ledger, object]:
    """The bad twin: it repairs, and keeps the old name whatever is lost."""
    opened, story = as_a_kiosk(path, moment, copies)
    name = next(iter(opened.former_ledgers), opened.ledger_id)
    opened._database.connection.exec_driver_sql("UPDATE ledger SET ledger_id = ?", (name,))
    opened._database.connection.exec_driver_sql("DELETE FROM cursors")
    opened.ledger_id = name
    return opened, story


def as_it_is(path: Path, moment: StampClock, copies: list[Path]) -> tuple[Ledger, object]:
    """The bad twin: it opens the database without a repair."""
    return open_ledger(path, stamp=moment), None


def case(life: Life, number: int, folder: Path, *, opener: Opener = as_a_kiosk) -> Outcome:
    """Damage a copy of a life, open it, and return what is wrong."""
    chance = random.Random(number)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(life.folder, folder)
    what = []
    for name in sorted({chance.choice(FILES) for _ in range(chance.choice((1, 1, 2)))}):
        damage = chance.choice(DAMAGES)
        damage(folder / name, chance)
        what.append(f"{name} {damage.__name__}")
    copies = [folder / "copy.db"] if chance.random() < 0.7 else []
    moment, began, faults = StampClock(), time.monotonic(), list[str]()
    moment.moves(days=30)
    how, seconds = "refused", 0.0
    try:
        opened, story = opener(folder / "kiosk.db", moment, copies)
        seconds = time.monotonic() - began
        how = "as it was" if story is None else "renewed" if getattr(story, "renewed", False) else "mended"
        try:
            with opened:
                faults.extend(_faults(life, opened, moment, has_copy=bool(copies)))
        except LedgerDamagedError as error:  # a running kiosk marks it and ends; its next start repairs it
            repair.mark_as_damaged(folder / "kiosk.db", str(error))
            opened, _ = opener(folder / "kiosk.db", moment, copies)
            with opened:
                faults.extend(_faults(life, opened, moment, has_copy=bool(copies)))
    except Exception as error:  # one case that fails in a way nobody foresaw is a wrong one, and the next one's turn
        while_ = "it does not open" if how == "refused" else "it cannot be looked at"
        faults.append(f"{while_}: {type(error).__name__}: {error}")
    return Outcome(f"case {number}: {', '.join(sorted(what))}", how, tuple(faults), seconds)


def _faults(life: Life, opened: Ledger, moment: StampClock, *, has_copy: bool) -> Iterator[str]:
    if opened.damage():
        yield f"it is still damaged: {opened.damage()[0]}"
    kept = {
        entry.ref: entry.hash
        for name in (*opened.former_ledgers, opened.ledger_id)
        for entry in opened.entries(of=name)
    }
    told = {fault.ref for fault in opened.verify()}  # a bit in a value, which SQLite cannot see: the chain tells of it
    yield from (
        f"{ref.seq} is another one" for ref in kept.keys() - told if life.hashes.get(ref, kept[ref]) != kept[ref]
    )
    name = next(iter(life.hashes)).ledger_id
    if opened.ledger_id == name and len(kept) < len(life.hashes):
        yield f"{len(life.hashes) - len(kept)} entries are lost, and the ledger goes on under its name"
    copied = 46
    if has_copy and len([ref for ref in kept if ref.ledger_id == name]) < copied:
        yield "entries of the copy are missing"
    try:
        ref = opened.append(*house_facts())[-1].ref
        taps(opened, moment)
    except LedgerDamagedError:
        raise
    except Exception as error:
        yield f"it takes nothing in: {error}"
        return
    if ref in life.hashes:
        yield f"a new entry bears the name of an old one, {ref.seq}"
    if not told and opened.roster_differences():
        yield f"the roster is not the fold: {opened.roster_differences()[0]}"


def campaign(cases: int) -> bool:
    logging.disable(logging.ERROR)  # each case says what it mends
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as base:
        life, tally, slowest, bad = Life.lived(Path(base) / "life"), Tally[str](), 0.0, []
        for number in range(cases):
            found = case(life, number, Path(base) / "case")
            tally[found.how] += 1
            slowest = max(slowest, found.seconds)
            if found.faults or found.seconds > SLOW_SECONDS:
                bad.append(f"{found.what}: {found.faults}")
    print(f"{cases} damaged databases: {dict(tally)}; slowest {slowest:.1f} s; wrong: {len(bad)}")
    print(*bad[:20], sep="\n")
    return not bad


if __name__ == "__main__":
    raise SystemExit(0 if campaign(int(sys.argv[1]) if len(sys.argv) > 1 else 1000) else 1)
