"""Checks the end of a simulated month; and damages a card, for tests.soak.month.

The kiosk is not asked about itself: entries are counted at the server, balances are added up from them.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from kiosk.facts import Entry
from kiosk.ledger import LedgerReader
from kiosk.store.database import PAGE_BYTES
from sync.central.feed import stream
from sync.central.server import Central
from tests.office.ledgers.feed import rows
from tests.simulator.invariants import units_used

WAL_HEADER, FRAME_HEADER = 32, 24
"""Bytes: https://sqlite.org/fileformat2.html#walformat"""
PAGE_OF_FEED = 1000


def wear(ledger: Path, chance: random.Random) -> int:
    """Zero a page in the middle third of a database that nobody has open; return its number, from 1.

    One that the WAL would put back whole is left alone: that would be no damage. The middle, because what was written
    last may be with nobody else yet, and no ladder can bring back the only copy.
    """
    content, restored = bytearray(ledger.read_bytes()), _pages_in(Path(f"{ledger}-wal"))
    count, blank = len(content) // PAGE_BYTES, bytes(PAGE_BYTES)
    middle = (page for page in range(count // 3, 2 * count // 3) if page + 1 not in restored)
    page = chance.choice([one for one in middle if content[one * PAGE_BYTES : (one + 1) * PAGE_BYTES] != blank])
    content[page * PAGE_BYTES : (page + 1) * PAGE_BYTES] = blank
    ledger.write_bytes(content)
    return page + 1


def _pages_in(wal: Path) -> set[int]:
    content = wal.read_bytes() if wal.exists() else b""
    starts = range(WAL_HEADER, len(content), FRAME_HEADER + PAGE_BYTES)
    return {int.from_bytes(content[start : start + 4]) for start in starts}


def losses(central: Central, ledger: LedgerReader, acknowledged: Mapping[str, int]) -> Iterator[str]:
    """Yield what the server lacks of what a kiosk told as done (ledger -> last entry), and where balances are wrong."""
    central.books.fold()
    feed = _feed(central)
    there = defaultdict[str, set[int]](set)
    for entry in feed:
        there[entry.ref.ledger_id].add(entry.ref.seq)
    for ledger_id, last in acknowledged.items():
        missing = set(range(1, last + 1)) - there[ledger_id]
        if missing:
            yield f"the server lacks {len(missing)} acknowledged entries of {ledger_id}, the first is {min(missing)}"
    with central.storage.reader() as connection:
        servers = rows(connection)
    here = rows(ledger._database.connection)
    yield from (f"kiosk and server differ in {table}" for table in servers if servers[table] != here[table])
    used = Counter[str]()
    for pass_id, *_, units in here["uses"]:
        used[pass_id] += units
    expected = units_used(feed)
    wrong = [name for name in sorted({*used, *expected}) if used[name] != expected[name]]
    yield from (f"{used[name]} entries of {name} are used, the ledgers say {expected[name]}" for name in wrong)


def _feed(central: Central) -> list[Entry]:
    found: list[tuple[int, Entry]] = []
    with central.storage.reader() as connection:
        while page := stream.entries(
            connection, central.settings.network, after=found[-1][0] if found else 0, size=PAGE_OF_FEED
        ):
            found += page
    return [entry for _, entry in found]
