"""A kiosk's day under Python's audit hooks: who opens its database, and whether that connection can write.

`python -m tests.whole.audited_kiosk FOLDER` prints JSON. `two-writers` has one more thread write, as a careless version
might: the bad twin. It is a process of its own because an audit hook stays until the process ends.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

from kiosk.answers import Done, decode_answer
from kiosk.commands import AddMember, ExportBooks, ForgetOld, Pair, SellPass, ShowStatus, encode_command
from kiosk.demo.bench import Bench
from kiosk.threads.control_socket import ask
from kiosk.upkeep.nightly import NightlyWorker
from tests.office.kiosks.running import SIZE, RunningKiosk
from tests.office.network.linked import LiveServer
from tests.office.network.processes import until


class Audit:
    """Remembers each connection to the ledger: by which thread, and whether it was opened so that it can write."""

    def __init__(self, ledger: Path) -> None:
        self._ledger = f"file:{ledger}"
        self.writers: list[str] = []
        self.readers: list[str] = []

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "sqlite3.connect" and str(args[0]).partition("?")[0] == self._ledger:
            opened = self.readers if str(args[0]).endswith("?mode=ro") else self.writers
            opened.append(threading.current_thread().name)


def open_for_writing(ledger: Path) -> int:
    """How many descriptors of this process lead to the ledger and may write (proc(5))."""
    count = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            there, info = descriptor.readlink(), Path(f"/proc/self/fdinfo/{descriptor.name}").read_text()
        except OSError:
            continue
        flags = next(int(line.split()[1], 8) for line in info.splitlines() if line.startswith("flags"))
        count += there == ledger and flags & os.O_ACCMODE != os.O_RDONLY
    return count


def does(running: RunningKiosk, *commands: Any) -> None:
    for command in commands:
        answer = decode_answer(ask(running.socket, encode_command(command), seconds=60))
        assert not isinstance(answer, Done) or answer.said, answer


def day(running: RunningKiosk, hub: LiveServer) -> None:
    """All that opens the database in a day, and some of it twice."""
    running.tap("claire")
    does(running, AddMember(name="Zoé"), SellPass(members=("camille",), product="carte-10"), ShowStatus(), ForgetOld())
    does(running, Pair(url=hub.url, code=hub.code()), ExportBooks(medium="/nowhere"))
    kiosk = running.kiosk
    nightly = NightlyWorker(
        kiosk._config, running.bench.clock, forget_part=lambda: False, on_damage=lambda why: sys.exit(why)
    )
    nightly.check_pages()
    nightly.copy_ledger()
    running.tap("camille")
    does(running, ShowStatus())
    until(lambda: not running.kiosk.controller._ledger.waiting, "the server does not get the entries")


def main(folder: Path, *, two_writers: bool) -> None:
    with Bench(folder) as bench:
        bench.prepare(bench.config(SIZE))
    ledger = folder / "ledger.db"
    audit = Audit(ledger)
    sys.addaudithook(audit)
    with LiveServer(folder / "hub") as hub, RunningKiosk(folder, is_blank=True) as running:
        if two_writers:
            with closing(sqlite3.connect(f"file:{ledger}?mode=rw", uri=True)) as careless:
                careless.execute("DELETE FROM cursors WHERE name = 'none'")
        most = open_for_writing(ledger)
        day(running, hub)
        found = {
            "writers": audit.writers,
            "readers": sorted(set(audit.readers)),
            "descriptors": [most, open_for_writing(ledger)],
            "copies": len(list((folder / "backup").iterdir())),
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), two_writers="two-writers" in sys.argv)
