"""Inside the machine: freezes threads of the kiosk while this runs.

freeze.py PID WHICH: 0 the first thread (screen), 1 the next (controller), ... in the order in which they were started.
"""

import ctypes
import os
import sys
import time
from pathlib import Path

SEIZE, INTERRUPT = 0x4206, 0x4207

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
pid, which = int(sys.argv[1]), int(sys.argv[2])
thread = sorted(int(one.name) for one in Path(f"/proc/{pid}/task").iterdir())[which]
for request in (SEIZE, INTERRUPT):
    if libc.ptrace(request, thread, None, None):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
print(f"thread {thread} is frozen", flush=True)
time.sleep(600)
