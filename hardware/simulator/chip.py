"""A simulated PN532 reader on a pseudo-terminal: frames, speeds and faults.

The host's driver opens `Pn532.port` like any serial port. The chip's answers are in `firmware`, their framing in
`frames`, the cards on its antenna in `cards`.
"""

from __future__ import annotations

import os
import queue
import select
import time
from collections import Counter
from collections.abc import Callable
from threading import Event, Thread, current_thread
from typing import Self

from hardware.errors import HardwareError
from hardware.simulator.cards import Card
from hardware.simulator.firmware import (
    IN_COMMUNICATE_THRU,
    IN_LIST_PASSIVE_TARGET,
    CommandError,
    Firmware,
)
from hardware.simulator.frames import ACK, ERROR, FROM_CHIP, FROM_HOST, NACK, frame, take_frame
from hardware.simulator.port import Port

FAULTS: dict[str, Callable[[bytes], tuple[bytes, bytes]]] = {
    "silent": lambda _: (b"", b""),
    "noack": lambda answer: (b"", answer),
    "ackonly": lambda _: (ACK, b""),
    "shortack": lambda answer: (ACK[:3], answer),
    "short": lambda answer: (ACK, answer[:3]),
    "garbage": lambda _: (ACK, b"\x2a" * 64),
    "badsum": lambda answer: (ACK, answer[:-2] + bytes([answer[-2] ^ 0x01, 0])),
    "badlcs": lambda answer: (ACK, answer[:4] + bytes([answer[4] ^ 0x01]) + answer[5:]),
    "wrongcmd": lambda _: (ACK, frame(bytes([FROM_CHIP, 0xFF]))),
    "errframe": lambda _: (ACK, ERROR),
    "hangup": lambda _: (b"", b""),
}
"""What the host gets for an acknowledgement and an answer. With `hangup` the plug comes out as well."""


class Pn532:
    """A simulated PN532, used with `with` or between `start` and `stop`. Its methods may be called from any thread.

    With `strict_baud` it does not understand a host at another speed than its own. With `wire` it takes the time of a
    real one (bytes on the line, 20 ms to search the field); without, it answers at once.
    """

    def __init__(self, *, strict_baud: bool = True, wire: bool = False) -> None:
        self.commands: Counter[int] = Counter()
        """How often each command came."""
        self._strict_baud, self._wire = strict_baud, wire
        self._port = Port()
        self._fault: str | None = None
        self._firmware = Firmware()
        self._power_on()
        self._asked: queue.SimpleQueue[tuple[Callable[[], None], Event]] = queue.SimpleQueue()
        self._wake_read, self._wake_write = -1, -1
        self._running = False
        self._thread = Thread(target=self._run, name="pn532", daemon=True)

    @property
    def port(self) -> str:
        """The path of the serial port, from `start` on; it stays the same over `unplug` and `replug`."""
        return self._port.path

    def start(self) -> Self:
        """Plug in and run."""
        self._port.plug()
        self._wake_read, self._wake_write = os.pipe()
        self._running = True
        self._thread.start()
        return self

    def stop(self) -> None:
        """Unplug the reader and release everything."""
        if not self._port.path:
            return
        if self._thread.is_alive():
            self._ask(self._end)
            self._thread.join()
        self._port.remove()
        os.close(self._wake_read)
        os.close(self._wake_write)

    __enter__ = start

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def fault(self) -> str | None:
        """One of FAULTS, or None for no fault."""
        return self._fault

    @fault.setter
    def fault(self, name: str | None) -> None:
        if name is not None and name not in FAULTS:
            raise ValueError(f"no fault {name!r}: there are {', '.join(FAULTS)}")
        self._fault = name

    def put(self, card: Card) -> None:
        """Lay a card on the reader, replacing another one."""
        self._ask(lambda: self._firmware.put(card))

    def take(self) -> None:
        """Take the card away."""
        self._ask(self._firmware.take)

    def unplug(self) -> None:
        """Unplug the reader: the port is gone, and the chip has no power."""
        self._ask(self._port.unplug)

    def replug(self) -> None:
        """Plug the reader in again: the chip restarts, the card still lies on it."""
        self._ask(self._power_on)
        self._ask(self._port.plug)

    # ------------------------------------------------------------ the thread

    def _ask(self, action: Callable[[], None]) -> None:
        """Run a function in the chip's own thread, and wait until it is done.

        Called before that thread runs, or by a card from inside it, the function runs at once.
        """
        if not self._running or current_thread() is self._thread:
            action()
            return
        done = Event()
        self._asked.put((action, done))
        os.write(self._wake_write, b"\0")
        while not done.wait(1.0):
            if not self._thread.is_alive():
                raise HardwareError("the simulated reader has died: see the error of its thread")

    def _run(self) -> None:
        while self._running:
            waiting: list[Port | int] = [self._wake_read, *([self._port] if self._port.is_plugged else [])]
            readable, _, _ = select.select(waiting, [], [], self._until_due())
            if self._port in readable:
                self._receive(self._port.read())
            if self._wake_read in readable:
                self._serve_one()
            self._send_due()

    def _serve_one(self) -> None:
        os.read(self._wake_read, 1)
        action, done = self._asked.get()
        try:
            action()
        finally:
            done.set()

    def _end(self) -> None:
        self._running = False

    # ------------------------------------------------------------ the line

    def _power_on(self) -> None:
        card = self._firmware.card
        self._firmware = Firmware()
        if card:
            self._firmware.put(card)
        self._speed = self._firmware.speed
        self._received, self._outbox, self._last_answer = bytearray(), list[tuple[float, bytes]](), b""

    def _in_tune(self) -> bool:
        """Whether host and chip run at one speed.

        A host that already uses the speed it asked for has received the answer: its acknowledgement may be lost in the
        change.
        """
        if self._firmware.speed != self._speed and self._port.host_runs_at(self._firmware.speed):
            self._speed = self._firmware.speed
        return not self._strict_baud or self._port.host_runs_at(self._speed)

    def _receive(self, content: bytes) -> None:
        if not self._in_tune():
            self._received.clear()
            return
        self._received += content
        while (taken := take_frame(self._received)) is not None:
            self._handle(taken)

    def _handle(self, taken: bytes) -> None:
        self._outbox.clear()  # whatever comes, it ends what was going on
        if taken == ACK:
            self._speed = self._firmware.speed
        elif taken == NACK:
            self._send(self._last_answer, after=0.0)
        elif len(taken) >= 2 and taken[0] == FROM_HOST:
            self._command(taken[1], taken[2:])

    def _command(self, code: int, data: bytes) -> None:
        self.commands[code] += 1
        if self._fault == "hangup":
            self._port.unplug()
            return
        try:
            answer = frame(bytes([FROM_CHIP, code + 1]) + self._firmware.answer(code, data))
        except CommandError:
            answer = ERROR
        self._last_answer = answer
        acknowledgement, answer = FAULTS[self._fault](answer) if self._fault else (ACK, answer)
        self._send(acknowledgement, after=self._line_time(len(data) + 9) + 0.001)
        self._send(answer, after=self._working_time(code))

    def _line_time(self, size: int) -> float:
        """Return the seconds for so many bytes of ten bits."""
        return size * 10 / self._speed

    def _working_time(self, code: int) -> float:
        """Return the seconds that a real chip typically takes."""
        return {IN_LIST_PASSIVE_TARGET: 0.02, IN_COMMUNICATE_THRU: 0.004}.get(code, 0.001)

    def _send(self, content: bytes, *, after: float) -> None:
        """Send the content after so many seconds and its time on the line, after what is already being sent."""
        last = self._outbox[-1][0] if self._outbox else time.monotonic()
        delay = after + self._line_time(len(content)) if self._wire else 0.0
        self._outbox.append((last + delay, content))

    def _until_due(self) -> float | None:
        return max(0.0, self._outbox[0][0] - time.monotonic()) if self._outbox else None

    def _send_due(self) -> None:
        while self._outbox and self._outbox[0][0] <= time.monotonic():
            _, content = self._outbox.pop(0)
            if self._port.is_plugged and self._in_tune():
                self._port.write(content)
