"""Which typed texts are telephone numbers, by the numbering plans of libphonenumber."""

import pytest

from kiosk.desk.contact_data import refuse_contact
from kiosk.desk.desk import DeskError


def is_refused(text: str, country: str = "FR") -> bool:
    try:
        refuse_contact(text, field="reason", country=country)
    except DeskError as error:
        return error.code == "CONTACT"
    return False


@pytest.mark.parametrize(
    "text",
    [
        "06 12 34 56 78", "0612345678", "06-12-34-56-78 Léa", "appeler le 04.92.67.00.00", "+33 6 12 34 56 78",
        "+33(0)6 12 34 56 78", "0041 79 123 45 67", "+41791234567", "lea@example.org", "écrire à lea@example.org.",
        "carte 0492670000",
    ],
)  # fmt: skip
def test_addresses_and_telephone_numbers_are_refused(text):
    assert is_refused(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-01 12:30", "du 03 08 2026 au 14 08 2026", "01/06/2026 - 30/06/2026", "20260601", "50 000,00 EUR",
        "1 234 567 890", "chèque 1234567", "chèque n° 0001234", "IBAN FR76 3000 6000 0112 3456 7890 189",
        "SIRET 123 456 789 00012", "10 entrées, 3 h, 50 €", "appeler le 112", "Camille Roux", "",
    ],
)  # fmt: skip
def test_dates_amounts_and_numbers_of_cheques_are_none(text):
    assert not is_refused(text)


def test_a_number_without_its_country_is_one_of_the_country_of_the_site():
    assert is_refused("020 7946 0018", "GB")
    assert not is_refused("020 7946 0018", "FR")
