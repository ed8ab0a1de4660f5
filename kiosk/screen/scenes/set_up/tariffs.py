"""Example tariffs for the first start; their prices are asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time

from msgspec.structs import replace

from kiosk.model import Day, Duration, Product, Span, Spans, Unlimited
from kiosk.notices import Language

HALVES = (Span(start=time(), end=time(13, 30)), Span(start=time(13, 30), end=time()))


@dataclass(frozen=True, kw_only=True)
class Tariff:
    """An example tariff; `name` is shown to members, in the language of the place."""

    name: Callable[[Language], str]
    detail: Callable[[Language], str]
    product: Product

    def made(self, words: Language, *, price_cents: int) -> Product:
        """Return the product with this price."""
        return replace(self.product, name=self.name(words), price_cents=price_cents)


TARIFFS = (
    Tariff(
        name=lambda words: words.say("Card of 10 entries"),
        detail=lambda words: words.say("an entry lasts 3 hours"),
        product=Product(id="carte-10", name="", price_cents=5000, cover=Duration(minutes=180), units=10),
    ),
    Tariff(
        name=lambda words: words.say("Card of 10 half days"),
        detail=lambda words: words.say("until 13:30, or from 13:30"),
        product=Product(id="demi-journees", name="", price_cents=8000, cover=Spans(spans=HALVES), units=10),
    ),
    Tariff(
        name=lambda words: words.say("Card of 10 days"),
        detail=lambda words: words.say("an entry lasts all day"),
        product=Product(id="jours", name="", price_cents=12000, cover=Day(), units=10),
    ),
    Tariff(
        name=lambda words: words.say("Unlimited month"),
        detail=lambda words: words.say("to the end of the month"),
        product=Product(id="mois", name="", price_cents=12000, cover=Unlimited(), calendar_month=True),
    ),
)
