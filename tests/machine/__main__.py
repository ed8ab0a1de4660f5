"""`make vm`: the stages, one after the other or some of them, and a summary at the end."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from hardware.simulator.chip import Pn532
from tests.machine.guest import GuestError
from tests.machine.image import SUITES
from tests.machine.stages import STAGES, Bench


def main() -> int:
    """Run stages; 0 when all of them held."""
    parser = argparse.ArgumentParser(prog="python -m tests.machine", description=main.__doc__)
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=f"{', '.join(STAGES)}; all by default")
    parser.add_argument("--folder", type=Path, default=Path("build/vm"), help="for disks of some 6 GB [build/vm]")
    parser.add_argument("--debian", type=int, choices=SUITES, default=12, help="the release of Debian [%(default)s]")
    parser.add_argument("--release", type=Path, required=True, help="what `make release` made")
    parser.add_argument("--seed", type=int, default=1, help="of the moments at which the power is cut")
    parser.add_argument("--cuts", type=int, default=20, help="how often the power is cut")
    given = parser.parse_args()
    unknown = set(given.stages) - set(STAGES)
    if unknown:
        parser.error(f"no stage {', '.join(unknown)}: {', '.join(STAGES)}")
    folder: Path = given.folder.resolve() / str(given.debian)
    folder.mkdir(parents=True, exist_ok=True)
    failed = {}
    with Pn532(strict_baud=False) as chip:
        bench = Bench(
            folder=folder,
            release=given.release.resolve(),
            debian=given.debian,
            chip=chip,
            seed=given.seed,
            cuts=given.cuts,
        )
        for stage in given.stages or STAGES:
            began = time.monotonic()
            print(f"{stage}: {(STAGES[stage].__doc__ or '').splitlines()[0]}", flush=True)
            try:
                STAGES[stage](bench)
            except GuestError as error:
                failed[stage] = str(error)
                print(f"  FAILED: {error}", flush=True)
            bench.told(f"{stage} took s", round(time.monotonic() - began))
    print("\nsummary")
    for what, value in bench.figures.items():
        print(f"  {what:<60} {value}")
    for stage, why in failed.items():
        print(f"  {stage} FAILED: {why.splitlines()[0]}")
    (folder / "summary.json").write_text(json.dumps({"figures": bench.figures, "failed": failed}, indent=2))
    return 1 if failed else 0


raise SystemExit(main())
