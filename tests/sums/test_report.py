"""The report says the same before and after the passages are forgotten, and what a second computation finds."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from pathlib import Path

import pytest

from kiosk.ledger import Ledger
from kiosk.report.reading import SiteReport, of_site
from tests.office.ledgers.small_house import StampClock, fresh
from tests.rules.house import SERRE, TEN
from tests.sums.half_year import HalfYear, Life, comings, local, month
from tests.sums.test_half_year import LAST_NIGHT, retold


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    moment = StampClock()
    with fresh(tmp_path_factory.mktemp("lived"), moment) as ledger:
        yield ledger, Life(ledger, moment, seed=7).live()


def reported(ledger: Ledger, now: datetime, since: str = "", until: str = "2026-12") -> SiteReport:
    with ledger.books() as books:
        return of_site(books, SERRE, now, since=since, until=until)


RANGES = [("", "2026-12"), ("2026-09", "2026-11"), ("2026-08", "2026-08"), ("2026-07", "2026-10")]


@pytest.fixture(scope="module")
def forgotten(lived, tmp_path_factory):
    """The same half year, in the middle of its forgetting, and after it."""
    ledger, _ = retold(tmp_path_factory.mktemp("forgotten"), lived[1], every_days=20)
    with ledger:
        yield ledger


@pytest.mark.parametrize(("since", "until"), RANGES)
def test_every_figure_is_the_same_before_and_after_the_forgetting(lived, forgotten, since, until) -> None:
    before = reported(lived[0], LAST_NIGHT, since, until)
    assert reported(forgotten, LAST_NIGHT, since, until) == before
    assert before.figures.visits, "there is something to count"


def test_half_of_it_forgotten_it_says_the_same(lived, tmp_path: Path) -> None:
    year = lived[1]
    half = [one for one in year.facts if one[0] < datetime.fromisoformat("2026-11-15T00:00Z")]
    ledger, _ = retold(tmp_path, HalfYear(facts=half), every_days=20, last=datetime.fromisoformat("2026-11-15T02:00Z"))
    with ledger:
        found = reported(ledger, LAST_NIGHT)
        assert [one.month for one in found.figures.months] == ["2026-07", "2026-08", "2026-09", "2026-10", "2026-11"]
        assert found.figures.months[:4] == reported(lived[0], LAST_NIGHT).figures.months[:4]
        kept = [visit.at for visit in ledger.roster.visits(datetime.fromisoformat("2026-07-01T00:00Z"), LAST_NIGHT)]
        assert len(kept) > 50
        assert min(kept) > datetime.fromisoformat("2026-08-31T00:00Z")


@pytest.mark.parametrize(("since", "until"), RANGES)
def test_people_visits_and_unmet_demand_are_what_the_taps_say(lived, forgotten, since, until) -> None:
    figures = reported(forgotten, LAST_NIGHT, since, until).figures
    year: HalfYear = lived[1]
    within = [one for one in comings(year) if figures.since <= month(one.at) <= until]
    earlier = {one.who for one in comings(year) if month(one.at) < figures.since}
    people = {one.who for one in within}
    assert (figures.visits, figures.people, figures.first_time) == (len(within), len(people), len(people - earlier))
    closed = Counter(
        (local(at).weekday(), local(at).hour)
        for at, reason in year.answers
        if reason == "CLOSED" and figures.since <= month(at) <= until
    )
    assert {(one.weekday, one.hour): one.closed for one in figures.demand if one.closed} == dict(closed)
    halves = Counter[tuple[int, bool]]()
    for (weekday, hour), taps in closed.items():
        halves[weekday, hour < 13] += taps
    assert figures.wanted is not None
    assert figures.wanted.taps == max(halves.values()) == halves[figures.wanted.weekday, figures.wanted.is_morning]


def test_what_was_sold_used_and_left_is_what_the_passes_say(lived, forgotten) -> None:
    year, accounts = lived[1], reported(forgotten, LAST_NIGHT).accounts
    sold = [fact for _, fact, _ in year.facts if type(fact).__name__ == "PassSold"]
    used = sum(len(one.verdict.charges) for one in year.came if not one.undone)
    assert accounts.units_sold == 10 * len(sold)
    assert accounts.cents == 5000 * len(sold)
    assert accounts.units_used == used
    assert accounts.units_left - accounts.units_owed == 10 * len(sold) - used
    assert accounts.units_owed, "somebody owes an entry"
    assert accounts.worth_cents == 500 * accounts.units_left
    assert [(one.product, one.sold, one.gifts) for one in accounts.products] == [(TEN.name, len(sold), 0)]


def test_a_report_of_nothing_is_a_report(tmp_path) -> None:
    with fresh(tmp_path, StampClock()) as ledger:
        found = reported(ledger, LAST_NIGHT, until="")
    assert (found.figures.since, found.figures.until) == ("2027-03", "2027-03")
    assert (found.figures.people, found.figures.visits, found.figures.months) == (0, 0, ())
    assert found.figures.peak is None
    assert found.figures.wanted is None
    assert date.fromisoformat(f"{found.figures.until}-01")
