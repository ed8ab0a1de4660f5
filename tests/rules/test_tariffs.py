"""Tariffs of real places, written as configuration and played for a week or longer.

La Serre's, a French tiers-lieu's terms of sale, the passes that Cobot and OfficeRnD document, a space in the US. Each
case is a list of taps and what they cost; times are local.
"""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from kiosk.model import Denied, Granted, Product, Reason, Site
from tests.rules.house import SERRE, House, at, on

EVERY_DAY = replace(SERRE, id="tiers-lieu", hours="Mo-Fr 08:00-20:00")
ALWAYS = replace(SERRE, id="club", hours="24/7")
NEW_YORK = Site(id="ny", name="NY", zone="America/New_York", hours="Mo-Fr 08:00-20:00", country="US", currency="USD")


class Tariff(msgspec.Struct, frozen=True):
    product: tuple[Product, ...]


def products(text: str) -> dict[str, Product]:
    return {product.id: product for product in msgspec.toml.decode(text, type=Tariff).product}


def live(house: House, *taps: str, member: str = "lea") -> list[str]:
    """What each tap cost: `1` an entry, `-` nothing, or the reason of the refusal."""
    return [cost(house.tap(at(tap, house.site.zone), member)) for tap in taps]


def cost(verdict: Granted | Denied) -> str:
    if isinstance(verdict, Denied):
        return verdict.reason.value
    return str(sum(charge.units for charge in verdict.charges)) if verdict.charges else "-"


def ends(house: House) -> str:
    """When the window of the last tap ends, on the wall."""
    _, verdict = house.told[-1]
    assert isinstance(verdict, Granted)
    assert verdict.window
    return f"{verdict.window.end.astimezone(ZoneInfo(house.site.zone)):%m-%d %H:%M}"


# ---------------------------------------------------------------- La Serre, Serres

LA_SERRE = """
[[product]]
id = "ten"
name = "Carte 10 entrées"
price_cents = 5000
units = 10
cover = { by = "duration", minutes = 180 }
"""


def test_la_serre_ten_entries_of_three_hours_from_the_tap():
    house = House()
    card = house.sell(products(LA_SERRE)["ten"], at("2026-07-06 09:00"))
    monday = live(house, "2026-07-06 09:05", "2026-07-06 11:00", "2026-07-06 12:10", "2026-07-06 14:59")
    assert monday == ["1", "-", "1", "-"]
    tuesday = live(house, "2026-07-07 10:00", "2026-07-07 15:30", "2026-07-07 16:59")
    assert tuesday == ["1", "1", "-"]
    assert live(house, "2026-07-08 10:00", "2026-07-09 14:00", "2026-07-09 16:50") == ["CLOSED", "1", "-"]
    assert live(house, "2026-07-13 09:00", "2026-07-14 10:00") == ["1", "CLOSED"]
    assert house.holding(card).used == 6
    assert live(house, *(f"2026-07-{day} 15:00" for day in (16, 20, 21, 23))) == ["1", "1", "1", "1"]
    assert live(house, "2026-07-27 10:00") == ["NO_ENTRIES_LEFT"]


# ---------------------------------------------------------------- a French tiers-lieu

TIERS_LIEU = """
[[product]]
id = "tickets"
name = "Carnet de 10 tickets"
price_cents = 8000
units = 10
valid_months = 6
[product.cover]
by = "spans"
spans = [{ start = 00:00:00, end = 13:30:00 }, { start = 13:30:00, end = 00:00:00 }]

[[product]]
id = "month"
name = "Mois illimité"
price_cents = 15000
calendar_month = true
cover = { by = "unlimited" }
"""


def test_tiers_lieu_one_ticket_per_half_day_meeting_at_half_past_one():
    house = House(site=EVERY_DAY)
    card = house.sell(products(TIERS_LIEU)["tickets"], at("2026-01-15 09:00"))
    assert card.valid_until == on("2026-07-15")
    assert live(house, "2026-02-02 08:10", "2026-02-02 13:29", "2026-02-02 13:30", "2026-02-02 19:50") == [
        "1",
        "-",
        "1",
        "-",
    ]
    assert live(house, "2026-02-03 13:00", "2026-02-03 13:35", "2026-02-04 09:00") == ["1", "1", "1"]
    assert ends(house) == "02-04 13:30"
    assert house.holding(card).used == 5
    assert live(house, "2026-07-13 10:00", "2026-07-16 10:00") == ["1", "PASS_EXPIRED"]
    assert house.holding(card).used == 6


def test_tiers_lieu_unlimited_for_one_calendar_month():
    house = House(site=EVERY_DAY)
    month = house.sell(products(TIERS_LIEU)["month"], at("2026-02-10 09:00"))
    assert (month.valid_from, month.valid_until) == (on("2026-02-10"), on("2026-02-28"))
    week = [f"2026-02-{day} {time}" for day in range(16, 21) for time in ("08:30", "12:45", "19:00")]
    assert live(house, *week) == ["-"] * 15
    assert live(house, "2026-02-27 19:30", "2026-03-02 09:00") == ["-", "PASS_EXPIRED"]


# ---------------------------------------------------------------- passes that Cobot documents

COBOT = """
[[product]]
id = "day"
name = "Day pass"
price_cents = 2500
units = 1
cover = { by = "day", boundary = 04:00:00 }

[[product]]
id = "half"
name = "Half days"
price_cents = 15000
units = 10
converts_to = "day"
[product.cover]
by = "spans"
spans = [{ start = 08:30:00, end = 12:00:00 }, { start = 13:00:00, end = 18:00:00 }]

[[product]]
id = "hours"
name = "4 hours"
price_cents = 1200
units = 1
cover = { by = "duration", minutes = 240 }

[[product]]
id = "weekly"
name = "2 days a week"
price_cents = 12000
units = 2
per = "week"
cover = { by = "day" }

[[product]]
id = "monthly"
name = "3 days a month"
price_cents = 6000
units = 3
per = "month"
cover = { by = "day" }
"""


def test_cobot_day_pass_lasts_from_four_to_four():
    house = House(site=ALWAYS)
    for _ in range(2):
        house.sell(products(COBOT)["day"], at("2026-07-01 10:00"))
    told = live(
        house, "2026-07-06 10:00", "2026-07-06 23:59", "2026-07-07 03:59", "2026-07-07 04:00", "2026-07-08 03:59"
    )
    assert told == ["1", "-", "-", "1", "-"]


def test_cobot_half_days_with_a_gap_at_noon():
    house = House(site=EVERY_DAY)
    terms = replace(products(COBOT)["half"], converts_to=None)
    house.sell(terms, at("2026-07-01 10:00"))
    assert live(house, "2026-07-06 08:10", "2026-07-06 11:59", "2026-07-06 12:20", "2026-07-06 17:00") == [
        "1",
        "-",
        "1",
        "-",
    ]
    assert live(house, "2026-07-07 18:30", "2026-07-07 19:40") == ["1", "-"]


def test_cobot_two_half_days_cost_no_more_than_the_day():
    house = House(site=EVERY_DAY)
    tariff = products(COBOT)
    house.sell(tariff["half"], at("2026-07-01 10:00"), "lea", products=tuple(tariff.values()))
    taps = [f"2026-07-{day:02} {time}" for day in range(6, 10) for time in ("09:00", "14:00", "19:00")]
    assert live(house, *taps) == ["1", "1", "-"] * 4
    given_back = [v.credit_cents for _, v in house.told if isinstance(v, Granted)]
    assert given_back == [0, 500, 0] * 4
    paid = sum(1500 * c.units for v in house.visits for c in v.charges) - sum(given_back)
    assert paid == 4 * tariff["day"].price_cents


def test_cobot_fixed_duration():
    house = House(site=EVERY_DAY)
    house.sell(products(COBOT)["hours"], at("2026-07-01 10:00"))
    assert live(house, "2026-07-06 10:00", "2026-07-06 13:59", "2026-07-06 14:30") == ["1", "-", "NO_ENTRIES_LEFT"]


def test_cobot_two_days_a_week_without_carry_over():
    house = House(site=EVERY_DAY)
    house.sell(products(COBOT)["weekly"], at("2026-07-01 10:00"))
    assert live(house, "2026-07-03 09:00") == ["1"]
    days = [f"2026-07-{day:02} 09:00" for day in range(6, 11)]
    assert live(house, *days) == ["1", "1", *["NO_ENTRIES_LEFT"] * 3]
    assert live(house, "2026-07-13 09:00", "2026-07-15 09:00", "2026-07-16 09:00") == ["1", "1", "NO_ENTRIES_LEFT"]
    refused = house.told[-1][1]
    assert isinstance(refused, Denied)
    assert refused.renews_on == on("2026-07-20")


def test_cobot_three_days_a_month_without_carry_over():
    house = House(site=EVERY_DAY)
    house.sell(products(COBOT)["monthly"], at("2026-01-05 10:00"))
    days = ["2026-01-26", "2026-02-02", "2026-02-09", "2026-02-16", "2026-02-23", "2026-03-02"]
    assert live(house, *(f"{day} 10:00" for day in days)) == ["1", "1", "1", "1", "NO_ENTRIES_LEFT", "1"]


# ---------------------------------------------------------------- passes that OfficeRnD documents

OFFICE_RND = """
[[product]]
id = "five"
name = "5 a month"
price_cents = 7500
units = 5
per = "month"
cover = { by = "day" }

[[product]]
id = "company"
name = "20 shared by a company"
price_cents = 26000
units = 20
cover = { by = "day" }
"""


def test_officernd_five_a_month_reset_at_its_start_and_the_rest_is_lost():
    house = House(site=EVERY_DAY)
    five = house.sell(products(OFFICE_RND)["five"], at("2026-06-01 08:00"))
    june = [f"2026-06-{day:02} 09:00" for day in (1, 2, 3)]
    july = [f"2026-07-{day:02} 09:00" for day in (1, 2, 3, 6, 7, 8, 9)]
    assert live(house, *june) == ["1"] * 3
    assert live(house, *july) == ["1"] * 5 + ["NO_ENTRIES_LEFT"] * 2
    assert house.holding(five).used == 8


def test_officernd_twenty_entries_shared_by_the_people_of_a_company():
    house = House(site=EVERY_DAY)
    people = ("lea", "paul", "zoe")
    shared = house.sell(products(OFFICE_RND)["company"], at("2026-07-01 08:00"), *people)
    days = [f"2026-07-{day:02} 09:00" for day in (6, 7, 8, 9, 10, 13, 15)]
    costs = [live(house, day, member=who)[0] for day in days for who in people]
    assert costs == ["1"] * 20 + ["NO_ENTRIES_LEFT"]
    assert house.holding(shared).used == 20


# ---------------------------------------------------------------- a space in the US

US_SPACE = """
[[product]]
id = "ten-days"
name = "10 days a month"
price_cents = 15000
units = 10
per = "month"
access_hours = "24/7"
cover = { by = "duration", minutes = 840 }

[[product]]
id = "day"
name = "Day pass"
price_cents = 2500
units = 1
valid_days = 60
cover = { by = "day", boundary = 00:00:00 }

[[product]]
id = "resident"
name = "Resident"
price_cents = 30000
access_hours = "24/7"
cover = { by = "unlimited" }
"""


def ny(when: str):
    return at(when, "America/New_York")


def test_us_space_ten_days_a_month_of_fourteen_hours_each():
    house = House(site=NEW_YORK)
    house.sell(products(US_SPACE)["ten-days"], ny("2026-07-01 08:00"))
    assert live(house, "2026-07-01 07:00", "2026-07-01 20:59", "2026-07-01 21:30") == ["1", "-", "1"]
    assert ends(house) == "07-02 11:30"
    days = [f"2026-07-{day:02} 12:00" for day in range(2, 12)]
    assert live(house, *days) == ["1"] * 8 + ["NO_ENTRIES_LEFT"] * 2
    assert live(house, "2026-08-01 00:00") == ["1"]


def test_us_space_day_pass_until_midnight_expires_after_sixty_days():
    house = House(site=NEW_YORK)
    for _ in range(3):
        house.sell(products(US_SPACE)["day"], ny("2026-03-02 10:00"))
    assert live(house, "2026-03-02 10:05", "2026-03-02 19:59", "2026-03-03 08:00") == ["1", "-", "1"]
    assert ends(house) == "03-03 20:00"
    assert live(house, "2026-05-04 10:00") == ["PASS_EXPIRED"]
    assert house.passes[0].valid_until == on("2026-05-01")


def test_us_space_day_pass_at_any_hour_ends_at_midnight_even_as_clocks_go_forward():
    house = House(site=replace(NEW_YORK, hours="24/7"))
    house.sell(products(US_SPACE)["day"], ny("2026-03-02 10:00"))
    assert live(house, "2026-03-08 00:00", "2026-03-08 23:59:59", "2026-03-09 00:00") == ["1", "-", "NO_ENTRIES_LEFT"]
    assert house.visits[0].window
    assert house.visits[0].window.end - house.visits[0].window.start == timedelta(hours=23)


def test_us_space_resident_comes_and_goes_at_any_hour_for_weeks():
    house = House(site=NEW_YORK)
    house.sell(products(US_SPACE)["resident"], ny("2026-10-20 10:00"))
    taps = [ny("2026-10-25 00:00") + timedelta(hours=5 * n) for n in range(70)]
    verdicts = [house.tap(tap) for tap in taps]
    assert {v.reason for v in verdicts} == {Reason.UNLIMITED, Reason.RE_ENTRY}
    assert all(isinstance(v, Granted) and not v.charges for v in verdicts)
