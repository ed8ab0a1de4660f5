"""The loudspeaker: plays the sound of a signal through SDL, in a thread of its own.

The device is opened for a sound and closed after it, because an open one wakes the machine dozens of times a second.
Without a sound card, or if it fails, the kiosk stays silent and logs this once.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable

from kiosk.model import Signal, Sound
from kiosk.screen.sdl import pygame
from kiosk.screen.sound.melodies import MELODIES, RATE, samples

log = logging.getLogger(__name__)

RETRY_SECONDS = 600.0
"""After how long a device that could not be opened is tried again: ALSA complains in many lines each time."""
BUFFER = 512
"""Samples: 23 ms."""
LOOK_SECONDS = 0.02


class Speaker:
    """Plays one sound at a time; a new one cuts off the one before."""

    def __init__(self, *, volume: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`volume` from 0 (the device is never opened) to 1."""
        self.played = 0
        """Sounds that were played to their end."""
        self._volume, self._monotonic = volume, monotonic
        self._asked: queue.SimpleQueue[tuple[Signal, Sound] | None] = queue.SimpleQueue()
        self._failed_at: float | None = None
        self._closing = False
        self._thread: threading.Thread | None = None
        if volume > 0:
            self._thread = threading.Thread(target=self._run, name="speaker", daemon=True)
            self._thread.start()

    def play(self, signal: Signal, sound: Sound = "usual") -> None:
        """Begin the sound of a signal; return at once."""
        if self._thread is not None and sound != "none" and signal in MELODIES:
            self._asked.put((signal, sound))

    def close(self) -> None:
        """Let the running sound end, and close the device."""
        self._closing = True
        thread, self._thread = self._thread, None
        if thread is not None:
            self._asked.put(None)
            thread.join(5)

    def _run(self) -> None:
        for signal in MELODIES:
            samples(signal, volume=self._volume)  # kept: the first tap must not wait for arithmetic
        while (asked := self._asked.get()) is not None:
            if self._opened():
                try:
                    self._sound(samples(*asked, volume=self._volume))
                finally:
                    pygame.mixer.quit()

    def _opened(self) -> bool:
        """Open the device; False while there is none."""
        if self._failed_at is not None and self._monotonic() - self._failed_at < RETRY_SECONDS:
            return False
        try:
            pygame.mixer.init(frequency=RATE, size=-16, channels=1, buffer=BUFFER, allowedchanges=0)
        except pygame.error as error:
            if self._failed_at is None:
                log.info("no sound: %s", error)
            self._failed_at = self._monotonic()
            return False
        self._failed_at = None
        return True

    def _sound(self, data: bytes) -> None:
        """Play samples until they end or another sound is requested."""
        channel = pygame.mixer.Sound(buffer=data).play()
        while channel is not None and channel.get_busy():
            if not self._closing and not self._asked.empty():
                return
            time.sleep(LOOK_SECONDS)
        self.played += 1
