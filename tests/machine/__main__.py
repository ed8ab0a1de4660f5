"""`make vm`: runs all or some of the stages, and prints a summary."""

from __future__ import annotations

import argparse
import hashlib
import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from hardware.simulator.chip import Pn532
from tests.machine.bench import Bench
from tests.machine.guest import GuestError
from tests.machine.image import SUITES
from tests.machine.stages import STAGES

FOUNDATIONS = ("image", "install", "ready")
"""What comes after them was seen on a disk that they make anew."""


class OutOfTimeError(RuntimeError):
    """A stage took longer than it may. No GuestError: while something is waited for, those are passed over."""


class Record:
    """Which stages held, and in how many seconds, kept beside the disks; all is forgotten for another release."""

    def __init__(self, path: Path, release: Path) -> None:
        self._path, self._release = path, hashlib.sha256(release.read_bytes()).hexdigest()
        self.seconds: dict[str, int] = {}
        self.figures: dict[str, Any] = {}
        self.failed: dict[str, str] = {}

    def read(self) -> Self:
        """Take up what an earlier run left, if it was of the same release."""
        if self._path.exists():
            kept = json.loads(self._path.read_text())
            if kept["release"] == self._release:
                self.seconds, self.figures = kept["seconds"], kept["figures"]
        return self

    def begin(self, stage: str) -> None:
        """Forget that a stage held before, and after a foundation all that stood on it."""
        names = list(STAGES)
        gone = names[names.index(stage) :] if stage in FOUNDATIONS else [stage]
        for name in gone:
            self.seconds.pop(name, None)
        self._write()

    def end(self, stage: str, seconds: int, error: Exception | None) -> None:
        """Keep how a stage ended."""
        if error:
            self.failed[stage] = str(error)
        else:
            self.seconds[stage] = seconds
        self._write()

    def _write(self) -> None:
        kept = {"release": self._release, "seconds": self.seconds, "figures": self.figures, "failed": self.failed}
        self._path.write_text(json.dumps(kept, indent=2))

    def tell(self) -> None:
        """Print the summary."""
        print("\nsummary")
        for what, value in self.figures.items():
            print(f"  {what:<60} {value}")
        for stage in STAGES:
            ended = f"held, {self.seconds[stage]} s" if stage in self.seconds else "has not held"
            print(f"  {stage:<60} {ended}")
        for stage, why in self.failed.items():
            print(f"  {stage} FAILED: {why.splitlines()[0]}")


@contextmanager
def within(minutes: float) -> Iterator[None]:
    """Raise OutOfTimeError in whatever is done here when it takes longer."""

    def give_up(*_: object) -> None:
        raise OutOfTimeError(f"not done after {minutes:g} min")

    signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, minutes * 60)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def main() -> int:
    """Run stages; return 0 when all of them passed."""
    parser = argparse.ArgumentParser(prog="python -m tests.machine", description=main.__doc__)
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=f"{', '.join(STAGES)}; by default what has not held")
    parser.add_argument("--anew", action="store_true", help="all of them, also what has held for this release")
    parser.add_argument("--folder", type=Path, default=Path("build/vm"), help="for disks of some 6 GB [build/vm]")
    parser.add_argument("--pictures", type=Path, help="for what the screen showed [the folder of the disks]")
    parser.add_argument("--debian", type=int, choices=SUITES, default=12, help="the release of Debian [%(default)s]")
    parser.add_argument("--release", type=Path, required=True, help="what `make release` made")
    parser.add_argument("--seed", type=int, default=1, help="of the moments at which the power is cut")
    parser.add_argument("--cuts", type=int, default=20, help="how often the power is cut")
    given = parser.parse_args()
    unknown = set(given.stages) - set(STAGES)
    if unknown:
        parser.error(f"no stage {', '.join(unknown)}: {', '.join(STAGES)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the machine is ended as well
    folder: Path = given.folder.resolve() / str(given.debian)
    folder.mkdir(parents=True, exist_ok=True)
    record = Record(folder / "record.json", given.release).read()
    wanted = given.stages or [name for name in STAGES if given.anew or name not in record.seconds]
    with Pn532(strict_baud=False) as chip:
        bench = Bench(
            folder=folder,
            pictures=(given.pictures or folder).resolve(),
            release=given.release.resolve(),
            debian=given.debian,
            chip=chip,
            seed=given.seed,
            cuts=given.cuts,
            figures=record.figures,
        )
        for name in wanted:
            _run(name, bench, record)
            if name in record.failed and name in FOUNDATIONS:
                break
    record.tell()
    return 1 if record.failed else 0


def _run(name: str, bench: Bench, record: Record) -> None:
    """Run one stage within its time, and keep how it ended."""
    stage, began, failure = STAGES[name], time.monotonic(), None
    print(f"{name}: {(stage.run.__doc__ or '').splitlines()[0]}", flush=True)
    record.begin(name)
    try:
        with within(stage.minutes):
            stage.run(bench)
    except (GuestError, OutOfTimeError, OSError) as error:
        failure = error
        print(f"  FAILED: {error}", flush=True)
    seconds = round(time.monotonic() - began)
    bench.told(f"{name} took s", seconds)
    bench.chip.take()
    record.end(name, seconds, failure)


raise SystemExit(main())
