"""Inside the machine: tells the outside, through a virtual port, every head of the ledger that the kiosk tells.

What was told is out of the machine, and can be held against it after a power cut.
"""

import json
import sys
import time
from pathlib import Path

from kiosk import control
from kiosk.commands import ShowStatus, encode_command

port = Path(sys.argv[1]).open("w", buffering=1)  # noqa: SIM115 - for as long as the machine lives
told = None
while True:
    try:
        status = json.loads(control.ask(Path("/run/kiosk/kiosk.sock"), encode_command(ShowStatus())))
    except control.ControlError:
        time.sleep(0.5)
        continue
    head = status.get("head", "")
    if head and head != told:
        port.write(head + "\n")
        told = head
    time.sleep(0.2)
