"""Hashes and checks passwords, in one thread of low priority: beside the threads that answer kiosks, not among them.

Argon2 is meant to be slow: it fills 64 MiB and uses every processor. Whoever asks waits for the answer; how many may
wait is decided by sync.central.accounts.sessions.
"""

from __future__ import annotations

import os
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

NICENESS = 10
"""Of the hashing thread, and of those that Argon2 starts in it: beside others it gets a tenth of a processor."""


class PasswordHashing:
    """Hashes one password at a time. Callable from any thread."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """Without a `hasher` its library's defaults are used (RFC 9106's second recommendation)."""
        self._hasher = hasher or PasswordHasher()
        self._thread = ThreadPoolExecutor(1, "hashing", initializer=_yield_to_others)

    def hash(self, password: str) -> str:
        """Return the hash to store."""
        return self._thread.submit(self._hasher.hash, password).result()

    def is_right(self, hashed: str | None, password: str) -> bool:
        """Tell whether a password has this hash; None, for an unknown account, takes as long and is never right."""
        return self._thread.submit(self._is_right, hashed, password).result()

    def close(self) -> None:
        """End the thread once it is done."""
        self._thread.shutdown(wait=False)

    def _is_right(self, hashed: str | None, password: str) -> bool:
        try:
            return self._hasher.verify(hashed or self._nobody, password) and hashed is not None
        except (VerificationError, InvalidHashError):
            return False

    @cached_property
    def _nobody(self) -> str:
        return self._hasher.hash(secrets.token_hex())


def _yield_to_others() -> None:
    """Lower the priority of this thread; on Linux each thread has its own, and those that it starts inherit it."""
    with suppress(OSError):  # a unit that forbids it: the password is hashed all the same
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, max(os.getpriority(os.PRIO_PROCESS, thread), NICENESS))
