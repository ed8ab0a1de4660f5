"""Opening hours are read as the language's reference implementation reads them, or refused, or closed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from kiosk import hours
from tests.rules.house import SERRE

REFERENCE = Path(__file__).parent / "reference"
FIRST, LAST = date(2026, 1, 1), date(2028, 3, 1)
ANSWERS = {one["expression"]: one for one in map(json.loads, (REFERENCE / "answers.jsonl").read_text().splitlines())}
REGIONAL = tuple(map(json.loads, (REFERENCE / "answers-regions.jsonl").read_text().splitlines()))
REGIONS = {"Moselle": "FR-57", "Mayotte": "FR-976", "Guyane": "FR-973", "La Réunion": "FR-974"}
LEAST_ACCEPTED = 300


def days_of_reference(expression: str) -> list[str] | None:
    """The open times of each day, as the reference tells them; None: it does not read this."""
    return days_of(ANSWERS[expression])


def days_of(answer: dict[str, Any]) -> list[str] | None:
    if "error" in answer:
        return None
    return [day for count, week in answer["weeks"] for _ in range(count) for day in week.split("|")]


def days_of_ours(expression: str, region: str = "") -> list[str]:
    site = replace(SERRE, zone="UTC", hours=expression, exceptions=(), region=region)
    start, end = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (FIRST, LAST))
    days: list[list[str]] = [[] for _ in range((LAST - FIRST).days)]
    year = timedelta(days=365)
    for since in (start, start + year, start + 2 * year):
        for window in hours.openings(site, None, since, end=min(since + year, end)):
            at = window.start
            while at < window.end:
                number = (at.date() - FIRST).days
                midnight = start + timedelta(days=number + 1)
                until = min(midnight, window.end)
                days[number].append(f"{at:%H:%M}-{'24:00' if until == midnight else f'{until:%H:%M}'}")
                at = until
    return [",".join(times) for times in days]


def is_accepted(expression: str, calendar: str = "FR") -> bool:
    try:
        hours.check(expression, (), calendar)
    except hours.HoursError:
        return False
    return True


def minutes(day: str) -> set[int]:
    found: set[int] = set()
    for times in filter(None, day.split(",")):
        start, end = (int(time[:2]) * 60 + int(time[3:]) for time in times.split("-"))
        found |= set(range(start, end))
    return found


def test_the_answers_are_those_of_the_corpus():
    lines = map(str.strip, (REFERENCE / "corpus.txt").read_text().splitlines())
    assert [line for line in lines if line and not line.startswith("#")] == list(ANSWERS)


def test_more_than_three_hundred_expressions_are_accepted():
    assert sum(map(is_accepted, ANSWERS)) >= LEAST_ACCEPTED


@pytest.mark.parametrize("expression", [one for one in ANSWERS if is_accepted(one)])
def test_what_is_accepted_is_read_as_the_reference_reads_it(expression):
    assert days_of_ours(expression) == days_of_reference(expression)


@pytest.mark.parametrize(
    "expression",
    [
        'Sa "sur rendez-vous"',
        '2026 Dec 21-31 "congés"',
        'Mo 09:00-12:00 || unknown "x"',
        "PH Mo-Fr 10:00-12:00",
        "sunrise-sunset",
        "10:00+",
        "Mo-Fr 09:00-17:00 unknown",
        "Feb 31 10:00-12:00",
        "Mo , Tu 09:00-17:00",
    ],
)
def test_what_is_refused_opens_nothing_where_it_stands_already(expression):
    assert not is_accepted(expression)
    reference = days_of_reference(expression) or [""] * (LAST - FIRST).days
    ours = days_of_ours(expression)
    assert all(minutes(day) <= minutes(theirs) for day, theirs in zip(ours, reference, strict=True))


def test_summer_hours_after_the_holidays_are_closed_on_the_fourteenth_of_july_where_they_stand_already():
    number = (date(2026, 7, 14) - FIRST).days
    expression = "Mo-Fr 09:00-17:00; PH off; Jun-Aug Mo-Fr 08:00-20:00"
    assert not is_accepted(expression)
    assert days_of_ours(expression)[number] == ""
    assert days_of_ours(expression)[number + 1] == "08:00-20:00"


def test_a_comparison_would_notice_a_reader_that_takes_a_comment_for_open():
    assert days_of_reference('Sa "sur rendez-vous"') != days_of_reference("Sa")


# ---------------------------------------------------------------- regions with public holidays of their own


@pytest.mark.parametrize("asked", REGIONAL, ids=lambda asked: f"{asked['state']}: {asked['expression']}")
def test_in_a_region_public_holidays_are_read_as_the_reference_reads_them_there(asked):
    region = REGIONS[asked["state"]]
    if is_accepted(asked["expression"], region):
        assert days_of_ours(asked["expression"], region) == days_of(asked)


def test_of_the_expressions_for_regions_one_is_refused_and_all_others_that_open_mean_something_else_there():
    refused = {one["expression"] for one in REGIONAL if not is_accepted(one["expression"], REGIONS[one["state"]])}
    differ = {one["expression"] for one in REGIONAL if days_of_ours(one["expression"]) != days_of(one)}
    assert refused == {"Th,PH 22:00-02:00"}
    assert {one["expression"] for one in REGIONAL} - differ == {"easter -2 days off", "PH off"}
