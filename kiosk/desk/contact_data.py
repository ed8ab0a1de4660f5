"""Finds e-mail addresses and telephone numbers in typed text.

None is stored on a kiosk, because its card can be stolen.
"""

from __future__ import annotations

import re

from kiosk.desk.desk import DeskError

E_MAIL = re.compile(r"\S@\S")


def refuse_contact(text: str, *, field: str, country: str) -> None:
    """Raise DeskError for an e-mail address or a telephone number.

    `field` is the form field of the text, for the error message; `country` (ISO 3166) is the country of numbers without
    a country code.
    """
    if E_MAIL.search(text) or _has_telephone_number(text, country):
        message = "no e-mail addresses and telephone numbers on the kiosk: its card can be stolen"
        raise DeskError(message, code="CONTACT", field=field)


def _has_telephone_number(text: str, country: str) -> bool:
    """Tell whether the text has a valid telephone number; dates, amounts and cheque numbers can look like one."""
    if sum(letter.isdigit() for letter in text) < FEWEST_FIGURES:
        return False
    from phonenumbers import Leniency, PhoneNumberMatcher  # a third of a second on a small machine, and rarely needed

    return PhoneNumberMatcher(text, country, leniency=Leniency.VALID).has_next()


FEWEST_FIGURES = 7
"""The shortest numbers of a whole subscriber; emergency numbers are not personal."""
