"""A site's readable description: kiosk.settings.site_file and the examples."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

import kiosk
from kiosk.model import Day, Duration, Member, Policy, Product, Span, Spans, Unlimited
from kiosk.settings.mistakes import MistakesError
from kiosk.settings.site_file import Description, read_site, suggested_id

EXAMPLES = Path(kiosk.__file__).parent / "examples"
SITE = """
[site]
id = "la-serre"
name = "La Serre"
zone = "Europe/Paris"
hours = "Mo,Tu 09:00-17:00; Th 14:00-17:00; PH off"
"""
CARNET = """
[products.carnet]
name = "Carnet"
price = "50 EUR"
covers = "3h"
entries = 10
"""


def site(tmp_path: Path, text: str) -> Description:
    path = tmp_path / "site.toml"
    path.write_text(text, encoding="utf-8")
    return read_site(path)


def mistakes(tmp_path: Path, text: str) -> str:
    with pytest.raises(MistakesError) as error:
        site(tmp_path, text)
    return str(error.value)


def product(tmp_path: Path, **settings: str) -> Product:
    lines = {"name": '"X"', "price": "10", "covers": '"day"', "entries": "1"} | settings
    text = "\n".join(f"{key} = {value}" for key, value in lines.items() if value)
    return site(tmp_path, f"{SITE}[products.x]\n{text}\n").products[0]


def test_la_serre_is_the_site_of_the_example():
    read = read_site(EXAMPLES / "la-serre.toml")
    assert (read.site.id, read.site.zone, read.site.currency) == ("la-serre", "Europe/Paris", "EUR")
    assert read.products == (
        Product(id="carte-10", name="Carte de 10 entrées", price_cents=5000, cover=Duration(minutes=180), units=10),
    )
    assert read.members == (Member(id="accueil", name="Accueil MSAP", role="staff", greeting="nothing"),)


def test_the_example_shows_every_number_of_the_policy_with_its_default():
    text = (EXAMPLES / "la-serre.toml").read_text(encoding="utf-8")
    policy = read_site(EXAMPLES / "la-serre.toml").site.policy
    assert policy == Policy(assume_staff=True)
    for name in Policy.__struct_fields__:
        assert f"\n{name} = " in text or f"\n#{name} = " in text, name


def test_every_tariff_of_the_field_can_be_written():
    halves = Spans(spans=(Span(start=time(0), end=time(13, 30)), Span(start=time(13, 30), end=time(0))))
    coworking = Spans(spans=(Span(start=time(8, 30), end=time(12)), Span(start=time(13), end=time(18))))
    terms = {
        one.id: (one.cover, one.units, one.per, one.valid_days or one.valid_months, one.calendar_month)
        for one in read_site(EXAMPLES / "tariffs.toml").products
    }
    assert terms == {
        "carte-10": (Duration(minutes=180), 10, "once", None, False),
        "demi-journees": (halves, 10, "once", 6, False),
        "mois": (Unlimited(), None, "once", None, True),
        "jour": (Day(boundary=time(4)), 1, "once", None, False),
        "demi-jour": (coworking, 1, "once", None, False),
        "deux-par-semaine": (Day(), 2, "week", 1, False),
        "cinq-par-mois": (Day(), 5, "month", None, True),
        "entreprise-20": (Day(), 20, "once", None, False),
        "ten-days": (Duration(minutes=840), 10, "month", None, True),
        "day-pass": (Day(boundary=time(0)), 1, "once", 60, False),
        "jour-et-nuit": (Unlimited(), None, "once", 1, False),
    }


def test_the_cheaper_combination_and_own_access_hours_can_be_written():
    products = {one.id: one for one in read_site(EXAMPLES / "tariffs.toml").products}
    assert products["demi-jour"].converts_to == "jour"
    assert products["jour-et-nuit"].access_hours == "24/7"


@pytest.mark.parametrize(
    ("text", "cents"),
    [('"50 EUR"', 5000), ("50.00", 5000), ("50", 5000), ('"12,50 €"', 1250), ('"7.5"', 750), ("0", 0), ("0.1", 10)],
)
def test_a_price_is_written_as_people_do(tmp_path, text, cents):
    assert product(tmp_path, price=text).price_cents == cents


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("3h", 180), ("1h30", 90), ("1 h 30 min", 90), ("90 min", 90), ("90 minutes", 90), ("14 heures", 840)],
)
def test_a_duration_is_written_as_people_do(tmp_path, text, minutes):
    assert product(tmp_path, covers=f'"{text}"').cover == Duration(minutes=minutes)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("price", '"fifty"', 'expected a price, such as "50 EUR" or 50.00'),
        ("price", "-5", "expected a price"),
        ("price", "true", "expected a price"),
        ("price", "9.999", "expected a price"),
        ("price", '"50 CHF"', "is not in the site's currency, EUR"),
        ("covers", '"0h"', "expected what one entry covers"),
        ("covers", '"unlimitd"', 'did you mean "unlimited"?'),
        ("covers", '"day until 25:00"', '"25:00" is no time of day'),
        ("covers", "[]", "expected what one entry covers"),
        ("covers", '["8-12"]', 'such as "08:30-12:00", not "8-12"'),
        ("covers", '["12:00-08:30"]', '"12:00-08:30" ends before it starts'),
        ("covers", '["08:00-13:00", "12:00-18:00"]', "overlaps the one before it"),
        ("valid", '"calender month"', 'did you mean "calendar month"?'),
        ("valid", '"0 days"', "expected how long a pass is valid"),
        ("valid", '"9999 years"', "expected 100 years or less"),
        ("entries", "0", "expected a number of entries, 1 or more"),
        ("entries", "", "products.x.entries\n      is missing: expected a number of entries"),
        ("covers", '"unlimited"', "products.x.entries = 1\n      an unlimited pass counts no entries"),
        ("per", '"weak"', 'did you mean "week"?'),
        ("converts_to", '"y"', 'products.x.converts_to = "y"\n      is no product of this file'),
        ("access", '"24/8"', "opening hours “24/8”, column"),
        ("entrees", "10", 'products.x.entrees = 10\n      is not a setting of [products.x]; did you mean "entries"?'),
    ],
)
def test_a_mistake_in_a_product_is_named_with_what_to_write(tmp_path, key, value, told):
    with pytest.raises(MistakesError) as error:
        product(tmp_path, **{key: value})
    assert told in str(error.value)
    assert error.value.found[0].path.startswith("products.x")


def test_bad_hours_point_at_the_column(tmp_path):
    told = mistakes(tmp_path, SITE.replace("14:00-17:00", "14:00-1700"))
    line, caret = told.splitlines()[1:3]
    assert line.strip().startswith("site.hours = ")
    assert line[caret.index("^") :].startswith('1700; PH off"')


def test_an_exception_needs_a_date_and_no_slip(tmp_path):
    assert "needs a date" in mistakes(tmp_path, SITE + "exceptions = ['off \"congés\"']\n")
    assert "site.exceptions[2]" in mistakes(tmp_path, SITE + "exceptions = ['2026 Aug 03 off', '2026-08-03 off']\n")
    assert site(tmp_path, SITE + "exceptions = ['2026 Aug 03-14 off \"congés\"']\n").site.exceptions


def test_all_mistakes_of_the_file_are_told_at_once(tmp_path):
    told = mistakes(
        tmp_path,
        SITE.replace("Europe/Paris", "Europe/Pari").replace('name = "La Serre"', 'nom = "La Serre"')
        + '[policy]\ncapacity = -1\ndept_limit = 2\n[products.a]\nname = "A"\nprice = "x"\n'
        + '[members."Léa"]\nname = "Léa"\n',
    )
    for one in (
        'did you mean "Europe/Paris"?',
        "site.nom",
        "site.name\n",
        'did you mean "debt_limit"?',
        "products.a.price",
        "products.a.covers\n",
        'such as "lea"',
    ):
        assert one in told


def test_the_numbers_of_the_policy_are_not_negative_and_a_hard_limit_needs_one(tmp_path):
    assert "policy.debt_limit = -1" in mistakes(tmp_path, f"{SITE}[policy]\ndebt_limit = -1\n")
    assert "expected 0 to 100000" in mistakes(tmp_path, f"{SITE}[policy]\nstaff_undo_days = 99999999999\n")
    assert "without policy.capacity" in mistakes(tmp_path, f"{SITE}[policy]\ncapacity_hard = true\n")
    assert site(tmp_path, f"{SITE}[policy]\ncapacity_hard = true\ncapacity = 9\n").site.policy.capacity == 9


def test_products_that_are_no_tables_are_told(tmp_path):
    assert "products.a = 1\n      expected a table" in mistakes(tmp_path, f"{SITE}[products]\na = 1\n")
    assert "products = 1" in mistakes(tmp_path, f"products = 1\n{SITE}")


def test_an_id_is_made_of_a_name():
    assert suggested_id("Carnet d'été — 10") == "carnet-d-ete-10"


def test_a_product_that_renews_without_an_end_is_pointed_out(tmp_path):
    renews = '[products.five]\nname = "Five"\nprice = "70 EUR"\ncovers = "day"\nentries = 5\nper = "month"\n'
    file = tmp_path / "site.toml"
    for end, notes in (("", 1), ('valid = "calendar month"\n', 0), ('valid = "6 months"\n', 0)):
        file.write_text(SITE + renews + end)
        assert len(read_site(file).notes()) == notes


@pytest.mark.parametrize("name", ["la-serre", "tariffs"])
def test_no_product_of_the_examples_renews_for_ever(name):
    assert read_site(EXAMPLES / f"{name}.toml").notes() == ()


def test_a_site_names_its_region_where_that_has_holidays_of_its_own(tmp_path: Path):
    assert site(tmp_path, f'{SITE}region = "FR-57"\n').site.calendar == "FR-57"
    assert "expected one of FR-6AE" in mistakes(tmp_path, f'{SITE}region = "FR-75"\n')
    assert "no region of the country is known" in mistakes(tmp_path, f'{SITE}country = "DE"\nregion = "FR-57"\n')
