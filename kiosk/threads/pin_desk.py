"""Signing in and setting PINs while the controller serves the door: it keeps the books, the hashing is done here.

Called from the thread of whoever asks. What a PIN is and how tries are counted is in kiosk.desk.pins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from kiosk.answers import Answered, Refused
from kiosk.commands import SetPin, SetUp, SignIn
from kiosk.desk import Desk, DeskError, first_start, pins
from kiosk.ledger import LedgerError
from kiosk.roster import RosterError
from kiosk.threads.control_socket import Errand


class PinDesk:
    """The controller's desk as seen from another thread."""

    def __init__(self, post: Callable[[Errand], None], patience_seconds: float) -> None:
        """`post` puts an errand into the controller's inbox."""
        self._post, self._patience = post, patience_seconds

    def answer(self, command: SignIn | SetPin | SetUp) -> Answered:
        """Do it; refusals are answers too."""
        try:
            if isinstance(command, SetUp):
                return self._set_up(command)
            return self._sign_in(command) if isinstance(command, SignIn) else self._set_pin(command)
        except DeskError as error:
            return Refused(message=str(error), near=error.near, code=error.code, facts=error.facts)
        except LedgerError as error:
            return Refused(message=str(error), code="LEDGER_FAILED")
        except RosterError as error:
            return Refused(message=str(error), code="NO_SITE")
        except TimeoutError as error:
            return Refused(message=str(error), code="NO_ANSWER")

    def _sign_in(self, command: SignIn) -> Answered:
        kept: pins.Kept = self._at_desk(lambda desk: pins.begin(desk, command.member))
        if not pins.matches(command.pin, kept):
            raise pins.wrong()
        done: Answered = self._at_desk(lambda desk: pins.accept(desk, command.member))
        return done

    def _set_pin(self, command: SetPin) -> Answered:
        pepper: bytes = self._at_desk(lambda desk: desk.badge_key)
        hashed = command.hashed or pins.hash_pin(command.pin, pepper)
        done: Answered = self._at_desk(lambda desk: pins.set_pin(desk, replace(command, pin="", hashed=hashed)))
        return done

    def _set_up(self, command: SetUp) -> Answered:
        hashed = command.hashed or pins.hash_pin(command.pin, self._at_desk(lambda desk: desk.badge_key))
        done: Answered = self._at_desk(lambda desk: first_start.set_up(desk, replace(command, pin="", hashed=hashed)))
        return done

    def _at_desk(self, deed: Callable[[Desk], Any]) -> Any:
        errand = Errand(deed)
        self._post(errand)
        return errand.wait(self._patience)
