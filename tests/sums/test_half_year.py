"""The sums of half a year are what a second computation finds in the taps, however late they are made."""

import re
import sqlite3
from collections import deque
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import combinations_with_replacement
from typing import Any

import pytest
from msgspec.structs import replace

from kiosk import local_time
from kiosk.facts import Condensed, MonthSummed, Reversed
from kiosk.ledger import Ledger
from kiosk.model import Ref
from kiosk.store.forgetting import condensing
from kiosk.sums import months
from tests.office.ledgers.small_house import StampClock, fresh
from tests.sums.half_year import BEGIN, MONTHS, PARIS, HalfYear, Life, comings, counted, month

LAST_NIGHT = datetime(2027, 3, 1, 2, 0, tzinfo=UTC)
"""On it December is 89 days old."""


@pytest.fixture(scope="module")
def year(tmp_path_factory) -> HalfYear:
    moment = StampClock()
    with fresh(tmp_path_factory.mktemp("year"), moment) as ledger:
        return Life(ledger, moment, seed=7).live()


def retold(
    folder, year: HalfYear, *, every_days: int | None, last: datetime = LAST_NIGHT
) -> tuple[Ledger, list[MonthSummed | Condensed]]:
    """Tell the half year to another ledger, which forgets so often; None: once, in the last night."""
    moment, found = StampClock(), list[Any]()
    ledger = fresh(folder, moment)
    first = datetime(BEGIN.year, BEGIN.month, BEGIN.day, 2, tzinfo=UTC)
    nights = [first + timedelta(days=days) for days in range(0, (last - first).days, every_days or 1000)][1:]
    facts, now_is = deque(year.facts), dict[Ref, Ref]()
    for night in [*nights, last]:
        while facts and facts[0][0] < night:
            moment.now, fact, was = facts.popleft()
            if isinstance(fact, Reversed):
                fact = replace(fact, ref=now_is[fact.ref])
            now_is[was] = ledger.append(fact)[0].ref
        moment.now = night
        while sums := ledger.condense(night):
            found += sums
    ledger.checkpoint()
    return ledger, found


def as_counted(summed: MonthSummed) -> dict[str, object]:
    """What a sum says, in the form of the second computation."""
    groups = {one.group: one for one in summed.groups}
    return {
        "answers": [(one.on, one.hour, one.reason.value, one.taps) for one in summed.answers],
        "present": [(one.on, one.hour, one.people) for one in summed.present],
        "planned": summed.planned,
        "sessions": [(one.opens, one.closes, one.visits, one.people) for one in summed.sessions],
        "weeks": [(one.monday, one.visits, one.people) for one in summed.weeks],
        "visits": summed.visits,
        "minutes_bought": summed.minutes_bought,
        "stays": summed.stays,
        "minutes_stayed": summed.minutes_stayed,
        "people": sum(one.people for one in summed.groups if one.group != "staff"),
        "profiles": [(one.group, one.people, one.visits) for one in summed.groups if one.group != "staff"],
        "hosts": groups["staff"].visits if "staff" in groups else 0,
        "often": [(one.least, one.most, one.people) for one in summed.often],
        "came_last": [(one.month, one.people) for one in summed.came_last],
    }


@pytest.fixture(scope="module", params=[1, 7, None], ids=["every night", "every week", "after 200 dark days"])
def forgotten(request, tmp_path_factory, year):
    folder = tmp_path_factory.mktemp("forgotten")
    ledger, found = retold(folder, year, every_days=request.param)
    with ledger:
        yield ledger, found, folder


def test_every_figure_is_what_the_second_computation_finds_in_the_taps(year, forgotten) -> None:
    summed = {one.month: one for one in forgotten[1] if isinstance(one, MonthSummed)}
    assert list(summed) == list(MONTHS)
    for its, one in summed.items():
        assert as_counted(one) == counted(year, its), its
        assert (one.is_late, one.guests, one.nameless, one.seen_later) == (False, 0, 0, 0)
    assert sum(one.visits for one in summed.values()) > 200, "it is a life with something to count"
    assert any(one.stays for one in summed.values())


def test_from_the_sums_follow_the_different_people_of_any_months(year, forgotten) -> None:
    summed = {one.month: one for one in forgotten[1] if isinstance(one, MonthSummed)}
    for first, last in combinations_with_replacement(MONTHS, 2):
        within = [summed[its] for its in MONTHS if first <= its <= last]
        follows = sum(came.people for one in within for came in one.came_last if came.month < first)
        assert follows == len({one.who for one in comings(year) if first <= month(one.at) <= last}), (first, last)


def days_told(ledger: Ledger, of: Condensed) -> int:
    """On how many days the taps of a stretch were, by what is left of them: one would tie its members to that day."""
    taps = (one for one in ledger.entries(after=of.first - 1) if one.ref.seq <= of.last and one.kind == "tap")
    return len({one.stamp.at.astimezone(PARIS).date() for one in taps})


def test_each_month_is_condensed_as_a_whole(forgotten) -> None:
    ledger, found, _ = forgotten
    condensed = [one for one in found if isinstance(one, Condensed)]
    assert [one.month for one in condensed] == list(MONTHS)
    assert min(days_told(ledger, one) for one in condensed) > 5
    assert ledger.verify(head=ledger.head) == ()
    assert ledger.roster_differences() == ()


def joining(folder, year: HalfYear) -> list[str]:
    """Rows of the database that name a member beside an instant or a day on which they came; sales are accounts."""
    came = {(one.who, f"{one.at.astimezone(PARIS):%Y-%m-%d}") for one in year.came}
    came |= {(one.who, str(int(one.at.timestamp() * 1_000_000))) for one in year.came}
    people, found = {one.who for one in year.came}, []
    with closing(sqlite3.connect(folder / "kiosk.db")) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f"SELECT * FROM {table}"):
                text = "|".join(one.decode(errors="replace") if isinstance(one, bytes) else str(one) for one in row)
                if table in ("passes", "sales") or '"kind":"sale"' in text:
                    continue
                days = re.findall(r"\d{15,}|\d{4}-\d\d-\d\d", text)
                named = people & set(re.findall(r"[a-z]+", text))
                found += [f"{table}: {text}" for who in named for day in days if (who, day) in came]
    return found


def test_nothing_in_the_database_joins_a_member_to_a_day_on_which_they_came(year, forgotten) -> None:
    assert joining(forgotten[2], year) == []


def test_while_they_are_kept_the_passages_do_join_members_to_days(year, tmp_path) -> None:
    """The twin: the scan finds what is there before the forgetting."""
    moment = StampClock()
    with fresh(tmp_path, moment) as ledger:
        for moment.now, fact, _ in year.facts[:120]:
            ledger.append(fact)
        ledger.checkpoint()
    assert joining(tmp_path, year) != []


def test_a_stretch_that_ends_in_the_night_ties_members_to_days(year, tmp_path, monkeypatch) -> None:
    """The twin: what is 89 days old is summed night by night, as the releases before did."""

    def day_after_day(*where, end: datetime, now: datetime, **which):
        return stretch(*where, end=min(end, now - condensing.KEPT), now=now, **which)

    stretch = condensing.stretch
    monkeypatch.setattr(condensing, "stretch", day_after_day)
    monkeypatch.setattr(months, "last_due", lambda where, now: months.month_of(where, now))
    ledger, found = retold(tmp_path, year, every_days=1)
    with ledger:
        assert min(days_told(ledger, one) for one in found if isinstance(one, Condensed) and one.last_seen) == 1


def test_a_count_by_days_of_universal_time_is_not_what_the_taps_say(year, tmp_path, monkeypatch) -> None:
    """The twin: the hours of the clock in Greenwich."""
    monkeypatch.setattr(local_time, "to_local", lambda where, at: at.astimezone(UTC).replace(tzinfo=None))
    ledger, found = retold(tmp_path, year, every_days=None)
    with ledger:
        assert any(as_counted(one) != counted(year, one.month) for one in found if isinstance(one, MonthSummed))
