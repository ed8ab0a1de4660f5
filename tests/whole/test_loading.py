"""The cost of a start before the kiosk's own work: which code is loaded, and that no other program is started."""

import subprocess
import sys

PROGRAM = """
import sys
started = []
sys.addaudithook(lambda event, words: started.append(words[0]) if event == "subprocess.Popen" else None)
import {module}
print(len(started))
"""


def programs_started_by(module: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(module=module)], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_the_daemon_is_loaded_without_any_other_program() -> None:
    assert programs_started_by("kiosk.daemon") == 0


def test_nfcpy_alone_would_have_a_library_looked_for_by_other_programs() -> None:
    assert programs_started_by("nfc") > 0
