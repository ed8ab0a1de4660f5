"""Converts weekly hours between a form with a line for each day and the opening_hours language. Pure.

Hours that say more than such a form can (months, fallbacks, comments) are left to be written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby, pairwise

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_TIMES = re.compile(r"\d{1,2}:\d\d\s*-\s*\d{1,2}:\d\d(?:\s*,\s*\d{1,2}:\d\d\s*-\s*\d{1,2}:\d\d)*")
_RULE = re.compile(rf"((?:{'|'.join(DAYS)})(?:\s*[-,]\s*(?:{'|'.join(DAYS)}))*)\s+(.+)")


class WeekError(ValueError):
    """Times that cannot be read. `day` counts from 0, Monday."""

    def __init__(self, day: int) -> None:
        self.day = day
        super().__init__(DAYS[day])


def read(hours: str) -> tuple[list[str], bool] | None:
    """Read hours as times of each weekday, and whether public holidays are closed; None if a form cannot show them."""
    times, holidays = [""] * 7, False
    if hours.strip() == "off":
        return times, True  # a new site: whoever writes its week most likely closes on public holidays
    for rule in filter(None, (part.strip() for part in hours.split(";"))):
        if re.fullmatch(r"PH\s+(?:off|closed)", rule):
            holidays = True
            continue
        found = _RULE.fullmatch(rule)
        if holidays or not found or not (_TIMES.fullmatch(found[2]) or found[2] == "off"):
            return None
        for day in _days(found[1]):
            times[day] = "" if found[2] == "off" else re.sub(r"\s*,\s*", ", ", found[2])
    return times, holidays


def _days(text: str) -> list[int]:
    found: list[int] = []
    for part in re.split(r"\s*,\s*", text):
        first, _, last = (one.strip() for one in part.partition("-"))
        start, end = DAYS.index(first), DAYS.index(last or first)
        found += [day % 7 for day in range(start, end + 1 if end >= start else end + 8)]
    return found


def write(times: Sequence[str], *, holidays: bool) -> str:
    """Write a form's times as hours. Raises WeekError at a day whose times cannot be read.

    Times may be typed as people do: `9h-12h30, 14h-17h`.
    """
    plain = [_plain(text, day) for day, text in enumerate(times)]
    rules = []
    for text in dict.fromkeys(filter(None, plain)):
        days = [day for day in range(7) if plain[day] == text]
        rules.append(f"{_ranges(days)} {text}")
    if not rules:
        return "off"
    return "; ".join([*rules, "PH off"] if holidays else rules)


def _plain(text: str, day: int) -> str:
    text = re.sub(r"\s*[hH]\s*(\d\d)", r":\1", text.strip())
    text = re.sub(r"\s*[hH](?!\w)", ":00", text).replace("–", "-")
    text = re.sub(r"(?<![\d:])(\d{1,2})(?![\d:])", r"\1:00", text)
    text = re.sub(r"\s*(?:,|;|/|\bet\b|\band\b)\s*", ",", text)
    text = re.sub(r"\s+", "", text)
    text = re.sub(r"\b(\d):", r"0\1:", text)
    if text and not (_TIMES.fullmatch(text) and _in_order(text)):
        raise WeekError(day)
    return text


def _in_order(text: str) -> bool:
    """Return whether the spans of a day are in order; the last may go on past midnight."""
    clocks = [int(clock[:2]) * 60 + int(clock[3:]) for clock in re.findall(r"\d\d:\d\d", text)]
    if max(clocks) > 24 * 60 or any(int(minute) > 59 for minute in re.findall(r":(\d\d)", text)):
        return False
    return all(one < after for one, after in pairwise(clocks[:-1])) and clocks[-1] != clocks[-2]


def _ranges(days: list[int]) -> str:
    """`Mo,Tu,Th-Sa`: three days or more in a row are a range."""
    runs = [[day for _, day in run] for _, run in groupby(enumerate(days), lambda one: one[1] - one[0])]
    parts = [f"{DAYS[run[0]]}-{DAYS[run[-1]]}" if len(run) > 2 else ",".join(DAYS[day] for day in run) for run in runs]
    return ",".join(parts)
