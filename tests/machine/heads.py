"""Inside the machine: reports every head of the ledger through a virtual port.

What was reported is outside of the machine, and is compared with the ledger after a power cut.
"""

import json
import sys
import time
from pathlib import Path

from kiosk.commands import ShowStatus, encode_command
from kiosk.threads import control_socket

port = Path(sys.argv[1]).open("w", buffering=1)  # noqa: SIM115 - for as long as the machine lives
told = None
while True:
    try:
        status = json.loads(control_socket.ask(Path("/run/kiosk/kiosk.sock"), encode_command(ShowStatus())))
    except control_socket.ControlError:
        time.sleep(0.5)
        continue
    head = status.get("head", "")
    if head and head != told:
        port.write(head + "\n")
        told = head
    time.sleep(0.2)
