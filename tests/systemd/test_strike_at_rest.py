"""A kiosk killed in mid-pulse leaves the strike at rest: what its unit starts afterwards, on a stand-in for lgpio.

The whole of it, with systemd and a kill, is in tests/machine (`make container`, `make vm`).
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.systemd.test_units import UNIT, settings

ROOT = Path(__file__).parents[2]
STANDIN = ROOT / "tests/machine/standin"
STRIKE = 17
PULSE = """
import sys, time
from hardware.door import Door
from hardware.pins import open_pins
door = Door(strike=17, active_high=sys.argv[1] == "True", emit=print, pin_factory=open_pins())
door.unlock(60)
print("open", flush=True)
time.sleep(60)
"""


class Lines:
    """The machine's lines, kept in a file over the death of processes."""

    def __init__(self, folder: Path, *, active_high: bool) -> None:
        self.log, self.active_high = folder / "lines", active_high
        self.settings = folder / "kiosk.toml"
        self.settings.write_text(
            f'site = "la-serre"\n[reader]\npath = "tty:S0:pn532"\n[door]\nstrike = {STRIKE}\n'
            f"active_high = {str(active_high).lower()}\nforce = true\n"
        )
        self.environment = {**os.environ, "PYTHONPATH": f"{STANDIN}:{ROOT}", "LINES": str(self.log)}

    def strike(self) -> bool:
        """Whether the strike is energised: an input is at rest, by the resistor on the board."""
        level = int(self.log.read_text().splitlines()[-1].split()[2])
        return (level == 1) is self.active_high

    def kill_in_mid_pulse(self) -> None:
        command = [sys.executable, "-c", PULSE, str(self.active_high)]
        with subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            assert process.stdout.readline() == "open\n"
            process.kill()

    def run(self, words: str) -> None:
        """Run what the unit says, in this installation."""
        command = words.lstrip("-").replace("/opt/kiosk/current/bin/python", sys.executable)
        command = command.replace("/etc/kiosk/kiosk.toml", str(self.settings))
        subprocess.run(command.split(), env=self.environment, check=True, timeout=60)


@pytest.mark.parametrize("active_high", [True, False])
def test_what_the_unit_runs_after_a_kill_in_mid_pulse_lets_the_strike_go(tmp_path, active_high) -> None:
    lines = Lines(tmp_path, active_high=active_high)
    lines.kill_in_mid_pulse()
    assert lines.strike()  # nobody has done anything yet
    for words in settings(UNIT)["ExecStopPost"]:
        lines.run(words)
    driven = [row.split()[2] for row in lines.log.read_text().splitlines()]
    assert driven[-2] == ("0" if active_high else "1")  # driven there before it is let go


def test_without_a_strike_no_line_is_touched(tmp_path) -> None:
    lines = Lines(tmp_path, active_high=True)
    lines.settings.write_text('site = "la-serre"\n[reader]\npath = "tty:S0:pn532"\n')
    for words in settings(UNIT)["ExecStopPost"]:
        lines.run(words)
    assert not lines.log.exists()


def test_it_is_small_enough_to_be_there_within_a_second() -> None:
    """It loads neither screen, reader nor ledger, which take most of a second on a small machine."""
    code = "import sys, kiosk.strike_at_rest; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"pygame", "nfc", "sqlalchemy", "babel", "opening_hours"} & set(loaded.stdout.split())
