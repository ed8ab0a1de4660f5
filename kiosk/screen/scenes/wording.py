"""Words for passes, prices and ways to pay, shared by the scenes of members and of the till."""

from __future__ import annotations

from kiosk import payments
from kiosk.answers import PassLine, Person, Present, SalePreview
from kiosk.model import Product
from kiosk.notices import Language
from kiosk.notices.language import sentence


def payment_method(words: Language, name: str) -> str:
    """Return a way to pay in words; another way as it was typed."""
    payment = payments.read(name)
    return payment.words or sentence(words.say(payments.LABELS[payment.method]))


def name_or_erased(words: Language, person: Present) -> str:
    """Return the name of somebody who is in, or the words for an erased person."""
    return person.name or words.say("1 person (erased)")


def product_gives(words: Language, product: Product) -> str:
    """Return what a product gives: `+10 entries`, or its name when it is not counted."""
    if product.units is None or product.per != "once":
        return product.name
    return words.count("+{n} entry", "+{n} entries", product.units)


def product_and_price(words: Language, product: Product, currency: str) -> str:
    """Return what a product gives and costs: `+10 entries, 50 €`."""
    return f"{product_gives(words, product)}, {words.money(product.price_cents, currency)}"


def entries_left(words: Language, count: int | None) -> str:
    """Return the entries left in words; below zero they are owed."""
    if count is None:
        return words.say("Unlimited")
    if count < 0:
        return words.count("{n} entry owed", "{n} entries owed", -count)
    return words.count("{n} entry left", "{n} entries left", count)


def member_summary(words: Language, person: Person) -> str:
    """Return what a member in a list has left."""
    if person.unlimited:
        return words.say("Unlimited")
    return words.say("No pass") if person.left is None else entries_left(words, person.left)


def sale_dates(words: Language, sale: SalePreview) -> str:
    """Return the first and last day of a pass before it is sold."""
    first = words.weekday_of(sale.valid_from, sale.valid_from)
    if sale.valid_until is None:
        return words.say("From {first}, without end", first=first)
    if sale.valid_until == sale.valid_from:
        return words.say("Only on {first}", first=first)
    return words.say("From {first} to {last}", first=first, last=words.weekday_of(sale.valid_until, sale.valid_from))


def pass_validity(words: Language, line: PassLine) -> str:
    """Return whether a pass is valid, and until when."""
    if line.validity == "expired":
        return words.say("Expired")
    if line.validity == "not_yet":
        return words.say("Not valid yet")
    if line.valid_until is None:
        return words.say("Without end")
    return words.say("Until {date}", date=words.weekday_of(line.valid_until, line.valid_from))
