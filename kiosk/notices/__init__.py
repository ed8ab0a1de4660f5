"""Everything people read: turns verdicts, health codes and commands into words, picture and buttons. Pure.

All words of the screen are in this package, their translations in kiosk/locale. Drawing is in kiosk.screen; light and
buzzer are in hardware.indicator.
"""

from kiosk.notices.extras import (
    extended,
    extension_question,
    extra_refused,
    guest_in,
    guest_question,
    kept,
)
from kiosk.notices.language import Language, choose, languages
from kiosk.notices.people import called, comes_for
from kiosk.notices.refusals import refusal
from kiosk.notices.service import goodbye, lift_badge, out_of_service, slow_down, undo_refused, undone
from kiosk.notices.standby import cannot_start, idle, not_set_up
from kiosk.notices.verdicts import log_line, notice, signal
from kiosk.notices.view import Admission, Button, Health, Idle, Notice, Offer, Punch, Side

__all__ = [
    "Admission",
    "Button",
    "Health",
    "Idle",
    "Language",
    "Notice",
    "Offer",
    "Punch",
    "Side",
    "called",
    "cannot_start",
    "choose",
    "comes_for",
    "extended",
    "extension_question",
    "extra_refused",
    "goodbye",
    "guest_in",
    "guest_question",
    "idle",
    "kept",
    "languages",
    "lift_badge",
    "log_line",
    "not_set_up",
    "notice",
    "out_of_service",
    "refusal",
    "signal",
    "slow_down",
    "undo_refused",
    "undone",
]
