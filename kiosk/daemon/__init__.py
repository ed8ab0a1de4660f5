"""The kiosk as one process: its parts put together, started, watched and stopped."""

from kiosk.daemon.kiosk import READER_SILENCE_SECONDS, WATCHDOG_SECONDS, Kiosk, World, run

__all__ = ["READER_SILENCE_SECONDS", "WATCHDOG_SECONDS", "Kiosk", "World", "run"]
